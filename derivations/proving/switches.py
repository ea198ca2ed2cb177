"""What a rule does exactly on a switch, where the algebra does not look.

The algebra speaks of what lies off the switches of a program: x ≠ 0, a - b ≠ 0, a divisor that is
not 0. On each of them the evaluator looks, at a few points. Where the definition is smooth across
the switch, a rule that returns anything but the common limit of the derivative is refuted. Where
it has a kink, what the rule returns is told, beside the derivatives of the two sides.
"""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derivations.algebra.terms import Undecided
from derivations.proving.counterexample import gradient_by_hand, inner, run_in_double, true_along
from derivations.proving.points import Point, random_array
from derivations.proving.problem import Problem, Traces
from derivations.proving.roots import Root, roots, switches
from derivations.proving.script import Witness, witness_at
from derivations.reading import Condition
from derivations.witness import MP, CannotEvaluate, as_array, more_digits, real, reals

DISTANCES = tuple(MP.mpf(10) ** -k for k in (8, 12, 20, 35))  # beside zones as narrow as these
CLOSE = MP.mpf(10) ** -6  # limits nearer than this, relatively, are the same
MISTAKE = MP.mpf(10) ** -3  # what is wrong on one point alone is wrong by much


@dataclass(frozen=True)
class OnSwitch:
    """What was seen on one switch: a sentence, or a witness against the rule."""

    sentence: str = ""
    are_sides_finite: bool = True
    name: str = ""
    witness: Witness | None = None


def on_switches(
    problem: Problem, conditions: Iterable[Condition], names: Sequence[str]
) -> dict[Condition, OnSwitch]:
    """What the rule does on each switch, as far as a point on it was found."""
    sizes, draw, found = _few(problem), random.Random(3), {}
    try:
        traces = problem.traced(sizes)
    except Undecided:
        return {}
    for condition in conditions:
        with more_digits():
            seen = _first(
                _seen(problem, traces, root, names, draw)
                for p in switches(condition)
                for root in roots(problem, traces, sizes, p, draw)
            )
        if seen is not None:
            found[condition] = seen
    return found


def _few(problem: Problem) -> dict[str, int]:
    """Sizes of 2, for ties; of several axes that one annotation stands for, only the first."""
    least, repeated = dict(problem.minimal), re.compile(r"[a-z]\w*[2-9]")
    two = {n: 1 if problem.ranks and repeated.fullmatch(n) else 2 for n in problem.sizes}
    return {n: max(k, least.get(n, 1)) for n, k in two.items()}


def _first(seen: Iterable[OnSwitch]) -> OnSwitch | None:
    """The first that says all, or one that says a part."""
    partial = None
    for one in seen:
        if one.witness or (one.sentence and one.are_sides_finite):
            return one
        partial = partial or (one if one.sentence else None)
    return partial


def _seen(
    problem: Problem, traces: Traces, root: Root, names: Sequence[str], draw: random.Random
) -> OnSwitch:
    try:
        is_smooth = True
        for name in names:
            by_hand, limits = _compared(problem, traces, root, name, draw)
            if limits is None:
                is_smooth = False
            elif not _alike(by_hand, limits):
                is_smooth = False
                witness = _witness(problem, traces, root, name, draw)
                if witness is not None:
                    return OnSwitch(name=name, witness=witness)
        if is_smooth:
            return OnSwitch("on it the backward gives the derivative, by evaluation")
        if root.name not in names:
            return OnSwitch()
        return _kink(problem, traces, root, names, draw)
    except CannotEvaluate:
        return OnSwitch()


def _alike(a: Any, b: Any) -> bool:
    return MP.isfinite(a) and abs(a - b) <= CLOSE * (1 + abs(a) + abs(b))


def _is_near(a: Any, b: Any) -> bool:
    """Whether the gap may be one of an approximation near a singular point."""
    return MP.isfinite(a) and abs(a - b) <= MISTAKE * (abs(a) + abs(b)) + CLOSE


def _compared(
    problem: Problem, traces: Traces, root: Root, name: str, draw: random.Random
) -> tuple[Any, Any]:
    """By hand on the switch, and the limit of the truth from all sides; None where they differ."""
    k = _number(problem, name)
    direction = reals(random_array(root.point.inputs[k].shape, draw, simple=False))
    limits = _limits(traces, root.point, _ways(problem, root, draw), k, direction)
    if all(_alike(limits[0], x) for x in limits):  # and from another side?
        ways = _ways(problem, root, draw)
        limits += _limits(traces, root.point, ways, k, direction, DISTANCES[-1:])
    by_hand = inner(gradient_by_hand(problem, traces, root.point, name), direction)
    first = limits[0]
    return by_hand, first if all(_alike(first, x) for x in limits) else None


def _number(problem: Problem, name: str) -> int:
    return next(k for k, a in enumerate(problem.arrays) if a.name == name)


Ways = list[np.ndarray | None]  # for each argument a direction in which it leaves the switch


