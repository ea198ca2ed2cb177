"""Points: concrete sizes, inputs and cotangents, as rows of numbers and as exact fractions."""

import itertools
import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from derivations.limits import MOST_ROWS
from derivations.proving.arguments import Argument
from derivations.proving.problem import Problem, bar_names, evaluated
from derivations.witness import reals
from funcnet.contract import Between, Labels

GRID = 128  # inputs are multiples of 1/128, so that sums and differences of a few are exact
SHARES = 1024  # numbers between 0 and 1, and those that sum to 1, are multiples of 1/1024


@dataclass(frozen=True)
class Point:
    """Inputs and cotangents at given sizes."""

    sizes: Mapping[str, int]
    inputs: tuple[np.ndarray, ...]
    cotangents: tuple[np.ndarray, ...]

    @cached_property
    def numbers(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Inputs and cotangents in high precision."""
        inputs = [reals(x) if x.dtype == object else x for x in self.inputs]
        return inputs, [reals(c) for c in self.cotangents]


def unequal_sizes(problem: Problem) -> dict[str, int]:
    """Small sizes that differ, so that no transposition hides.

    Of many axes that one annotation stands for, those beyond the second have one entry.
    """
    least, is_many = dict(problem.minimal), re.compile(r"[a-z]\w*[3-9]")
    small = {
        n: 1 if problem.ranks and is_many.fullmatch(n) else 2 + k % 3
        for k, n in enumerate(problem.sizes)
    }
    return {n: max(k, least.get(n, 1)) for n, k in small.items()}


@dataclass(frozen=True, eq=False)
class Layout:
    """How cotangents and inputs of a problem stand in one row of numbers."""

    problem: Problem
    sizes: Mapping[str, int]
    outputs: tuple[tuple[int, ...], ...]

    @cached_property
    def shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes, the cotangents first."""
        bars = zip(bar_names(len(self.outputs), self.problem), self.outputs, strict=True)
        inputs = ((a.name, self._shape(a)) for a in self.problem.arrays)
        return [*bars, *inputs]

    def _shape(self, a: Argument) -> tuple[int, ...]:
        return tuple(evaluated(d, self.sizes) for d in a.dims)

    @cached_property
    def slices(self) -> list[slice]:
        """Where each array stands."""
        ends = np.cumsum([0, *(math.prod(s) for _, s in self.shapes)])
        return [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]

    @property
    def width(self) -> int:
        """The numbers of a row."""
        return self.slices[-1].stop if self.slices else 0

    @cached_property
    def floats(self) -> np.ndarray:
        """The positions that hold real numbers."""
        kinds = ["float"] * len(self.outputs) + [a.kind for a in self.problem.arrays]
        found = [
            np.arange(s.start, s.stop)
            for s, k in zip(self.slices, kinds, strict=True)
            if k != "int"
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=int)

    def unpacked(self, row: Any) -> tuple[list[Any], list[Any]]:
        """Cotangents and inputs of a row, for the code."""
        arrays = [
            row[s].reshape(shape) for s, (_, shape) in zip(self.slices, self.shapes, strict=True)
        ]
        count = len(self.outputs)
        types = [jnp.int32 if a.kind == "int" else jnp.float64 for a in self.problem.arrays]
        return arrays[:count], [
            jnp.asarray(x, t) for x, t in zip(arrays[count:], types, strict=True)
        ]

    def point(self, row: np.ndarray) -> Point:
        """The same numbers as exact fractions; sums that are assumed are made exact."""
        arrays = [
            _fractions(row[s]).reshape(shape)
            for s, (_, shape) in zip(self.slices, self.shapes, strict=True)
        ]
        count = len(self.outputs)
        inputs = []
        for a, x in zip(self.problem.arrays, arrays[count:], strict=True):
            inputs.append(
                np.vectorize(int, otypes=[np.int64])(x)
                if a.kind == "int" and x.size
                else x.astype(np.int64)
                if a.kind == "int"
                else x
            )
        return Point(self.sizes, tuple(inputs), tuple(arrays[:count]))

    def row(self, point: Point) -> np.ndarray:
        """A point as a row."""
        arrays = (*point.cotangents, *point.inputs)
        return np.concatenate([np.zeros(0), *(x.reshape(-1).astype(float) for x in arrays)])

    def admitted(self, rows: np.ndarray) -> np.ndarray:
        """The rows with every argument moved into its domain, and sums made what is assumed."""
        rows, count = rows.copy(), len(self.outputs)
        sums = dict(self.problem.sums)
        for a, s, (_, shape) in zip(
            self.problem.arrays, self.slices[count:], self.shapes[count:], strict=True
        ):
            rows[:, s] = _admitted(a, rows[:, s], self.sizes)
            if a.name in sums and shape and rows[:, s].size:
                rows[:, s] = _with_sum(a, rows[:, s], shape, sums[a.name])
        return rows


def _fractions(numbers: np.ndarray) -> np.ndarray:
    found = np.empty(len(numbers), dtype=object)
    found[:] = [Fraction(x) for x in numbers.tolist()]
    return found


def _admitted(a: Argument, x: np.ndarray, sizes: Mapping[str, int]) -> np.ndarray:
    if a.kind == "int":
        return _labels(a, x, sizes)
    for d in a.domains:
        if isinstance(d, Between):
            x = _between(d, x)
    return x


def _labels(a: Argument, x: np.ndarray, sizes: Mapping[str, int]) -> np.ndarray:
    top = next((evaluated(d.size, sizes) for d in a.domains if isinstance(d, Labels)), None)
    whole = np.clip(np.round(x), -(2**31), 2**31 - 1)
    return whole if top is None else np.mod(whole, max(top, 1))


def _between(d: Between, x: np.ndarray) -> np.ndarray:
    if d.high < math.inf:
        inside = (x >= d.low) & (x <= d.high)
        share = np.clip(np.round(np.mod(np.abs(x), 1) * SHARES), 1, SHARES - 1) / SHARES
        x = np.where(inside, x, d.low + (d.high - d.low) * share)
    else:
        x = np.where(x >= d.low, x, 2 * d.low - x)
    return np.where(x == d.low, d.low + 0.25 * min(1.0, d.high - d.low), x) if d.above else x


def _with_sum(a: Argument, x: np.ndarray, shape: Sequence[int], total: float) -> np.ndarray:
    """The last entry makes up the sum; shares of it where the entries may not be negative."""
    rows = x.reshape(len(x), *shape).copy()
    if any(isinstance(d, Between) and d.low >= 0 for d in a.domains):
        weights = np.clip(np.nan_to_num(np.abs(rows)), 1e-9, 1e9)
        shares = weights / weights.sum(-1, keepdims=True)
        rows = np.maximum(np.floor(shares * (SHARES - rows.shape[-1])), 1) / SHARES * total
    rows[..., -1] = 0
    rows[..., -1] = total - rows.sum(-1)
    return rows.reshape(x.shape)


# --- points worth a look, whatever the program ---

SPREADS = (1, 1, 1, 1 / 8, 4, 64, 2.0**13)
FAR = (10.0, 60.0, 100.0, 1e3, 1e6, 1e9, 1e13)
LEVELS = (1.0, -1.0, 2.0, 0.5, 3.0, -2.0)


def structured(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    """Generic points, and zeros, ties, equal and parallel arrays, entries far out."""
    kinds = (_generic, _zeros, _levels, _ties, _far, _whole, _alike)
    rows = np.concatenate([kind(layout, draw) for kind in kinds])
    return layout.admitted(rows[:MOST_ROWS])


def generic(layout: Layout, draw: np.random.Generator, count: int) -> np.ndarray:
    """Random rows of different spread; no entry is whole, unless all are large."""
    rows = (2 * np.round(draw.normal(size=(count, layout.width)) * GRID / 2) + 1) / GRID
    return rows * np.asarray(SPREADS)[np.arange(count) % len(SPREADS), None]


def _generic(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    return generic(layout, draw, 56)


def _zeros(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    """Each array 0, each pair of arrays, all; one entry 0, two, all but one."""
    arrays = layout.slices
    found = [np.ones(layout.width, bool)]
    masks = [_mask(layout, s) for s in arrays]
    found += masks
    found += [a | b for k, a in enumerate(masks) for b in masks[:k]]
    found.append(np.logical_or.reduce(masks[len(layout.outputs) :] or [found[0]]))
    for s in arrays:
        for _ in range(min(6, s.stop - s.start)):
            places = s.start + draw.permutation(s.stop - s.start)
            found += [_mask(layout, places[:k]) for k in (1, 2, len(places) - 1)]
    rows = generic(layout, draw, len(found))
    return np.where(np.stack(found), 0.0, rows)


def _mask(layout: Layout, places: Any) -> np.ndarray:
    mask = np.zeros(layout.width, bool)
    mask[places] = True
    return mask


def _levels(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    """Arrays of one number: each alone, and all inputs."""
    inputs = layout.slices[len(layout.outputs) :]
    groups = [*layout.slices, *([slice(inputs[0].start, inputs[-1].stop)] if inputs else [])]
    rows = generic(layout, draw, len(groups) * len(LEVELS))
    for row, (s, level) in zip(rows, ((s, v) for s in groups for v in LEVELS), strict=True):
        row[s] = level
    return rows


def _ties(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    """Two entries equal, entries nearly so, equal rows along each axis, mirrored."""
    found = []
    for s, (_, shape) in zip(layout.slices, layout.shapes, strict=True):
        size = s.stop - s.start
        for k in range(min(8, size * (size - 1) // 2)):
            row = generic(layout, draw, 1)[0]
            a, b = s.start + draw.choice(size, 2, replace=False)
            row[a] = row[b]
            if k % 4 == 3:  # the two are the greatest ones
                row[[a, b]] = 2 * np.abs(row[s]).max()
            if k % 4 == 2:
                row[s] = row[a] + (row[s] - row[a]) / 256
            found.append(row)
        for axis in range(len(shape) if size else 0):
            row = generic(layout, draw, 1)[0]
            array = row[s].reshape(shape)
            row[s] = np.broadcast_to(np.take(array, [0], axis), shape).reshape(-1)
            found.append(row)
    return np.stack(found) if found else np.zeros((0, layout.width))


def _far(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    """One entry far out, or a whole array, on either side."""
    found = []
    for s in layout.slices:
        size = s.stop - s.start
        for far in FAR if size else ():
            for sign in (1.0, -1.0):
                one, every = generic(layout, draw, 2)
                one[s.start + draw.integers(size)] = sign * far
                every[s] = sign * far + every[s]
                found += [one, every]
    return np.stack(found) if found else np.zeros((0, layout.width))


def _whole(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    """Small whole numbers."""
    return draw.integers(-3, 4, size=(48, layout.width)).astype(float)


def _alike(layout: Layout, draw: np.random.Generator) -> np.ndarray:
    """Two arrays equal, opposite, parallel."""
    found = []
    for k, (s, (_, shape)) in enumerate(zip(layout.slices, layout.shapes, strict=True)):
        for t, (_, other) in zip(layout.slices[:k], layout.shapes[:k], strict=False):
            if shape == other:
                for factor in (1.0, -1.0, 2.0):
                    row = generic(layout, draw, 1)[0]
                    row[s] = factor * row[t]
                    found.append(row)
    return np.stack(found) if found else np.zeros((0, layout.width))


def random_direction(shape: Sequence[int], draw: random.Random) -> np.ndarray:
    """Rationals that are not zero."""
    result = np.empty(tuple(shape), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = Fraction(draw.choice([-1, 1]) * draw.randrange(1, 900), 301)
    return result


__all__ = ["Layout", "Point", "generic", "jax", "random_direction", "structured", "unequal_sizes"]
