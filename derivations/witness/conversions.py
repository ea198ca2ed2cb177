"""Rules of the evaluator for conversions, which round as the machine does; tangents pass.

A program whose numbers are of a narrow type all along is evaluated as if they were real: only
where a value comes from a wider type is it rounded. `coarsest` says how much that may be.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from derivations.witness.integers import is_floating, is_integer, whole
from derivations.witness.numbers import (
    INFINITY,
    MP,
    CannotEvaluate,
    Number,
    Surroundings,
    as_array,
    by_entry,
    filled,
    real,
    reals,
)
from derivations.witness.rules import input_types, result_type, rule
from derivations.witness.tangents import meet, meet_integers

DOUBLE = np.dtype("float64")


def _double(x: Any) -> float:
    """The nearest number of double precision, ∞ where it is too large."""
    try:
        return float(x)
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")


def _through(dtype: Any) -> Callable[[Any], Any]:
    return lambda x: real(np.float64(_cast(np.float64(_double(x)), dtype)))


def _cast(x: Any, dtype: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(x).astype(dtype)


def is_narrower(dtype: Any, than: Any) -> bool:
    """Whether some value of one type has to be rounded to be one of another."""
    if not is_floating(than):
        return True
    a, b = jnp.finfo(dtype), jnp.finfo(than)
    return a.nmant < b.nmant or a.maxexp < b.maxexp or a.minexp > b.minexp


@rule("convert_element_type")
def _convert(around: Surroundings, equation: Any, x: Number) -> Number:
    before, after = input_types(equation)[0], result_type(equation)
    if is_integer(after) or after == np.bool_:
        return Number(_of_reals(around, x, after) if x.is_float else x.value.astype(after))
    if not x.is_float:
        return Number(_of_integers(x.value, after))
    if not is_narrower(after, before) or around.keeps_digits:
        return x
    return Number(by_entry(_through(after), x.value), x.tangent)


def _of_reals(around: Surroundings, x: Number, dtype: Any) -> np.ndarray:
    """Whether they are 0, or their whole part; at its jumps a kink is near."""
    if dtype == np.bool_:
        meet(around, x, Number(filled(x.shape, MP.mpf(0))))
        return as_array(x.value != 0).astype(bool)
    meet_integers(around, Number(as_array(x.value / 2), x.tangent))
    return _truncated(x.value, dtype)


def _of_integers(array: np.ndarray, dtype: Any) -> np.ndarray:
    return by_entry(_through(dtype), reals(whole(array)))


def _truncated(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Towards 0, up to the limits of the type; nan is 0."""
    info = jnp.iinfo(dtype)
    low, high = int(info.min), int(info.max)

    def one(x: Any) -> int:
        if MP.isnan(x):
            return 0
        return low if x <= low else high if x >= high else int(x)

    return as_array(np.frompyfunc(one, 1, 1)(array)).astype(dtype)


@rule("reduce_precision")
def _reduce_precision(around: Surroundings, equation: Any, x: Number) -> Number:
    exponent, mantissa = (equation.params[f"{k}_bits"] for k in ("exponent", "mantissa"))
    own = jnp.finfo(input_types(equation)[0])
    is_wide = mantissa >= own.nmant and 1 << (exponent - 1) >= own.maxexp
    if is_wide or around.keeps_digits:
        return x
    return Number(by_entry(lambda a: rounded(a, exponent, mantissa), x.value), x.tangent)


def rounded(x: Any, exponent: int, mantissa: int) -> Any:
    """The nearest number with so many bits, halves to even, without any below the normal ones."""
    if not MP.isfinite(x) or not x:
        return x
    greatest = (1 << (exponent - 1)) - 1  # the powers of 2 go from 1 - greatest to greatest
    unit = MP.ldexp(MP.mpf(1), MP.mag(x) - 1 - mantissa)
    near = MP.nint(x / unit) * unit
    if abs(near) >= MP.ldexp(MP.mpf(1), greatest + 1):
        return MP.sign(x) * INFINITY
    return MP.mpf(0) if abs(near) < MP.ldexp(MP.mpf(1), 1 - greatest) else near


@rule("bitcast_convert_type")
def _bits(_: Surroundings, equation: Any, x: Number) -> Number:
    """The same bits as another type; those of a real number are none of its business."""
    after = result_type(equation)
    if x.is_float:
        raise CannotEvaluate("the bits of a real number")
    if np.dtype(after).itemsize != x.value.dtype.itemsize:
        raise CannotEvaluate("bits between types of different width")
    found = x.value.view(after)
    return Number(reals(found.astype(np.float64)) if is_floating(after) else found)


@rule("nextafter")
def _next(_: Surroundings, equation: Any, x: Number, towards: Number) -> Number:
    """The neighbour in the machine's type, which is taken to move as x does."""
    dtype = result_type(equation)

    def one(a: Any, b: Any) -> Any:
        pair = (_cast(np.float64(_double(v)), dtype) for v in (a, b))
        return real(np.float64(np.nextafter(*pair)))

    return Number(by_entry(one, x.value, towards.value), x.tangent)


def coarsest(jaxpr: Any) -> float:
    """The eps of the coarsest type to which a program's real numbers are rounded.

    0 where there is none coarser than double precision.
    """
    return max(_roundings(getattr(jaxpr, "jaxpr", jaxpr)), default=0.0)


def _roundings(jaxpr: Any) -> Iterator[float]:
    for v in (*jaxpr.constvars, *jaxpr.invars):
        yield from _eps_of(v.aval)
    for equation in jaxpr.eqns:
        for v in equation.outvars:
            yield from _eps_of(v.aval)
        if equation.primitive.name == "reduce_precision":
            yield _eps_of_bits(equation)
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                if hasattr(inner, "eqns") or hasattr(inner, "jaxpr"):
                    yield from _roundings(getattr(inner, "jaxpr", inner))


def _eps_of(aval: Any) -> Iterator[float]:
    dtype = getattr(aval, "dtype", DOUBLE)
    if is_floating(dtype) and dtype != DOUBLE:
        yield float(jnp.finfo(dtype).eps)


def _eps_of_bits(equation: Any) -> float:
    bits, own = equation.params["mantissa_bits"], jnp.finfo(input_types(equation)[0])
    return 2.0**-bits if bits < own.nmant else 0.0
