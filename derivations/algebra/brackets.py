"""Conditions as 0 and 1: [P > 0] of reals, [P ≥ 0] of integers, and case distinctions.

A product with a bracket is a case distinction in the sense of `select`: where [c] = 0 the
other factor is not looked at,
so it may be undefined there. Real brackets are exact up to their boundary P = 0, which every proof
lists.
"""

import functools
import itertools
from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm

from derivations.algebra.ranges import (
    POSITIVE,
    at_least_zero,
    bounds,
    certainly_below,
    divided,
    sign,
)
from derivations.algebra.regions import has_steps, may_vanish
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Poly,
    Undecided,
    add,
    atoms,
    constant,
    everywhere,
    is_integer,
    monomial_key,
    poly,
    product,
    scale,
    substitute,
    times,
)
from derivations.limits import MOST_CASES


def leading(p: Poly):
    """The monomial that fixes signs; any fixed choice would do."""
    return max(p.terms, key=monomial_key)


def content(p: Poly) -> Fraction:
    """The positive rational that makes the coefficients coprime integers when divided out."""
    coefficients = [Fraction(c) for c in p.terms.values()]
    denominator = lcm(*(c.denominator for c in coefficients))
    return Fraction(gcd(*(int(c * denominator) for c in coefficients)), denominator)


def common_factor(p: Poly, may_leave: Callable[[Atom], bool]) -> Poly:
    """The monomial with the least exponents that all terms share, of the atoms that may leave."""
    exponents = [dict(m) for m in p.terms]
    shared = {a for m in exponents for a in m if may_leave(a)}
    least = ((a, min(m.get(a, 0) for m in exponents)) for a in shared)
    return Poly({tuple(sorted(((a, e) for a, e in least if e), key=lambda pair: pair[0].key)): 1})


def inverse(monomial: Poly) -> Poly:
    """1 / a monomial with coefficient 1, for atoms that are not zero."""
    ((pairs, _),) = monomial.terms.items()
    return Poly({tuple((a, -e) for a, e in pairs): 1})


def split(p: Poly, bracket: Atom) -> tuple[Poly, Poly]:
    """The values of p in the case [c] = 1 and in the case [c] = 0."""
    holds = add(Poly({_without(m, bracket): c}) for m, c in p.terms.items())
    fails = Poly({m: c for m, c in p.terms.items() if all(a != bracket for a, _ in m)})
    return holds, fails


def _without(monomial, atom: Atom):
    return tuple(pair for pair in monomial if pair[0] != atom)


def by_cases(function: Callable[..., Poly]) -> Callable[..., Poly]:
    """f([c] a + (1 - [c]) b) = [c] f(a) + (1 - [c]) f(b): brackets leave the argument.

    An identity of case distinctions.
    """

    @functools.wraps(function)
    def wrapper(p: Poly, *rest) -> Poly:
        found = sorted((a for a in atoms(p) if a.head in BRACKETS), key=lambda a: a.key)
        if not found:
            return function(p, *rest)
        if len(found) > MOST_CASES:
            raise Undecided(f"a case distinction by more than {MOST_CASES} conditions")
        holds, fails = split(p, found[0])
        inside = poly(found[0])
        return inside * wrapper(holds, *rest) + (ONE - inside) * wrapper(fails, *rest)

    return wrapper


def _simplest(p: Poly) -> Poly:
    """P divided by what is positive for certain: [P > 0] and [P = 0] do not change."""

    def may_leave(atom: Atom) -> bool:
        return sign(poly(atom)) == POSITIVE

    p = p * inverse(common_factor(p, may_leave))
    return scale(p, 1 / content(p))


@cached
@by_cases
def positive(p: Poly) -> Poly:
    """[P > 0] of a real.

    Its other half is written 1 - [P > 0], if P = 0 on a boundary alone.
    """
    if not p or at_least_zero(-p):
        return ZERO
    if sign(p) == POSITIVE:
        return ONE
    largest = _maximum_against_entry(p)
    if largest is not None:
        return largest
    p = _root_removed(_simplest(p))
    if p.terms[leading(p)] < 0 and not may_vanish(p):
        return ONE - poly(Atom("positive", -p))
    return poly(Atom("positive", p))


def off_boundaries(p: Poly) -> Poly:
    """P where no [P = 0] holds: those that are left are of a P that is 0 on a boundary alone."""
    return Poly({m: c for m, c in p.terms.items() if all(a.head != "zero" for a, _ in m)})


def _root_removed(p: Poly) -> Poly:
    """[a^q > 0] = [a > 0] for a root a^q, which is defined where a ≥ 0."""
    ((monomial, coefficient),) = p.terms.items() if len(p.terms) == 1 else (((), 1),)
    if len(monomial) == 1 and Fraction(monomial[0][1]).denominator % 2 == 0:
        atom = monomial[0][0]
        inside = atom.args[0] if atom.head == "base" else poly(atom)
        return scale(inside, coefficient)
    return p


