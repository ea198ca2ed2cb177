"""What versions of JAX write differently into a jaxpr."""

from collections.abc import Sequence
from typing import Any

CALLS = frozenset(
    {
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
    }
)


def inner_of(equation: Any) -> Any:
    """The program of a call."""
    return next(
        equation.params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in equation.params
    )


def scan_counts(inner: Any, operands: Sequence[Any], outputs: Sequence[Any]) -> tuple[int, int]:
    """How many operands of a scan are constants, and how many are carried from turn to turn.

    Told by ranks, whatever the parameters are called: rows have one axis more outside than inside.
    """
    carried = sum(v.aval.ndim == out.ndim for v, out in zip(inner.outvars, outputs, strict=True))
    rows = sum(v.aval.ndim != x.ndim for v, x in zip(inner.invars, operands, strict=True))
    return len(operands) - carried - rows, carried


def bind(equation: Any, given: Sequence[Any]) -> list[Any]:
    """What one equation gives for these inputs, evaluated or traced by JAX."""
    params = equation.primitive.get_bind_params(equation.params)
    functions, params = params if isinstance(params, tuple) else ((), params)
    found = equation.primitive.bind(*functions, *given, **params)
    return list(found) if equation.primitive.multiple_results else [found]
