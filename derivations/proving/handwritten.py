"""Hand-written rules: called as JAX calls them, and found inside of functions."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from derivations.proving.arguments import Argument, is_custom_vjp, is_op, name_of
from derivations.proving.sizes import UsageError
from derivations.proving.traces import Traces, equations

NO_RULE = "no custom rule inside: JAX's own differentiation is judged"
JAX = str(Path(jax.__file__).parent)
RULE_CALLS = ("custom_vjp_call", "custom_jvp_call", "custom_lin", "call_hi")
OF_A_RULE = ("call_jaxpr", "jvp_jaxpr_fun", "fwd_jaxpr_thunk", "bwd")


def called(
    op: Any, values: Sequence[Any], cotangent: Any, arguments: Sequence[Argument]
) -> tuple[Any, list[Any]]:
    """What forward and backward of a `jax.custom_vjp` return, the latter for floats alone."""
    value, residuals = op.fwd(*values)
    fixed = [values[k] for k in op.nondiff_argnums]
    bars = op.bwd(*fixed, residuals, cotangent)
    others = [k for k in range(len(arguments)) if k not in op.nondiff_argnums]
    if not isinstance(bars, (tuple, list)) or len(bars) != len(others):
        raise UsageError(
            f"the backward of {name_of(op)} must return "
            f"one cotangent for each of its {len(others)} arguments"
        )
    kept = [
        jnp.zeros_like(values[k]) if bar is None else bar
        for k, bar in zip(others, bars, strict=True)
        if arguments[k].kind == "float"
    ]
    return value, kept


def require_shapes(target: Any, part: str, found: Sequence[Any], needed: Sequence[Any]) -> None:
    """JAX demands the shapes of the value and of the arguments."""
    shapes = [[tuple(jnp.shape(x)) for x in arrays] for arrays in (found, needed)]
    if shapes[0] != shapes[1]:
        raise UsageError(
            f"the {part} of {name_of(target)} returns arrays of shapes {shapes[0]} "
            f"where {shapes[1]} are due"
        )


def traceable(op: Any, arguments: Sequence[Argument]) -> Callable:
    """The op, with static floats as arguments that JAX can trace; their cotangents are 0."""
    traced = [k for k in getattr(op, "nondiff_argnums", ()) if arguments[k].symbolic]
    if not is_custom_vjp(op) or not traced:
        return op
    fixed = tuple(k for k in op.nondiff_argnums if k not in traced)

    def forward(*values: Any) -> Any:
        plain = [getattr(v, "value", v) if k in traced else v for k, v in enumerate(values)]
        value, residuals = op.fwd(*plain)
        return value, (residuals, [plain[k] for k in traced])

    def backward(*given: Any) -> Any:
        *statics, (residuals, floats), cotangent = given
        known = {**dict(zip(fixed, statics, strict=True)), **dict(zip(traced, floats, strict=True))}
        bars = iter(op.bwd(*(known[k] for k in op.nondiff_argnums), residuals, cotangent))
        return tuple(
            None if k in traced else next(bars) for k in range(len(arguments)) if k not in fixed
        )

    same = jax.custom_vjp(op.fun, nondiff_argnums=fixed)
    same.defvjp(forward, backward, symbolic_zeros=op.symbolic_zeros)
    return same


# --- what is hand-written inside of a function ---


def has_rule(target: Any, traces: Traces) -> bool:
    """Whether anything in the function in question is hand-written; see NO_RULE if not."""
    return is_op(getattr(getattr(target, "first", None), "target", target)) or any(
        _is_of_the_user(call) for call in _calls(traces.value)
    )


def looks_at_zeros(target: Any, value: Any) -> bool:
    """Whether a rule is told which of its arguments are differentiated, and may go by that."""
    if is_custom_vjp(target):
        return bool(getattr(target, "symbolic_zeros", False))
    return any(call.params.get("symbolic_zeros") for call in _calls(value))


def _calls(jaxpr: Any) -> Iterator[Any]:
    return (e for e in equations(jaxpr) if e.primitive.name.startswith(RULE_CALLS))


def _is_of_the_user(call: Any) -> bool:
    """Whether any part of a rule, the definition included, stands in a file that is not JAX's."""
    files = [_file(call.params[part]) for part in OF_A_RULE if part in call.params]
    return not files or not all(file.startswith(JAX) for file in files)


def _file(part: Any) -> str:
    """Where a function is written; "" where that is not known."""
    info = getattr(getattr(part, "jaxpr", part), "debug_info", None)
    return getattr(info, "func_filename", None) or ""
