"""What the terms of a polynomial have in common: their content and their common factor."""

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm

from derivations.algebra.ranges import POSITIVE, sign
from derivations.algebra.terms import (
    Atom,
    Monomial,
    Poly,
    divided_by,
    monomial_key,
    poly,
    scale,
)


def leading(p: Poly) -> Monomial:
    """The monomial that fixes signs; any fixed choice would do."""
    return max(p.terms, key=monomial_key)


def is_turned(p: Poly) -> bool:
    """Whether p and not -p is the one of the two that is written with its sign outside."""
    return p.terms[leading(p)] < 0


def content(p: Poly) -> Fraction:
    """The positive rational that makes the coefficients coprime integers when divided out."""
    coefficients = [Fraction(c) for c in p.terms.values()]
    denominator = lcm(*(c.denominator for c in coefficients))
    return Fraction(gcd(*(int(c * denominator) for c in coefficients)), denominator)


def primitive(p: Poly) -> Poly:
    """`p` divided by its content; 0 stays 0."""
    return scale(p, 1 / content(p)) if p else p


def common_factor(p: Poly, may_leave: Callable[[Atom], bool]) -> Monomial:
    """The monomial with the least exponents that all terms share, of the atoms that may leave."""
    exponents = [dict(m) for m in p.terms]
    shared = sorted({a for m in exponents for a in m if may_leave(a)}, key=lambda a: a.key)
    least = ((a, min(m.get(a, 0) for m in exponents)) for a in shared)
    return tuple((a, e) for a, e in least if e)


def is_positive(atom: Atom) -> bool:
    """Whether an atom is > 0 for certain."""
    return sign(poly(atom)) == POSITIVE


def simplest(p: Poly) -> Poly:
    """`p` divided by what is positive for certain: its sign and its zeros do not change."""
    return primitive(divided_by(p, common_factor(p, is_positive)))
