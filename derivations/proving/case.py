"""The verdict for one choice of ranks: what the three opinions say, put together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derivations.algebra.numeric import Place
from derivations.algebra.numeric import value as numeric
from derivations.algebra.session import OutOfTime, stage
from derivations.algebra.terms import Poly, Undecided
from derivations.algebra.text import terms_of_difference, text
from derivations.proving.assumptions import Assumptions
from derivations.proving.conditions import (
    SWITCHES,
    is_never,
    of_definition,
    of_domains,
    of_rule_alone,
    sentence,
    shown_conditions,
)
from derivations.proving.counterexample import (
    DIFFERS,
    Findings,
    concrete,
    differ_in_double,
    judge,
    sample,
    search,
    smallest,
    unequal_sizes,
)
from derivations.proving.equality import Comparison, Pair, Readings, by_algebra
from derivations.proving.points import Layout, Point
from derivations.proving.problem import Problem, bar_names
from derivations.proving.running import as_it_asks, as_it_compiles, as_it_runs, traces_run
from derivations.proving.sameness import (
    Program,
    differing,
    is_admissible,
    of_other_types,
    sizes_beyond,
    sizes_of_literals,
    with_ones,
)
from derivations.proving.script import Witness
from derivations.proving.switches import OnSwitch, on_switches
from derivations.proving.traces import Traces
from derivations.proving.truth import SMOOTH
from derivations.reading import Condition
from derivations.witness import MP

MISREAD = 1e-9  # literals are rounded to 1e-16
IN_DOUBLE = 1e-6  # beyond this the code runs to other numbers than the evaluator
PROVED, REFUTED, UNKNOWN = "PROVED", "REFUTED", "UNKNOWN"
REPORT = "this is a bug of the prover, please report it"


@dataclass(frozen=True)
class ArgumentProof:
    """The verdict on one gradient, or on the value that the forward returns."""

    name: str
    verdict: str
    by_hand: str = ""
    true: str = ""
    difference: str = ""
    reason: str = ""
    ranks: str = ""
    line: str = ""  # of the code that computes what is not proved
    note: str = ""  # on stop_gradient


@dataclass(frozen=True)
class CaseProof:
    """What was found for one choice of ranks."""

    arguments: tuple[ArgumentProof, ...]
    conditions: tuple[str, ...]
    witness: Witness | None
    expressions: tuple[tuple[str, Poly, Poly], ...]
    is_main: bool


def prove_case(
    problem: Problem, wrt: Sequence[str], assumptions: Assumptions, is_main: bool
) -> CaseProof:
    """Judge the value and the gradients of a problem."""
    f, doubts = Findings(), Doubts()
    readings, seen = Readings(()), {}
    try:
        readings = by_algebra(problem, wrt, assumptions)
        seen = _looked_at(problem, wrt, assumptions, readings, is_main, f, doubts)
    except OutOfTime as error:
        doubts.every = str(error)
    comparisons = {c.name: c for c in readings.comparisons}
    judged = tuple(
        _judged(problem, comparisons.get(n, Comparison(n)), readings, seen, f, doubts)
        for n in ("value", *wrt)
    )
    expressions = tuple(
        (c.name, c.shown.hand, c.shown.true) for c in comparisons.values() if c.shown
    )
    witness = smallest(problem, f) if f.different else None
    shown = shown_conditions(_to_show(readings), seen)
    return CaseProof(judged, (*shown, *of_domains(problem)), witness, expressions, is_main)


@dataclass
class Doubts:
    """Why something may not be called PROVED, whatever the algebra says."""

    every: str = ""  # of all quantities
    by_name: dict[str, str] = None  # pyright: ignore

    def __post_init__(self):
        self.by_name = {}

    def of(self, name: str) -> str:
        """The reason not to prove a quantity, if there is one."""
        return self.every or self.by_name.get(name, "")


def _looked_at(
    problem: Problem,
    wrt: Sequence[str],
    assumptions: Assumptions,
    readings: Readings,
    is_main: bool,
    f: Findings,
    doubts: Doubts,
) -> dict[Condition, OnSwitch]:
    """Everything but the algebra: samples, the search, other sizes, switches."""
    names = ("value", *wrt)
    suspects = [c.name for c in readings.comparisons if not c.is_equal]
    sizes = unequal_sizes(problem)
    traces = concrete(problem, sizes, f)
    if traces is None:
        return {}
    if traces.has_open_loop:  # it may never end, and is not run
        f.reason = "a loop that ends on a value"
        return {}
    with stage("evaluating a sample"):
        sample(problem, traces, sizes, names, f)
    _hold(problem, readings, f, doubts)
    if is_main and not f.different:
        _hold_against_run(problem, names, f, doubts)
    if is_main or suspects:
        larger = sizes_beyond(problem, readings, sizes)
        traces = traces if larger == sizes else concrete(problem, larger, f) or traces
        sizes = larger
        search(problem, traces, sizes, names, f)
    seen = {}
    told = [c for c in of_definition(readings) if c.kind in SWITCHES and is_main]
    alone = [k for c in readings.comparisons if c.is_equal for k in of_rule_alone(c, readings)]
    if (told or alone) and not f.different:
        layout = Layout(problem, sizes, traces.outputs)
        seen = on_switches(problem, traces, layout, dict.fromkeys([*told, *alone]), wrt, f)
    if (is_main or suspects) and not f.different:
        with stage("comparing the programs of different sizes"):
            _at_other_sizes(problem, wrt, assumptions, readings, suspects, f, doubts)
    return seen


def _to_show(readings: Readings) -> list[Condition]:
    literals = [k for c in readings.comparisons for k in c.conditions if k.kind == "literal"]
    return list(dict.fromkeys([*of_definition(readings), *literals]))


def _at_other_sizes(
    problem: Problem,
    wrt: Sequence[str],
    assumptions: Assumptions,
    readings: Readings,
    suspects: Sequence[str],
    f: Findings,
    doubts: Doubts,
) -> None:
    """Sizes for which the code is another program are proved by themselves, or looked at."""
    if readings.sides is None and not suspects:
        return
    others = differing(problem, readings.sides.traces if readings.sides else None)
    for program in others:
        _by_itself(wrt, assumptions, program, f, doubts)
    if readings.sides and not suspects:
        for program in of_other_types(problem, unequal_sizes(problem)):
            _in_other_type(wrt, assumptions, program, doubts)
    still = [n for n in suspects if n not in f.different]
    for sizes in sizes_of_literals(problem, readings) if still else ():
        traces = concrete(problem, sizes, f)
        if traces is not None and still:
            search(problem, traces, sizes, still, f)
            still = [n for n in still if n not in f.different]


def _in_other_type(
    wrt: Sequence[str], assumptions: Assumptions, program: Program, doubts: Doubts
) -> None:
    found = by_algebra(program.problem, wrt, assumptions, program.traces)
    for c in found.comparisons:
        if not c.is_equal or of_rule_alone(c, found):
            doubts.by_name.setdefault(c.name, f"{program.what}, and that was not proved")


def _by_itself(
    wrt: Sequence[str],
    assumptions: Assumptions,
    program: Program,
    f: Findings,
    doubts: Doubts,
) -> None:
    if not is_admissible(program):
        return
    mine = Findings()
    sample(program.problem, program.traces, program.sizes, ("value", *wrt), mine)
    if 0 in program.sizes.values() and not mine.samples:
        return  # the definition has no value there
    open_ = ["value", *wrt]
    for one in _to_read(program):
        open_ = [n for n in _open(one, wrt, assumptions) if n in open_]
        if not open_:
            break
    if open_ and not mine.different:
        search(program.problem, program.traces, program.sizes, open_, mine)
    f.different |= {n: d for n, d in mine.different.items() if n not in f.different}
    for name in open_:
        if name not in mine.different:
            doubts.by_name[name] = f"{program.what}, and that was not proved"


def _to_read(program: Program) -> Iterator[Program]:
    """Programs of which any may prove it: with axes of 1 alone worked out, as it is, a larger one.

    An axis that is worked out is a sum of as many terms, so the first is the shortest.
    """
    if of_one := with_ones(program):
        yield of_one
    yield program
    if program.larger:
        yield program.larger


def _open(program: Program, wrt: Sequence[str], assumptions: Assumptions) -> list[str]:
    """What is not proved of a program; of what has no entries nothing need be."""
    found = by_algebra(program.problem, wrt, assumptions, program.traces)
    if is_never(found):
        return []
    empty = {a.name for a in program.problem.arrays if "0" in a.dims}
    empty |= {"value"} if all(0 in shape for shape in program.traces.outputs) else set()
    needs = {c.name: of_rule_alone(c, found) for c in found.comparisons if c.is_equal}
    seen = _seen(program.problem, [k for n in needs for k in needs[n] if n not in empty], wrt)
    return [
        c.name
        for c in found.comparisons
        if c.name not in empty
        and not (c.is_equal and all(_is_settled(k, seen) for k in needs[c.name]))
    ]


def _seen(
    problem: Problem, conditions: Sequence[Condition], wrt: Sequence[str]
) -> Mapping[Condition, OnSwitch]:
    """What the rule does where its own conditions fail, at small sizes."""
    sizes = unequal_sizes(problem)
    traces = concrete(problem, sizes, Findings()) if conditions else None
    if traces is None:
        return {}
    layout = Layout(problem, sizes, traces.outputs)
    return on_switches(problem, traces, layout, dict.fromkeys(conditions), wrt, Findings())


def _is_settled(condition: Condition, seen: Mapping[Condition, OnSwitch]) -> bool:
    """Whether a condition of the rule alone was seen to fail without harm."""
    return seen.get(condition, OnSwitch()).kind in ("right", "kink", "outside")


# --- the opinions held against one another ---


def _hold(problem: Problem, readings: Readings, f: Findings, doubts: Doubts) -> None:
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
        return None
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


def _hold_against_run(problem: Problem, names: Sequence[str], f: Findings, doubts: Doubts) -> None:
    """The code as JAX runs it, eagerly and by its own protocol, must give what was evaluated.

    At equal sizes, because JAX compiles each operation for each shape.
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
            run = _as_expected_or_as_it_runs(problem, sample_.point, expected, traces.coarsest)
    except Exception as error:  # whatever the code raises
        doubts.every = f"running it raised {type(error).__name__}: {str(error).splitlines()[0]}"
        return
    for name in expected:
        if not _are_near(expected, run, name, traces.coarsest):
            _dispute(problem, traces, sample_.point, run, f, doubts, name)


