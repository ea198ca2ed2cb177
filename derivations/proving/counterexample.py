"""Where hand-written and true gradient differ.

The evaluator run at small sizes, and the script that shows it.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from derivations.algebra.terms import Undecided
from derivations.proving.points import Point, drawn_point, random_array, small_sizes, unequal_sizes
from derivations.proving.problem import Problem, Traces
from derivations.proving.roots import points_near
from derivations.proving.script import Witness, witness_at
from derivations.reading import Condition
from derivations.witness import MP, CannotEvaluate, Number, more_digits, real, reals, run

POINTS, TRIES = (2, 2), 9  # at the first sizes, and at the second
MORE_POINTS = 24  # when the algebra did not find equality


@dataclass
class Findings:
    """For each quantity: whether a difference was seen, or where none was."""

    different: dict[str, Any] = field(default_factory=dict)
    agreed: dict[str, str] = field(default_factory=dict)
    undefined: dict[str, bool] = field(default_factory=dict)  # nan by hand, at a point of no kink
    unclear: dict[str, float] = field(default_factory=dict)  # relative gaps, too small to tell
    witness: Witness | None = None
    is_exact: bool = True  # whether the program's numbers are what they are read as
    samples: list["Sample"] = field(default_factory=list)
    reason: str = "no point was found where all is defined; say more, as assuming=['x > 0']"


@dataclass(frozen=True)
class Sample:
    """What the evaluator found at one point: every output, and every gradient by hand."""

    point: Point
    outputs: tuple[np.ndarray, ...]
    gradients: Mapping[str, np.ndarray]


def examine(
    problem: Problem, names: Sequence[str], suspects: set[str], conditions: Iterable[Condition]
) -> Findings:
    """Look for differences at several sizes and points, for suspects also near every switch.

    Where one is found, for the smallest example.
    """
    findings, draw = Findings(), random.Random(20)
    for sizes, points in zip(unequal_sizes(problem), POINTS, strict=False):
        traces = _concrete(problem, sizes, findings)
        if traces is not None:
            findings.is_exact = findings.is_exact and traces.is_exact
            _at_points(problem, traces, sizes, names, draw, findings, points)
    if suspects - set(findings.different):
        _search_on(problem, suspects - set(findings.different), draw, findings)
    if suspects - set(findings.different):
        _search_near(problem, suspects - set(findings.different), conditions, findings)
    for name in findings.different:
        findings.agreed.pop(name, None)
    if findings.different:
        findings.witness = _smallest(problem, findings)
    return findings


def _search_on(problem: Problem, names: set[str], draw: random.Random, findings: Findings) -> None:
    """More points where the algebra found no equality.

    The difference may show in a band or for some shapes only.
    """
    for sizes in small_sizes(problem):
        if not names - set(findings.different):
            return
        traces = _concrete(problem, sizes, findings)
        if traces is not None:
            _at_points(problem, traces, sizes, sorted(names), draw, findings, MORE_POINTS)


def _search_near(
    problem: Problem, names: set[str], conditions: Iterable[Condition], findings: Findings
) -> None:
    """Points near the switches, which may be far out, and their bands narrow."""
    sizes, draw = unequal_sizes(problem)[0], random.Random(9)
    traces = _concrete(problem, sizes, findings)
    if traces is None:
        return
    for point in points_near(problem, traces, sizes, conditions, draw):
        _at_point_of(problem, traces, point, sorted(names), draw, findings)
        if findings.different:
            return


def _concrete(problem: Problem, sizes: Mapping[str, int], findings: Findings) -> Traces | None:
    try:
        return problem.traced(sizes)
    except (Undecided, ValueError, TypeError) as error:  # an op may refuse such sizes
        findings.reason = str(error).splitlines()[0]
        return None


def _at_points(
    problem: Problem,
    traces: Traces,
    sizes: Mapping[str, int],
    names: Sequence[str],
    draw: random.Random,
    findings: Findings,
    points: int,
) -> None:
    done = 0
    for k in range(points + TRIES):
        if done == points:
            return
        none_yet = k > 5 and k % 2 == 0 and not done
        point = drawn_point(problem, traces, sizes, draw, k % 3 == 2, between_0_and_1=none_yet)
        done += _at_point_of(problem, traces, point, names, draw, findings)


def _at_point_of(
    problem: Problem,
    traces: Traces,
    point: Point,
    names: Sequence[str],
    draw: random.Random,
    findings: Findings,
) -> bool:
    """Compare at one point; whether it could be used."""
    try:
        found = _compared(problem, traces, point, names, draw, findings)
        if found and any(_verdict(*pair, traces) != "agrees" for pair in found.values()):
            with more_digits():  # is it the difference of two nearly equal numbers?
                found = _compared(problem, traces, point, names, draw, findings)
    except CannotEvaluate as error:
        findings.reason = str(error)
        return False
    if found is not None:
        _record(found, traces, point, findings)
    return found is not None


def _record(found: dict, traces: Traces, point: Point, findings: Findings) -> None:
    where = ", ".join(f"{n} = {k}" for n, k in point.sizes.items()) or "random points"
    for name, (by_hand, true) in found.items():
        verdict = _verdict(by_hand, true, traces)
        if verdict == "differs":
            findings.different.setdefault(name, point)
            is_nan = not MP.isfinite(by_hand)
            findings.undefined[name] = findings.undefined.get(name, True) and is_nan
        elif verdict == "agrees":
            findings.agreed[name] = where
        else:
            findings.unclear[name] = float(abs(by_hand - true) / (abs(by_hand) + abs(true)))


@dataclass(frozen=True)
class Tolerance:
    """Up to which relative gap numbers agree, from which on they differ, and what counts as 0."""

    agrees: Any
    differs: Any
    tiny: Any


# 40 digits are computed; a literal such as 0.1 is itself wrong in the 17th, and a function that is
# approximated by a polynomial in the 7th
EXACT = Tolerance(MP.mpf(10) ** -20, MP.mpf(10) ** -13, MP.mpf(10) ** -32)
ROUNDED = Tolerance(MP.mpf(10) ** -12, MP.mpf(10) ** -5, MP.mpf(10) ** -22)


def _verdict(a: Any, b: Any, traces: Traces) -> str:
    if not MP.isfinite(a):
        return "differs"  # by hand it is nan where the true value is finite
    limits = EXACT if traces.is_exact else ROUNDED
    gap, scale = abs(a - b), abs(a) + abs(b)
    if gap <= limits.agrees * scale or gap < limits.tiny:
        return "agrees"
    is_clear = gap > limits.differs * scale and (traces.is_exact or gap > MP.mpf(10) ** -14)
    return "differs" if is_clear else "unclear"


def _compared(
    problem: Problem,
    traces: Traces,
    point: Point,
    names: Sequence[str],
    draw: random.Random,
    findings: Findings,
) -> dict[str, tuple[Any, Any]] | None:
    """By hand and in truth, along a random direction of each argument.

    None if the point cannot be used.
    """
    inputs, bars = point.numbers
    hand, near = _run_hand(traces, bars, inputs)
    directions = [random_array(x.shape, draw, simple=False) for x in inputs]
    found: dict[str, tuple[Any, Any]] = {}
    outputs = len(traces.outputs)
    gradients = dict(zip((a.name for a in problem.differentiable()), hand[outputs:], strict=True))
    for k, a in enumerate(problem.arrays):
        if a.kind != "float":
            continue
        values, true, near_here = true_along(traces, point, k, reals(directions[k]))
        near = near or near_here or not _are_finite(values)
        if a.name in names:
            found[a.name] = (inner(gradients[a.name].value, reals(directions[k])), true)
        if "value" in names:
            found["value"] = _first_difference(hand[:outputs], values, traces)
    finite = all(MP.isfinite(true) for _, true in found.values())
    if near or not finite:
        return None
    if not _are_finite(hand) and _is_undefined_here_alone(problem, traces, point, hand):
        return None
    arrays = {name: gradient.value for name, gradient in gradients.items()}
    findings.samples.append(Sample(point, tuple(h.value for h in hand[:outputs]), arrays))
    return found


def true_along(
    traces: Traces, point: Point, k: int, direction: np.ndarray
) -> tuple[list[Number], Any, bool]:
    """The values, Σ ȳ ∂y along a direction of the k-th argument, and whether a kink was near."""
    inputs, bars = point.numbers
    tangents = [direction if i == k else None for i in range(len(inputs))]
    values, near = run(traces.value, inputs, tangents)
    parts = (inner(c, v.tangent) for c, v in zip(bars, values, strict=True))
    return values, sum(parts, MP.mpf(0)), near


def gradient_by_hand(problem: Problem, traces: Traces, point: Point, name: str) -> np.ndarray:
    """What the backward returns for one argument."""
    inputs, bars = point.numbers
    given = [*bars, *inputs]
    hand, _ = run(traces.hand, given, [None] * len(given))
    floats = [a.name for a in problem.differentiable()]
    return hand[len(traces.outputs) + floats.index(name)].value


def run_in_double(problem: Problem, traces: Traces, point: Point) -> dict[str, np.ndarray]:
    """What the code itself returns in double precision: the value's parts, and each gradient."""
    with jax.enable_x64(True):
        arrays = [
            np.asarray(x, dtype="int32" if x.dtype.kind == "i" else "float64")
            for x in (*point.cotangents, *point.inputs)
        ]
        found = jax.core.eval_jaxpr(traces.hand.jaxpr, traces.hand.consts, *arrays)
    count = len(traces.outputs)
    names = [*(f"value {k}" for k in range(count)), *(a.name for a in problem.differentiable())]
    return {name: np.asarray(x) for name, x in zip(names, found, strict=True)}


