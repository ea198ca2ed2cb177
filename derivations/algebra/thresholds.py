"""Conditions P > 0 in their simplest form: a P' with the same sign, by inverse functions.

Where a square meets a number there are two thresholds instead of one.
"""

from fractions import Fraction

from derivations.algebra.atoms import Atom, Monomial, Number, arguments, inside, name_of
from derivations.algebra.factors import common_factor, content, primes, primitive
from derivations.algebra.identities import identity
from derivations.algebra.ranges import NONNEGATIVE, sign
from derivations.algebra.regions import may_be_constant
from derivations.algebra.terms import (
    BRACKETS,
    Poly,
    add,
    atoms,
    constant,
    divided_by,
    exact,
    monomial,
    number,
    part,
    poly,
    product,
    scale,
)
from derivations.limits import MOST_DEGREE

HALF = Fraction(1, 2)


def same_sign(p: Poly) -> Poly | None:
    """A simpler polynomial that is > 0 where p is and ≤ 0 where p is, if a rule gives one."""
    for rule in (_odd_powers, _of_exponentials, _of_logarithms, _of_roots):
        found = rule(p)
        if found is not None and found != p:
            return found
    return None


@identity(
    "K5d",
    "a^k P > 0 means a^r P > 0 for integers k and r of the same parity",
    why="a^(k-r) is the square of a number that is not 0, where a^k P is not 0",
    needs="a ≠ 0 if k < 0, where a^k has a value; r = 0 for an even k < 0 alone",
)
def _odd_powers(p: Poly) -> Poly | None:
    """`p` with the integer powers that all terms share brought down to 0, 1 or 2."""
    shared = common_factor(p, lambda atom: atom.head not in BRACKETS)
    everywhere = [(a, e) for a, e in shared if all(a in dict(m) for m in p.terms)]
    lowered = tuple((a, exact(e - _least_power(a, e))) for a, e in everywhere)
    lowered = tuple((a, e) for a, e in lowered if e)
    return divided_by(p, lowered) if lowered else None


def _least_power(atom: Atom, e: Number) -> Number:
    if e != int(e) or atom.head == "prime":
        return e
    return e % 2 if e < 0 or e % 2 else min(e, 2)


def _two_sides(p: Poly) -> tuple[Poly, Poly] | None:
    """The two terms u and v of p = u - v, if both are certain to be ≥ 0."""
    if len(p.terms) != 2:
        return None
    sides = [part(p, lambda _, c: c > 0), -part(p, lambda _, c: c < 0)]
    u, v = sides
    return (u, v) if u and v and min(sign(u), sign(v)) >= NONNEGATIVE else None


@identity(
    "K5e",
    "c e^a > d e^b means a + log c > b + log d",
    why="the logarithm is increasing",
    needs="c, d > 0",
)
def _of_exponentials(p: Poly) -> Poly | None:
    sides = _two_sides(p)
    if sides is None:
        return None
    heads = {a.head for m in p.terms for a, _ in m}
    if "exp" not in heads or not heads <= {"exp", "prime"}:
        return None
    u, v = map(_logarithm, sides)
    return u - v if (u - v).terms.keys() - {()} else None


def _logarithm(p: Poly) -> Poly:
    """The logarithm of c Π e^a, of a single term."""
    ((pairs, c),) = p.terms.items()
    return add(
        [_logarithm_of_number(Fraction(c))]
        + [
            scale(inside(a) if a.head == "exp" else poly(Atom("log", number(a.args[0]))), e)
            for a, e in pairs
        ]
    )


def _logarithm_of_number(c: Fraction) -> Poly:
    return add(monomial([(Atom("log", number(p)), 1)], k) for p, k in primes(c))


@identity(
    "K5f",
    "Σ k log u + c > 0 means Π_{k>0} u^k e^c > Π_{k<0} u^-k",
    why="the exponential is increasing",
    needs="u > 0, where log u has a value",
)
def _of_logarithms(p: Poly) -> Poly | None:
    """For few logarithms, integers k without a common divisor and a rational c."""
    logarithms = part(p, lambda m, _: _is_logarithm(m))
    rest = constant(p - logarithms)
    if rest is None or not logarithms:
        return None
    powers = {m[0][0]: c for m, c in primitive(logarithms).terms.items()}
    if all(constant(inside(a)) is not None for a in powers):
        return None
    if sum(map(abs, powers.values())) > MOST_DEGREE:
        return None
    rest = exact(rest / content(logarithms))
    e = Atom("exp", number(1))
    above = [inside(a) for a, k in powers.items() for _ in range(int(k))]
    below = [inside(a) for a, k in powers.items() for _ in range(-int(k))]
    above += [monomial([(e, rest)])] if rest > 0 else []
    below += [monomial([(e, -rest)])] if rest < 0 else []
    return product(above) - product(below)


def _is_logarithm(pairs: Monomial) -> bool:
    return len(pairs) == 1 and pairs[0][1] == 1 and pairs[0][0].head == "log"


@identity(
    "K5g",
    "u > v means u² > v² for u, v ≥ 0",
    why="squaring is increasing there",
)
def _of_roots(p: Poly) -> Poly | None:
    """For an even root in one of two terms."""
    roots = [
        (a, e)
        for m in p.terms
        for a, e in m
        if Fraction(e).denominator % 2 == 0 and a.head != "prime"
    ]
    sides = _two_sides(p) if roots else None
    return sides[0] * sides[0] - sides[1] * sides[1] if sides else None


@identity(
    "K5h",
    "a m² + b m + c for a > 0 is > 0 above the greater root and below the smaller one; it is "
    "a (m - r) (m - s) for the roots r and s",
    why="the quadratic formula",
    needs="b² > 4 a c",
)
def roots_of_quadratic(p: Poly) -> tuple[bool, Poly, tuple[Poly, Poly]] | None:
    """Whether a > 0, the monomial m, and the roots of p = a m² + b m + c, the greater one first."""
    if not 2 <= len(p.terms) <= 3 or () not in p.terms:
        return None
    others = sorted((m for m in p.terms if m), key=len)
    square = max(others, key=lambda m: sum(e for _, e in m))
    m = tuple((a, exact(e * HALF)) for a, e in square)
    if any(e % 2 for _, e in square) or not all(x in (square, m) for x in others):
        return None
    a, b, c = (Fraction(p.terms.get(x, 0)) for x in (square, m, ()))
    spread = b * b - 4 * a * c
    if spread <= 0:
        return None
    root = scale(_root_of_number(spread), 1 / (2 * abs(a)))
    middle = number(-b / (2 * a))
    return a > 0, monomial(m), (middle + root, middle - root)


@identity(
    "K5j",
    "[u - floor u > 0] = 1",
    why="u - floor u is 0 where u is an integer alone",
    needs="u is an integer on a null set alone, which is noted where the floor was read",
)
def is_fraction(p: Poly) -> bool:
    """Whether p = c (u - floor u) for a c > 0 and a u that is an integer on a null set alone."""
    steps = [a for a in atoms(p) if a.head == "fn" and name_of(a) == "floor"]
    for atom in steps:
        c, (u,) = -p.terms.get(((atom, 1),), 0), arguments(atom)
        if c > 0 and p == scale(u - atom, c):
            return not may_be_constant(u)
    return False


def _root_of_number(c: Fraction) -> Poly:
    return monomial((Atom("prime", p), k * HALF) for p, k in primes(c))
