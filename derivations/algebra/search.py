"""The search for sums that belong together. Nothing in here is trusted.

What it hands over is a certificate, rest · Σ_anchor summand = the sum of the members; decide.py
checks it before it is used.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from derivations.algebra.atoms import bound_indices, size_of, summand
from derivations.algebra.functions import power
from derivations.algebra.guessing import Indices
from derivations.algebra.ranges import at_least_zero
from derivations.algebra.session import tick
from derivations.algebra.sums import instantiate, total
from derivations.algebra.terms import (
    Atom,
    Monomial,
    Poly,
    add,
    fresh,
    monomial,
    poly,
    product,
    substitute,
)
from derivations.limits import MOST_MATCHES

# what may differ from term to term, such as the exponential of a bias, goes into the sum
GOES_INSIDE = frozenset({"exp", "size", "prime", "const", "base", "log", "fn"})


class Certificate(NamedTuple):
    """The claim that the terms with these monomials are rest · Σ_anchor summand."""

    rest: Monomial
    anchor: Indices
    summand: Poly
    members: frozenset[Monomial]


class _Member(NamedTuple):
    """A term rest · factor · Σ(…) of the group of a rest; the sum is None in one without a sum."""

    sum: Atom | None
    factor: Poly
    monomial: Monomial


def certificates(p: Poly) -> Iterator[Certificate]:
    """Ways to read several terms of p as one sum."""
    groups: dict[Monomial, list[_Member]] = {}
    plain: dict[Monomial, list[_Member]] = {}  # terms without a sum, c = Σ_i c / n
    for pairs, coefficient in p.terms.items():
        sums = [atom for atom, e in pairs if atom.head == "sum" and e == 1]
        for atom in sums or (None,):
            others = [pair for pair in pairs if pair[0] != atom]
            rest = tuple(pair for pair in others if pair[0].head not in GOES_INSIDE)
            factor = (pair for pair in others if pair[0].head in GOES_INSIDE)
            found = _Member(atom, monomial(factor, coefficient), pairs)
            (groups if atom else plain).setdefault(rest, []).append(found)
    for rest, members in sorted(groups.items(), key=lambda group: str(group[0])):
        yield from _anchored(rest, members, plain.get(rest, []))


def _anchored(
    rest: Monomial, members: list[_Member], plain: list[_Member]
) -> Iterator[Certificate]:
    """The members as sums over a common anchor: the indices of a denominator or bracket inside."""
    seen = set()
    for member in members:
        assert member.sum is not None
        for pivot in _pivots(member.sum):
            sizes = tuple(sorted(size_of(v).key for v in pivot))
            if sizes not in seen:
                seen.add(sizes)
                yield from _with_pivot(rest, members, (member.sum, pivot), plain)


def _pivots(atom: Atom) -> Iterable[Indices]:
    """Sets of bound indices that a denominator, a bracket or a function inside depends on."""
    own = set(bound_indices(atom))
    found = []
    for pairs in summand(atom).terms:
        for inner, e in pairs:
            used = inner.free & own
            if used and (inner.head in ("base", "sum", "positive", "zero", "exp", "log") or e < 0):
                found.append(tuple(sorted(used, key=lambda v: v.key)))
    return dict.fromkeys([*found, bound_indices(atom)])


def _with_pivot(
    rest: Monomial,
    members: list[_Member],
    chosen: tuple[Atom, Indices],
    plain: list[_Member],
) -> Iterator[Certificate]:
    atom, pivot = chosen
    anchor = tuple(fresh(size_of(v)) for v in pivot)
    options = []
    for member, factor, pairs in members:
        assert member is not None
        own = [_inside(member, dict(zip(pivot, anchor, strict=True)))] if member == atom else None
        options.append([(view * factor, pairs) for view in own or _views(member, anchor)])
    for matched in _choices([option for option in options if option]):
        tick()
        gathered = add(view for view, _ in matched)
        inside = frozenset(pairs for _, pairs in matched)
        yield Certificate(rest, anchor, gathered, inside)
        if plain and all(at_least_zero(size_of(i) - 1) for i in anchor):
            count = product(size_of(i) for i in anchor)
            spread = power(count, -1) * add(factor for _, factor, _ in plain)
            alone = frozenset(pairs for _, _, pairs in plain)
            yield Certificate(rest, anchor, gathered + spread, inside | alone)


def _choices(options: list[list]) -> Iterator[tuple]:
    """One of each, in as many ways as the budget allows."""
    count = 1
    for option in options:
        count *= len(option)
    few = [option[:2] for option in options] if count > MOST_MATCHES else options
    return itertools.islice(itertools.product(*few), MOST_MATCHES)


def _views(atom: Atom, anchor: Indices) -> list[Poly]:
    """The sum with some of its indices called as in the anchor, in every way that fits."""
    fitting = (
        order
        for order in itertools.permutations(bound_indices(atom), len(anchor))
        if all(size_of(v) == size_of(a) for v, a in zip(order, anchor, strict=True))
    )
    return list(dict.fromkeys(_inside(atom, dict(zip(o, anchor, strict=True))) for o in fitting))


def _inside(atom: Atom, named: dict[Atom, Atom]) -> Poly:
    """The sum over the other indices."""
    names, term = instantiate(atom)
    fresh_names = dict(zip(bound_indices(atom), names, strict=True))
    values = {fresh_names[old]: poly(new) for old, new in named.items()}
    rest = tuple(fresh_names[old] for old in bound_indices(atom) if old not in named)
    return total(rest, substitute(term, values))
