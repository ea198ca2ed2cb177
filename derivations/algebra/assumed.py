"""Rewriting by what is taken for granted: known sums, and what must be positive.

The caller assumes Σ_k y[…, k] = c over the last axis of an array.

Sound where the assumption holds: in Σ_{k…} m the factor y[…, k] is taken out with its index when
nothing else in m depends on k and k runs over the whole axis. Each step removes an index, so it
ends.
"""

import itertools
from collections.abc import Iterable, Mapping

from derivations.algebra.brackets import content, split
from derivations.algebra.sums import instantiate, total
from derivations.algebra.terms import (
    Atom,
    Poly,
    add,
    atoms,
    number,
    poly,
    scale,
    substitute,
    times,
)

Known = Mapping[str, tuple[Poly, int]]  # array -> length of its last axis, the sum over it


def with_sums(p: Poly, sums: Known) -> Poly:
    """P with Σ_k name[…, k] over the whole axis replaced by its value, for every name in `sums`."""
    if not sums:
        return p
    return add(_of_term(m, c, sums) for m, c in p.terms.items())


def _of_term(monomial, coefficient, sums: Known) -> Poly:
    result = Poly({(): coefficient})
    for atom, e in monomial:
        factor = (
            _replaced(atom, sums) if atom.head == "sum" and isinstance(e, int) and e > 0 else None
        )
        if factor is None:
            result = times(result, Poly({((atom, e),): 1}))
        else:
            for _ in range(e):
                result = times(result, factor)
    return result


def _replaced(atom: Atom, sums: Known) -> Poly | None:
    names, summand = instantiate(atom)
    ((monomial, coefficient),) = summand.terms.items()
    for inner, e in monomial:
        if inner.head != "entry" or inner.args[0] not in sums or e != 1:
            continue
        (length, value), last = sums[inner.args[0]], inner.args[-1]
        index = next((i for i in names if last == poly(i) and i.args[1] == length), None)
        rest = tuple(pair for pair in monomial if pair[0] != inner)
        others = Poly({rest: coefficient}).free.union(*(p.free for p in inner.args[3:-1]))
        if index is not None and index not in others:
            left = tuple(i for i in names if i != index)
            return with_sums(total(left, Poly({rest: coefficient}) * number(value)), sums)
    return None


def with_positive(p: Poly, facts: Iterable[Poly]) -> Poly:
    """P where every fact is positive at all its indices: [fact > 0] = 1, and [-fact > 0] = 0.

    Sound where the facts are conditions without which the definition itself has no value.
    """
    facts = tuple(facts)
    for bracket in sorted(atoms(p), key=lambda a: a.key):
        if bracket.head == "positive":
            holds, fails = split(p, bracket)
            inside = bracket.args[0]
            if any(_is_case_of(inside, fact) for fact in facts):
                p = holds
            elif any(_is_case_of(-inside, fact) for fact in facts):
                p = fails
    return p


def _is_case_of(p: Poly, fact: Poly) -> bool:
    """Whether p is a positive multiple of the fact at some indices."""
    own = sorted(fact.free, key=lambda a: a.key)
    choices = [[i for i in p.free if i.args[1] == mine.args[1]] for mine in own]
    for chosen in itertools.product(*choices):
        there = substitute(fact, {a: poly(b) for a, b in zip(own, chosen, strict=True)})
        if _simplest(p) == _simplest(there):
            return True
    return False


def _simplest(p: Poly) -> Poly:
    return scale(p, 1 / content(p)) if p else p
