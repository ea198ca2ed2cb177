"""What an argument's values must satisfy; each domain says in words what came instead."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Between:
    """Every value lies in [low, high], or in (low, high] if the end is excluded."""

    low: float
    high: float = math.inf
    remedy: str = "check how it was computed"
    above: bool = False  # the lower end itself is excluded

    def __str__(self):
        if self.high == math.inf:
            return f"{'above' if self.above else 'at least'} {self.low:g}"
        return f"in {'(' if self.above else '['}{self.low:g}, {self.high:g}]"

    def violation(self, value: Any, sizes: dict[str, Any]) -> str | None:
        """What came instead, or None."""
        value = np.asarray(value, dtype=np.float64)
        inside = (value > self.low if self.above else value >= self.low) & (value <= self.high)
        inside &= np.isfinite(value)
        return None if inside.all() else f"{value[~inside].flat[0]:.9g}"


@dataclass(frozen=True)
class Labels:
    """Integer class labels, 0 <= label < the size of that name."""

    size: str
    remedy: str = "number the classes from 0, one score column each"

    def __str__(self):
        return f"to satisfy 0 <= label < {self.size}"

    def violation(self, value: Any, sizes: dict[str, Any]) -> str | None:
        """What came instead, or None."""
        value = np.asarray(value)
        outside = value[(value < 0) | (value >= sizes[self.size])]
        return f"{outside[0]} with {self.size}={sizes[self.size]}" if outside.size else None


@dataclass(frozen=True)
class Examples:
    """There are at least so many examples, which stand along an axis."""

    at_least: int
    remedy: str = "pass a batch that is not empty"
    axis: ClassVar[int]
    word: ClassVar[str]

    def __str__(self):
        return f"of at least {self.at_least} {self.word}{'s' if self.at_least > 1 else ''}"

    def violation(self, value: Any, sizes: dict[str, Any]) -> str | None:
        """What came instead, or None; a symbolic size is not judged."""
        count = value.shape[self.axis]
        return f"{count}" if isinstance(count, int) and count < self.at_least else None


class Rows(Examples):
    """Examples are rows: the first axis has at least so many entries."""

    axis, word = 0, "row"


class Columns(Examples):
    """Examples are columns: the last axis has at least so many entries."""

    axis, word = -1, "column"


@dataclass(frozen=True)
class Flattened:
    """The size `merged` is the product of the axes `*axes` of another argument."""

    merged: str
    axes: str
    remedy: str = "give one row of weights to each entry of an example"

    def __str__(self):
        return f"with {self.merged} = the product of the axes *{self.axes}"

    def violation(self, value: Any, sizes: dict[str, Any]) -> str | None:
        """What came instead, or None; symbolic sizes are not judged."""
        merged, axes = sizes[self.merged], sizes[self.axes]
        if not all(isinstance(size, int) for size in (merged, *axes)) or merged == math.prod(axes):
            return None
        return f"{self.merged}={merged} with *{self.axes}={axes}"


Domain = Between | Labels | Examples | Flattened
OF_VALUES = (Between, Labels)  # these read the numbers, which a tracer does not have
