"""The sizes and types for which the code is another program: each is proved by itself."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from derivations.limits import MOST_UNREAD
from derivations.proving.assumptions import Assumptions
from derivations.proving.conditions import is_never, of_rule_alone
from derivations.proving.counterexample import concrete, search
from derivations.proving.equality import Readings, by_algebra
from derivations.proving.findings import Doubts, Findings
from derivations.proving.points import Layout, unequal_sizes
from derivations.proving.problem import Problem
from derivations.proving.sameness import (
    Program,
    differing,
    is_admissible,
    of_other_types,
    with_ones,
)
from derivations.proving.sampling import sample
from derivations.proving.switches import OnSwitch, on_switches
from derivations.proving.tried_sizes import sizes_of_literals
from derivations.reading import Condition


def look_at_other_programs(
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
    traces = readings.sides.traces if readings.sides else None
    for program in itertools.islice(differing(problem, traces), None if traces else MOST_UNREAD):
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
        and not (c.is_equal and all(is_settled(k, seen) for k in needs[c.name]))
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


def is_settled(condition: Condition, seen: Mapping[Condition, OnSwitch]) -> bool:
    """Whether a condition of the rule alone was seen to fail without harm."""
    return seen.get(condition, OnSwitch()).kind in ("right", "kink", "outside")
