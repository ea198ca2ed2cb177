"""Sums over indices, in normal form.

A sum atom Σ_{i…} m holds one connected monomial m; everything else about sums is linear.
"""

from collections.abc import Iterable

from derivations.algebra.atoms import bound_indices, inside, places, size_of, summand
from derivations.algebra.binders import largest, maximiser, product_over
from derivations.algebra.brackets import in_range, settled, solve
from derivations.algebra.guessing import Indices
from derivations.algebra.identities import identity
from derivations.algebra.naming import canonical_sum, name_bound
from derivations.algebra.permutations import inverse_of, is_permutation_of
from derivations.algebra.ranges import at_least_zero, is_whole
from derivations.algebra.session import joined, tick
from derivations.algebra.terms import (
    PERMUTATIONS,
    REBUILD,
    ZERO,
    Atom,
    Monomial,
    Number,
    Poly,
    add,
    constant,
    everywhere,
    fresh,
    monomial,
    number,
    poly,
    product,
    scale,
    single,
    substitute,
    times,
    without,
)
from derivations.limits import MOST_UNROLLED


@identity("K9a", "Σ (a + b) = Σ a + Σ b", why="finite sums are linear")
def total(indices: Iterable[Atom], p: Poly) -> Poly:
    """Σ over all the indices of p."""
    indices = tuple(indices)
    if not indices:
        return p
    for index in indices:
        parts = _range_parts(index)
        if parts is not None:
            rest = tuple(i for i in indices if i != index)
            return add(
                total((*rest, j) if j else rest, substitute(p, {index: value}))
                for j, value in parts
            )
    return add(_total(indices, m, c) for m, c in settled(p).terms.items())


@identity(
    "K9b",
    "Σ_{q<n+m} f(q) = Σ_{q<n} f(q) + Σ_{q<m} f(n + q); for a number n, f(0) + … + f(n-1)",
    why="any way to part a range is sound",
    needs="the parts are integers ≥ 0",
)
def _range_parts(index: Atom) -> list[tuple[Atom | None, Poly]] | None:
    """The parts of a joined or a short axis: an index or None, and the value of the whole one's."""
    n = size_of(index)
    count = constant(n)
    if count is not None and count <= MOST_UNROLLED and count == int(count):
        return [(None, number(k)) for k in range(int(count))]
    if len(n.terms) < 2 or any(c < 0 or c != int(c) for c in n.terms.values()):
        return None
    apart = [monomial(m, c) for m, c in sorted(n.terms.items(), key=str)]
    lengths = joined().get(n.key) or apart
    if add(lengths) != n or not all(is_whole(k) and at_least_zero(k) for k in lengths):
        return None
    parts, start = [], ZERO
    for length in lengths:
        j = fresh(length)
        parts.append((j, start + j))
        start = start + length
    return parts


def _total(indices: Indices, pairs: Monomial, coefficient: Number) -> Poly:
    tick()
    opened = _opened(indices, pairs)
    if opened is not None:
        more, product_ = opened
        return total((*indices, *more), scale(product_, coefficient))
    turned = _sorted_back(indices, pairs) or _turned(indices, pairs)
    if turned is not None:
        return scale(total(*turned), coefficient)
    for atom, _ in pairs:
        if atom.head == "delta":
            contracted = _contracted(indices, pairs, atom)
            if contracted is not None:
                return scale(contracted, coefficient)
    return scale(_connected_sums(indices, pairs), coefficient)


@identity("K9c", "Σ_i f_i (Σ_j g_ij)² = Σ_i Σ_j Σ_k f_i g_ij g_ik", why="distributivity")
def _opened(indices: Indices, pairs: Monomial) -> tuple[Indices, Poly] | None:
    """Nested sums as more indices, under fresh names, and one product."""
    factors, rest, more = [], [], []
    for atom, e in pairs:
        is_inner = atom.head == "sum" and isinstance(e, int) and e > 0
        if not is_inner or atom.free.isdisjoint(indices):
            rest.append((atom, e))
            continue
        for _ in range(int(e)):
            names, factor = instantiate(atom)
            more.extend(names)
            factors.append(factor)
    return (tuple(more), product([monomial(rest), *factors])) if factors else None


