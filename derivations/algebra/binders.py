"""Maximisers and products over indices."""

from derivations.algebra.atoms import size_of
from derivations.algebra.factors import is_positive, primitive
from derivations.algebra.guessing import Indices
from derivations.algebra.identities import identity
from derivations.algebra.naming import name_bound
from derivations.algebra.terms import (
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Poly,
    atoms,
    constant,
    divided_by,
    number,
    part,
    poly,
    product,
    substitute,
)
from derivations.limits import MOST_UNROLLED


@identity(
    "K11a",
    "the maximiser of c p + q is that of p, where c > 0 and q do not have its index",
    why="order axioms; of equal values the first is taken, here as there",
)
def maximiser(indices: Indices, p: Poly) -> tuple[Poly, ...]:
    """The indices at which p is greatest; 0 where p has none of them."""
    dependent = part(p, lambda m, _: any(not a.free.isdisjoint(indices) for a, _ in m))
    if not dependent:
        return tuple(ZERO for _ in indices)
    shared = sorted(
        (a for a in atoms(dependent) if a.free.isdisjoint(indices) and is_positive(a)),
        key=lambda a: a.key,
    )
    least = ((a, min(dict(m).get(a, 0) for m in dependent.terms)) for a in shared)
    dependent = divided_by(dependent, tuple((a, e) for a, e in least if e))
    named = name_bound("argmax", indices, primitive(dependent))
    return tuple(poly(Atom("argmax", *named.args, position)) for position in range(len(indices)))


@identity("K11b", "max p = p at the maximiser of p", why="the definition of a maximum")
def largest(indices: Indices, p: Poly) -> Poly:
    """The maximum. It is no constant: its derivative is that of the greatest entry."""
    if not indices:
        return p
    values = maximiser(indices, p)
    return substitute(p, dict(zip(indices, values, strict=True)))


@identity(
    "K9i", "Π p over k < n is 1 for p = 1, and p(0) … p(n-1) for a number n", why="definition"
)
def product_over(indices: Indices, p: Poly) -> Poly:
    """Π p over the indices."""
    if not indices:
        return p
    if constant(p) == 1:
        return ONE
    first, *rest = indices
    count = constant(size_of(first))
    if count is not None and count <= MOST_UNROLLED and count == int(count):
        here = (substitute(p, {first: number(k)}) for k in range(int(count)))
        return product(product_over(tuple(rest), q) for q in here)
    return poly(name_bound("prod", indices, p))


def _argmax_rule(indices: Indices, summand: Poly, position: int) -> Poly:
    return maximiser(indices, summand)[position]


REBUILD |= {"argmax": _argmax_rule, "prod": product_over}
