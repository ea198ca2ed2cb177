"""Products of brackets: [i = e] f(i) = [i = e] f(e), and conditions that imply one another."""

import itertools
from fractions import Fraction

from derivations.algebra.atoms import BRACKETS, inside
from derivations.algebra.identities import identity
from derivations.algebra.integers import delta, solve
from derivations.algebra.ranges import POSITIVE, at_least_zero, sign
from derivations.algebra.regions import may_vanish
from derivations.algebra.session import cached, tick
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Atom,
    Monomial,
    Number,
    Poly,
    add,
    monomial,
    poly,
    scale,
    substitute,
    times,
    without,
)


def settled(p: Poly) -> Poly:
    """`p` with every index that a bracket fixes replaced, and no bracket that others imply."""
    if not any(_has_brackets(m) for m in p.terms):
        return p
    return add(_settled_term(m, c) for m, c in p.terms.items())


def _has_brackets(pairs: Monomial) -> bool:
    return any(a.head in BRACKETS for a, _ in pairs)


def _settled_term(pairs: Monomial, coefficient: Number) -> Poly:
    tick()
    brackets = [a for a, _ in pairs if a.head in BRACKETS]
    for bracket in brackets:
        moved = _identified(pairs, coefficient, bracket) if bracket.head == "delta" else None
        if moved is not None:
            return settled(moved)
    for first, second in itertools.combinations(brackets, 2):
        implied = _implied(first, second)
        if implied is not None:
            return settled(times(monomial(without(pairs, first, second), coefficient), implied))
    return monomial(pairs, coefficient)


@identity(
    "K7a",
    "[i = e] f(i) = [i = e] f(e)",
    why="substitution; where i ≠ e both are 0 and f is not looked at",
)
def _identified(pairs: Monomial, coefficient: Number, bracket: Atom) -> Poly | None:
    """The term with e for i, for an index i that e does not contain; None if that is no change."""
    solved = solve(inside(bracket))
    if solved is None:
        return None
    index, value = solved
    rest = monomial(without(pairs, bracket), coefficient)
    if index not in rest.free:
        return None
    return times(poly(bracket), substitute(rest, {index: value}))


@identity(
    "K7b",
    "[p = 0] [q = 0] = 0 if p - q or p + q is never 0, for integers",
    why="both would be 0",
)
@cached
def _implied(first: Atom, second: Atom) -> Poly | None:
    """The product of two brackets of one kind, when one of them decides the other."""
    if first.head != second.head or first.head == "zero":
        return None
    p, q = inside(first), inside(second)
    if first.head == "delta":
        return ZERO if ZERO in (delta(p - q), delta(p + q)) else None
    both = [m for m in p.terms if m in q.terms and m != ()]
    ratios = dict.fromkeys(Fraction(p.terms[m], q.terms[m]) for m in both)
    found = (_of_thresholds(first, second, ratio) for ratio in ratios)
    return next((product for product in found if product is not None), None)


@identity(
    "K7c",
    "[p > 0] [q > 0] is [q > 0] if p ≥ c q, is 0 if p ≤ -c q, and is [p > 0] + [q > 0] - 1 if "
    "p > -c q, for a number c > 0; the first also for [p ≥ 0] [q ≥ 0]",
    why="order axioms: one condition implies the other, excludes it, or holds where it fails",
)
def _of_thresholds(first: Atom, second: Atom, ratio: Fraction) -> Poly | None:
    """The product of the conditions p > 0 and q > 0 (or ≥), by comparing p with ratio · q."""
    p, q = inside(first), scale(inside(second), ratio)
    if ratio > 0:
        if at_least_zero(p - q):  # q > 0 implies p > 0
            return poly(second)
        return poly(first) if at_least_zero(q - p) else None
    if first.head == "atleast":
        return None
    if at_least_zero(q - p):  # p > 0 implies that the other fails
        return ZERO
    over = p - q
    if sign(over) == POSITIVE or (at_least_zero(over) and not may_vanish(p)):  # one of them holds
        return poly(first) + poly(second) - ONE
    return None
