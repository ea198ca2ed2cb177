"""Exponentials, logarithms, powers of composites and special functions.

Roots and logarithms are real: √P is there where P ≥ 0 and log P where P > 0. They are split over
factors only as far as
the signs of the factors are known.
"""

from collections.abc import Callable
from fractions import Fraction

from derivations.algebra.brackets import (
    by_cases,
    common_factor,
    content,
    inverse,
    leading,
    positive,
)
from derivations.algebra.ranges import POSITIVE, UNKNOWN, sign
from derivations.algebra.regions import may_vanish
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Number,
    Poly,
    Undecided,
    add,
    atoms,
    constant,
    exact,
    natural_power,
    number,
    poly,
    product,
    scale,
    times,
)
from derivations.limits import MOST_DIVISOR

NAN, INFINITY, PI = (poly(Atom("const", name)) for name in ("nan", "inf", "pi"))


def is_undefined(p: Poly) -> bool:
    """Whether a nan or an infinity is left among the factors."""
    return any(a.head == "const" and a.args[0] in ("nan", "inf") for a in atoms(p))


def power(p: Poly, q: Number) -> Poly:
    """P^q for a rational q."""
    q = exact(q)
    if isinstance(q, int) and q >= 0:
        return natural_power(p, q)
    return _power(p, q)


@cached
@by_cases
def _power(p: Poly, q: Number) -> Poly:
    if not p:
        return NAN if q < 0 else ZERO
    if len(p.terms) == 1:
        return _power_of_monomial(p, q)
    is_root = not isinstance(q, int)

    def may_leave(atom: Atom) -> bool:
        return atom.head not in BRACKETS and (not is_root or sign(poly(atom)) == POSITIVE)

    common = common_factor(p, may_leave)
    primitive = p * inverse(common)
    factor = content(primitive)
    if not is_root and primitive.terms[leading(primitive)] < 0:
        factor = -factor  # (-P)^q = (-1)^q P^q for integers
    outside = _power_of_monomial(scale(common, factor), q)
    base = Atom("base", scale(primitive, 1 / factor))
    whole = q // 1 if q > 0 else 0  # P^(3/2) = P · P^(1/2)
    inside = Poly({((base, exact(q - whole)),): 1})
    return product((outside, inside, natural_power(base.args[0], int(whole))))


