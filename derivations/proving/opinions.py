"""The three opinions held against one another: what was read, what was evaluated, what runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from derivations.algebra.numeric import Place
from derivations.algebra.numeric import value as numeric
from derivations.algebra.session import stage
from derivations.algebra.terms import Poly, Undecided
from derivations.limits import IN_DOUBLE, MISREAD
from derivations.proving.counterexample import concrete
from derivations.proving.equality import Pair, Readings
from derivations.proving.findings import DIFFERS, Doubts, Findings
from derivations.proving.judging import differ_in_double, judge
from derivations.proving.points import Point
from derivations.proving.problem import Problem, bar_names
from derivations.proving.running import as_it_asks, as_it_compiles, as_it_runs, traces_run
from derivations.proving.sampling import sample
from derivations.proving.traces import Traces
from derivations.proving.truth import SMOOTH
from derivations.witness import MP

REPORT = "this is a bug of the prover, please report it"


def hold_against_values(problem: Problem, readings: Readings, f: Findings, doubts: Doubts) -> None:
    """What was read must have the values that the evaluator found: else the reader is wrong."""
    if not f.samples:
        return
    sample_ = f.samples[0]
    inputs, cotangents = sample_.point.numbers
    arrays = dict(zip((a.name for a in problem.arrays), inputs, strict=True))
    arrays |= dict(zip(bar_names(len(cotangents), problem), cotangents, strict=True))
    place = Place(sample_.point.sizes, arrays, {})
    for c in readings.comparisons:
        found = sample_.outputs if c.name == "value" else (sample_.gradients[c.name],)
        held = [
            _is_held(pair, array, place, at)
            for pair, array in zip(c.pairs, found, strict=False)
            for at in (0, 1, 2)
        ]
        if False in held:
            doubts.by_name[c.name] = _misread(f)
        elif c.is_equal and True not in held:
            doubts.by_name[c.name] = "what was read could not be held against the code"


def _misread(f: Findings) -> str:
    if f.is_exact:
        return f"what was read of the code has other values than the code; {REPORT}"
    return "equal with literals read as decimals, but not with the numbers that the code has"


def _is_held(pair: Pair, array: Any, place: Place, at: int) -> bool | None:
    """Whether the first, middle or last entry read is the one that was run; None: no telling."""
    if 0 in array.shape:
        return True  # there is no entry
    tops = {i: int(numeric(i.args[1], place)) - 1 for i in pair.names}
    here = place.at(
        {i: (top * at + 1) // 2 if at == 1 else top * (at > 1) for i, top in tops.items()}
    )
    expected = array[tuple(int(numeric(p, here)) for p in pair.place)]
    try:
        found = _read_value(pair.hand, here)
    except (ZeroDivisionError, ValueError, IndexError, Undecided):  # outside the domain
        return None
    if not MP.isfinite(expected) or not MP.isfinite(found):
        return None
    return bool(abs(expected - found) <= MISREAD * (1 + abs(expected)))


def _read_value(p: Poly, here: Place) -> Any:
    """The value at a place; what lies outside of an array must not count."""
    try:
        return numeric(p, here)
    except IndexError:
        first, second = (numeric(p, here.beyond(seed)) for seed in (1, 2))
        if abs(first - second) > MISREAD:
            raise
        return first


def hold_against_runs(problem: Problem, names: Sequence[str], f: Findings, doubts: Doubts) -> None:
    """The code, run by its own protocol, must give what was evaluated, traced and in the open.

    At equal sizes, because JAX compiles each operation for each shape, where it has to.
    """
    least = dict(problem.minimal)
    sizes = {n: max(2, least.get(n, 1)) for n in problem.sizes}
    traces, own = concrete(problem, sizes, f), Findings()
    if traces is not None:
        sample(problem, traces, sizes, names, own)
    if not own.samples or traces is None:
        return
    sample_ = own.samples[0]
    expected = {"value": sample_.outputs, **{n: (g,) for n, g in sample_.gradients.items()}}
    try:
        with stage("running the code"):
            agrees = _gives(problem, sample_.point, expected, traces.coarsest)
            run = expected if agrees else as_it_runs(problem, sample_.point)
    except Exception as error:  # whatever the code raises
        doubts.every = f"running it raised {type(error).__name__}: {str(error).splitlines()[0]}"
        return
    for name in expected:
        if not _are_near(expected, run, name, traces.coarsest):
            _dispute(problem, traces, sample_.point, run, f, doubts, name)


Arrays = Mapping[str, Sequence[np.ndarray]]


def _gives(problem: Problem, point: Point, expected: Arrays, coarsest: float) -> bool:
    """Whether the code, asked in the open and compiled by JAX, gives what is expected.

    Where it does not, or raises, JAX runs it in the open and decides.
    """
    try:
        return all(
            _are_near(expected, found, name, coarsest)
            for found in (as_it_asks(problem, point), as_it_compiles(problem, point))
            for name in expected
        )
    except Exception:  # whatever the code raises, also where NumPy does its operations
        return False


def _are_near(expected: Arrays, run: Arrays, name: str, coarsest: float) -> bool:
    pairs = zip(expected[name], run[name], strict=True)
    return all(_is_near(array, found, coarsest) for array, found in pairs)


def _is_near(array: Any, found: np.ndarray, coarsest: float) -> bool:
    """Equal but for rounding; of narrower types by norm."""
    numbers, tolerance = np.asarray([float(x) for x in array.reshape(-1)]), IN_DOUBLE
    share = 1.0 if coarsest else 1e-3
    scale = np.abs(numbers) + share * np.abs(numbers).max(initial=1e-300)
    tolerance = max(tolerance, 1000 * coarsest)
    with np.errstate(all="ignore"):
        return bool((np.abs(numbers - found.reshape(-1)) <= tolerance * scale).all())


def _dispute(
    problem: Problem,
    traces: Traces,
    point: Point,
    run: Mapping[str, Any],
    f: Findings,
    doubts: Doubts,
    name: str,
) -> None:
    """The code runs to other numbers than were evaluated: by rounding, or as another program."""
    traced = traces_run(problem, traces, point)[name]
    pairs = zip(run[name], traced, strict=True)
    if all(np.allclose(a, b, rtol=IN_DOUBLE, atol=1e-12, equal_nan=True) for a, b in pairs):
        doubts.by_name[name] = "rounding leaves no digit of it at a point"
        return
    doubts.by_name[name] = "run eagerly, the code gives other numbers than when it is traced"
    for place in np.ndindex(run[name][0].shape) if name != "value" else ():
        judged = judge(problem, traces, point, name, place)
        found = replace(judged, verdict=DIFFERS, by_hand=MP.mpf(float(run[name][0][place])))
        if judged.truth.kind == SMOOTH and differ_in_double(found.by_hand, found.true):
            f.different.setdefault(name, (point, found))
            return
