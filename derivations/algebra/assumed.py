"""Rewriting by what is taken for granted: known sums, and what must be positive.

The caller assumes Σ_k y[…, k] = c over the last axis of an array; the definition has no value
unless some quantities are positive.
"""

import itertools
from collections.abc import Iterable, Mapping

from derivations.algebra.atoms import inside, name_of, places, size_of
from derivations.algebra.cases import split
from derivations.algebra.factors import simplest
from derivations.algebra.identities import identity
from derivations.algebra.sums import instantiate, total
from derivations.algebra.terms import (
    Atom,
    Monomial,
    Number,
    Poly,
    add,
    atoms,
    monomial,
    number,
    poly,
    product,
    substitute,
    without,
)

Known = Mapping[str, tuple[Poly, int]]  # array -> length of its last axis, the sum over it


def with_sums(p: Poly, sums: Known) -> Poly:
    """`p` with Σ_k name[…, k] over a whole axis replaced by its value, for all names in `sums`."""
    if not sums:
        return p
    return add(_of_term(m, c, sums) for m, c in p.terms.items())


def _of_term(pairs: Monomial, coefficient: Number, sums: Known) -> Poly:
    factors = [number(coefficient)]
    for atom, e in pairs:
        is_sum = atom.head == "sum" and isinstance(e, int) and e > 0
        known = _known_sum(atom, sums) if is_sum else None
        factors += [monomial([(atom, e)])] if known is None else [known] * int(e)
    return product(factors)


@identity(
    "K24a",
    "Σ_{k…} y[…, k] f = Σ_{…} c f, for an f without k",
    why="the caller said that Σ_k y[…, k] = c; each step removes an index, so it ends",
    needs="k runs over the whole axis and occurs nowhere else",
)
def _known_sum(atom: Atom, sums: Known) -> Poly | None:
    names, term = instantiate(atom)
    ((pairs, coefficient),) = term.terms.items()
    for inner, e in pairs:
        if inner.head != "entry" or name_of(inner) not in sums or e != 1:
            continue
        length, value = sums[name_of(inner)]
        *before, last = places(inner)
        index = next((i for i in names if last == poly(i) and size_of(i) == length), None)
        rest = monomial(without(pairs, inner), coefficient)
        others = rest.free.union(*(p.free for p in before))
        if index is not None and index not in others:
            left = tuple(i for i in names if i != index)
            return with_sums(total(left, rest * number(value)), sums)
    return None


@identity(
    "K24b",
    "[f > 0] = 1 and [-f > 0] = 0",
    why="f is positive at all its indices wherever the definition has a value",
    needs="the fact is the definition's own, not the rule's",
)
def with_positive(p: Poly, facts: Iterable[Poly]) -> Poly:
    """`p` where every fact is positive at all its indices."""
    facts = tuple(facts)
    for bracket in sorted(atoms(p), key=lambda a: a.key):
        if bracket.head == "positive":
            holds, fails = split(p, bracket)
            if any(_is_case_of(inside(bracket), fact) for fact in facts):
                p = holds
            elif any(_is_case_of(-inside(bracket), fact) for fact in facts):
                p = fails
    return p


def _is_case_of(p: Poly, fact: Poly) -> bool:
    """Whether p is a positive multiple of the fact at some indices."""
    own = sorted(fact.free, key=lambda a: a.key)
    choices = [[i for i in p.free if size_of(i) == size_of(mine)] for mine in own]
    for chosen in itertools.product(*choices):
        there = substitute(fact, {a: poly(b) for a, b in zip(own, chosen, strict=True)})
        if simplest(p) == simplest(there):
            return True
    return False
