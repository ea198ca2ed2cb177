"""Names of bound indices: a level above every binder inside, in the order of the least key.

So binders that differ by names alone are equal, and nothing that is put in is captured.
"""

from collections.abc import Sequence

from derivations.algebra.atoms import binding_level, bound, size_of
from derivations.algebra.guessing import Indices, orders
from derivations.algebra.identities import identity
from derivations.algebra.session import tick
from derivations.algebra.terms import Atom, Poly, Undecided, poly, substitute


@identity(
    "K10a",
    "a bound index may be called otherwise",
    why="renaming; the new names are of a level that no free index inside has",
)
def name_bound(head: str, order: Sequence[Atom], summand: Poly) -> Atom:
    """The binder with indices of a level above every binder inside, and below every one outside."""
    tick()
    level = 1 + summand.level
    if any(0 < binding_level(i) <= level for i in summand.free.difference(order)):
        raise Undecided("indices bound at a level that is in use")  # would be a capture
    names = tuple(bound(level, k, size_of(index)) for k, index in enumerate(order))
    values = {old: poly(new) for old, new in zip(order, names, strict=True)}
    return Atom(head, names, substitute(summand, values))


@identity("K10b", "the order of the indices of a sum does not matter", why="finite sums commute")
def canonical_sum(indices: Indices, summand: Poly) -> Poly:
    """The sum atom whose bound names give the least key, of the orders that are tried."""
    tried = [order for order in orders(indices, summand) if set(order) == set(indices)]
    named = (name_bound("sum", order, summand) for order in tried)
    return poly(min(named, key=lambda atom: atom.key))