def _ways(problem: Problem, root: Root, draw: random.Random | None = None) -> Ways:
    """Across the switch, in a direction that no other switch through the point can hide."""
    ways: Ways = []
    for a, x in zip(problem.arrays, root.point.inputs, strict=True):
        way = None
        if x.dtype == object:
            way = reals(np.full(x.shape, 0) if draw is None else random_array(x.shape, draw, False))
            if a.name == root.name:
                way[root.place] += 4
        ways.append(way)
    return ways


def _limits(
    traces: Traces,
    point: Point,
    ways: Ways,
    k: int,
    direction: np.ndarray,
    distances: Sequence[Any] = DISTANCES,
) -> list[Any]:
    """The true derivative near the switch on either side; nan where the value jumps there."""
    found = []
    here, _ = _true(traces, point, k, direction)
    for distance in distances:
        for side in (-1, 1):
            values, slope = _true(traces, _moved(point, ways, side * distance), k, direction)
            is_continuous = all(_alike(a, b) for a, b in zip(values, here, strict=True))
            found.append(slope if is_continuous else MP.nan)
    return found


def _moved(point: Point, ways: Ways, distance: Any) -> Point:
    pairs = zip(point.inputs, ways, strict=True)
    inputs = (x if way is None else as_array(reals(x) + way * distance) for x, way in pairs)
    return replace(point, inputs=tuple(inputs))


def _true(traces: Traces, point: Point, k: int, direction: np.ndarray) -> tuple[list[Any], Any]:
    """Every entry of the value, and Σ ȳ ∂y along a direction of the argument k."""
    values, slope, _ = true_along(traces, point, k, direction)
    return [x for v in values for x in v.value.reshape(-1)], slope


def _kink(
    problem: Problem, traces: Traces, root: Root, names: Sequence[str], draw: random.Random
) -> OnSwitch:
    """What the rule returns on a kink for a cotangent of ones, and what the sides give."""
    ones = tuple(np.full(c.shape, 1, dtype=object) for c in root.point.cotangents)
    point, ways = replace(root.point, cotangents=ones), _ways(problem, root)

    def seen(name: str, direction: np.ndarray | None = None) -> np.ndarray:
        """By hand, on the left and on the right, along a direction of one argument."""
        by_hand, k = gradient_by_hand(problem, traces, point, name), _number(problem, name)
        way = reals(random_array(by_hand.shape, draw, simple=False))
        way = way if direction is None else direction
        left, right = _limits(traces, point, ways, k, way, DISTANCES[-1:])
        return np.asarray([inner(by_hand, way), left, right], dtype=object)

    shape = root.point.inputs[_number(problem, root.name)].shape
    here, left, right = seen(root.name, _unit(shape, root.place))
    said = f"on it the backward returns {_shown(here)}"
    if not (MP.isfinite(left) and MP.isfinite(right)):
        return OnSwitch(said, are_sides_finite=False)
    said += f", the sides give {_shown(left)} and {_shown(right)}"
    together = sum(map(seen, names), np.asarray([MP.mpf(0)] * 3, dtype=object))
    is_inside = _is_between(here, left, right, together)
    return OnSwitch(said if is_inside else f"{said}: outside the subdifferential")


def _is_between(here: Any, left: Any, right: Any, other: np.ndarray) -> bool:
    """Whether the gradient is left + share (right - left), seen along one entry and another way."""
    share = MP.mpf(1) / 2 if _alike(left, right) else (here - left) / (right - left)
    by_hand, one, two = other
    return -CLOSE < share < 1 + CLOSE and _alike(by_hand, one + share * (two - one))


def _unit(shape: tuple[int, ...], place: tuple[int, ...]) -> np.ndarray:
    unit = reals(np.full(shape, 0))
    unit[place] = real(1)
    return unit


def _shown(value: Any) -> str:
    return f"{float(MP.nint(value * 10**9) / 10**9):g}" if MP.isfinite(value) else "nan"


def _witness(
    problem: Problem, traces: Traces, root: Root, name: str, draw: random.Random
) -> Witness | None:
    """The entry that differs most, if running the code itself in double precision shows it too."""
    k, worst = _number(problem, name), None
    by_hand = run_in_double(problem, traces, root.point)[name]
    ways = _ways(problem, root, draw)
    for place in np.ndindex(by_hand.shape):
        unit = _unit(by_hand.shape, place)
        limits = _limits(traces, root.point, ways, k, unit)
        hand, true = MP.mpf(float(by_hand[place])), (limits[-1] + limits[-2]) / 2
        if not all(_alike(true, x) for x in limits) or _is_near(hand, true):
            continue
        gap = abs(hand - true) if MP.isfinite(hand) else MP.inf
        if worst is None or gap > worst[0]:
            worst = (gap, place, hand, true)
    if worst is None:
        return None
    return witness_at(problem, root.point, name, *worst[1:], on_switch=True)
