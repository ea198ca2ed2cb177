"""What a rule does exactly on a switch, where the algebra does not look.

The algebra speaks of what lies off the switches of a program: x ≠ 0, a - b ≠ 0, a divisor that is
not 0. On each of them the evaluator looks, at a few points. Where the definition is smooth across
the switch, a rule that returns anything but its derivative is refuted. Where it has a kink, what
the rule returns is told, beside the derivatives of the two sides.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derivations.algebra.session import stage, tick
from derivations.algebra.terms import Undecided
from derivations.proving.findings import DIFFERS, Findings
from derivations.proving.judging import ON_SWITCH, admit, compared, judge
from derivations.proving.points import Layout, Point, random_direction
from derivations.proving.problem import Problem
from derivations.proving.roots import Root, below, roots
from derivations.proving.traces import Traces
from derivations.proving.truth import (
    KINK,
    OUTSIDE,
    SMOOTH,
    alike,
    by_hand_at,
    derivative_at,
    inner,
    limits_along,
    number_of,
    unit,
)
from derivations.reading import Condition
from derivations.witness import MP, CannotEvaluate, more_digits, reals

MOST_OUTSIDE = 3  # points outside of the definition's domain that show a condition to be its own


@dataclass(frozen=True)
class OnSwitch:
    """What was seen where a condition fails: "right", "kink", "outside", or nothing: ""."""

    kind: str = ""
    sentence: str = ""


def on_switches(
    problem: Problem,
    traces: Traces,
    layout: Layout,
    conditions: Iterable[Condition],
    names: Sequence[str],
    f: Findings,
) -> dict[Condition, OnSwitch]:
    """What the rule does where each condition fails, as far as such a point is found."""
    draw, found = random.Random(3), {}
    for condition in conditions:
        with stage("looking at a switch"), more_digits():
            found[condition] = _on(problem, traces, layout, condition, names, draw, f)
    return found


def _on(
    problem: Problem,
    traces: Traces,
    layout: Layout,
    condition: Condition,
    names: Sequence[str],
    draw: random.Random,
    f: Findings,
) -> OnSwitch:
    """The first that says something of a point inside the domain."""
    outside = 0
    for root in roots(layout, condition, draw):
        tick()
        seen = _at(problem, traces, root, names, draw, f)
        if seen.kind in ("right", "kink"):
            return seen
        outside += seen.kind == "outside"
        if outside == MOST_OUTSIDE:
            break
    if condition.kind in ("positive", "nonneg") and not isinstance(condition.expression, str):
        for point in below(layout, condition, draw):
            tick()
            outside += _is_outside(problem, traces, point, names)
            if outside >= MOST_OUTSIDE:
                break
    return OnSwitch("outside") if outside >= MOST_OUTSIDE else OnSwitch()


def _is_outside(problem: Problem, traces: Traces, point: Point, names: Sequence[str]) -> bool:
    try:
        direction = reals(np.ones(point.inputs[number_of(problem, names[0])].shape))
        k = number_of(problem, names[0])
        return derivative_at(traces, point, k, direction).kind == OUTSIDE
    except CannotEvaluate:
        return False


def _at(
    problem: Problem,
    traces: Traces,
    root: Root,
    names: Sequence[str],
    draw: random.Random,
    f: Findings,
) -> OnSwitch:
    try:
        hand = _gradients(problem, traces, root.point)
        kinds = set()
        for name in names:
            k = number_of(problem, name)
            direction = reals(random_direction(root.point.inputs[k].shape, draw))
            truth = derivative_at(traces, root.point, k, direction)
            kinds.add(truth.kind)
            if truth.kind != SMOOTH:
                continue
            by_hand = inner(hand[name], direction)
            if compared(by_hand, truth.value, ON_SWITCH) == DIFFERS:
                _refute(problem, traces, root.point, name, f)
        if OUTSIDE in kinds:
            return OnSwitch("outside")
        if KINK in kinds:
            return _kink(problem, traces, root, names, draw)
        return OnSwitch("right")
    except (CannotEvaluate, Undecided):
        return OnSwitch()


def _gradients(problem: Problem, traces: Traces, point: Point) -> dict[str, np.ndarray]:
    found = by_hand_at(traces, point)[len(traces.outputs) :]
    names = (a.name for a in problem.differentiable())
    return {name: g.value for name, g in zip(names, found, strict=True)}


def _refute(problem: Problem, traces: Traces, point: Point, name: str, f: Findings) -> None:
    for place in np.ndindex(point.inputs[number_of(problem, name)].shape):
        judged = judge(problem, traces, point, name, place)
        if judged.verdict == DIFFERS:
            admit(problem, point, name, judged, f)
            if name in f.different:
                return


def _kink(
    problem: Problem,
    traces: Traces,
    root: Root,
    names: Sequence[str],
    draw: random.Random,
) -> OnSwitch:
    """What the rule returns for the entry that crosses, what the two sides give, and if it may.

    On a kink that is one hyperplane a subgradient is left + share (right - left), with one share
    for all directions.
    """
    if root.name not in names:
        return OnSwitch("kink")
    ones = tuple(reals(np.full(c.shape, 1)) for c in root.point.cotangents)
    root = replace(root, point=replace(root.point, cotangents=ones))
    hand = _gradients(problem, traces, root.point)
    ways = _across(problem, root)

    def seen(name: str, direction: np.ndarray | None = None) -> np.ndarray:
        """By hand, on the left and on the right, along a direction of one argument."""
        way = reals(random_direction(hand[name].shape, draw)) if direction is None else direction
        left, right = limits_along(
            traces, root.point, ways, number_of(problem, name), way, (MP.mpf(10) ** -35,)
        )
        return np.asarray([inner(hand[name], way), left, right], dtype=object)

    here, left, right = seen(root.name, unit(hand[root.name].shape, root.place))
    said = f"on it the backward returns {_shown(here)}"
    if not (MP.isfinite(left) and MP.isfinite(right)):
        return OnSwitch("kink", said)
    said += f", the sides give {_shown(left)} and {_shown(right)}"
    together = sum(map(seen, names), np.asarray([MP.mpf(0)] * 3, dtype=object))
    is_inside = _is_between(here, left, right, together)
    return OnSwitch("kink", said if is_inside else f"{said}: outside the subdifferential")


def _across(problem: Problem, root: Root) -> list[np.ndarray | None]:
    ways = [reals(np.full(x.shape, 0)) if x.dtype == object else None for x in root.point.inputs]
    way = ways[number_of(problem, root.name)]
    if way is not None:
        way[root.place] += 4
    return ways


def _is_between(here: Any, left: Any, right: Any, other: np.ndarray) -> bool:
    """Whether the gradient is left + share (right - left), seen along one entry and another way."""
    share = MP.mpf(1) / 2 if alike(left, right) else (here - left) / (right - left)
    by_hand, one, two = other
    slack = MP.mpf(10) ** -6
    return -slack < share < 1 + slack and alike(by_hand, one + share * (two - one))


def _shown(value: Any) -> str:
    return f"{float(MP.nint(value * 10**9) / 10**9):g}" if MP.isfinite(value) else "nan"
