"""JAX's operations done by NumPy: to look around in a program without compiling it.

JAX compiles each operation for each shape, which takes 20 ms, and a program as a whole, which takes
200; most of a proof's time would go there. What the code asks for when its arrays are numbers, and
where it may be wrong, is found by NumPy; what a verdict says is run by JAX. Operations that are not
in the table, or are asked for of other types, are compiled as ever.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
import scipy.special
from jax.extend.core import primitives


def _reduced(reduce: Callable) -> Callable:
    return lambda x, axes, **_: reduce(x, axis=tuple(axes))


def _contracted(x: Any, y: Any, dimension_numbers: Any, **_: Any) -> Any:
    """Batch axes first, then those that are left of x, then those of y."""
    (of_x, of_y), (batch_x, batch_y) = dimension_numbers
    left = [k for k in range(x.ndim) if k not in (*of_x, *batch_x)]
    right = [k for k in range(y.ndim) if k not in (*of_y, *batch_y)]
    batch, mine, others = (
        [a.shape[k] for k in axes] for a, axes in ((x, batch_x), (x, left), (y, right))
    )
    inner = math.prod(x.shape[k] for k in of_x)
    first = x.transpose(*batch_x, *left, *of_x).reshape(*batch, math.prod(mine), inner)
    second = y.transpose(*batch_y, *of_y, *right).reshape(*batch, inner, math.prod(others))
    return (first @ second).reshape(*batch, *mine, *others)


def _broadcast(x: Any, shape: Sequence[int], broadcast_dimensions: Sequence[int], **_: Any) -> Any:
    places = dict(zip(broadcast_dimensions, x.shape, strict=True))
    return np.broadcast_to(x.reshape([places.get(k, 1) for k in range(len(shape))]), shape)


def _converted(x: Any, new_dtype: Any, **_: Any) -> Any:
    """Integers as XLA makes them of reals: what is too large is the largest, nan is 0."""
    if x.dtype.kind == "f" and np.dtype(new_dtype).kind in "iu":
        limits = np.iinfo(new_dtype)
        whole = np.trunc(np.nan_to_num(x, nan=0.0, posinf=np.inf, neginf=-np.inf))
        inside = np.clip(whole, limits.min, np.nextafter(float(limits.max) + 1, 0))
        return np.where(whole > limits.max, limits.max, inside.astype(new_dtype))
    return x.astype(new_dtype)


def _slice(x: Any, start_indices: Any, limit_indices: Any, strides: Any) -> Any:
    steps = strides or [1] * x.ndim
    return x[tuple(map(slice, start_indices, limit_indices, steps))]


def _padded(x: Any, filler: Any, padding_config: Sequence[tuple[int, int, int]]) -> Any:
    """With no side cut off, which `rule_of` sees to."""
    steps = [between + 1 for _, _, between in padding_config]
    lengths = [max((n - 1) * step + 1, 0) for n, step in zip(x.shape, steps, strict=True)]
    sides = [low + high for low, high, _ in padding_config]
    found = np.full([n + side for n, side in zip(lengths, sides, strict=True)], filler)
    starts = [low for low, _, _ in padding_config]
    ends = [low + n for low, n in zip(starts, lengths, strict=True)]
    found[tuple(map(slice, starts, ends, steps))] = x
    return found


def _along(accumulate: Callable) -> Callable:
    def rule(x: Any, axis: int, reverse: bool) -> Any:
        return np.flip(accumulate(np.flip(x, axis), axis), axis) if reverse else accumulate(x, axis)

    return rule


def _selected(which: Any, no: Any, yes: Any) -> Any:
    return np.where(which, yes, no)


def _iota(dtype: Any, shape: Sequence[int], dimension: int, **_: Any) -> Any:
    along = [-1 if k == dimension else 1 for k in range(len(shape))]
    return np.broadcast_to(np.arange(shape[dimension], dtype=dtype).reshape(along), shape)


def _reshape(x: Any, new_sizes: Sequence[int], dimensions: Any, **_: Any) -> Any:
    return (x if dimensions is None else x.transpose(dimensions)).reshape(new_sizes)


ENTRYWISE = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "max": np.maximum,
    "min": np.minimum,
    "square": np.square,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "cbrt": np.cbrt,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "logistic": scipy.special.expit,
    "erf": scipy.special.erf,
    "erfc": scipy.special.erfc,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "atan2": np.arctan2,
    "floor": np.floor,
    "ceil": np.ceil,
    "pow": np.power,
    "is_finite": np.isfinite,
    "eq": np.equal,
    "ne": np.not_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "lt": np.less,
    "le": np.less_equal,
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
}
LOGIC = {
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "not": np.logical_not,
}
OF_FLOATS: dict[str, Callable] = {
    **{n: lambda *x, _f=f, **_: _f(*x) for n, f in ENTRYWISE.items()},
    "integer_pow": lambda x, y: x ** float(y),
    "reduce_sum": _reduced(np.sum),
    "reduce_prod": _reduced(np.prod),
    "reduce_max": _reduced(functools.partial(np.max, initial=-np.inf)),
    "reduce_min": _reduced(functools.partial(np.min, initial=np.inf)),
    "dot_general": _contracted,
    "rem": np.fmod,
    "cumsum": _along(np.cumsum),
    "cumprod": _along(np.cumprod),
    "cummax": _along(np.maximum.accumulate),
    "cummin": _along(np.minimum.accumulate),
    "cumlogsumexp": _along(np.logaddexp.accumulate),
    "argmax": lambda x, axes, index_dtype: np.argmax(x, *axes).astype(index_dtype),
    "argmin": lambda x, axes, index_dtype: np.argmin(x, *axes).astype(index_dtype),
}
OF_BOOLS: dict[str, Callable] = {
    **{n: lambda *x, _f=f, **_: _f(*x) for n, f in LOGIC.items()},
    "reduce_or": _reduced(np.any),
    "reduce_and": _reduced(np.all),
    "eq": np.equal,
    "ne": np.not_equal,
}
OF_ALL: dict[str, Callable] = {
    "broadcast_in_dim": _broadcast,
    "reshape": _reshape,
    "squeeze": lambda x, dimensions: x.squeeze(tuple(dimensions)),
    "transpose": lambda x, permutation: x.transpose(permutation),
    "slice": _slice,
    "iota": _iota,
    "concatenate": lambda *x, dimension: np.concatenate(x, dimension),
    "convert_element_type": _converted,
    "rev": lambda x, dimensions: np.flip(x, tuple(dimensions)),
    "pad": _padded,
    "copy": lambda x: x,
    "stop_gradient": lambda x: x,
    "add_any": np.add,
}
OF_INTEGERS: dict[str, Callable] = {
    **{
        n: OF_FLOATS[n]
        for n in ("add", "sub", "mul", "neg", "max", "min", "eq", "ne", "gt", "ge", "lt", "le")
    },
    "reduce_sum": _reduced(lambda x, axis: np.sum(x, axis, dtype=x.dtype)),
    "reduce_max": _reduced(lambda x, axis: np.max(x, axis, initial=np.iinfo(x.dtype).min)),
    "reduce_min": _reduced(lambda x, axis: np.min(x, axis, initial=np.iinfo(x.dtype).max)),
}
TABLES = {"<f8": OF_FLOATS, "|b1": OF_BOOLS, "<i4": OF_INTEGERS, "<i8": OF_INTEGERS}


def rule_of(name: str, types: Sequence[Any], params: Any) -> Callable | None:
    """What NumPy does for a primitive of arrays of these types; None if it is not asked."""
    if not all(isinstance(t, np.dtype) for t in types):  # as that of a random key
        return None
    kinds = {t.str for t in types}
    if not kinds <= TABLES.keys() or np.dtype(params.get("new_dtype", "f8")).str not in TABLES:
        return None
    if name == "select_n":
        return _selected if types[0].kind == "b" else None
    if name == "pad" and any(k < 0 for sides in params["padding_config"] for k in sides):
        return None
    own = TABLES[kinds.pop()] if len(kinds) == 1 else {}
    return own.get(name) or OF_ALL.get(name)


def by_numpy(primitive: Any, *given: Any, **params: Any) -> np.ndarray | None:
    """What a primitive makes of these arrays; None if NumPy is not asked."""
    arrays = [np.asarray(x) for x in given]
    rule = rule_of(primitive.name, [x.dtype for x in arrays], params)
    return None if rule is None else rule(*arrays, **params)


Step = tuple[Callable, list[Any], Any]  # what to do, with which variables, for which


def program(closed: Any) -> Callable[..., list[np.ndarray]] | None:
    """A whole program done by NumPy; None if something in it is not in the table."""
    steps = _steps(closed.jaxpr)
    if steps is None:
        return None
    jaxpr, consts = closed.jaxpr, [np.asarray(c) for c in closed.consts]

    def run(*given: Any) -> list[np.ndarray]:
        known = dict(zip(jaxpr.constvars, consts, strict=True))
        known |= dict(zip(jaxpr.invars, map(np.asarray, given), strict=True))
        with np.errstate(all="ignore"):
            for rule, inputs, output in steps:
                known[output] = rule(*(_value(x, known) for x in inputs))
        return [_value(x, known) for x in jaxpr.outvars]

    return run


def _value(atom: Any, known: dict) -> Any:
    return np.asarray(atom.val, atom.aval.dtype) if hasattr(atom, "val") else known[atom]


def _steps(jaxpr: Any) -> list[Step] | None:
    steps: list[Step] = []
    for equation in jaxpr.eqns:
        name, params = equation.primitive.name, equation.params
        rule = rule_of(name, [x.aval.dtype for x in equation.invars], params)
        if rule is None or len(equation.outvars) != 1:
            return None
        steps.append((functools.partial(rule, **params), equation.invars, equation.outvars[0]))
    return steps


def _called(primitive: Any, compiled: Callable, *given: Any, **params: Any) -> Any:
    """In place of a primitive's own implementation."""
    with np.errstate(all="ignore"):
        found = by_numpy(primitive, *given, **params)
    return compiled(*given, **params) if found is None else jax.device_put(found)


@functools.cache
def _taken() -> list[Any]:
    known = {*OF_ALL, "select_n"}.union(*TABLES.values())
    return [p for p in vars(primitives).values() if getattr(p, "name", "") in known]


@contextmanager
def done_by_numpy() -> Iterator[None]:
    """Inside, arrays that are there are computed with by NumPy, as far as the table goes.

    JAX's own primitives are changed for as long, for all threads.
    """
    before = [(p, p.impl) for p in _taken()]
    try:
        for p, impl in before:
            p.def_impl(functools.partial(_called, p, impl))
        with jax.disable_jit():
            yield
    finally:
        for p, impl in before:
            p.def_impl(impl)
