"""Rules of the evaluator for calls, choices of a branch, and loops of a known length.

A loop that ends when a result is good enough is an approximation, whose derivative is not the
derivative of its turns: such a loop has no rule.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from derivations.reading.jaxprs import scan_counts
from derivations.witness.numbers import CannotEvaluate, Number, Surroundings, as_array
from derivations.witness.run import RULES, evaluate


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


def _scan(around: Surroundings, params: dict, *args: Number) -> list[Number]:
    operands = [x.value for x in args]
    consts, carried = scan_counts(params["jaxpr"].jaxpr, operands, params["_outputs"])
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
    "scan": _scan,
    **dict.fromkeys(("optimization_barrier", "device_put"), lambda _, __, *a: list(a)),
    **dict.fromkeys(("debug_callback", "debug_print"), lambda _, __, *___: []),
}
