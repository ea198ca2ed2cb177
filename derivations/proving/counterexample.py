"""Where hand-written and true gradient differ: candidates judged, and the smallest one shown."""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from derivations.algebra.session import stage, tick
from derivations.algebra.terms import Undecided
from derivations.proving.hunt import candidates, look
from derivations.proving.machine import Machine
from derivations.proving.points import Layout, Point, generic, unequal_sizes
from derivations.proving.problem import Problem
from derivations.proving.running import as_it_runs
from derivations.proving.script import Witness, witness_at
from derivations.proving.traces import Traces
from derivations.proving.truth import (
    OUTSIDE,
    SMOOTH,
    Truth,
    are_finite,
    by_hand_at,
    derivative_at,
    inner,
    number_of,
    random_direction,
    reals,
    unit,
    value_at,
)
from derivations.witness import MP, CannotEvaluate, more_digits


@dataclass(frozen=True)
class Tolerance:
    """Up to which relative gap numbers agree, from which on they differ, and what counts as 0."""

    agrees: Any
    differs: Any
    tiny: Any


# 40 digits are computed; a literal such as 0.1 is itself wrong in the 17th, and a function that is
# approximated by a polynomial in the 7th; near a singular point an approximation is worse
EXACT = Tolerance(MP.mpf(10) ** -20, MP.mpf(10) ** -13, MP.mpf(10) ** -32)
ROUNDED = Tolerance(MP.mpf(10) ** -12, MP.mpf(10) ** -5, MP.mpf(10) ** -22)
ON_SWITCH = Tolerance(MP.mpf(10) ** -6, MP.mpf(10) ** -3, MP.mpf(10) ** -6)
IN_DOUBLE = 1e-6  # what the code runs to in double precision, where it is not the truth
MOST_NUMBERS = 20_000  # of a point at which a sample is evaluated in many digits
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
    found = _judge(problem, traces, point, name, place, _limits(traces))
    if found.verdict == DIFFERS or not traces.coarsest:
        return found
    rounded = replace(traces, keeps_digits=False)
    rough = _judge(problem, rounded, point, name, place, _rough(traces.coarsest))
    return rough if rough.verdict == DIFFERS else found


def _rough(eps: float) -> Tolerance:
    """What is allowed to numbers that were rounded a few times."""
    return Tolerance(MP.mpf(min(100 * eps, 0.1)), MP.mpf(min(1000 * eps, 0.25)), MP.mpf(0))


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
            return _judged_value(traces, point, hand[:count], limits)
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


def _limits(traces: Traces) -> Tolerance:
    return EXACT if traces.is_exact else ROUNDED


def _judged_value(traces: Traces, point: Point, hand: Sequence, limits: Tolerance) -> Judged:
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


# --- one generic point: do all agree? ---


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
    found = {"value": _judged_value(traces, point, hand[:count], _limits(traces))}
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
        verdict = compared(by_hand, truth.value, _limits(traces), traces.is_exact)
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


# --- the search ---


def search(
    problem: Problem, traces: Traces, sizes: Mapping[str, int], names: Sequence[str], f: Findings
) -> None:
    """Run the code at many points of one size, and judge where it looks wrong."""
    layout = Layout(problem, sizes, traces.outputs)
    if not len(layout.floats):
        return
    machine = Machine(problem, traces, layout)
    try:
        with stage("running the code at many points"):
            seen = look(machine)
    except Undecided:
        raise
    except Exception as error:  # whatever the code in question raises
        f.reason = f"it cannot be run at many points: {type(error).__name__}"
        return
    for c in candidates(machine, seen, frozenset(names)):
        tick()
        if c.name in f.different:
            continue
        point = layout.point(c.row)
        place = () if c.name == "value" else machine.place(c.name, c.position)
        try:
            with stage("judging a point"):
                judged = judge(problem, traces, point, c.name, place)
        except CannotEvaluate as error:
            f.reason = str(error)
            continue
        if judged.verdict == DIFFERS:
            admit(problem, point, c.name, judged, f)


