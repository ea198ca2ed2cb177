"""Powers P^q with a rational exponent, and roots over the factors whose signs are known.

Roots are real: √P is there where P ≥ 0.
"""

from collections.abc import Iterable
from fractions import Fraction

from derivations.algebra.atoms import inside, value_of
from derivations.algebra.brackets import positive
from derivations.algebra.cases import by_cases
from derivations.algebra.factors import common_factor, content, is_positive, is_turned
from derivations.algebra.identities import identity
from derivations.algebra.ranges import UNKNOWN, sign
from derivations.algebra.regions import may_vanish
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Monomial,
    Number,
    Poly,
    constant,
    divided_by,
    exact,
    monomial,
    natural_power,
    poly,
    product,
    scale,
)
from derivations.limits import MOST_DIVISOR

NAN = poly(Atom("const", "nan"))


def power(p: Poly, q: Number) -> Poly:
    """p^q for a rational q."""
    q = exact(q)
    if isinstance(q, int) and q >= 0:
        return natural_power(p, q)
    return _power(p, q)


@cached
@by_cases
def _power(p: Poly, q: Number) -> Poly:
    if not p:
        return NAN if q < 0 else ZERO
    if len(p.terms) > 1:
        return _power_of_sum(p, q)
    if isinstance(q, int):
        return _whole_power(p, q)
    ((pairs, coefficient),) = p.terms.items()
    return _root(pairs, coefficient, q)


@identity(
    "K14a",
    "(a P)^q = a^q P^q, for any a if q is an integer, else for a > 0",
    why="the definition of a power; both sides need the same of P",
    needs="a ≠ 0 and P ≠ 0 if q < 0: noted by the reader",
)
def _power_of_sum(p: Poly, q: Number) -> Poly:
    """A power of several terms: common factors and the content go outside."""
    is_root = not isinstance(q, int)

    def may_leave(atom: Atom) -> bool:
        return atom.head not in BRACKETS and (not is_root or is_positive(atom))

    common = common_factor(p, may_leave)
    rest = divided_by(p, common)
    factor = content(rest)
    if not is_root and is_turned(rest):
        factor = -factor  # (-P)^q = (-1)^q P^q for integers
    outside = _power(monomial(common, factor), q)
    return outside * _composite_power(scale(rest, 1 / factor), q)


def _composite_power(p: Poly, q: Number) -> Poly:
    """p^q with p as an atom; what exceeds 1 in q is multiplied out."""
    whole = q // 1 if q > 0 else 0  # P^(3/2) = P · P^(1/2)
    return monomial([(Atom("base", p), exact(q - whole))]) * natural_power(p, int(whole))


@identity(
    "K14b",
    "(c Π a^e)^q = c^q Π a^(e q) for an integer q",
    why="the definition of a power",
    needs="a ≠ 0 if e q < 0: noted by the reader",
)
def _whole_power(p: Poly, q: int) -> Poly:
    ((pairs, coefficient),) = p.terms.items()
    return scale(_powers((a, exact(e * q)) for a, e in pairs), Fraction(coefficient) ** q)


@identity(
    "K14c",
    "a root of Π a^e is the product of the roots of the factors that are ≥ 0, where the absolute "
    "value stands for a in an even power, and of the root of what is left",
    why="(u v)^q = u^q v^q for u > 0; a lone factor that is left is ≥ 0, as the root is defined",
    needs="if something is left, no factor that goes apart is 0 on a region: K18",
)
def _root(pairs: Monomial, coefficient: Number, q: Number) -> Poly:
    """(c Π a^e)^q for a q that is no integer."""
    left = [(a, e) for a, e in pairs if not _is_signed(a, e)]
    if left or coefficient < 0:
        left = [(a, e) for a, e in pairs if not _is_signed(a, e) or may_vanish(poly(a))]
    apart = product(_signed_root(a, e, q) for a, e in pairs if (a, e) not in left)
    apart = apart * rational_power(abs(coefficient), q)
    if coefficient > 0 and len(left) <= 1:
        return apart * _powers((a, exact(e * q)) for a, e in left)
    rest = scale(_powers(left), 1 if coefficient > 0 else -1)
    if constant(rest) is not None:
        return NAN  # the root of a negative number
    return product((apart, monomial([(Atom("base", rest), exact(q % 1))]), power(rest, q // 1)))


def _is_signed(atom: Atom, e: Number) -> bool:
    """Whether a^e ≥ 0 for certain: a is, or e is even, or an even root."""
    is_even = e % 2 == 0 or Fraction(e).denominator % 2 == 0
    return is_even or sign(poly(atom)) != UNKNOWN


def _signed_root(atom: Atom, e: Number, q: Number) -> Poly:
    if e % 2 == 0 and sign(poly(atom)) == UNKNOWN:  # (a²)^(1/2) = |a|
        return absolute_power(atom, exact(e * q))
    return _powers([(atom, exact(e * q))])


def _powers(pairs: Iterable[tuple[Atom, Number]]) -> Poly:
    """Π a^e with each factor in normal form."""
    return product(_atom_power(a, e) for a, e in pairs)


def _atom_power(atom: Atom, e: Number) -> Poly:
    if atom.head == "base" and e >= 1:
        return power(inside(atom), e)
    if atom.head == "prime":
        return rational_power(value_of(atom), e)
    if atom.head in BRACKETS:
        return poly(atom) if e > 0 else poly(atom) + (ONE - poly(atom)) * NAN
    return monomial([(atom, e)])


@identity(
    "K14d",
    "(a^(2k))^q = |a|^(2kq); |a|^e = a^e for an even e, (2[a > 0] - 1) a^e for an odd one, else "
    "[a > 0] a^e + [-a > 0] (-a)^e",
    why="by cases on the sign of a",
    needs="a ≠ 0 if e < 0: noted by the reader",
)
def absolute_power(atom: Atom, e: Number) -> Poly:
    """|a|^e."""
    if e % 2 == 0:
        return monomial([(atom, e)])
    if isinstance(e, int):
        return monomial([(atom, e)]) * (scale(positive(poly(atom)), 2) - 1)
    up, down = positive(poly(atom)), positive(-poly(atom))
    return up * _powers([(atom, e)]) + down * power(-poly(atom), e)


@identity(
    "K14e",
    "c^q = Π p^(k q) over the primes p of c = Π p^k",
    why="(u v)^q = u^q v^q for u, v > 0; a large number without small factors is its own name",
)
def rational_power(c: Number, q: Number) -> Poly:
    """c^q of a positive rational, over its prime factors, so that √8 and 2√2 are the same."""
    result = ONE
    for prime, k in primes(Fraction(c)):
        exponent = k * Fraction(q)
        whole = exponent.numerator // exponent.denominator
        result = scale(result, Fraction(prime) ** whole)
        if exponent != whole:
            result = result * monomial([(Atom("prime", prime), exponent - whole)])
    return result


def primes(c: Fraction) -> list[tuple[int, int]]:
    """The primes of a positive rational and their exponents."""
    return [*_primes(c.numerator), *((p, -k) for p, k in _primes(c.denominator))]


def _primes(n: int) -> list[tuple[int, int]]:
    """The factors of n. A large remainder counts as prime: it is only a name for a root."""
    found, divisor = [], 2
    while divisor * divisor <= n and divisor < MOST_DIVISOR:
        count = 0
        while n % divisor == 0:
            n, count = n // divisor, count + 1
        if count:
            found.append((divisor, count))
        divisor += 1
    return [*found, (n, 1)] if n > 1 else found


REBUILD |= {"power": power, "base": lambda p: p}
