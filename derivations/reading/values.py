"""Rules of the reader for arithmetic and functions, entry by entry."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derivations.algebra import functions as f
from derivations.algebra.brackets import at_least, positive, split, whole_maximum
from derivations.algebra.ranges import at_least_zero, bounds, divided
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    Poly,
    Undecided,
    add,
    atoms,
    constant,
    number,
    poly,
)
from derivations.reading.cases import by_condition
from derivations.reading.extended import with_limits
from derivations.reading.reader import Array, Reader, frozen
from derivations.reading.rules import RULES, Rule, elementwise, rule

HALF = Fraction(1, 2)


def _reciprocal(reader: Reader, p: Poly) -> Poly:
    reader.needs("nonzero", p)
    return f.power(p, -1)


def _power(reader: Reader, p: Poly, q: Any) -> Poly:
    if Fraction(q).denominator != 1:
        reader.needs("nonneg" if q > 0 else "positive", p)
        if 0 < q < 1:
            reader.edge(p)
    elif q < 0:
        reader.needs("nonzero", p)
    return f.power(p, q)


def _log(reader: Reader, p: Poly) -> Poly:
    """Of 0 it is -∞, case by case where the 0 is a case."""
    if not p:
        return -f.INFINITY
    zeros = [a for a in atoms(p) if a.head in BRACKETS and not all(split(p, a))]
    if zeros:
        bracket = min(zeros, key=lambda a: a.key)
        yes, no = split(p, bracket)
        return by_condition(poly(bracket), lambda: _log(reader, no), lambda: _log(reader, yes))
    reader.needs("positive", p)
    return f.log(p)


def _expm1(_: Reader, p: Poly) -> Poly:
    return f.exp(p) - 1


def _cube_root(reader: Reader, p: Poly) -> Poly:
    up, down = positive(p), positive(-p)
    third = Fraction(1, 3)
    return reader.boundary(up) * f.power(p, third) - down * f.power(-p, third)


def _uncut(reader: Reader, p: Poly) -> Poly:
    """In value the identity; the value's derivative is judged, not what JAX makes of it."""
    if reader.cuts:
        return frozen(p)
    reader.assume(
        "literal", "stop_gradient is read as the identity: the value's derivative is judged"
    )
    return p


REAL = {
    "neg": lambda _, a: -a,
    "add": lambda _, a, b: a + b,
    "add_any": lambda _, a, b: a + b,
    "sub": lambda _, a, b: a - b,
    "square": lambda _, a: a * a,
    "sqrt": lambda r, a: _power(r, a, HALF),
    "rsqrt": lambda r, a: _power(r, a, -HALF),
    "cbrt": _cube_root,
    "exp": lambda _, a: f.exp(a),
    "exp2": lambda _, a: f.exp(a * f.log(number(2))),
    "expm1": _expm1,
    "log2": lambda r, a: _log(r, a) * f.power(f.log(number(2)), -1),
    "polynomial": lambda _, x, *c: add(a * f.power(x, k) for k, a in enumerate(c)),
    "log": _log,
    "log1p": lambda r, a: _log(r, a + 1),
    "logistic": lambda _, a: f.logistic(a),
    "tanh": lambda _, a: f.tanh(a),
    "sinh": lambda _, a: f.sinh(a),
    "cosh": lambda _, a: f.cosh(a),
    "sin": lambda _, a: f.fn("sin", a),
    "cos": lambda _, a: f.fn("cos", a),
    "tan": lambda r, a: f.fn("sin", a) * _reciprocal(r, f.fn("cos", a)),
    "erfc": lambda _, a: ONE - f.fn("erf", a),
    "one_minus_square": lambda _, a: ONE - a * a,
    "abs": lambda r, a: r.boundary(f.absolute(a)),
    "max": lambda r, a, b: r.boundary(f.maximum(a, b)),
    "min": lambda r, a, b: r.boundary(f.minimum(a, b)),
    "copy": lambda _, a: a,
    "copy_p": lambda _, a: a,
    "stop_gradient": _uncut,
    "reduce_precision": lambda _, a: a,
    "real": lambda _, a: a,
}
WHOLE = {
    "abs": lambda _, a: a * (at_least(a - 1) - at_least(-a - 1)),
    "max": lambda _, a, b: whole_maximum(a, b),
    "min": lambda _, a, b: -whole_maximum(-a, -b),
    "square": lambda _, a: a * a,
}