def _power_of_monomial(p: Poly, q: Number) -> Poly:
    """A power of c Π a^e: factor by factor where that is sound."""
    ((monomial, coefficient),) = p.terms.items()
    if isinstance(q, int):
        plain = ((a, exact(e * q)) for a, e in monomial)
        return number(Fraction(coefficient) ** q) * _monomial(plain)
    known = [(a, e) for a, e in monomial if sign(poly(a)) != UNKNOWN or _is_root(e)]
    even = [(a, e) for a, e in monomial if (a, e) not in known and e % 2 == 0]
    odd = [(a, e) for a, e in monomial if (a, e) not in known and e % 2 != 0]
    result = _monomial((a, exact(e * q)) for a, e in known)
    for atom, e in even:  # (a²)^(1/2) = |a|
        result = result * absolute_power(atom, exact(e * q))
    if coefficient > 0 and len(odd) <= 1:  # a single factor is ≥ 0 where the root is defined
        return product(
            (result, rational_power(coefficient, q), _monomial((a, exact(e * q)) for a, e in odd))
        )
    rest = scale(_monomial(odd), 1 if coefficient > 0 else -1)
    if constant(rest) is not None:
        return NAN  # the root of a negative number
    root = Poly({((Atom("base", rest), exact(q % 1)),): 1})
    return product(
        (result, rational_power(abs(coefficient), q), root, REBUILD["power"](rest, q // 1))
    )


def _is_root(e: Number) -> bool:
    return Fraction(e).denominator % 2 == 0


def _monomial(pairs) -> Poly:
    """Π a^e with each factor in normal form."""
    return product(_atom_power(a, e) for a, e in pairs)


def _atom_power(atom: Atom, e: Number) -> Poly:
    if atom.head == "base" and e >= 1:
        return power(atom.args[0], e)
    if atom.head == "prime":
        return rational_power(atom.args[0], e)
    if atom.head in BRACKETS:
        return poly(atom) if e > 0 else poly(atom) + (ONE - poly(atom)) * NAN
    return Poly({((atom, e),): 1}) if e else ONE


def absolute_power(atom: Atom, e: Number) -> Poly:
    """|a|^e."""
    plain = Poly({((atom, e),): 1})
    if e % 2 == 0:
        return plain
    if isinstance(e, int):
        return plain * (scale(positive(poly(atom)), 2) - 1)
    up, down = positive(poly(atom)), positive(-poly(atom))
    return up * plain + down * power(-poly(atom), e)


def rational_power(c: Number, q: Number) -> Poly:
    """c^q of a positive rational, over its prime factors, so that √8 and 2√2 are the same."""
    result, value = ONE, Fraction(c)
    for prime, e in (*_primes(value.numerator), *((p, -e) for p, e in _primes(value.denominator))):
        exponent = Fraction(e) * q
        whole = exponent.numerator // exponent.denominator
        result = scale(result, Fraction(prime) ** whole)
        if exponent != whole:
            result = result * Poly({((Atom("prime", prime), exact(exponent - whole)),): 1})
    return result


def _primes(n: int) -> list[tuple[int, int]]:
    """The factors of n.

    A large remainder counts as prime, which is sound: it is only a name for a root.
    """
    found, divisor = [], 2
    while divisor * divisor <= n and divisor < MOST_DIVISOR:
        count = 0
        while n % divisor == 0:
            n, count = n // divisor, count + 1
        if count:
            found.append((divisor, count))
        divisor += 1
    return [*found, (n, 1)] if n > 1 else found


@cached
@by_cases
def exp(p: Poly) -> Poly:
    """An exponential of a sum is a product of E(m)^c; an exponential of c log Q is Q^c."""
    return product(_exp_of_term(m, c) for m, c in p.terms.items())


def _exp_of_term(monomial, coefficient: Number) -> Poly:
    if len(monomial) == 1 and monomial[0][1] == 1:
        atom = monomial[0][0]
        if atom.head == "log":
            return power(atom.args[0], coefficient)
        if atom.head == "const" and atom.args[0] == "inf":
            return ZERO if coefficient < 0 else INFINITY
    return Poly({((Atom("exp", Poly({monomial: 1})), coefficient),): 1})


@cached
@by_cases
def log(p: Poly) -> Poly:
    """The logarithm of a product is a sum as far as factors are known to be positive.

    The rest stays together.
    """
    if not p:
        return -INFINITY

    def may_leave(atom: Atom) -> bool:
        return sign(poly(atom)) == POSITIVE

    common = common_factor(p, may_leave)
    rest = p * inverse(common)
    factor = content(rest)
    rest = scale(rest, 1 / factor)
    ((monomial, _),) = common.terms.items()
    parts = [_log_of_number(factor), *(scale(_log_of_atom(a), e) for a, e in monomial)]
    return add([*parts, _log_of_rest(rest)])


def _log_of_number(c: Fraction) -> Poly:
    parts = [*_primes(c.numerator), *((p, -e) for p, e in _primes(c.denominator))]
    return add(Poly({((Atom("log", number(p)), 1),): e}) for p, e in parts)


def _log_of_atom(atom: Atom) -> Poly:
    if atom.head == "exp":
        return atom.args[0]
    if atom.head == "base":
        return log(atom.args[0])
    return (
        _log_of_number(Fraction(atom.args[0]))
        if atom.head == "prime"
        else poly(Atom("log", poly(atom)))
    )


def _log_of_rest(rest: Poly) -> Poly:
    if rest == ONE:
        return ZERO
    if len(rest.terms) == 1:
        ((monomial, coefficient),) = rest.terms.items()
        (atom, e), *others = monomial or ((None, 0),)
        if (
            atom is not None and not others and coefficient == 1 and e % 2 != 0
        ):  # defined where a > 0
            return scale(_log_of_atom(atom), e)
    return poly(Atom("log", rest))


# --- functions written in E, or by cases ---


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


@by_cases
def _unary(p: Poly, name: str) -> Poly:
    if not p and name in _AT_ZERO:
        return number(_AT_ZERO[name])
    if p and p.terms[leading(p)] < 0 and name in ODD | EVEN:
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


DERIVATIVES: dict[
    str, Callable[[Poly], Poly]
] = {  # one table for every function that is not a power or exponential
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


def derivative_of(name: str, args: tuple[Poly, ...]) -> tuple[Poly, ...]:
    """The partial derivatives of a function of the table."""
    if name == "atan2":
        y, x = args
        square = power(x * x + y * y, -1)
        return x * square, -y * square
    if name == "polygamma":
        return ZERO, polygamma(args[0] + 1, args[1])
    if name not in DERIVATIVES:
        raise Undecided(f"the derivative of {name}")
    return (DERIVATIVES[name](*args),)


def symbolic_power(p: Poly, q: Poly) -> Poly:
    """P^Q = exp(Q log P) where P > 0; the ordinary power for a constant Q."""
    value = constant(q)
    return power(p, value) if value is not None else exp(q * log(p))


REBUILD |= {"power": power, "exp": exp, "log": log, "fn": fn}
REBUILD["base"] = lambda p: p
