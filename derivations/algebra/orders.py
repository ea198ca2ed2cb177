"""Sorting as a permutation: order(i) is the index of the i-th smallest entry, rank its inverse.

Both are integers in 0..n-1, and constant as long as no two entries change places; that the entries
differ is a condition of the proof. A permutation undoes its inverse, and takes each value once:
[order(i) = j] = [i = rank(j)], and Σ_i h(order(i)) = Σ_j h(j).
"""

from derivations.algebra.brackets import content
from derivations.algebra.sums import Indices, name_bound
from derivations.algebra.terms import PERMUTATIONS, REBUILD, Atom, Poly, poly, scale, single

INVERSE = {"order": "rank", "rank": "order"}


def order(indices: Indices, keys: Poly, place: Poly) -> Poly:
    """The index of the entry at a place when the keys are sorted, the least first."""
    return _permuted("order", indices, keys, place)


def rank(indices: Indices, keys: Poly, place: Poly) -> Poly:
    """The place of an entry when the keys are sorted."""
    return _permuted("rank", indices, keys, place)


def _permuted(head: str, indices: Indices, keys: Poly, place: Poly) -> Poly:
    (index,) = indices
    if keys == poly(index):  # sorted already
        return place
    inner = single(keys)
    if inner is not None and inner.head in INVERSE and inner.args[2] == poly(index):
        # the keys are a permutation: sorting it gives its inverse
        other = INVERSE[inner.head] if head == "order" else inner.head
        bound, its_keys, _ = inner.args
        return _permuted(other, bound, its_keys, place)
    named = name_bound(head, indices, scale(keys, 1 / content(keys)) if keys else keys)
    undone = single(place)
    if undone is not None and undone.head == INVERSE[head] and undone.args[:2] == named.args:
        return undone.args[2]
    return poly(Atom(head, *named.args, place))


REBUILD |= {"order": order, "rank": rank}

__all__ = ["INVERSE", "PERMUTATIONS", "order", "rank"]