def instantiate(binder: Atom) -> tuple[Indices, Poly]:
    """The summand of a binder under fresh names of its indices."""
    names = tuple(fresh(size_of(i)) for i in bound_indices(binder))
    values = {old: poly(new) for old, new in zip(bound_indices(binder), names, strict=True)}
    return names, substitute(summand(binder), values)


@identity(
    "K9d",
    "Σ_{i<n} [i = e] f(i) = [0 ≤ e < n] f(e)",
    why="one term at most is not 0",
    needs="e is an integer, as both sides of a comparison of integers are: K6a",
)
def _contracted(indices: Indices, pairs: Monomial, bracket: Atom) -> Poly | None:
    solved = solve(inside(bracket), frozenset(indices))
    if solved is None:
        return None
    index, value = solved
    there = substitute(monomial(without(pairs, bracket)), {index: value})
    return total((i for i in indices if i != index), in_range(value, size_of(index)) * there)


@identity(
    "K9e",
    "Σ_i f(order(i)) = Σ_j f(j)",
    why="a permutation is a bijection of the range",
    needs="i runs over all that is sorted, and the keys do not depend on i",
)
def _sorted_back(indices: Indices, pairs: Monomial) -> tuple[Indices, Poly] | None:
    """The sum over j = order(i), where i = rank(j) is not left anywhere."""
    p = monomial(pairs)
    sorting = sorted((a for a in everywhere(p) if a.head in PERMUTATIONS), key=lambda a: a.key)
    for index in indices:
        for atom in sorting:
            if is_permutation_of(atom, index):
                j = fresh(size_of(index))
                undone = inverse_of(atom, poly(j))
                moved = substitute(p, {index: undone})
                if single(undone) not in everywhere(moved):
                    return tuple(j if i == index else i for i in indices), moved
    return None


@identity("K9f", "Σ_{i<n} f(i) = Σ_{i<n} f(n-1-i)", why="a bijection of the range")
def _turned(indices: Indices, pairs: Monomial) -> tuple[Indices, Poly] | None:
    """The sum over n-1-i, for an index i that has a minus wherever it stands alone in a place."""
    p = monomial(pairs)
    at = [place for a in everywhere(p) if a.head == "entry" for place in places(a)]
    for index in indices:
        own = ((index, 1),)
        signs = [place.terms[own] for place in at if own in place.terms]
        if signs and max(signs) < 0:
            return indices, substitute(p, {index: size_of(index) - 1 - index})
    return None


@identity(
    "K9g",
    "Σ_ij c a_i b_j = c (Σ_i a_i) (Σ_j b_j), and Σ_{i<n} c = n c",
    why="distributivity",
)
def _connected_sums(indices: Indices, pairs: Monomial) -> Poly:
    """Factors without the indices go outside, those that share none apart; a bare index counts."""
    result = monomial(pair for pair in pairs if pair[0].free.isdisjoint(indices))
    within = [pair for pair in pairs if not pair[0].free.isdisjoint(indices)]
    left = set(indices)
    while within:
        group, names = _component(within, left)
        within = [pair for pair in within if pair not in group]
        left -= names
        ordered = tuple(sorted(names, key=lambda i: i.key))
        result = times(result, _of_one_term(canonical_sum(ordered, monomial(group))))
    return product([result, *(size_of(index) for index in left)])


def _of_one_term(named: Poly) -> Poly:
    """A comparison of integers may be turned by the new names, [k > i] = 1 - [i ≥ k]: two sums.

    The term with all brackets stays as it is named; the others have fewer factors, so it ends.
    """
    atom = single(named)
    if atom is None or len(summand(atom).terms) == 1:
        return named
    names, terms = bound_indices(atom), summand(atom).terms
    widest = max(terms, key=len)
    parts = [total(names, monomial(m, c)) for m, c in terms.items() if m != widest]
    return add([scale(poly(Atom("sum", names, monomial(widest))), terms[widest]), *parts])


def _component(pairs: list, indices: set[Atom]) -> tuple[list, set[Atom]]:
    """The factors that hang together with the first one by the indices, and those indices."""
    names = set(pairs[0][0].free & indices)
    while True:
        group = [pair for pair in pairs if not pair[0].free.isdisjoint(names)]
        grown = set().union(*(pair[0].free & indices for pair in group))
        if grown == names:
            return group, names
        names = grown


REBUILD["sum"] = total

__all__ = [
    "Indices",
    "instantiate",
    "largest",
    "maximiser",
    "name_bound",
    "product_over",
    "total",
]
