"""Where hand-written and true gradient differ: candidates judged, and the smallest one shown."""

import contextlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from derivations.algebra.session import OutOfTime, stage, tick
from derivations.algebra.terms import Undecided
from derivations.limits import WIDEST
from derivations.proving.findings import DIFFERS, Findings, Judged
from derivations.proving.hunt import candidates, look
from derivations.proving.judging import admit, judge
from derivations.proving.machine import Machine
from derivations.proving.points import Layout, Point
from derivations.proving.problem import Problem
from derivations.proving.script import Witness, witness_at
from derivations.proving.traces import Traces
from derivations.proving.truth import number_of
from derivations.witness import MP, CannotEvaluate


def search(
    problem: Problem, traces: Traces, sizes: Mapping[str, int], names: Sequence[str], f: Findings
) -> None:
    """Run the code at many points of one size, and judge where it looks wrong."""
    layout = Layout(problem, sizes, traces.outputs)
    if not len(layout.floats):
        return
    if layout.width > WIDEST:
        f.reason = f"points of {layout.width} numbers are more than is looked around at"
        f.agreed.clear()  # what was not looked at is not proved
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
    with contextlib.suppress(OutOfTime):  # then it is shown as it was found
        point, judged = _smaller(problem, name, f) or (point, judged)
    return witness_at(
        problem,
        point,
        name,
        judged.place,
        judged.by_hand,
        judged.true,
        on_switch=judged.truth.is_limit,
    )


def _smaller(problem: Problem, name: str, f: Findings) -> tuple[Point, Judged] | None:
    """The difference at smaller sizes; what shows on a switch alone stays where it is."""
    if f.different[name][1].truth.is_limit:
        return None
    for sizes in small_sizes(problem)[:4]:
        traces = concrete(problem, sizes, f)
        found = traces and _simple(problem, traces, sizes, name, f.different[name])
        if found is not None:
            return found
    return None


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
    if name == "value":
        return
    at = [n for n, _ in layout.shapes].index(name)
    value = float(point.inputs[at - len(layout.outputs)][judged.place])
    for v in (np.trunc(value), np.trunc(value) + np.sign(value), value):
        rows = _small_rows(layout)[:1]
        rows[:, layout.slices[at]] = v
        yield rows


def _some_places(problem: Problem, point: Point, name: str) -> Iterator[tuple[int, ...]]:
    if name == "value":
        return iter([()])
    return itertools.islice(np.ndindex(point.inputs[number_of(problem, name)].shape), 12)