def _is_undefined_here_alone(
    problem: Problem, traces: Traces, point: Point, hand: Sequence[Number]
) -> bool:
    """Whether a nan is one of this evaluator alone: it knows no 1/0 = ∞ and no 1/∞ = 0."""
    in_double = list(run_in_double(problem, traces, point).values())
    pairs = zip(hand, in_double, strict=True)
    return any(
        np.isfinite(x) and not MP.isfinite(y)
        for h, found in pairs
        for x, y in zip(found.reshape(-1), h.value.reshape(-1), strict=True)
    )


def _run_hand(traces: Traces, bars: list, inputs: list) -> tuple[list[Number], bool]:
    """The hand-written rule. Tangents go with it only so that its own switches are noticed."""
    draw = random.Random(7)
    tangents = [
        reals(random_array(x.shape, draw, simple=False)) if x.dtype == object else None
        for x in (*bars, *inputs)
    ]
    return run(traces.hand, [*bars, *inputs], tangents)


def inner(a: np.ndarray, b: np.ndarray | None) -> Any:
    """Σ a b, of high-precision numbers."""
    return MP.mpf(0) if b is None else np.sum(np.asarray(a * b, dtype=object), initial=MP.mpf(0))


def _are_finite(values: Sequence[Number]) -> bool:
    """Whether the definition has a value here."""
    return all(MP.isfinite(x) for v in values for x in v.value.reshape(-1))