Arrays = Mapping[str, Sequence[np.ndarray]]


def _as_expected_or_as_it_runs(
    problem: Problem, point: Point, expected: Arrays, coarsest: float
) -> Arrays:
    """What is expected, if all agree on it: the code asked in the open, and compiled by JAX.

    Else what it runs to by JAX in the open.
    """
    try:
        for found in (as_it_asks(problem, point), as_it_compiles(problem, point)):
            if not all(_are_near(expected, found, name, coarsest) for name in expected):
                return as_it_runs(problem, point)
    except Exception:  # JAX decides in the open, whatever was raised
        return as_it_runs(problem, point)
    return expected


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


def _judged(
    problem: Problem,
    c: Comparison,
    readings: Readings,
    seen: Mapping[Condition, OnSwitch],
    f: Findings,
    doubts: Doubts,
) -> ArgumentProof:
    shown = {"note": c.note, "ranks": problem.ranks}
    if c.name in f.different:
        if c.shown and not c.is_equal:
            names = dict(c.shown.names)
            shown |= {"by_hand": text(c.shown.hand, names), "true": text(c.shown.true, names)}
            shown |= {"difference": terms_of_difference(c.shown.hand, c.shown.true, names)}
            shown |= {"line": c.line}
        _, judged = f.different[c.name]
        reason = "right off a switch, wrong on it" if judged.truth.is_limit and c.is_equal else ""
        return ArgumentProof(c.name, REFUTED, **shown, reason=reason)
    reason = _why_not(c, readings, seen, f, doubts)
    return ArgumentProof(c.name, UNKNOWN if reason else PROVED, **shown, reason=reason)


