"""One entry by hand and in truth, in many digits; whether the code itself shows what differs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derivations import limits
from derivations.limits import IN_DOUBLE, LEFT_BY_ROUNDING
from derivations.proving.findings import AGREES, DIFFERS, NONE, UNCLEAR, Findings, Judged
from derivations.proving.points import Point
from derivations.proving.problem import Problem
from derivations.proving.running import as_it_runs
from derivations.proving.traces import Traces
from derivations.proving.truth import (
    SMOOTH,
    Truth,
    are_finite,
    by_hand_at,
    derivative_at,
    number_of,
    unit,
    value_at,
)
from derivations.witness import MP, more_digits


@dataclass(frozen=True)
class Tolerance:
    """Up to which relative gap numbers agree, from which on they differ, and what counts as 0."""

    agrees: Any
    differs: Any
    tiny: Any


EXACT = Tolerance(*map(MP.mpf, limits.EXACT))
ROUNDED = Tolerance(*map(MP.mpf, limits.ROUNDED))
ON_SWITCH = Tolerance(*map(MP.mpf, limits.ON_SWITCH))


def compared(a: Any, b: Any, limits: Tolerance, is_exact: bool = True, of: Any = 0) -> str:
    """Whether by hand a is the true b, relative to both and to what they are entries of."""
    if not MP.isfinite(a):
        return DIFFERS
    gap, scale = abs(a - b), abs(a) + abs(b) + of
    if gap <= limits.agrees * scale or gap < limits.tiny:
        return AGREES
    is_clear = gap > limits.differs * scale and (is_exact or gap > MP.mpf(10) ** -14)
    return DIFFERS if is_clear else UNCLEAR


def judge(
    problem: Problem, traces: Traces, point: Point, name: str, place: tuple[int, ...]
) -> Judged:
    """One entry by hand and in truth, in three times the digits.

    Where the program rounds to a narrower type, once with all digits kept, and once as it rounds:
    a rule must be right of the numbers, and may not live on digits that are lost.
    """
    found = _judge(problem, traces, point, name, place, limits_of(traces))
    if found.verdict == DIFFERS or not traces.coarsest:
        return found
    rounded = replace(traces, keeps_digits=False)
    rough = _judge(problem, rounded, point, name, place, _rough(traces.coarsest, point))
    return rough if rough.verdict == DIFFERS else found


def _rough(eps: float, point: Point) -> Tolerance:
    """What is allowed to numbers that were rounded a few times; what cancels leaves some of it."""
    weights = [abs(MP.mpf(c.numerator) / c.denominator) for x in point.cotangents for c in x.flat]
    left = MP.mpf(LEFT_BY_ROUNDING * eps) * max(weights, default=MP.mpf(1))
    return Tolerance(MP.mpf(min(100 * eps, 0.1)), MP.mpf(min(1000 * eps, 0.25)), left)


def _judge(
    problem: Problem,
    traces: Traces,
    point: Point,
    name: str,
    place: tuple[int, ...],
    limits: Tolerance,
) -> Judged:
    with more_digits():
        hand = by_hand_at(traces, point)
        count = len(traces.outputs)
        if name == "value":
            return judge_value(traces, point, hand[:count], limits)
        names = [a.name for a in problem.differentiable()]
        gradient = hand[count + names.index(name)].value
        by_hand = gradient[place]
        k = number_of(problem, name)
        direction = unit(point.inputs[k].shape, place)
        truth = derivative_at(traces, point, k, direction)
        if truth.kind != SMOOTH:
            return Judged(NONE, place, by_hand, None, truth)
        limits = ON_SWITCH if truth.is_limit else limits
        scale = MP.mpf(0) if traces.keeps_digits else _largest(gradient)
        verdict = compared(by_hand, truth.value, limits, traces.is_exact, scale)
        return Judged(verdict, place, by_hand, truth.value, truth)


def _largest(array: np.ndarray) -> Any:
    return max((abs(x) for x in array.reshape(-1) if MP.isfinite(x)), default=MP.mpf(0))


def limits_of(traces: Traces) -> Tolerance:
    """What the numbers of a program allow."""
    return EXACT if traces.is_exact else ROUNDED


def judge_value(traces: Traces, point: Point, hand: Sequence, limits: Tolerance) -> Judged:
    """The worst entry of the value that the forward returns."""
    values = value_at(traces, point)
    if not are_finite(values):
        return Judged(NONE)
    worst = Judged(AGREES, (), MP.mpf(0), MP.mpf(0), Truth(SMOOTH))
    for a, b in zip(hand, values, strict=True):
        for place in np.ndindex(a.value.shape):
            x, y = a.value[place], b.value[place]
            scale = MP.mpf(0) if traces.keeps_digits else _largest(b.value)
            verdict = compared(x, y, limits, traces.is_exact, scale)
            if verdict != AGREES and worst.verdict != DIFFERS:
                worst = Judged(verdict, place, x, y, Truth(SMOOTH, y))
    return worst


def admit(problem: Problem, point: Point, name: str, judged: Judged, f: Findings) -> None:
    """A difference counts only if running the code itself shows it too."""
    if name in f.different:
        return
    try:
        run = as_it_runs(problem, point)
    except Exception as error:  # whatever the code raises
        f.disputed[name] = f"running it raised {type(error).__name__}"
        return
    if name == "value":
        pairs = zip(run["value"], run["definition"], strict=True)
        is_seen = any(differ_in_double(a, b).any() for a, b in pairs)
    else:
        is_seen = _is_seen(float(run[name][0][judged.place]), judged)
    if is_seen:
        f.different[name] = (point, judged)
        f.agreed.pop(name, None)
    else:
        f.disputed[name] = "the evaluator finds a difference that the code does not show"


def _is_seen(found: float, judged: Judged) -> bool:
    """Whether what the code returns is on the side of what was evaluated, not of the truth."""
    if not MP.isfinite(judged.by_hand):
        return not np.isfinite(found)
    gap = abs(judged.by_hand - judged.true)
    is_above_rounding = gap > MP.mpf(10) ** -14 * (abs(judged.by_hand) + abs(judged.true))
    return is_above_rounding and not abs(MP.mpf(found) - judged.true) <= gap / 2


def differ_in_double(a: Any, b: Any) -> np.ndarray:
    """Which numbers differ by more than double precision explains."""
    a, b = np.float64(a), np.float64(b)
    with np.errstate(all="ignore"):
        gap = np.abs(np.asarray(a) - b) > IN_DOUBLE * (np.abs(a) + np.abs(b)) + 1e-300
    return (gap | ~np.isfinite(a)) & np.isfinite(b)
