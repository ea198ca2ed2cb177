"""Sorting as a permutation: order(k) is the index of the k-th smallest key, and rank its inverse.

Both are integers in 0..n-1 and constant as long as no two keys change places; that the keys differ
is a condition which the reader notes.
"""

from derivations.algebra.atoms import bound_indices, place, size_of, summand
from derivations.algebra.identities import identity
from derivations.algebra.ranges import certainly_below
from derivations.algebra.terms import PERMUTATIONS, Atom, Poly, part, poly, scale, single

INVERSE = {"order": "rank", "rank": "order"}


def sorted_by(permutation: Atom) -> tuple[tuple[Atom, ...], Poly]:
    """The bound index and the keys, which say which permutation it is."""
    return bound_indices(permutation), summand(permutation)


def length(permutation: Atom) -> Poly:
    """The number of entries that are sorted."""
    return size_of(bound_indices(permutation)[0])


@identity("K9h", "order(rank(e)) = e = rank(order(e))", why="the one is the inverse of the other")
def applied(head: str, index: tuple[Atom, ...], keys: Poly, at: Poly) -> Poly:
    """The permutation with these keys, in normal form, at a place."""
    undone = single(at)
    if undone is not None and undone.head == INVERSE[head] and sorted_by(undone) == (index, keys):
        return place(undone)
    return poly(Atom(head, index, keys, at))


def inverse_of(permutation: Atom, at: Poly) -> Poly:
    """The inverse of a permutation at another place."""
    return applied(INVERSE[permutation.head], *sorted_by(permutation), at)


def is_permutation_of(atom: Atom, index: Atom) -> bool:
    """Whether the atom takes each value in the range of the index once, as the index runs.

    The keys must not depend on the index, and all that is sorted must be in its range.
    """
    return (
        atom.head in PERMUTATIONS
        and place(atom) == poly(index)
        and length(atom) == size_of(index)
        and index not in summand(atom).free
    )


@identity(
    "K6c",
    "[order(i) = e] = [i = rank(e)]",
    why="a permutation takes each value once",
    needs="0 ≤ i, e < n, for the n entries that are sorted",
)
def unsorted(p: Poly) -> Poly | None:
    """An integer that is 0 where p is, for a p = ±order(i) + rest; None if p has no such form."""
    for pairs, c in p.terms.items():
        if len(pairs) == 1 and pairs[0][0].head == "order" and pairs[0][1] == 1 and abs(c) == 1:
            permutation = pairs[0][0]
            value = scale(part(p, lambda m, _, own=pairs: m != own), -c)
            n = length(permutation)
            if certainly_below(value, n) and certainly_below(place(permutation), n):
                return place(permutation) - inverse_of(permutation, value)
    return None
