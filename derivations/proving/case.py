"""The verdict for one choice of ranks: what the three opinions say, put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from derivations.algebra.session import OutOfTime, stage, untimed
from derivations.algebra.terms import Poly
from derivations.algebra.text import terms_of_difference, text
from derivations.proving.assumptions import Assumptions
from derivations.proving.conditions import (
    SWITCHES,
    of_definition,
    of_domains,
    of_rule_alone,
    sentence,
    shown_conditions,
)
from derivations.proving.counterexample import concrete, search, smallest
from derivations.proving.equality import Comparison, Readings, by_algebra
from derivations.proving.findings import Doubts, Findings
from derivations.proving.opinions import REPORT, hold_against_runs, hold_against_values
from derivations.proving.other_programs import is_settled, look_at_other_programs
from derivations.proving.points import Layout, unequal_sizes
from derivations.proving.problem import Problem
from derivations.proving.sampling import sample
from derivations.proving.script import Witness
from derivations.proving.switches import OnSwitch, on_switches
from derivations.proving.tried_sizes import sizes_beyond
from derivations.reading import Condition

PROVED, REFUTED, UNKNOWN = "PROVED", "REFUTED", "UNKNOWN"


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
    witness = _shown(problem, f, doubts)
    comparisons = {c.name: c for c in readings.comparisons}
    with untimed():
        judged = tuple(
            _judged(problem, comparisons.get(n, Comparison(n)), readings, seen, f, doubts)
            for n in ("value", *wrt)
        )
        shown = shown_conditions(_to_show(readings), seen)
    expressions = tuple(
        (c.name, c.shown.hand, c.shown.true) for c in comparisons.values() if c.shown
    )
    return CaseProof(judged, (*shown, *of_domains(problem)), witness, expressions, is_main)


def _shown(problem: Problem, f: Findings, doubts: Doubts) -> Witness | None:
    """The witness of a difference, which counts only if its lines, when they are run, show it.

    Where they do not nothing is proved either: what was found ended the look at everything else.
    """
    while f.different:
        witness = smallest(problem, f)
        if witness.is_seen:
            return witness
        del f.different[witness.argument]
        doubts.every = doubts.every or f"the lines that should show a difference do not; {REPORT}"
    return None


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
    hold_against_values(problem, readings, f, doubts)
    if is_main and not f.different:
        hold_against_runs(problem, names, f, doubts)
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
            look_at_other_programs(problem, wrt, assumptions, readings, suspects, f, doubts)
    return seen


def _to_show(readings: Readings) -> list[Condition]:
    literals = [k for c in readings.comparisons for k in c.conditions if k.kind == "literal"]
    return list(dict.fromkeys([*of_definition(readings), *literals]))


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
        if not is_settled(k, seen):
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
