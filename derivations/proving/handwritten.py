"""Hand-written rules: called as JAX calls them, and found inside of functions."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from derivations.algebra.terms import Undecided
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


@contextmanager
def float0_of_any_size() -> Iterator[None]:
    """Let `np.zeros(i.shape, float0)`, the cotangent of integers, be written for symbolic sizes.

    NumPy has no arrays of symbolic sizes; None says the same to JAX.
    """

    def or_none(function: Callable) -> Callable:
        @functools.wraps(function)
        def zeros(like: Any, *args: Any, **kwargs: Any) -> Any:
            is_float0 = jax.dtypes.float0 in (*args[:1], kwargs.get("dtype"))
            return None if is_float0 and _is_symbolic(like) else function(like, *args, **kwargs)

        return zeros

    before = np.zeros, np.zeros_like
    np.zeros, np.zeros_like = map(or_none, before)
    try:
        yield
    finally:
        np.zeros, np.zeros_like = before


def _is_symbolic(like: Any) -> bool:
    """Whether it is a traced array, or a shape that is not all integers."""
    shape = like if isinstance(like, (tuple, list)) else (like,)
    return any(not isinstance(n, (int, np.integer, np.ndarray)) for n in shape)


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
    """Whether the function in question is hand-written, or anything that it calls."""
    return is_op(target) or any(_is_of_the_user(call) for call in _calls(traces.value))


def remarks(problem: Any) -> tuple[str, ...]:
    """What has to be said of a problem in which nothing is hand-written."""
    first = getattr(problem.target, "first", problem)  # of order 2, what has the rule
    if is_op(first.target):
        return ()
    try:
        return () if has_rule(first.target, first.traced(by_rule=False)) else (NO_RULE,)
    except Undecided:
        return ()


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
