"""The rule held against the truth at a generic point or two, along random directions."""

import random
from collections.abc import Mapping, Sequence

import numpy as np

from derivations.algebra.session import tick
from derivations.proving.findings import AGREES, DIFFERS, NONE, UNCLEAR, Findings, Judged, Sample
from derivations.proving.judging import admit, compared, judge, judge_value, limits_of
from derivations.proving.points import Layout, Point, generic
from derivations.proving.problem import Problem
from derivations.proving.traces import Traces
from derivations.proving.truth import (
    SMOOTH,
    by_hand_at,
    derivative_at,
    inner,
    number_of,
    random_direction,
    reals,
)
from derivations.witness import CannotEvaluate

MOST_NUMBERS = 20_000  # of a point at which a sample is evaluated in many digits


def sample(
    problem: Problem, traces: Traces, sizes: Mapping[str, int], names: Sequence[str], f: Findings
) -> None:
    """Hold the rule against the truth along random directions, at a point or two."""
    layout = Layout(problem, sizes, traces.outputs)
    if layout.width > MOST_NUMBERS:  # too long in many digits
        return
    draw, ways = np.random.default_rng(20), random.Random(20)
    rows = generic(layout, draw, 9)
    rows[3:6] = np.abs(rows[3:6])
    rows[6:] = np.abs(rows[6:]) / (1 + np.abs(rows[6:]))  # where logarithms are defined
    f.is_exact = f.is_exact and traces.is_exact
    f.coarsest = max(f.coarsest, traces.coarsest)
    for row in layout.admitted(rows):
        tick()
        try:
            if _sampled(problem, traces, layout.point(row), names, ways, f):
                return
        except CannotEvaluate as error:
            f.reason = str(error)
            return


def _sampled(
    problem: Problem,
    traces: Traces,
    point: Point,
    names: Sequence[str],
    ways: random.Random,
    f: Findings,
) -> bool:
    """Compare at one point; whether it could be used."""
    hand, count = by_hand_at(traces, point), len(traces.outputs)
    gradients = dict(zip((a.name for a in problem.differentiable()), hand[count:], strict=True))
    found = {"value": judge_value(traces, point, hand[:count], limits_of(traces))}
    if found["value"].verdict == NONE:
        return False
    for name in names:
        if name == "value":
            continue
        k = number_of(problem, name)
        direction = reals(random_direction(point.inputs[k].shape, ways))
        truth = derivative_at(traces, point, k, direction)
        if truth.kind != SMOOTH or truth.is_limit:
            return False
        by_hand = inner(gradients[name].value, direction)
        verdict = compared(by_hand, truth.value, limits_of(traces), traces.is_exact)
        found[name] = Judged(verdict, (), by_hand, truth.value, truth)
    _record(problem, traces, point, {n: found[n] for n in names}, f)
    if traces.coarsest:
        for name in names:
            _differ(problem, traces, point, name, f, most=1)
    outputs = tuple(h.value for h in hand[:count])
    f.samples.append(Sample(point, outputs, {n: g.value for n, g in gradients.items()}))
    return True


def _record(
    problem: Problem, traces: Traces, point: Point, found: Mapping[str, Judged], f: Findings
) -> None:
    where = ", ".join(f"{n} = {k}" for n, k in point.sizes.items()) or "random points"
    for name, judged in found.items():
        if judged.verdict == AGREES:
            f.agreed.setdefault(name, where)
        elif judged.verdict == UNCLEAR:
            f.unclear[name] = judged.gap
        else:
            _differ(problem, traces, point, name, f)


def _differ(
    problem: Problem, traces: Traces, point: Point, name: str, f: Findings, most: int = 64
) -> None:
    """The entry that differs most, in many digits and as the code runs."""
    places = (
        [()] if name == "value" else list(np.ndindex(point.inputs[number_of(problem, name)].shape))
    )
    for place in places[:most]:
        tick()
        judged = judge(problem, traces, point, name, place)
        if judged.verdict == DIFFERS:
            admit(problem, point, name, judged, f)
            if name in f.different:
                return
