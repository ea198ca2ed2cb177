"""Rules of the evaluator for calls, choices of a branch, and loops."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from derivations.witness.numbers import CannotEvaluate, Number, Surroundings, as_array
from derivations.witness.run import RULES, evaluate

MOST_TURNS = 1000  # of a loop


def _called(around: Surroundings, inner: Any, args: Sequence[Number]) -> list[Number]:
    consts = getattr(inner, "consts", ())
    return evaluate(around, getattr(inner, "jaxpr", inner), consts, args)


def _call(around: Surroundings, params: dict, *args: Number) -> list[Number]:
    names = ("jaxpr", "call_jaxpr", "fun_jaxpr")
    return _called(around, next(params[k] for k in names if k in params), args)


def _cond(around: Surroundings, params: dict, which: Number, *args: Number) -> list[Number]:
    branches = params["branches"]
    k = min(max(int(which.value[()]), 0), len(branches) - 1)
    return _called(around, branches[k], args)


def _while(around: Surroundings, params: dict, *args: Number) -> list[Number]:
    of_test, of_body = params["cond_nconsts"], params["body_nconsts"]
    test, body, state = args[:of_test], args[of_test : of_test + of_body], args[of_test + of_body :]
    for _ in range(MOST_TURNS):
        (goes_on,) = _called(around, params["cond_jaxpr"], (*test, *state))
        if not goes_on.value[()]:
            return list(state)
        state = _called(around, params["body_jaxpr"], (*body, *state))
    raise CannotEvaluate(f"a loop of more than {MOST_TURNS} turns")


def _scan(around: Surroundings, params: dict, *args: Number) -> list[Number]:
    consts, carried = params["num_consts"], params["num_carry"]
    fixed, state = args[:consts], list(args[consts : consts + carried])
    rows = args[consts + carried :]
    outputs: list[list[Number]] = []
    turns = range(params["length"])
    for k in reversed(turns) if params["reverse"] else turns:
        here = [_row(x, k) for x in rows]
        found = _called(around, params["jaxpr"], (*fixed, *state, *here))
        state = found[:carried]
        outputs.append(found[carried:])
    if not outputs:
        raise CannotEvaluate("a scan of no turns")
    ordered = outputs[::-1] if params["reverse"] else outputs
    return [
        *state,
        *(RULES["stack"](around, {"axis": 0}, *parts) for parts in zip(*ordered, strict=True)),
    ]


def _row(x: Number, k: int) -> Number:
    return Number(_entry(x.value, k), None if x.tangent is None else _entry(x.tangent, k))


def _entry(x: np.ndarray, k: int) -> np.ndarray:
    return as_array(x[k])


CALLS = (
    "pjit",
    "jit",
    "closed_call",
    "core_call",
    "remat",
    "remat2",
    "checkpoint",
    "custom_jvp_call",
    "custom_vjp_call",
    "custom_vjp_call_jaxpr",
    "custom_lin",
)
RULES |= {
    **dict.fromkeys(CALLS, _call),
    "cond": _cond,
    "while": _while,
    "scan": _scan,
    **dict.fromkeys(("optimization_barrier", "device_put"), lambda _, __, *a: list(a)),
    **dict.fromkeys(("debug_callback", "debug_print"), lambda _, __, *___: []),
}