def _why_not(  # noqa: PLR0911 (one reason a line)
    c: Comparison,
    readings: Readings,
    seen: Mapping[Condition, OnSwitch],
    f: Findings,
    doubts: Doubts,
) -> str:
    """The reason why it is not proved; "" if it is."""
    if not c.is_equal:
        return _why_unequal(c, f, doubts)
    if c.name in f.disputed:
        return f"{f.disputed[c.name]}; {REPORT}"
    if c.name in f.unclear:
        return "equal with literals read as decimals, but not with the numbers that the code has"
    if doubts.of(c.name):
        return doubts.of(c.name)
    if c.name not in f.agreed:
        return f"could not be checked by evaluation: {f.reason}"
    wrapping = [k for k in (*readings.conditions, *c.conditions) if k.kind.startswith("fits")]
    if wrapping:
        return f"integers may wrap around: equal where {sentence(wrapping[0])}"
    for k in of_rule_alone(c, readings):
        if not _is_settled(k, seen):
            needed = f"equal where {sentence(k)}, which the rule alone needs"
            return f"{needed}; where that fails was not seen"
    return ""


def _why_unequal(c: Comparison, f: Findings, doubts: Doubts) -> str:
    reason = c.reason or doubts.every
    if c.name in f.unclear:
        return (
            f"{reason}; the two differ by a part of {f.unclear[c.name]:.1g}, as approximations do"
        )
    if c.name in f.agreed:
        return f"{reason}; no difference by evaluation at {f.agreed[c.name]}"
    return reason
