"""The true derivative at a point, and what the rule returns there, in many digits.

Off all switches the derivative comes from tangents carried through the definition. On a switch it
is the common limit from all sides, if there is one and the value does not jump: the definition is
differentiable there. Otherwise the point is a kink, or lies outside of the definition's domain.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derivations.limits import NEARER, SAME_LIMIT, WAYS
from derivations.proving.points import Point, random_direction
from derivations.proving.problem import Problem
from derivations.proving.traces import Traces
from derivations.witness import MP, Number, as_array, real, reals, run

CLOSE = MP.mpf(SAME_LIMIT)
DISTANCES = tuple(MP.mpf(10) ** -k for k in NEARER)
SMOOTH, KINK, OUTSIDE = "smooth", "kink", "outside"


@dataclass(frozen=True)
class Truth:
    """The derivative at a point along a direction; None where there is none."""

    kind: str
    value: Any = None
    is_limit: bool = False


Ways = list[np.ndarray | None]  # for each argument a direction in which it leaves the point


def value_at(traces: Traces, point: Point) -> list[Number]:
    """The definition's outputs."""
    inputs, _ = point.numbers
    return run(
        traces.value, inputs, [None] * len(inputs), poles=False, keeps_digits=traces.keeps_digits
    )[0]


def by_hand_at(traces: Traces, point: Point) -> list[Number]:
    """The forward's outputs and the backward's cotangents."""
    inputs, bars = point.numbers
    given = [*bars, *inputs]
    return run(traces.hand, given, [None] * len(given), keeps_digits=traces.keeps_digits)[0]


def along(traces: Traces, point: Point, k: int, direction: np.ndarray) -> tuple[list, Any, bool]:
    """The values, Σ ȳ ∂y along a direction of the k-th argument, and whether a kink was near."""
    inputs, bars = point.numbers
    tangents = [direction if i == k else None for i in range(len(inputs))]
    values, near = run(
        traces.value, inputs, tangents, poles=False, keeps_digits=traces.keeps_digits
    )
    return values, contracted(bars, [v.tangent for v in values]), near


def contracted(bars: Sequence[np.ndarray], slopes: Sequence[np.ndarray | None]) -> Any:
    """Σ ȳ ∂y over all outputs."""
    return sum((inner(c, s) for c, s in zip(bars, slopes, strict=True)), MP.mpf(0))


def inner(a: np.ndarray, b: np.ndarray | None) -> Any:
    """Σ a b, of high-precision numbers."""
    return MP.mpf(0) if b is None else np.sum(np.asarray(a * b, dtype=object), initial=MP.mpf(0))


def are_finite(values: Sequence[Number]) -> bool:
    """Whether every entry is a real number."""
    return all(MP.isfinite(x) for v in values for x in v.value.reshape(-1))


def derivative_at(traces: Traces, point: Point, k: int, direction: np.ndarray) -> Truth:
    """The true derivative along a direction of the k-th argument."""
    values, slope, near = along(traces, point, k, direction)
    if not are_finite(values):
        return Truth(OUTSIDE)
    if not near and MP.isfinite(slope):
        return Truth(SMOOTH, slope)
    draw, first = random.Random(11), None
    own = [direction if j == k else None for j in range(len(point.inputs))]
    for turn in range(WAYS):
        ways = random_ways(point, draw) if turn != 1 else own
        distances = DISTANCES if turn < 2 else DISTANCES[:1]
        for found in slopes_near(traces, point, ways, k, direction, distances):
            first = found if first is None else first
            if found is None or not all(map(alike, found, first or [])):
                return Truth(KINK)
    limit = contracted(point.numbers[1], _shaped(values, first or []))
    return Truth(SMOOTH, limit, is_limit=True)


def random_ways(point: Point, draw: random.Random) -> Ways:
    """A direction for every argument of reals, in general position."""
    return [
        reals(random_direction(x.shape, draw)) if x.dtype == object else None for x in point.inputs
    ]


Slopes = list[Any]  # of every entry of every output


def _shaped(values: Sequence[Number], slopes: Slopes) -> list[np.ndarray]:
    found, start = [], 0
    for v in values:
        part = np.empty(v.value.size, dtype=object)
        part[:] = slopes[start : start + v.value.size]
        found.append(part.reshape(v.value.shape))
        start += v.value.size
    return found


def slopes_near(
    traces: Traces,
    point: Point,
    ways: Ways,
    k: int,
    direction: np.ndarray,
    distances: Sequence[Any] = DISTANCES,
) -> Iterator[Slopes | None]:
    """The slopes of the outputs near a point, on either side of it; None where a value jumps."""
    here = [x for v in value_at(traces, point) for x in v.value.reshape(-1)]
    for distance in distances:
        for side in (-1, 1):
            values, _, _ = along(traces, moved(point, ways, side * distance), k, direction)
            there = [x for v in values for x in v.value.reshape(-1)]
            if not all(map(alike, there, here)):
                yield None
            else:
                yield [
                    x
                    for v in values
                    for x in (
                        [MP.mpf(0)] * v.value.size if v.tangent is None else v.tangent.reshape(-1)
                    )
                ]


def limits_along(
    traces: Traces,
    point: Point,
    ways: Ways,
    k: int,
    direction: np.ndarray,
    distances: Sequence[Any] = DISTANCES,
) -> list[Any]:
    """The true derivative near a point on either side of it; nan where the value jumps there."""
    values, bars = value_at(traces, point), point.numbers[1]
    return [
        MP.nan if s is None else contracted(bars, _shaped(values, s))
        for s in slopes_near(traces, point, ways, k, direction, distances)
    ]


def moved(point: Point, ways: Ways, distance: Any) -> Point:
    """The point moved along these ways."""
    inputs = tuple(
        x if way is None else as_array(reals(x) + distance * way)
        for x, way in zip(point.inputs, ways, strict=True)
    )
    return replace(point, inputs=inputs)


def alike(a: Any, b: Any) -> bool:
    """Equal as limits are."""
    return MP.isfinite(a) and abs(a - b) <= CLOSE * (1 + abs(a) + abs(b))


def unit(shape: tuple[int, ...], place: tuple[int, ...]) -> np.ndarray:
    """The direction of one entry."""
    direction = reals(np.full(shape, 0))
    direction[place] = real(1)
    return direction


def number_of(problem: Problem, name: str) -> int:
    """The position of an argument among the arrays."""
    return next(k for k, a in enumerate(problem.arrays) if a.name == name)


__all__ = [
    "KINK",
    "OUTSIDE",
    "SMOOTH",
    "Truth",
    "alike",
    "along",
    "are_finite",
    "by_hand_at",
    "derivative_at",
    "inner",
    "limits_along",
    "moved",
    "number_of",
    "random_ways",
    "unit",
    "value_at",
]
