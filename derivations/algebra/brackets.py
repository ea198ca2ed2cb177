"""Conditions on reals as 0 and 1: [P > 0] and [P = 0], exact up to the boundary P = 0.

Every proof lists the boundaries that it leaves out.
"""

from fractions import Fraction

from derivations.algebra.atoms import BRACKETS, inside
from derivations.algebra.cases import by_cases, split
from derivations.algebra.factors import content, is_turned, simplest
from derivations.algebra.identities import identity
from derivations.algebra.integers import (
    at_least,
    clipped,
    delta,
    in_range,
    solve,
    whole_maximum,
)
from derivations.algebra.maxima import maximum_against_entry, meets_maximum
from derivations.algebra.ranges import POSITIVE, at_least_zero, sign
from derivations.algebra.regions import may_vanish
from derivations.algebra.session import cached
from derivations.algebra.settling import settled
from derivations.algebra.terms import (
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Poly,
    constant,
    part,
    poly,
    scale,
)


@identity(
    "K5a",
    "[P > 0] is decided by the sign of P, does not change when P is divided by what is positive, "
    "and is 1 - [-P > 0]",
    why="order axioms",
    needs="for the last, {P = 0} has no volume: K18",
)
@cached
@by_cases
def positive(p: Poly) -> Poly:
    """[P > 0] of a real. Its other half is written 1 - [P > 0], if P = 0 on a boundary alone."""
    if not p or at_least_zero(-p):
        return ZERO
    if sign(p) == POSITIVE:
        return ONE
    largest = maximum_against_entry(p)
    if largest is not None:
        return largest
    p = _root_removed(simplest(p))
    if is_turned(p) and not may_vanish(p):
        return ONE - poly(Atom("positive", -p))
    return poly(Atom("positive", p))


@identity(
    "K5b",
    "[c a^q > 0] = [c a > 0] for an even root a^q",
    why="a root is there where a ≥ 0, and is 0 where a is",
    needs="a ≥ 0, where the root is defined",
)
def _root_removed(p: Poly) -> Poly:
    """A polynomial of the same sign without an even root of a single factor."""
    ((pairs, coefficient),) = p.terms.items() if len(p.terms) == 1 else (((), 1),)
    if len(pairs) == 1 and Fraction(pairs[0][1]).denominator % 2 == 0:
        atom = pairs[0][0]
        return scale(inside(atom) if atom.head == "base" else poly(atom), coefficient)
    return p


@identity(
    "K5c",
    "[P = 0] is decided by the sign of P, does not change when P is divided by what is positive, "
    "and is 1 - [P > 0] - [-P > 0]",
    why="order axioms",
)
@cached
@by_cases
def zero(p: Poly) -> Poly:
    """[P = 0] of a real, by the two signs where P may be 0 on a whole region."""
    value = constant(p)
    if value is not None:
        return ONE if value == 0 else ZERO
    if sign(p) == POSITIVE or sign(-p) == POSITIVE:
        return ZERO
    p = simplest(p)
    weight = meets_maximum(p)
    if weight is not None:
        return weight
    if may_vanish(p):
        return ONE - positive(p) - positive(-p)
    return poly(Atom("zero", -p if is_turned(p) else p))


@identity(
    "K21",
    "[P = 0] f = 0 but on a null set",
    why="where P may be 0 on a region, `zero` has written [P = 0] by the two signs",
    needs="that {P = 0} has no volume: K18; it is listed as a boundary",
)
def off_boundaries(p: Poly) -> Poly:
    """The terms of p without a [P = 0]: those that are left are of a P that is 0 on a null set."""
    return part(p, lambda m, _: all(a.head != "zero" for a, _ in m))


REBUILD |= {"positive": positive, "zero": zero}

__all__ = [
    "BRACKETS",
    "at_least",
    "by_cases",
    "clipped",
    "content",
    "delta",
    "in_range",
    "may_vanish",
    "meets_maximum",
    "off_boundaries",
    "positive",
    "settled",
    "solve",
    "split",
    "whole_maximum",
    "zero",
]
