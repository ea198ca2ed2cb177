"""Rules of the evaluator for entries: functions with their slopes, arithmetic, choices."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from derivations.witness.numbers import (
    MP,
    CannotEvaluate,
    Number,
    Surroundings,
    as_array,
    choose,
    guarded,
    meet,
    reals,
    sum_tangents,
    times,
    truth,
)
from derivations.witness.run import RULES


def _gaussian(x: Any) -> Any:
    """2/√π exp(-x²)."""
    return 2 / MP.sqrt(MP.pi) * MP.exp(-x * x)


SMOOTH: dict[str, tuple[Callable, Callable]] = {
    "exp": (MP.exp, MP.exp),
    "exp2": (lambda x: MP.power(2, x), lambda x: MP.power(2, x) * MP.log(2)),
    "log": (MP.log, lambda x: 1 / x),
    "log2": (lambda x: MP.log(x) / MP.log(2), lambda x: 1 / (x * MP.log(2))),
    "log1p": (lambda x: MP.log(1 + x), lambda x: 1 / (1 + x)),
    "expm1": (lambda x: MP.exp(x) - 1, MP.exp),
    "sqrt": (MP.sqrt, lambda x: 1 / (2 * MP.sqrt(x))),
    "rsqrt": (lambda x: 1 / MP.sqrt(x), lambda x: -1 / (2 * MP.sqrt(x) ** 3)),
    "cbrt": (
        lambda x: MP.sign(x) * MP.cbrt(abs(x)),
        lambda x: 1 / (3 * MP.cbrt(abs(x)) ** 2),
    ),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "one_minus_square": (lambda x: 1 - x * x, lambda x: -2 * x),
    "neg": (lambda x: -x, lambda _: MP.mpf(-1)),
    "abs": (abs, MP.sign),
    "sign": (MP.sign, lambda _: MP.mpf(0)),
    "floor": (MP.floor, lambda _: MP.mpf(0)),
    "ceil": (MP.ceil, lambda _: MP.mpf(0)),
    "round": (MP.nint, lambda _: MP.mpf(0)),
    "logistic": (
        lambda x: 1 / (1 + MP.exp(-x)),
        lambda x: MP.exp(-x) / (1 + MP.exp(-x)) ** 2,
    ),
    "tanh": (MP.tanh, lambda x: 1 / MP.cosh(x) ** 2),
    "sinh": (MP.sinh, MP.cosh),
    "cosh": (MP.cosh, MP.sinh),
    "sin": (MP.sin, MP.cos),
    "cos": (MP.cos, lambda x: -MP.sin(x)),
    "tan": (MP.tan, lambda x: 1 / MP.cos(x) ** 2),
    "atan": (MP.atan, lambda x: 1 / (1 + x * x)),
    "asin": (MP.asin, lambda x: 1 / MP.sqrt(1 - x * x)),
    "acos": (MP.acos, lambda x: -1 / MP.sqrt(1 - x * x)),
    "asinh": (MP.asinh, lambda x: 1 / MP.sqrt(1 + x * x)),
    "acosh": (MP.acosh, lambda x: 1 / MP.sqrt(x * x - 1)),
    "atanh": (MP.atanh, lambda x: 1 / (1 - x * x)),
    "erf": (MP.erf, _gaussian),
    "erfc": (MP.erfc, lambda x: -_gaussian(x)),
    "erf_inv": (MP.erfinv, lambda x: 1 / _gaussian(MP.erfinv(x))),
    "lgamma": (lambda x: MP.log(abs(MP.gamma(x))), lambda x: MP.psi(0, x)),
    "digamma": (lambda x: MP.psi(0, x), lambda x: MP.psi(1, x)),
    "bessel_i0e": (
        lambda x: MP.besseli(0, x) * MP.exp(-abs(x)),
        lambda x: MP.exp(-abs(x)) * (MP.besseli(1, x) - MP.sign(x) * MP.besseli(0, x)),
    ),
    "bessel_i1e": (
        lambda x: MP.besseli(1, x) * MP.exp(-abs(x)),
        lambda x: (
            MP.exp(-abs(x))
            * (MP.besseli(0, x) - MP.besseli(1, x) / x - MP.sign(x) * MP.besseli(1, x))
        ),
    ),
}
SWITCHING = {"abs", "sign"}  # at 0; floor and its like at integers
STEPS = {"floor", "ceil", "round"}


def _smooth(name: str) -> Callable:
    value, slope = (guarded(f) for f in SMOOTH[name])

    def apply(around: Surroundings, _: dict, x: Number) -> Number:
        if not x.is_float:
            return Number(
                {"neg": np.negative, "abs": np.abs, "sign": np.sign, "square": np.square}[name](
                    x.value
                )
            )
        if name in SWITCHING:
            meet(around, x.value, x.tangent)
        if name in STEPS:
            meet(around, as_array(np.sin(0) + _SINES(x.value)), x.tangent)
        return Number(
            value(x.value), None if x.tangent is None else times(slope(x.value), x.tangent)
        )

    return apply


_SINES = guarded(lambda x: MP.sin(2 * MP.pi * x))


def add_numbers(_: Surroundings, __: dict, a: Number, b: Number) -> Number:
    """The sum."""
    shape = np.broadcast_shapes(a.value.shape, b.value.shape)
    tangent = sum_tangents(a.tangent, b.tangent)
    return Number(
        as_array(a.value + b.value), None if tangent is None else np.broadcast_to(tangent, shape)
    )


def subtract(around: Surroundings, params: dict, a: Number, b: Number) -> Number:
    """The difference."""
    opposite = Number(as_array(-b.value), None if b.tangent is None else as_array(-b.tangent))
    return add_numbers(around, params, a, opposite)


def multiply(_: Surroundings, __: dict, a: Number, b: Number) -> Number:
    """The product rule."""
    left = None if a.tangent is None else times(a.tangent, b.value)
    right = None if b.tangent is None else times(a.value, b.tangent)
    return Number(times(a.value, b.value), sum_tangents(left, right))


_RECIPROCAL, _MINUS_RECIPROCAL_SQUARE = guarded(lambda x: 1 / x), guarded(lambda x: -1 / (x * x))


def _div(around: Surroundings, params: dict, a: Number, b: Number) -> Number:
    if not a.is_float:
        return Number(np.asarray(np.trunc(a.value / b.value).astype(np.int64)))
    slope = None if b.tangent is None else times(_MINUS_RECIPROCAL_SQUARE(b.value), b.tangent)
    return multiply(around, params, a, Number(_RECIPROCAL(b.value), slope))


def _power(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    def one(x, y):
        if x == 0 and y < 0:
            raise ZeroDivisionError
        return MP.power(x, y)

    return guarded(one)(a, b)


def _pow(_: Surroundings, __: dict, a: Number, b: Number) -> Number:
    exponent = b.value if b.is_float else reals(b.value)
    value = _power(a.value, exponent)
    left = right = None
    if a.tangent is not None:
        left = times(times(exponent, _power(a.value, as_array(exponent - 1))), a.tangent)
    if b.tangent is not None:
        right = times(times(value, guarded(MP.log)(a.value)), b.tangent)
    return Number(value, sum_tangents(left, right))


def _atan2(_: Surroundings, __: dict, y: Number, x: Number) -> Number:
    square = guarded(lambda a, b: 1 / (a * a + b * b))(y.value, x.value)
    left = None if y.tangent is None else times(times(x.value, square), y.tangent)
    right = None if x.tangent is None else -times(times(y.value, square), x.tangent)
    return Number(guarded(MP.atan2)(y.value, x.value), sum_tangents(left, right))


def _integer_pow(around: Surroundings, params: dict, a: Number) -> Number:
    exponent = Number(np.broadcast_to(as_array(MP.mpf(params["y"])), a.value.shape))
    return _pow(around, params, a, exponent) if a.is_float else Number(a.value ** params["y"])


def _larger(flip: int) -> Callable:
    def apply(around: Surroundings, _: dict, a: Number, b: Number) -> Number:
        if not a.is_float:
            return Number((np.maximum if flip > 0 else np.minimum)(a.value, b.value))
        gap = subtract(around, {}, a, b)
        meet(around, gap.value, gap.tangent)
        return choose(truth(gap.value * flip > 0), b, a)

    return apply


def _comparison(compare: Callable) -> Callable:
    def apply(around: Surroundings, _: dict, a: Number, b: Number) -> Number:
        if a.is_float:
            gap = subtract(around, {}, a, b)
            meet(around, gap.value, gap.tangent)
        return Number(truth(compare(a.value, b.value)))

    return apply


def _select(_: Surroundings, __: dict, which: Number, *cases: Number) -> Number:
    if len(cases) != 2:
        raise CannotEvaluate("a choice among more than two")
    return choose(truth(which.value), *cases)


def _clamp(around: Surroundings, params: dict, low: Number, x: Number, high: Number) -> Number:
    return _larger(-1)(around, params, _larger(1)(around, params, x, low), high)


def _convert(_: Surroundings, params: dict, x: Number) -> Number:
    kind = np.dtype(params["new_dtype"]).kind if params["new_dtype"] != jnp.bfloat16 else "f"
    if kind == "f":
        return x if x.is_float else Number(reals(x.value))
    if kind == "b":
        return Number(truth(x.value != 0))
    if x.value.dtype.kind == "b":
        return Number(x.value.astype(np.int64))
    whole = np.vectorize(int, otypes=[np.int64])(x.value) if x.value.size else x.value
    return Number(whole.astype(params["new_dtype"]).astype(np.int64))  # which may wrap around


def _logic(on_bools: Callable) -> Callable:
    return lambda _, __, *args: Number(on_bools(*(a.value for a in args)))


def _remainder(around: Surroundings, _: dict, a: Number, b: Number) -> Number:
    """X - y trunc(x / y), for integers and for reals."""
    if not a.is_float:
        return Number(np.fmod(a.value, b.value))
    quotient = times(a.value, _RECIPROCAL(b.value))
    meet(around, _SINES(quotient), sum_tangents(a.tangent, b.tangent))
    whole = Number(guarded(lambda q: MP.sign(q) * MP.floor(abs(q)))(quotient))
    return subtract(around, {}, a, multiply(around, {}, b, whole))


def _polynomial(around: Surroundings, params: dict, x: Number, *coefficients: Number) -> Number:
    """c₀ + c₁ x + …, from the highest on."""
    result, *rest = reversed(coefficients)
    for c in rest:
        result = add_numbers(around, params, multiply(around, params, result, x), c)
    return result


RULES |= {
    "polynomial": _polynomial,
    **{name: _smooth(name) for name in SMOOTH},
    "add": add_numbers,
    "add_any": add_numbers,
    "sub": subtract,
    "mul": multiply,
    "div": _div,
    "rem": _remainder,
    "pow": _pow,
    "atan2": _atan2,
    "integer_pow": _integer_pow,
    "max": _larger(1),
    "min": _larger(-1),
    "clamp": _clamp,
    "select_n": _select,
    "convert_element_type": _convert,
    "gt": _comparison(lambda a, b: a > b),
    "lt": _comparison(lambda a, b: a < b),
    "ge": _comparison(lambda a, b: a >= b),
    "le": _comparison(lambda a, b: a <= b),
    "eq": _comparison(lambda a, b: a == b),
    "ne": _comparison(lambda a, b: a != b),
    "and": _logic(np.bitwise_and),
    "or": _logic(np.bitwise_or),
    "xor": _logic(np.bitwise_xor),
    "not": _logic(np.logical_not),
    "is_finite": lambda _, __, a: Number(np.vectorize(MP.isfinite, otypes=[bool])(a.value)),
}
