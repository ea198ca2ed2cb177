"""Sorting: order(k) is the index of the k-th smallest key, and rank its inverse."""

from derivations.algebra.factors import primitive
from derivations.algebra.guessing import Indices
from derivations.algebra.identities import identity
from derivations.algebra.naming import name_bound
from derivations.algebra.permutations import (
    INVERSE,
    applied,
    is_permutation_of,
    sorted_by,
)
from derivations.algebra.terms import PERMUTATIONS, REBUILD, Poly, poly, single


def order(indices: Indices, keys: Poly, at: Poly) -> Poly:
    """The index of the entry at a place when the keys are sorted, the least first."""
    return _permuted("order", indices, keys, at)


def rank(indices: Indices, keys: Poly, at: Poly) -> Poly:
    """The place of an entry when the keys are sorted."""
    return _permuted("rank", indices, keys, at)


@identity(
    "K9j",
    "what is sorted stays; sorting a permutation gives its inverse; the unit of the keys is free",
    why="the definition of sorting",
    needs="a permutation of all that is sorted",
)
def _permuted(head: str, indices: Indices, keys: Poly, at: Poly) -> Poly:
    (index,) = indices
    if keys == poly(index):
        return at
    inner = single(keys)
    if inner is not None and is_permutation_of(inner, index):
        other = INVERSE[inner.head] if head == "order" else inner.head
        return _permuted(other, *sorted_by(inner), at)
    named = name_bound(head, indices, primitive(keys))
    return applied(head, *sorted_by(named), at)


REBUILD |= {"order": order, "rank": rank}

__all__ = ["INVERSE", "PERMUTATIONS", "order", "rank"]