@cached
@by_cases
def zero(p: Poly) -> Poly:
    """[P = 0] of a real, by the two signs where P may be 0 on a whole region."""
    value = constant(p)
    if value is not None:
        return ONE if value == 0 else ZERO
    if sign(p) == POSITIVE or sign(-p) == POSITIVE:
        return ZERO
    p = _simplest(p)
    for candidate in (p, -p):
        weight = _is_maximum(candidate, within=False)
        if weight is not None:
            return weight
    if may_vanish(p):
        return ONE - positive(p) - positive(-p)
    return poly(Atom("zero", p if p.terms[leading(p)] > 0 else -p))


def _maximum_against_entry(p: Poly) -> Poly | None:
    """[max - x_k > 0] = 1 - [k is the maximiser], and [x_k - max > 0] = 0.

    Exact where the maximiser is unique: not said of values that may be equal on a whole region.
    """
    weight = _is_maximum(p)
    if weight is not None:
        return ONE - weight
    return ZERO if _is_maximum(-p) is not None else None


def _is_maximum(p: Poly, within: bool = True) -> Poly | None:
    """For P = c (f(A) - f(k)), A the maximiser of f and c > 0: [A = k]. Else None.

    With `within` the k must be one of those that A is chosen from, so that P ≥ 0; without, P is 0
    off its boundary at k = A alone.
    """
    largest = [a for a in everywhere(p) if a.head == "argmax" and not _may_tie(a.args[1])]
    for atom in largest:
        bound, summand = atom.args[0], atom.args[1]
        whole = [Atom("argmax", bound, summand, place) for place in range(len(bound))]
        at_most = substitute(summand, dict(zip(bound, map(poly, whole), strict=True)))
        for factor in _factors(p, at_most):
            rest = at_most - p * factor
            values = _matched(summand, bound, rest, within)
            if values is not None:
                return product(delta(poly(a) - v) for a, v in zip(whole, values, strict=True))
    return None


def _may_tie(p: Poly) -> bool:
    """Whether values at different indices may be equal on a region: steps, or repeated labels."""
    return has_steps(p) or any(map(is_integer, everywhere(p)))


def _factors(p: Poly, target: Poly) -> list[Poly]:
    """Positive rationals c for which c·P may share a term with the target."""
    shared = [Fraction(target.terms[m], p.terms[m]) for m in p.terms if m in target.terms]
    return [poly(c) for c in dict.fromkeys(shared) if c > 0]


def _matched(summand: Poly, bound: tuple[Atom, ...], rest: Poly, within: bool) -> list[Poly] | None:
    """Indices k for which summand(k) = rest, found by comparing the places of their entries."""
    if len(summand.terms) != len(rest.terms):
        return None
    for places in itertools.product(*(_places(v, summand, rest) for v in bound)):
        known = dict(zip(bound, places, strict=True))
        if substitute(summand, known) == rest:
            inside = all(certainly_below(k, v.args[1]) for v, k in known.items())
            return list(places) if inside or not within else None
    return None


def _places(v: Atom, summand: Poly, rest: Poly) -> list[Poly]:
    """The values of v that would make an entry of the summand one of the rest."""
    found = {}
    entries = [a for a in everywhere(rest) if a.head == "entry"]
    for mine in everywhere(summand):
        if mine.head == "entry" and v in mine.free:
            for other in entries:
                if other.args[0] == mine.args[0] and len(other.args) == len(mine.args):
                    for here, there in zip(mine.args[3:], other.args[3:], strict=True):
                        solved = solve(here - there, frozenset({v}))
                        if solved is not None:
                            found[solved[1].key] = solved[1]
    return list(found.values())


@cached
def delta(p: Poly) -> Poly:
    """[P = 0] of an integer.

    0 or 1 if the ranges say so, and apart in the digits of merged axes.
    """
    value = constant(p)
    if value is not None:
        return ONE if value == 0 else ZERO
    limits = bounds(p)
    if limits and (sign(limits[0]) == POSITIVE or sign(-limits[1]) == POSITIVE):
        return ZERO
    apart = _digits(p)
    if apart is not None:
        return product(map(delta, apart))
    constant_part = p.terms.get((), 0)
    p = scale(p, 1 / content(p - constant_part))
    turned = _unsorted(p)
    if turned is not None:
        return delta(turned)
    if Fraction(p.terms.get((), 0)).denominator != 1:  # 2 i - 2 j ≠ 1
        return ZERO
    return poly(Atom("delta", p if p.terms[leading(p)] > 0 else -p))


