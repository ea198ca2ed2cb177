"""Rules of the evaluator for smooth functions of one entry, each with its slope."""

from collections.abc import Callable
from typing import Any

from derivations.witness.numbers import (
    INFINITY,
    MP,
    NAN,
    CannotEvaluate,
    Number,
    Surroundings,
    by_entry,
    guarded,
    is_infinite,
    is_special,
    reals,
)
from derivations.witness.rules import RULES
from derivations.witness.tangents import function_of

HUGE = 10**6  # bits before the point, beyond which a period or a power is not worked out


def _exp(x: Any) -> Any:
    """e^x; as on a machine ∞ or 0 where even the exponent would fill the memory."""
    if MP.isfinite(x) and MP.mag(x) > 64:
        return INFINITY if x > 0 else MP.mpf(0)
    return MP.exp(x)


def _periodic(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def value(x: Any) -> Any:
        if is_special(x):
            return NAN
        if MP.mag(x) > HUGE:
            raise CannotEvaluate("a sine of a number with a million digits")
        return function(x)

    return value


def _gaussian(x: Any) -> Any:
    """2/√π exp(-x²)."""
    return 2 / MP.sqrt(MP.pi) * _exp(-x * x)


def _logistic(x: Any) -> Any:
    return 1 / (1 + _exp(-x)) if x > 0 else _exp(x) / (1 + _exp(x))


def _logistic_slope(x: Any, _: Any) -> Any:
    e = _exp(-abs(x))
    return e / (1 + e) ** 2


def _log_gamma(x: Any) -> Any:
    """Log |Γ(x)|; ∞ at the poles."""
    if is_infinite(x) or (x <= 0 and x == MP.floor(x)):
        return INFINITY
    return MP.loggamma(x).real if x > 0 else MP.log(abs(MP.gamma(x)))


def _digamma(x: Any) -> Any:
    if is_infinite(x):
        return INFINITY if x > 0 else NAN
    return MP.psi(0, x)


def _bessel(order: int) -> Callable[[Any], Any]:
    def scaled(x: Any) -> Any:
        return MP.mpf(0) if is_infinite(x) else MP.besseli(order, x) * _exp(-abs(x))

    return scaled


def _bessel_1_slope(x: Any, y: Any) -> Any:
    ratio = y / x if x else MP.mpf(1) / 2
    return _bessel(0)(x) - ratio - MP.sign(x) * y


def _inverse_error(x: Any) -> Any:
    return MP.sign(x) * INFINITY if abs(x) == 1 else MP.erfinv(x)


def _at_infinity(limit: Callable[[Any], Any], function: Callable[[Any], Any]) -> Callable:
    return lambda x: limit(x) if is_infinite(x) else function(x)


def _itself(x: Any) -> Any:
    return x


def _cosine_slope(x: Any, _: Any) -> Any:
    return -_periodic(MP.sin)(x)


def _erfc(x: Any) -> Any:
    return 1 - MP.sign(x) if MP.mag(x) > 32 else MP.erfc(x)


def _sech2(x: Any, _: Any) -> Any:
    e = _exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


def _tanh(x: Any) -> Any:
    return MP.sign(x) if MP.mag(x) > 32 else MP.tanh(x)


# value, and slope at x and y = f(x)
SMOOTH: dict[str, tuple[Callable, Callable]] = {
    "exp": (_exp, lambda _, y: y),
    "exp2": (lambda x: _exp(x * MP.ln2), lambda _, y: y * MP.ln2),
    "log": (MP.log, lambda x, _: 1 / x),
    "log2": (lambda x: MP.log(x) / MP.ln2, lambda x, _: 1 / (x * MP.ln2)),
    "log1p": (lambda x: MP.log1p(x) if x > -1 else MP.log(1 + x), lambda x, _: 1 / (1 + x)),
    "expm1": (lambda x: MP.expm1(x) if abs(x) < 1 else _exp(x) - 1, lambda x, _: _exp(x)),
    "sqrt": (MP.sqrt, lambda _, y: 1 / (2 * y)),
    "rsqrt": (
        lambda x: 1 / MP.sqrt(x) if x else INFINITY,
        lambda x, y: -y / (2 * x),
    ),
    "cbrt": (
        lambda x: MP.sign(x) * MP.cbrt(abs(x)),
        lambda _, y: 1 / (3 * y * y),
    ),
    "one_minus_square": (lambda x: 1 - x * x, lambda x, _: -2 * x),
    "logistic": (_logistic, _logistic_slope),
    "tanh": (_tanh, _sech2),
    "sinh": (
        lambda x: MP.sinh(x) if MP.mag(x) <= 64 else MP.sign(x) * INFINITY,
        lambda x, _: MP.cosh(x) if MP.mag(x) <= 64 else INFINITY,
    ),
    "cosh": (
        lambda x: MP.cosh(x) if MP.mag(x) <= 64 else INFINITY,
        lambda x, _: MP.sinh(x) if MP.mag(x) <= 64 else MP.sign(x) * INFINITY,
    ),
    "sin": (_periodic(MP.sin), lambda x, _: _periodic(MP.cos)(x)),
    "cos": (_periodic(MP.cos), _cosine_slope),
    "tan": (_periodic(MP.tan), lambda _, y: 1 + y * y),
    "atan": (MP.atan, lambda x, _: 1 / (1 + x * x)),
    "asin": (MP.asin, lambda x, _: 1 / MP.sqrt(1 - x * x)),
    "acos": (MP.acos, lambda x, _: -1 / MP.sqrt(1 - x * x)),
    "asinh": (_at_infinity(_itself, MP.asinh), lambda x, _: 1 / MP.sqrt(1 + x * x)),
    "acosh": (
        lambda x: NAN if x < 1 else _at_infinity(_itself, MP.acosh)(x),
        lambda x, _: 1 / MP.sqrt(x * x - 1),
    ),
    "atanh": (
        lambda x: MP.sign(x) * INFINITY if abs(x) == 1 else MP.atanh(x),
        lambda x, _: 1 / (1 - x * x),
    ),
    "erf": (MP.erf, lambda x, _: _gaussian(x)),
    "erfc": (_erfc, lambda x, _: -_gaussian(x)),
    "erf_inv": (_inverse_error, lambda _, y: 1 / _gaussian(y)),
    "lgamma": (_log_gamma, lambda x, _: MP.psi(0, x)),
    "digamma": (_digamma, lambda x, _: MP.psi(1, x)),
    "bessel_i0e": (_bessel(0), lambda x, y: _bessel(1)(x) - MP.sign(x) * y),
    "bessel_i1e": (_bessel(1), _bessel_1_slope),
}


def _smooth(name: str) -> Callable[..., Number]:
    function, slope = (guarded(f) for f in SMOOTH[name])

    def value(x: Any) -> Any:
        return NAN if MP.isnan(x) else function(x)

    def apply(_: Surroundings, __: Any, x: Number) -> Number:
        return function_of(slope, by_entry(value, x.value), x)

    return apply


RULES.update({name: _smooth(name) for name in SMOOTH})


def _of_two(function: Callable, first: Callable | None, second: Callable) -> Callable:
    """The rule of a function of two entries; where a slope is unknown it is nan."""

    def apply(_: Surroundings, __: Any, a: Number, b: Number) -> Number:
        left, right = (x.value if x.is_float else reals(x.value) for x in (a, b))
        value = by_entry(guarded(function), left, right)
        if a.tangent is None and b.tangent is None:
            return Number(value)

        def one(x: Any, t: Any, y: Any, u: Any) -> Any:
            parts = ((first, t), (second, u))
            slopes = [
                (NAN if slope is None else guarded(slope)(x, y)) * by
                for slope, by in parts
                if type(by) is not int
            ]
            return sum(slopes[1:], slopes[0]) if slopes else 0

        return Number(value, by_entry(one, left, a.slopes, right, b.slopes))

    return apply


def _gamma_density(a: Any, x: Any) -> Any:
    return MP.power(x, a - 1) * _exp(-x) / MP.gamma(a)


def _lower(a: Any, x: Any) -> Any:
    return MP.gammainc(a, 0, x, regularized=True)


def _upper(a: Any, x: Any) -> Any:
    return MP.gammainc(a, x, MP.inf, regularized=True)


def _atan2(y: Any, x: Any) -> Any:
    if MP.isnan(x) or MP.isnan(y):
        return NAN
    if is_infinite(x) and is_infinite(y):
        return MP.sign(y) * MP.pi / (4 if x > 0 else MP.mpf(4) / 3)
    return MP.atan2(y, x)


def _atan2_half(sign: int, which: int) -> Callable:
    def slope(y: Any, x: Any) -> Any:
        return sign * (y, x)[which] / (x * x + y * y)

    return slope


RULES.update(
    {
        "atan2": _of_two(_atan2, _atan2_half(1, 1), _atan2_half(-1, 0)),
        "polygamma": _of_two(
            lambda m, x: MP.psi(int(m), x), None, lambda m, x: MP.psi(int(m) + 1, x)
        ),
        "igamma": _of_two(_lower, lambda a, x: MP.diff(lambda b: _lower(b, x), a), _gamma_density),
        "igammac": _of_two(
            _upper,
            lambda a, x: MP.diff(lambda b: _upper(b, x), a),
            lambda a, x: -_gamma_density(a, x),
        ),
        "zeta": _of_two(MP.zeta, None, lambda s, q: -s * MP.zeta(s + 1, q)),
    }
)