def concrete(problem: Problem, sizes: Mapping[str, int], f: Findings) -> Traces | None:
    """The traces at given sizes, if the code takes them."""
    try:
        return problem.traced(sizes)
    except (Undecided, ValueError, TypeError) as error:  # an op may refuse such sizes
        f.reason = str(error).splitlines()[0]
        return None


def small_sizes(problem: Problem) -> list[dict[str, int]]:
    """The smallest sizes first; a few of all equal, then all of 1, 2 for few names."""
    least, names = dict(problem.minimal), problem.sizes
    found = [{n: max(k, least.get(n, 1)) for n in names} for k in (1, 2, 3)]
    if len(names) <= 3:
        for values in itertools.product((1, 2, 3), repeat=len(names)):
            found.append({n: max(k, least.get(n, 1)) for n, k in zip(names, values, strict=True)})
    unique = {tuple(s.items()): s for s in found}
    return sorted(unique.values(), key=lambda s: math.prod(s.values()))


# --- the smallest example ---

SIMPLE_TRIES = 4


def smallest(problem: Problem, f: Findings) -> Witness:
    """The least sizes and simplest numbers at which it differs, if possible without a nan."""
    name = next((n for n in f.different if n != "value"), "value")
    point, judged = f.different[name]
    if not judged.truth.is_limit:
        for sizes in small_sizes(problem)[:4]:
            traces = concrete(problem, sizes, f)
            given = (problem, traces, sizes, name, (point, judged))
            found = None if traces is None else _simple(*given)
            if found is not None:
                point, judged = found
                break
    return witness_at(
        problem,
        point,
        name,
        judged.place,
        judged.by_hand,
        judged.true,
        on_switch=judged.truth.is_limit,
    )


def _simple(
    problem: Problem,
    traces: Traces,
    sizes: Mapping[str, int],
    name: str,
    found: tuple[Point, Judged],
) -> tuple[Point, Judged] | None:
    layout = Layout(problem, sizes, traces.outputs)
    rows = np.concatenate([_small_rows(layout), *_rows_like(layout, name, *found)])
    for row in layout.admitted(rows):
        tick()
        point, f = layout.point(row), Findings()
        try:
            for place in _some_places(problem, point, name):
                judged = judge(problem, traces, point, name, place)
                if judged.verdict == DIFFERS and MP.isfinite(judged.by_hand):
                    admit(problem, point, name, judged, f)
                    if name in f.different:
                        return f.different[name]
        except CannotEvaluate:  # as a loop that does not end there
            return None
    return None


def _small_rows(layout: Layout) -> np.ndarray:
    draw = np.random.default_rng(4)
    return draw.choice([-3.0, -2, -1, 1, 2, 3], size=(SIMPLE_TRIES, layout.width))


def _rows_like(layout: Layout, name: str, point: Point, judged: Judged) -> Iterator[np.ndarray]:
    """Rows whose entries of an argument are all the one that was found, or whole beside it."""
    at = [n for n, _ in layout.shapes].index(name) if name != "value" else None
    if at is None:
        return
    value = float(point.inputs[at - len(layout.outputs)][judged.place])
    for v in (np.trunc(value), np.trunc(value) + np.sign(value), value):
        rows = _small_rows(layout)[:1]
        rows[:, layout.slices[at]] = v
        yield rows


def _some_places(problem: Problem, point: Point, name: str) -> Iterator[tuple[int, ...]]:
    if name == "value":
        return iter([()])
    return itertools.islice(np.ndindex(point.inputs[number_of(problem, name)].shape), 12)


__all__ = [
    "Findings",
    "Judged",
    "Sample",
    "concrete",
    "judge",
    "sample",
    "search",
    "smallest",
    "unequal_sizes",
]
