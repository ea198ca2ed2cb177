"""Rules of the evaluator for calls, choices of a branch, and loops whose length is known.

A loop that ends when a result is good enough is an approximation, whose derivative is not the
derivative of its turns: it is refused. One that counts by integers is run.
"""

from typing import Any

import numpy as np

from derivations.algebra.session import tick
from derivations.reading.jaxprs import CALLS, inner_of, scan_counts
from derivations.witness.evaluate import called
from derivations.witness.integers import is_floating
from derivations.witness.numbers import CannotEvaluate, Number, Surroundings, as_array, moved, reals
from derivations.witness.rules import rule
from derivations.witness.shapes import stacked

MOST_TURNS = 10_000


@rule(*sorted(CALLS), "composite")
def _call(around: Surroundings, equation: Any, *args: Number) -> list[Number]:
    return called(around, inner_of(equation), args)


@rule("cond")
def _cond(around: Surroundings, equation: Any, which: Number, *args: Number) -> list[Number]:
    """The branch of this number; the nearest if there is none."""
    branches = equation.params["branches"]
    return called(around, branches[min(max(int(which.value[()]), 0), len(branches) - 1)], args)


@rule("optimization_barrier", "device_put")
def _barrier(_: Surroundings, __: Any, *args: Number) -> list[Number]:
    return list(args)


@rule("debug_callback", "debug_print")
def _unseen(*_: Any) -> list[Number]:
    return []


@rule("scan")
def _scan(around: Surroundings, equation: Any, *args: Number) -> list[Number]:
    params, results = equation.params, [v.aval for v in equation.outvars]
    operands = [x.value for x in args]
    consts, carried = scan_counts(params["jaxpr"].jaxpr, operands, results)
    fixed, state = args[:consts], list(args[consts : consts + carried])
    sequences, outputs = args[consts + carried :], []
    turns = range(params["length"])
    for k in reversed(turns) if params["reverse"] else turns:
        here = [moved(lambda a, k=k: as_array(a[k]), x) for x in sequences]
        found = called(around, params["jaxpr"], (*fixed, *state, *here))
        state = found[:carried]
        outputs.append(found[carried:])
    if not outputs:
        return [*state, *(_nothing(aval) for aval in results[carried:])]
    ordered = outputs[::-1] if params["reverse"] else outputs
    return [*state, *(stacked(list(parts)) for parts in zip(*ordered, strict=True))]


def _nothing(aval: Any) -> Number:
    """The rows of a loop without turns."""
    blank = np.zeros(aval.shape, dtype=np.int64)
    return Number(reals(blank) if is_floating(aval.dtype) else blank.astype(aval.dtype))


# --- loops that count ---


@rule("while")
def _while(around: Surroundings, equation: Any, *args: Number) -> list[Number]:
    params = equation.params
    tests, bodies = params["cond_nconsts"], params["body_nconsts"]
    if _depends_on_reals(params["cond_jaxpr"].jaxpr, params["body_jaxpr"].jaxpr, tests, bodies):
        raise CannotEvaluate("a loop that ends on a real number")
    test, body = args[:tests], args[tests : tests + bodies]
    state = list(args[tests + bodies :])
    for _ in range(MOST_TURNS):
        tick()
        (goes_on,) = called(around, params["cond_jaxpr"], (*test, *state))
        if not goes_on.value[()]:
            return state
        state = called(around, params["body_jaxpr"], (*body, *state))
    raise CannotEvaluate(f"a loop of more than {MOST_TURNS} turns")


def _depends_on_reals(test: Any, body: Any, tests: int, bodies: int) -> bool:
    """Whether the end of a loop is decided by a real number, followed back through all turns."""
    deciding = _origins(test, {v for v in test.outvars if not hasattr(v, "val")})
    if any(is_floating(v.aval.dtype) for v in test.invars[:tests] if v in deciding):
        return True
    carried = {k for k, v in enumerate(test.invars[tests:]) if v in deciding}
    while True:
        if any(is_floating(body.invars[bodies + k].aval.dtype) for k in carried):
            return True
        wanted = {body.outvars[k] for k in carried if not hasattr(body.outvars[k], "val")}
        deciding = _origins(body, wanted)
        if any(is_floating(v.aval.dtype) for v in body.invars[:bodies] if v in deciding):
            return True
        more = carried | {k for k, v in enumerate(body.invars[bodies:]) if v in deciding}
        if more == carried:
            return False
        carried = more


def _origins(jaxpr: Any, wanted: set) -> set:
    """The variables on which some depend."""
    needed = set(wanted)
    for equation in reversed(jaxpr.eqns):
        if needed.intersection(equation.outvars):
            needed.update(v for v in equation.invars if not hasattr(v, "val"))
    return needed
