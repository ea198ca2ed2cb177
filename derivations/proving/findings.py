"""What was found of each quantity: differences, agreements, and reasons to doubt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.proving.points import Point
from derivations.proving.truth import OUTSIDE, Truth

AGREES, DIFFERS, UNCLEAR, NONE = "agrees", "differs", "unclear", "none"


@dataclass(frozen=True)
class Judged:
    """One entry of a quantity at one point, in many digits."""

    verdict: str
    place: tuple[int, ...] = ()
    by_hand: Any = None
    true: Any = None
    truth: Truth = field(default_factory=lambda: Truth(OUTSIDE))

    @property
    def gap(self) -> float:
        """The relative difference."""
        return float(abs(self.by_hand - self.true) / (abs(self.by_hand) + abs(self.true)))


@dataclass
class Findings:
    """For each quantity: where a difference was seen, or where none was."""

    different: dict[str, tuple[Point, Judged]] = field(default_factory=dict)
    agreed: dict[str, str] = field(default_factory=dict)
    unclear: dict[str, float] = field(default_factory=dict)  # relative gaps, too small to tell
    disputed: dict[str, str] = field(default_factory=dict)  # where the opinions contradict
    samples: list["Sample"] = field(default_factory=list)
    coarsest: float = 0.0  # the eps of the coarsest type that the program rounds to
    is_exact: bool = True  # whether the program's numbers are what they are read as
    reason: str = "no point was found where all is defined; say more, as assuming=['x > 0']"


@dataclass(frozen=True)
class Sample:
    """What the evaluator found at one point: every output, and every gradient by hand."""

    point: Point
    outputs: tuple[np.ndarray, ...]
    gradients: Mapping[str, np.ndarray]


@dataclass
class Doubts:
    """Why something may not be called PROVED, whatever the algebra says."""

    every: str = ""  # of all quantities
    by_name: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The reason not to prove a quantity, if there is one."""
        return self.every or self.by_name.get(name, "")
