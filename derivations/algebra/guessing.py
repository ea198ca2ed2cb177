"""What the kernel tries. Nothing in here is trusted: whoever uses a guess checks it.

The search for sums that belong together is in search.py, for the same reason.
"""

import itertools
from collections.abc import Iterable
from fractions import Fraction

from derivations.algebra.atoms import Atom, name_of, places, size_of
from derivations.algebra.integers import solve
from derivations.algebra.session import tick
from derivations.algebra.terms import Poly, everywhere, poly, substitute
from derivations.limits import MOST_ORDERS, MOST_TIES

Indices = tuple[Atom, ...]


def factors(p: Poly, target: Poly) -> list[Fraction]:
    """Positive rationals c for which c·p may share a term with the target."""
    shared = [Fraction(target.terms[m], p.terms[m]) for m in p.terms if m in target.terms]
    return [c for c in dict.fromkeys(shared) if c > 0]


def matches(summand: Poly, bound: Indices, rest: Poly) -> Iterable[dict[Atom, Poly]]:
    """Values of the bound indices for which summand may be the rest, from the places of entries."""
    for values in itertools.product(*(_values(v, summand, rest) for v in bound)):
        tick()
        yield dict(zip(bound, values, strict=True))


def _values(v: Atom, summand: Poly, rest: Poly) -> list[Poly]:
    """The values of v that would make an entry of the summand one of the rest."""
    found: dict[str, Poly] = {}
    entries = [a for a in everywhere(rest) if a.head == "entry"]
    for mine in everywhere(summand):
        if mine.head == "entry" and v in mine.free:
            for other in entries:
                if name_of(other) == name_of(mine) and len(places(other)) == len(places(mine)):
                    for here, there in zip(places(mine), places(other), strict=True):
                        solved = solve(here - there, {v})
                        if solved is not None:
                            found[solved[1].key] = solved[1]
    return list(found.values())


def orders(indices: Indices, summand: Poly) -> list[Indices]:
    """The orders of bound indices that are worth trying: by size, then every order of equal ones.

    Where those are too many, indices that look alike in the summand are kept apart from others.
    """
    groups: dict[str, list[Atom]] = {}
    for index in indices:
        groups.setdefault(size_of(index).key, []).append(index)
    if count_orders(groups.values()) > MOST_ORDERS:
        groups = {}
        for index in indices:
            groups.setdefault(_signature(index, indices, summand), []).append(index)
    if count_orders(groups.values()) > MOST_TIES:  # equal sums may then look different
        return [tuple(itertools.chain.from_iterable(groups[k] for k in sorted(groups)))]
    choices = [itertools.permutations(groups[k]) for k in sorted(groups)]
    return [tuple(itertools.chain.from_iterable(order)) for order in itertools.product(*choices)]


def count_orders(groups: Iterable[list]) -> int:
    """In how many orders the groups can be written, group after group."""
    result = 1
    for group in groups:
        for k in range(2, len(group) + 1):
            result *= k
    return result


def _signature(index: Atom, indices: Indices, summand: Poly) -> str:
    """The summand seen from one index: itself marked, the others alike."""
    values = {
        i: poly(Atom("var", "this" if i == index else "other", size_of(i), 0)) for i in indices
    }
    return size_of(index).key + "|" + substitute(summand, values).key
