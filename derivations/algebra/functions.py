"""Functions: those that are written in exponentials or by cases, and those of a table.

Powers, exponentials and logarithms can be had from here, too.
"""

from collections.abc import Callable
from fractions import Fraction

from derivations.algebra.atoms import name_of
from derivations.algebra.brackets import positive
from derivations.algebra.cases import by_cases
from derivations.algebra.exponentials import INFINITY, exp, log
from derivations.algebra.factors import is_turned
from derivations.algebra.identities import identity
from derivations.algebra.powers import NAN, absolute_power, power, rational_power
from derivations.algebra.regions import may_vanish
from derivations.algebra.terms import (
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Poly,
    Undecided,
    atoms,
    constant,
    number,
    poly,
    scale,
    times,
)

PI = poly(Atom("const", "pi"))


def is_undefined(p: Poly) -> bool:
    """Whether a nan or an infinity is left among the factors."""
    return any(a.head == "const" and name_of(a) in ("nan", "inf") for a in atoms(p))


@identity(
    "K15b",
    "p^q = e^(q log p)",
    why="the definition of a power",
    needs="p > 0, or a rational q: noted by the reader",
)
def symbolic_power(p: Poly, q: Poly) -> Poly:
    """p^q = exp(q log p) where p > 0; the ordinary power for a constant q."""
    value = constant(q)
    return power(p, value) if value is not None else exp(q * log(p))


# --- functions written in E, or by cases ---


@identity(
    "K15c",
    "logistic, tanh, sinh and cosh in exponentials",
    why="their definitions",
)
def logistic(p: Poly) -> Poly:
    """1 / (1 + e^-x)."""
    return power(ONE + exp(-p), -1)


def tanh(p: Poly) -> Poly:
    """1 - 2 / (1 + e^2x)."""
    return ONE - scale(power(ONE + exp(scale(p, 2)), -1), 2)


def sinh(p: Poly) -> Poly:
    """(e^x - e^-x) / 2."""
    return scale(exp(p) - exp(-p), Fraction(1, 2))


def cosh(p: Poly) -> Poly:
    """(e^x + e^-x) / 2."""
    return scale(exp(p) + exp(-p), Fraction(1, 2))


@identity(
    "K15d",
    "sign x = 2 [x > 0] - 1, |x| = x sign x, max(a, b) = b + (a - b) [a > b], and min likewise",
    why="by cases",
    needs="for the first that {x = 0} has no volume: K18; else sign x = [x > 0] - [-x > 0]",
)
def sign_of(p: Poly) -> Poly:
    """sign(x) = 2[x > 0] - 1 off x = 0; 0 at a constant 0."""
    if not p:
        return ZERO
    if may_vanish(p):  # as x_i - x_j does for i = j
        return positive(p) - positive(-p)
    return scale(positive(p), 2) - 1


@by_cases
def absolute(p: Poly) -> Poly:
    """|x| = x sign(x)."""
    return times(p, sign_of(p))


def maximum(a: Poly, b: Poly) -> Poly:
    """max(a, b) = b + (a - b)[a > b]; -∞ is neutral."""
    if -INFINITY in (a, b):
        return b if a == -INFINITY else a
    return b + (a - b) * positive(a - b)


def minimum(a: Poly, b: Poly) -> Poly:
    """min(a, b) = a + (b - a)[a > b]."""
    if INFINITY in (a, b):
        return b if a == INFINITY else a
    return a + (b - a) * positive(a - b)


ODD, EVEN = (
    {"erf", "sin", "tan", "atan", "asin", "sinh", "asinh", "atanh", "dawson"},
    {"cos", "bessel_j0", "cosh"},
)
_AT_ZERO = {
    "erf": 0,
    "sin": 0,
    "cos": 1,
    "atan": 0,
    "asin": 0,
    "asinh": 0,
    "atanh": 0,
}


def fn(name: str, *args: Poly) -> Poly:
    """A function of the table, by cases, with its parity: odd functions show their sign outside."""
    if len(args) == 1:
        return _unary(args[0], name)
    return poly(Atom("fn", name, *args))


@identity(
    "K15a",
    "f(-x) = -f(x) for the odd functions of the table, f(x) for the even ones; their values at 0",
    why="the table of functions",
)
@by_cases
def _unary(p: Poly, name: str) -> Poly:
    if not p and name in _AT_ZERO:
        return number(_AT_ZERO[name])
    if p and is_turned(p) and name in ODD | EVEN:
        return scale(poly(Atom("fn", name, -p)), -1 if name in ODD else 1)
    return poly(Atom("fn", name, p))


def _reciprocal_root(p: Poly) -> Poly:
    return power(p, Fraction(-1, 2))


def polygamma(order: Poly, p: Poly) -> Poly:
    """The derivatives of digamma."""
    return digamma(p) if order == ZERO else fn("polygamma", order, p)


def digamma(p: Poly) -> Poly:
    """The derivative of log Γ."""
    return fn("digamma", p)


# one table for every function that is not a power or an exponential
DERIVATIVES: dict[str, Callable[[Poly], Poly]] = {
    "erf": lambda x: scale(power(PI, Fraction(-1, 2)) * exp(-x * x), 2),
    "sin": lambda x: fn("cos", x),
    "cos": lambda x: -fn("sin", x),
    "atan": lambda x: power(ONE + x * x, -1),
    "asin": lambda x: _reciprocal_root(ONE - x * x),
    "acos": lambda x: -_reciprocal_root(ONE - x * x),
    "asinh": lambda x: _reciprocal_root(ONE + x * x),
    "acosh": lambda x: _reciprocal_root(x * x - ONE),
    "atanh": lambda x: power(ONE - x * x, -1),
    "lgamma": digamma,
    "digamma": lambda x: polygamma(ONE, x),
    "bessel_i0e": lambda x: fn("bessel_i1e", x) - sign_of(x) * fn("bessel_i0e", x),
    "bessel_i1e": lambda x: fn("bessel_i0e", x) - fn("bessel_i1e", x) * (sign_of(x) + power(x, -1)),
    "erf_inv": lambda x: scale(
        power(PI, Fraction(1, 2)) * exp(power(fn("erf_inv", x), 2)), Fraction(1, 2)
    ),
    "floor": lambda _: ZERO,
    "round": lambda _: ZERO,
}


@identity(
    "K19b",
    "the derivatives of the functions in the table",
    why="textbooks; the evaluator's own are compared with them in the tests",
    needs="the argument is inside the domain; floor and round do not jump there",
)
def derivative_of(name: str, args: tuple[Poly, ...], position: int = 0) -> Poly:
    """The partial derivative of a function of the table by the argument at a position."""
    if name == "atan2":
        y, x = args
        return (x, -y)[position] * power(x * x + y * y, -1)
    if name == "polygamma" and position == 1:
        return polygamma(args[0] + 1, args[1])
    if name not in DERIVATIVES:
        raise Undecided(f"the derivative of {name}")
    return DERIVATIVES[name](*args)


REBUILD["fn"] = fn

__all__ = [
    "DERIVATIVES",
    "EVEN",
    "INFINITY",
    "NAN",
    "ODD",
    "PI",
    "absolute",
    "absolute_power",
    "cosh",
    "derivative_of",
    "digamma",
    "exp",
    "fn",
    "is_undefined",
    "log",
    "logistic",
    "maximum",
    "minimum",
    "polygamma",
    "power",
    "rational_power",
    "sign_of",
    "sinh",
    "symbolic_power",
    "tanh",
]