def _of_kind(name: str) -> Rule:
    """The rule of reals, or that of integers where there is another."""
    real, whole = (
        elementwise(with_limits(name, REAL[name])),
        elementwise(WHOLE.get(name, REAL[name])),
    )

    def apply(reader: Reader, equation: Any, *inputs: Array) -> Array:
        is_real = any(a.kind == "f" for a in inputs)
        return (real if is_real else whole)(reader, equation, *inputs)

    return apply


RULES.update({name: _of_kind(name) for name in REAL})

NEEDS: dict[str, tuple[str, Callable[[Poly], Poly]]] = {  # where a function of the table is smooth
    "erf_inv": ("positive", lambda a: ONE - a * a),
    "asin": ("positive", lambda a: ONE - a * a),
    "acos": ("positive", lambda a: ONE - a * a),
    "atanh": ("positive", lambda a: ONE - a * a),
    "acosh": ("positive", lambda a: a - 1),
    "lgamma": ("off poles", lambda a: a),
    "digamma": ("off poles", lambda a: a),
    "floor": ("no integer", lambda a: a),
    "round": ("no integer", lambda a: a - HALF),
}


def _of_table(name: str) -> Callable[..., Poly]:
    def read(reader: Reader, *args: Poly) -> Poly:
        if name in NEEDS:
            kind, where = NEEDS[name]
            note = reader.assume if kind == "no integer" else reader.needs
            note(kind, where(args[0]))
        return f.fn(name, *args)

    return read


TABLE = ("erf", "atan", "asinh", "atan2", "bessel_i0e", "bessel_i1e", *NEEDS)
for _name in TABLE:
    RULES[_name] = elementwise(_of_table(_name))
RULES["polygamma"] = elementwise(lambda _, order, a: f.polygamma(order, a))
RULES["ceil"] = elementwise(lambda r, a: -_of_table("floor")(r, -a))


@rule("mul")
def _mul(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    if "f" not in (a.kind, b.kind):
        return elementwise(lambda _, p, q: p * q)(reader, equation, a, b)
    return elementwise(with_limits("mul", lambda _, p, q: p * q))(reader, equation, a, b)


@rule("div")
def _div(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    if "f" in (a.kind, b.kind):
        quotient = with_limits("div", lambda r, p, q: p * _reciprocal(r, q))
        return elementwise(quotient)(reader, equation, a, b)
    return elementwise(lambda _, p, q: _digit(p, q, 0))(reader, equation, a, b)


@rule("rem")
def _rem(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    if "f" in (a.kind, b.kind):
        return elementwise(_real_remainder)(reader, equation, a, b)
    return elementwise(lambda _, p, q: _digit(p, q, 1))(reader, equation, a, b)


def _real_remainder(reader: Reader, p: Poly, q: Poly) -> Poly:
    """X - y trunc(x / y)."""
    ratio = p * _reciprocal(reader, q)
    reader.assume("no integer", ratio)
    up = reader.boundary(positive(ratio))
    return p - q * (up * f.fn("floor", ratio) - (ONE - up) * f.fn("floor", -ratio))


def _digit(p: Poly, q: Poly, which: int) -> Poly:
    found, limits = divided(p, q), bounds(p)
    is_positive = limits is not None and at_least_zero(limits[0]) and at_least_zero(q - 1)
    if found is None or not is_positive:  # JAX rounds towards 0
        raise Undecided("an integer division that is not of digits")
    return found[which]


@rule("sign")
def _sign(reader: Reader, equation: Any, a: Array) -> Array:
    if a.kind == "i":
        return elementwise(lambda _, p: at_least(p - 1) - at_least(-p - 1))(reader, equation, a)
    real = with_limits("sign", lambda r, p: r.boundary(f.sign_of(p)))
    return elementwise(real)(reader, equation, a)


@rule("integer_pow")
def _integer_pow(reader: Reader, equation: Any, a: Array) -> Array:
    y = equation.params["y"]
    name = {2: "square", 1: "copy"}.get(y, "integer_pow")
    return elementwise(with_limits(name, lambda r, p: _power(r, p, y)))(reader, equation, a)


@rule("pow")
def _pow(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    def entry(r: Reader, p: Poly, q: Poly) -> Poly:
        exponent = constant(q)
        if exponent is not None:
            return _power(r, p, exponent)
        cases = sorted((x for x in atoms(q) if x.head in BRACKETS), key=lambda x: x.key)
        if cases:
            yes, no = split(q, cases[0])
            return by_condition(poly(cases[0]), lambda: entry(r, p, no), lambda: entry(r, p, yes))
        r.needs("positive", p)
        return f.symbolic_power(p, q)

    return elementwise(entry)(reader, equation, a, b)
