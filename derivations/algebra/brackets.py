"""Conditions as 0 and 1: [P > 0] of reals, [P ≥ 0] of integers, and case distinctions.

A product with a bracket is a case distinction in the sense of `select`: where [c] = 0 the
other factor is not looked at,
so it may be undefined there. Real brackets are exact up to their boundary P = 0, which every proof
lists.
"""

import functools
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
    monomial_key,
    poly,
    product,
    scale,
    substitute,
    times,
)

MOST_CASES = 8


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


@by_cases
def positive(p: Poly) -> Poly:
    """[P > 0] of a real.

    Its other half is written 1 - [P > 0], which differs on the boundary P = 0 alone.
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


def may_vanish(p: Poly) -> bool:
    """Whether p may be 0 on more than a boundary; then [P > 0] ≠ 1 - [-P > 0] there.

    As x_i - x_j is where the indices coincide, x_i - mean x and (n - 1) x where n = 1, ⌊x⌋ between
    0 and 1, and Σ_i max(x_i, 0) where no x_i is positive.
    """
    found = everywhere(p)
    if any(_has_steps(a) for a in found) or any(map(_hides_integers, atoms(p))):
        return True
    names = [a.args[0] for a in found if a.head == "entry"]
    if len(set(names)) < len(names):  # an array whose entries are equal stands for all coincidences
        p = _without_indices(p)
    coefficients: dict = {}
    for monomial, c in p.terms.items():
        real = tuple(pair for pair in monomial if _is_real(pair[0]))
        known = Poly({tuple(pair for pair in monomial if not _is_real(pair[0])): c})
        coefficients[real] = coefficients.get(real, ZERO) + known
    return not any(POSITIVE in (sign(c), sign(-c)) for c in coefficients.values())


STEPS = ("floor", "round")  # functions that are constant on intervals


def _has_steps(atom: Atom) -> bool:
    return atom.head in BRACKETS or (atom.head == "fn" and atom.args[0] in STEPS)


def _hides_integers(atom: Atom) -> bool:
    """Whether an integer stands inside an atom as a number: Σ_i i x_i is 0 where n = 1."""
    if atom.head == "entry":
        return False
    inside = {a for arg in atom.args if isinstance(arg, Poly) for a in atoms(arg)}
    allowed = ("size",) if atom.head == "base" else ()
    return any(_hides_integers(a) or (a.head not in allowed and _is_integer(a)) for a in inside)


def _is_integer(atom: Atom) -> bool:
    is_label = atom.head == "entry" and atom.args[2] is not None
    return is_label or atom.head in ("size", "var", "argmax")


def _is_real(atom: Atom) -> bool:
    """Whether it depends on an array of reals."""
    return any(a.head == "entry" and a.args[2] is None for a in everywhere(poly(atom)))


def _without_indices(p: Poly) -> Poly:
    return add(
        product([Poly({(): c}), *(REBUILD["power"](_blurred(a), e) for a, e in m)])
        for m, c in p.terms.items()
    )


def _blurred(atom: Atom) -> Poly:
    if atom.head == "entry":
        return poly(Atom("entry", *atom.args[:3]))
    if atom.head == "sum":
        return product([i.args[1] for i in atom.args[0]]) * _without_indices(atom.args[1])
    if atom.head in ("exp", "log", "base"):
        inside = _without_indices(atom.args[0])
        return REBUILD[atom.head](inside) if inside or atom.head == "exp" else poly(atom)
    return poly(atom)


def off_boundaries(p: Poly) -> Poly:
    """P where no [P = 0] holds, for the P that vanish on a boundary alone.

    That is a condition of the proof.
    """
    return add(
        Poly({m: c})
        for m, c in p.terms.items()
        if not any(a.head == "zero" and not may_vanish(a.args[0]) for a, _ in m)
    )


def _root_removed(p: Poly) -> Poly:
    """[a^q > 0] = [a > 0] for a root a^q, which is defined where a ≥ 0."""
    ((monomial, coefficient),) = p.terms.items() if len(p.terms) == 1 else (((), 1),)
    if len(monomial) == 1 and Fraction(monomial[0][1]).denominator % 2 == 0:
        atom = monomial[0][0]
        inside = atom.args[0] if atom.head == "base" else poly(atom)
        return scale(inside, coefficient)
    return p


@by_cases
def zero(p: Poly) -> Poly:
    """[P = 0] of a real. It stays an atom: whether P vanishes on a whole region is not guessed."""
    value = constant(p)
    if value is not None:
        return ONE if value == 0 else ZERO
    if sign(p) == POSITIVE or sign(-p) == POSITIVE:
        return ZERO
    p = _simplest(p)
    for candidate in (p, -p):
        weight = _is_maximum(candidate)
        if weight is not None:
            return weight
    return poly(Atom("zero", p if p.terms[leading(p)] > 0 else -p))


def _maximum_against_entry(p: Poly) -> Poly | None:
    """[max - x_k > 0] = 1 - [k is the maximiser], and [x_k - max > 0] = 0.

    Exact where the maximiser is unique.
    """
    weight = _is_maximum(p)
    if weight is not None:
        return ONE - weight
    return ZERO if _is_maximum(-p) is not None else None


def _is_maximum(p: Poly) -> Poly | None:
    """For P = c (f(A) - f(k)), A the maximiser of f and c > 0: [A = k]. Else None."""
    largest = [a for a in everywhere(p) if a.head == "argmax"]
    for atom in largest:
        bound, summand = atom.args[0], atom.args[1]
        if any(a.head in BRACKETS for a in everywhere(summand)):
            continue  # f(A) would build this bracket again, and so on
        whole = [Atom("argmax", bound, summand, place) for place in range(len(bound))]
        at_most = substitute(summand, dict(zip(bound, map(poly, whole), strict=True)))
        for factor in _factors(p, at_most):
            rest = at_most - p * factor
            values = _matched(summand, bound, rest)
            if values is not None:
                return product(delta(poly(a) - v) for a, v in zip(whole, values, strict=True))
    return None


def _factors(p: Poly, target: Poly) -> list[Poly]:
    """Positive rationals c for which c·P may share a term with the target."""
    shared = [Fraction(target.terms[m], p.terms[m]) for m in p.terms if m in target.terms]
    return [poly(c) for c in dict.fromkeys(shared) if c > 0]


def _matched(summand: Poly, bound: tuple[Atom, ...], rest: Poly) -> list[Poly] | None:
    """Indices k for which summand(k) = rest, tried among those that occur in the rest."""
    if len(summand.terms) != len(rest.terms):
        return None
    values: list[Poly] = []
    for v in bound:
        candidates = [a for a in rest.free - set(values) if a.args[1] == v.args[1]]
        fitting = [a for a in candidates if _fits(summand, v, a, rest, alone=len(bound) == 1)]
        if len(fitting) != 1:
            return None
        values.append(poly(fitting[0]))
    found = substitute(summand, dict(zip(bound, values, strict=True)))
    return values if found == rest else None


def _fits(summand: Poly, v: Atom, candidate: Atom, rest: Poly, alone: bool) -> bool:
    return not alone or substitute(summand, {v: poly(candidate)}) == rest


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
    if Fraction(p.terms.get((), 0)).denominator != 1:  # 2 i - 2 j ≠ 1
        return ZERO
    return poly(Atom("delta", p if p.terms[leading(p)] > 0 else -p))


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


@functools.lru_cache(maxsize=20000)
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
    if first.head != second.head or first.head not in ("positive", "atleast"):
        return None
    p, q, a, b = first.args[0], second.args[0], poly(first), poly(second)
    both = [m for m in p.terms if m in q.terms and m != ()]
    gap = 1 if first.head == "atleast" else 0
    for ratio in dict.fromkeys(Fraction(p.terms[m], q.terms[m]) for m in both):
        if ratio > 0:
            if at_least_zero(p - scale(q, ratio)):  # q > 0 implies p > 0
                return b
            if at_least_zero(scale(q, ratio) - p):
                return a
        elif gap == 0:
            if at_least_zero(scale(q, ratio) - p):  # p > 0 implies q < 0
                return ZERO
            spare = p - scale(q, ratio)
            if sign(spare) == POSITIVE or (at_least_zero(spare) and not may_vanish(q)):
                return a + b - ONE  # one of them holds
    return None


REBUILD |= {"positive": positive, "zero": zero, "delta": delta, "atleast": at_least}
