"""Rules of the evaluator for arithmetic entry by entry: of real numbers, and of integers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from derivations.witness import integers
from derivations.witness.numbers import (
    INFINITY,
    MP,
    NAN,
    STILL,
    Number,
    Surroundings,
    as_array,
    by_entry,
    filled,
    guarded,
    is_infinite,
    is_special,
    reals,
    truth,
)
from derivations.witness.rules import RULES, result_type, rule
from derivations.witness.tangents import (
    added,
    chosen,
    function_of,
    meet,
    meet_integers,
    multiplied,
    negated,
    scaled,
    subtracted,
)


def _real_or_whole(on_reals: Callable[..., Number], name: str) -> Callable[..., Number]:
    """One rule for real numbers, and one for integers in the type of the result."""
    exactly = integers.FUNCTIONS[name]

    def apply(_: Surroundings, equation: Any, *args: Number) -> Number:
        if args[0].is_float:
            return on_reals(*args)
        return Number(integers.wrapped(exactly, result_type(equation), *(a.value for a in args)))

    return apply


_ARITHMETIC: dict[str, Callable[..., Number]] = {
    "add": added,
    "add_any": added,
    "sub": subtracted,
    "mul": multiplied,
    "neg": negated,
}
RULES.update({name: _real_or_whole(f, name) for name, f in _ARITHMETIC.items()})


def _reciprocal(x: Number) -> Number:
    value = by_entry(lambda a: 1 / a if a else INFINITY, x.value)
    return function_of(lambda _, y: -y * y, value, x)


def divided(a: Number, b: Number) -> Number:
    """The quotient; a/0 is ±∞, by the sign of a."""
    value = by_entry(lambda x, y: x / y if y else x * INFINITY, a.value, b.value)
    if a.tangent is None and b.tangent is None:
        return Number(value)
    return Number(value, multiplied(a, _reciprocal(b)).tangent)


RULES["div"] = _real_or_whole(divided, "div")


def _remainder(around: Surroundings, a: Number, b: Number) -> Number:
    """X - y trunc(x / y), of which the last factor is constant between its jumps."""
    quotient = divided(a, b)
    meet_integers(around, Number(as_array(quotient.value / 2), quotient.tangent))
    value = by_entry(_exact_remainder, a.value, b.value)
    if a.tangent is None and b.tangent is None:
        return Number(value)
    wholes = by_entry(
        lambda q: MP.sign(q) * MP.floor(abs(q)) if MP.isfinite(q) else NAN, quotient.value
    )
    moved = subtracted(a, multiplied(b, Number(wholes)))
    return Number(value, moved.tangent)


def _exact_remainder(x: Any, y: Any) -> Any:
    """By integers, however far apart the two are."""
    if is_special(x) or MP.isnan(y) or not y:
        return NAN
    if is_infinite(y) or abs(x) < abs(y):
        return x
    lowest = min(x.exp, y.exp)
    a, b = (int(v.man) << int(v.exp - lowest) for v in (x, y))
    rest = MP.ldexp(MP.mpf(abs(a) % abs(b)), lowest)
    return -rest if x < 0 else rest


@rule("rem")
def _rem(around: Surroundings, equation: Any, a: Number, b: Number) -> Number:
    return _real_or_whole(lambda x, y: _remainder(around, x, y), "rem")(around, equation, a, b)


# --- powers ---


def power(x: Any, y: Any) -> Any:
    """x^y as IEEE 754 has it: 1 where y = 0 or x = 1, and for 0 and ∞ by the exponent."""
    if not y or x == 1:
        return MP.mpf(1)
    if MP.isnan(x) or MP.isnan(y):
        return NAN
    if is_infinite(y):
        return MP.mpf(1) if x == -1 else INFINITY if (abs(x) > 1) == (y > 0) else MP.mpf(0)
    if not x or is_infinite(x):
        size = INFINITY if (y > 0) != (not x) else MP.mpf(0)
        is_odd = y == MP.floor(y) and MP.floor(y / 2) * 2 != y
        return -size if x < 0 and is_odd else size
    if MP.mag(y) + MP.mag(MP.log(abs(x))) > 64:
        return INFINITY if (abs(x) > 1) == (y > 0) else MP.mpf(0)
    return MP.power(x, y)


_power = guarded(power)


def _base_slope(x: Any, y: Any, t: Any) -> Any:
    """Y x^(y-1) t."""
    if type(t) is int or not y:
        return STILL
    if is_infinite(x):
        return STILL if MP.isfinite(t) else NAN
    return scaled(y * _power(x, y - 1), t)


def _exponent_slope(x: Any, y: Any, z: Any, u: Any) -> Any:
    """x^y log x u; 0^y is constant for y > 0."""
    if type(u) is int or x == 1 or (not x and y > 0):
        return STILL
    return scaled(z * guarded(MP.log)(x), u)


@rule("pow")
def _pow(_: Surroundings, __: Any, a: Number, b: Number) -> Number:
    exponent = b.value if b.is_float else reals(b.value)
    value = by_entry(_power, a.value, exponent)
    if a.tangent is None and b.tangent is None:
        return Number(value)
    left = Number(value, by_entry(_base_slope, a.value, exponent, a.slopes))
    right = by_entry(_exponent_slope, a.value, exponent, value, b.slopes)
    return Number(value, as_array(left.slopes + right))


@rule("integer_pow")
def _integer_pow(_: Surroundings, equation: Any, a: Number) -> Number:
    y = equation.params["y"]
    if not a.is_float:
        return Number(integers.wrapped(lambda x: x**y, result_type(equation), a.value))
    exponent = filled(a.shape, MP.mpf(y))
    value = by_entry(_power, a.value, exponent)
    slopes = None if a.tangent is None else by_entry(_base_slope, a.value, exponent, a.tangent)
    return Number(value, slopes)


@rule("square")
def _square(_: Surroundings, equation: Any, a: Number) -> Number:
    if a.is_float:
        return function_of(lambda x, _: 2 * x, as_array(a.value * a.value), a)
    return Number(integers.wrapped(lambda x: x * x, result_type(equation), a.value))


@rule("polynomial")
def _polynomial(_: Surroundings, __: Any, x: Number, *coefficients: Number) -> Number:
    """c₀ + c₁ x + …, from the highest on."""
    result, *rest = reversed(coefficients)
    for c in rest:
        result = added(multiplied(result, x), c)
    return result


# --- kinks ---


@rule("abs")
def _abs(around: Surroundings, equation: Any, x: Number) -> Number:
    if not x.is_float:
        return Number(integers.wrapped(abs, result_type(equation), x.value))
    meet(around, x, _zero(x))
    return chosen(truth(x.value < 0), x, negated(x))


@rule("sign")
def _sign(around: Surroundings, equation: Any, x: Number) -> Number:
    if not x.is_float:
        return Number(integers.wrapped(lambda k: (k > 0) - (k < 0), result_type(equation), x.value))
    meet(around, x, _zero(x))
    return Number(by_entry(MP.sign, x.value))


def _zero(x: Number) -> Number:
    return Number(filled(x.shape, MP.mpf(0)))


def _step(function: Callable[[Any], Any], jumps: Any = 0) -> Callable[..., Number]:
    """A function that jumps where x is an integer and `jumps`."""

    def apply(around: Surroundings, _: Any, x: Number) -> Number:
        meet_integers(around, Number(as_array((x.value - jumps) / 2), x.tangent))
        return Number(by_entry(lambda a: a if is_special(a) else function(a), x.value))

    return apply


def _away_from_zero(x: Any) -> Any:
    return MP.sign(x) * MP.floor(abs(x) + MP.mpf(1) / 2)


RULES.update({"floor": _step(MP.floor), "ceil": _step(MP.ceil)})


@rule("round")
def _round(around: Surroundings, equation: Any, x: Number) -> Number:
    to_even = int(equation.params["rounding_method"]) == 1
    return _step(MP.nint if to_even else _away_from_zero, MP.mpf(1) / 2)(around, equation, x)


def larger(around: Surroundings, a: Number, b: Number, flip: int = 1) -> Number:
    """The greater of two entries, or the smaller; nan if one is."""
    meet(around, a, b)
    is_first = by_entry(lambda x, y: MP.isnan(x) or (x - y) * flip > 0 or x == y, a.value, b.value)
    return chosen(truth(is_first), b, a)


def _extreme(name: str, flip: int) -> Callable[..., Number]:
    def apply(around: Surroundings, _: Any, a: Number, b: Number) -> Number:
        if a.is_float:
            return larger(around, a, b, flip)
        return Number(np.asarray(integers.EXTREMES[name](a.value, b.value)))

    return apply


RULES.update({"max": _extreme("max", 1), "min": _extreme("min", -1)})


@rule("clamp")
def _clamp(around: Surroundings, equation: Any, low: Number, x: Number, high: Number) -> Number:
    """min(max(x, low), high), so that the upper bound wins where they cross."""
    low, high = (_spread(bound, x.shape) for bound in (low, high))
    return RULES["min"](around, equation, RULES["max"](around, equation, x, low), high)


def _spread(x: Number, shape: tuple[int, ...]) -> Number:
    slopes = None if x.tangent is None else np.broadcast_to(x.tangent, shape)
    return Number(np.broadcast_to(x.value, shape), slopes)
