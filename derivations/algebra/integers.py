"""Conditions on integers as 0 and 1: [P = 0], [P ≥ 0], and the solution of P = 0 for an index."""

from collections.abc import Set
from fractions import Fraction

from derivations.algebra.cases import by_cases
from derivations.algebra.factors import content, is_turned, primitive
from derivations.algebra.identities import identity
from derivations.algebra.permutations import unsorted
from derivations.algebra.ranges import (
    POSITIVE,
    at_least_zero,
    bounds,
    certainly_below,
    divided,
    is_whole,
    sign,
)
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Poly,
    Undecided,
    constant,
    monomial,
    part,
    poly,
    product,
    scale,
)


@identity(
    "K6a",
    "[P = 0] of an integer is 0 where P is out of reach of 0 or no multiple of its step, and does "
    "not change when P is multiplied by a number",
    why="bounds; a sum of multiples of k is a multiple of k",
    needs="all but the constant term of P is an integer after division by its content",
)
@cached
@by_cases
def delta(p: Poly) -> Poly:
    """[P = 0] of an integer: 0 or 1 if the ranges say so, and apart in digits of merged axes."""
    value = constant(p)
    if value is not None:
        return ONE if value == 0 else ZERO
    limits = bounds(p)
    if limits and (sign(limits[0]) == POSITIVE or sign(-limits[1]) == POSITIVE):
        return ZERO
    digits = _digits(p)
    if digits is not None:
        return product(map(delta, digits))
    p = _without_step(p)
    turned = unsorted(p)
    if turned is not None:
        return delta(turned)
    if Fraction(p.terms.get((), 0)).denominator != 1:  # 2 i - 2 j ≠ 1
        return ZERO
    return poly(Atom("delta", -p if is_turned(p) else p))


def _without_step(p: Poly) -> Poly:
    """`p` divided by the content of what varies, which then is an integer."""
    rest = p - p.terms.get((), 0)
    p = scale(p, 1 / content(rest))
    if not is_whole(primitive(rest)):
        raise Undecided(f"a comparison as integers of what may be none: {p}")
    return p


@identity(
    "K6b",
    "[i m + j = i' m + j'] = [i = i'] [j = j'] for 0 ≤ j, j' < m",
    why="quotient and remainder are unique",
    needs="i and i' are integers",
)
def _digits(p: Poly) -> tuple[Poly, Poly] | None:
    """`p` = (i - i') m + (j - j') as i - i' and j - j', for a size m."""
    if len(p.terms) < 3:
        return None
    for pairs in p.terms:
        sizes = tuple(pair for pair in pairs if pair[0].head == "size")
        if sizes and len(sizes) < len(pairs):
            m = monomial(sizes)
            left = divided(part(p, lambda _, c: c > 0), m)
            right = divided(-part(p, lambda _, c: c < 0), m)
            if left and right:
                return left[0] - right[0], left[1] - right[1]
    return None


@identity(
    "K6d",
    "[P ≥ 0] of an integer is 1 - [-P - 1 ≥ 0], is 0 or 1 outside the bounds of P, and [P = 0] or "
    "1 - [P = -1] next to them",
    why="there is no integer between -1 and 0",
    needs="P is an integer",
)
@by_cases
def at_least(p: Poly) -> Poly:
    """[P ≥ 0] of an integer."""
    p = primitive(p)
    if not is_whole(p):
        raise Undecided(f"a comparison as integers of what may be none: {p}")
    limits = bounds(p)
    if limits and at_least_zero(limits[0]):
        return ONE
    if limits and at_least_zero(-limits[1] - 1):
        return ZERO
    if limits and not limits[1]:  # p ≤ 0, so p ≥ 0 means p = 0
        return delta(p)
    if limits and limits[0] == -ONE:
        return ONE - delta(p + 1)
    if is_turned(p):
        return ONE - poly(Atom("atleast", -p - 1))
    return poly(Atom("atleast", p))


def whole_maximum(a: Poly, b: Poly) -> Poly:
    """max(a, b) of integers, which has no boundary."""
    return b + (a - b) * at_least(a - b)


def clipped(p: Poly, greatest: Poly) -> Poly:
    """An index moved into 0 … greatest."""
    return -whole_maximum(-whole_maximum(p, ZERO), -greatest)


def in_range(p: Poly, n: Poly) -> Poly:
    """[0 ≤ P < n] of an integer."""
    if n == ONE:
        return delta(p)
    return ONE if certainly_below(p, n) else at_least(p) * at_least(n - 1 - p)


def solve(p: Poly, among: Set[Atom] | None = None) -> tuple[Atom, Poly] | None:
    """An index and its value where p = 0, for an index that occurs once, with coefficient ±1."""
    candidates = p.free if among is None else p.free & among
    for index in sorted(candidates, key=lambda a: a.key, reverse=True):
        own = ((index, 1),)
        rest = part(p, lambda m, _, own=own: m != own)
        if p.terms.get(own) in (1, -1) and index not in rest.free:
            return index, scale(rest, -p.terms[own])
    return None


REBUILD |= {"delta": delta, "atleast": at_least}