def _first_difference(
    hand: Sequence[Number], true: Sequence[Number], traces: Traces
) -> tuple[Any, Any]:
    pair = (MP.mpf(0), MP.mpf(0))
    for a, b in zip(hand, true, strict=True):
        for x, y in zip(a.value.reshape(-1), b.value.reshape(-1), strict=True):
            if not MP.isfinite(y):
                return x, y
            if _verdict(x, y, traces) == "differs":
                return x, y
            pair = (pair[0] + x, pair[1] + y)
    return pair


# --- the smallest example ---


def _smallest(problem: Problem, findings: Findings) -> Witness | None:
    """The least sizes and simplest inputs at which one entry differs, if possible without a nan."""
    name = next((n for n in findings.different if n != "value"), "value")
    draw, undefined = random.Random(4), None
    for sizes in small_sizes(problem):
        traces = _concrete(problem, sizes, findings)
        if traces is None:
            continue
        for k in range(8):
            point = drawn_point(problem, traces, sizes, draw, simple=k < 5)
            witness = _witness_at(problem, traces, point, name)
            if witness is not None and math.isfinite(witness.by_hand):
                return witness
            undefined = undefined or witness
    point = findings.different[name]
    return undefined or _witness_at(problem, problem.traced(point.sizes), point, name)


def _witness_at(problem: Problem, traces: Traces, point: Point, name: str) -> Witness | None:
    """The entry that differs most at this point, if one does."""
    try:
        with more_digits():
            return _largest_difference(problem, traces, point, name)
    except CannotEvaluate:  # as a loop that does not end there
        return None


def _largest_difference(
    problem: Problem, traces: Traces, point: Point, name: str
) -> Witness | None:
    inputs, bars = point.numbers
    hand, near = _run_hand(traces, bars, inputs)
    count, worst = len(traces.outputs), None
    if not _are_finite(hand) and _is_undefined_here_alone(problem, traces, point, hand):
        return None
    if name == "value":
        values, near_here = run(traces.value, inputs, [None] * len(inputs))
        pair = _first_difference(hand[:count], values, traces)
        candidates = [((), *pair)] if not (near or near_here) else []
    else:
        gradients = dict(zip((a.name for a in problem.differentiable()), hand[count:], strict=True))
        candidates = (
            _entries(problem, traces, point, name, gradients[name].value) if not near else []
        )
    for place, by_hand, true in candidates:
        if MP.isfinite(true) and _verdict(by_hand, true, traces) == "differs":
            gap = abs(by_hand - true) if MP.isfinite(by_hand) else MP.inf
            if worst is None or gap > worst[0]:
                worst = (gap, place, by_hand, true)
    return None if worst is None else witness_at(problem, point, name, *worst[1:])


def _entries(
    problem: Problem, traces: Traces, point: Point, name: str, by_hand: np.ndarray
) -> list[tuple]:
    k = next(i for i, a in enumerate(problem.arrays) if a.name == name)
    found = []
    for place in np.ndindex(by_hand.shape):
        direction = np.full(by_hand.shape, MP.mpf(0), dtype=object)
        direction[place] = real(1)
        values, true, near = true_along(traces, point, k, direction)
        if not near and _are_finite(values):
            found.append((place, by_hand[place], true))
    return found