def _unsorted(p: Poly) -> Poly | None:
    """[order(i) = e] = [i = rank(e)] for an e within the range of the permutation."""
    for pairs, c in p.terms.items():
        if len(pairs) == 1 and pairs[0][0].head == "order" and pairs[0][1] == 1 and abs(c) == 1:
            bound, keys, place = pairs[0][0].args
            value = scale(Poly({m: k for m, k in p.terms.items() if m != pairs}), -c)
            if certainly_below(value, bound[0].args[1]):
                return place - REBUILD["rank"](bound, keys, value)
    return None


def _digits(p: Poly) -> tuple[Poly, Poly] | None:
    """i·m + j = i'·m + j' with 0 ≤ j, j' < m means i = i' and j = j'."""
    if len(p.terms) < 3:
        return None
    for monomial in p.terms:
        sizes = tuple(pair for pair in monomial if pair[0].head == "size")
        if sizes and len(sizes) < len(monomial):
            m = Poly({sizes: 1})
            plus = Poly({k: c for k, c in p.terms.items() if c > 0})
            minus = -Poly({k: c for k, c in p.terms.items() if c < 0})
            left, right = divided(plus, m), divided(minus, m)
            if left and right:
                return left[0] - right[0], left[1] - right[1]
    return None


def at_least(p: Poly) -> Poly:
    """[P ≥ 0] of an integer; its complement is [-P - 1 ≥ 0]."""
    limits = bounds(p)
    if limits and at_least_zero(limits[0]):
        return ONE
    if limits and at_least_zero(-limits[1] - 1):
        return ZERO
    if limits and not limits[1]:  # p ≤ 0, so p ≥ 0 means p = 0
        return delta(p)
    if limits and limits[0] == -ONE:
        return ONE - delta(p + 1)
    if p.terms[leading(p)] < 0:
        return ONE - poly(Atom("atleast", -p - 1))
    return poly(Atom("atleast", p))


def in_range(p: Poly, n: Poly) -> Poly:
    """[0 ≤ P < n] of an integer."""
    if n == ONE:
        return delta(p)
    return ONE if certainly_below(p, n) else at_least(p) * at_least(n - 1 - p)


def settled(p: Poly) -> Poly:
    """Use what brackets say about their factors.

    [i = j] f(i) = [i = j] f(j), and thresholds that imply one another.
    """
    return add(_settled(m, c) for m, c in p.terms.items())


@cached
def _settled(monomial, coefficient) -> Poly:
    brackets = [a for a, _ in monomial if a.head in BRACKETS]
    for bracket in brackets:
        if bracket.head == "delta":
            moved = _identified(monomial, coefficient, bracket)
            if moved is not None:
                return settled(moved)
    for first in brackets:
        for second in brackets:
            implied = _implied(first, second) if first.key < second.key else None
            if implied is not None:
                rest = Poly({_without(_without(monomial, first), second): coefficient})
                return settled(times(rest, implied))
    return Poly({monomial: coefficient})


def _identified(monomial, coefficient, bracket: Atom) -> Poly | None:
    """[i = e] f(i) → [i = e] f(e) for an index i that e does not contain."""
    solved = solve(bracket.args[0])
    if solved is None:
        return None
    index, value = solved
    rest = Poly({_without(monomial, bracket): coefficient})
    if index not in rest.free:
        return None
    return times(poly(bracket), substitute(rest, {index: value}))


def solve(p: Poly, among: frozenset[Atom] | None = None) -> tuple[Atom, Poly] | None:
    """An index and its value where p = 0, for an index that occurs once, with coefficient ±1."""
    candidates = p.free if among is None else p.free & among
    for index in sorted(candidates, key=lambda a: a.key, reverse=True):
        own = ((index, 1),)
        rest = Poly({m: c for m, c in p.terms.items() if m != own})
        if p.terms.get(own) in (1, -1) and index not in rest.free:
            return index, scale(rest, -p.terms[own])
    return None


def _implied(first: Atom, second: Atom) -> Poly | None:
    """The product of two brackets on the same quantity, when one of them decides the other."""
    if first.head != second.head or first.head == "zero":
        return None
    p, q = first.args[0], second.args[0]
    if first.head == "delta":  # both mean that the difference and the sum are 0
        return ZERO if ZERO in (delta(p - q), delta(p + q)) else None
    both = [m for m in p.terms if m in q.terms and m != ()]
    ratios = dict.fromkeys(Fraction(p.terms[m], q.terms[m]) for m in both)
    found = (_of_thresholds(first, second, ratio) for ratio in ratios)
    return next((product for product in found if product is not None), None)


def _of_thresholds(first: Atom, second: Atom, ratio: Fraction) -> Poly | None:
    """The product of p > 0 and q > 0 (or ≥), by comparing p with a multiple of q."""
    p, q = first.args[0], scale(second.args[0], ratio)
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


REBUILD |= {"positive": positive, "zero": zero, "delta": delta, "atleast": at_least}
