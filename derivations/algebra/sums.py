"""What binds an index: sums, maximisers, products.

A sum atom Σ_{i…} m holds one connected monomial m; everything else about sums is linear. Bound
indices are named by
their level and position, in the order that gives the least key, so that sums which differ by names
alone are equal.
"""

import itertools
from collections.abc import Iterable, Sequence

from derivations.algebra.brackets import content, in_range, settled, solve
from derivations.algebra.functions import power
from derivations.algebra.ranges import POSITIVE, sign
from derivations.algebra.session import joined, tick
from derivations.algebra.terms import (
    ONE,
    PERMUTATIONS,
    REBUILD,
    ZERO,
    Atom,
    Poly,
    Undecided,
    add,
    atoms,
    bound,
    constant,
    everywhere,
    fresh,
    number,
    poly,
    product,
    scale,
    substitute,
    times,
)
from derivations.limits import MOST_ORDERS, MOST_TIES, MOST_UNROLLED

Indices = tuple[Atom, ...]


def total(indices: Iterable[Atom], p: Poly) -> Poly:
    """Σ over all the indices of p."""
    indices = tuple(indices)
    if not indices:
        return p
    for index in indices:
        parts = _range_parts(index)
        if parts is not None:  # any way to part the range is sound
            rest = tuple(i for i in indices if i != index)
            return add(
                total((*rest, j) if j else rest, substitute(p, {index: value}))
                for j, value in parts
            )
    return add(_total(indices, m, c) for m, c in settled(p).terms.items())


def _range_parts(index: Atom) -> list[tuple[Atom | None, Poly]] | None:
    """Joined axes are summed part by part, Σ_{q<n+m} = Σ_{q<n} + Σ_{q<m}.

    And axes of a few entries one by one.
    """
    n = index.args[1]
    count = constant(n)
    if count is not None and count <= MOST_UNROLLED:
        return [(None, number(k)) for k in range(int(count))]
    if len(n.terms) < 2 or any(c < 0 or c != int(c) for c in n.terms.values()):
        return None
    lengths = joined().get(n.key) or [Poly({m: c}) for m, c in sorted(n.terms.items(), key=str)]
    parts, start = [], ZERO
    for length in lengths:
        j = fresh(length)
        parts.append((j, start + j))
        start = start + length
    return parts


def _total(indices: Indices, monomial, coefficient) -> Poly:
    tick()
    opened = _opened(indices, monomial)
    if opened is not None:
        more, inside = opened
        return total((*indices, *more), scale(inside, coefficient))
    turned = _reindexed(indices, monomial)
    if turned is not None:
        return scale(total(*turned), coefficient)
    for atom, _ in monomial:
        if atom.head == "delta":
            contracted = _contracted(indices, monomial, atom)
            if contracted is not None:
                return scale(contracted, coefficient)
    return scale(_connected_sums(indices, monomial), coefficient)


def _opened(indices: Indices, monomial) -> tuple[Indices, Poly] | None:
    """Nested sums become one: Σ_i f_i (Σ_j g_ij)² = Σ_i Σ_j Σ_k f_i g_ij g_ik, with fresh names."""
    factors, rest, more = [], [], []
    for atom, e in monomial:
        inner = (
            atom.head == "sum"
            and isinstance(e, int)
            and e > 0
            and not atom.free.isdisjoint(indices)
        )
        if not inner:
            rest.append((atom, e))
            continue
        for _ in range(e):
            names, summand = instantiate(atom)
            more.extend(names)
            factors.append(summand)
    return (tuple(more), product([Poly({tuple(rest): 1}), *factors])) if factors else None


def instantiate(atom: Atom) -> tuple[Indices, Poly]:
    """The summand of a binder under fresh names of its indices."""
    names = tuple(fresh(i.args[1]) for i in atom.args[0])
    values = {old: poly(new) for old, new in zip(atom.args[0], names, strict=True)}
    return names, substitute(atom.args[1], values)


def _contracted(indices: Indices, monomial, atom: Atom) -> Poly | None:
    """Σ_i [i = e] f(i) = [0 ≤ e < n] f(e)."""
    solved = solve(atom.args[0], frozenset(indices))
    if solved is None:
        return None
    index, value = solved
    rest = Poly({tuple(pair for pair in monomial if pair[0] != atom): 1})
    inside = in_range(value, index.args[1]) * substitute(rest, {index: value})
    return total(tuple(i for i in indices if i != index), inside)


def _reindexed(indices: Indices, monomial) -> tuple[Indices, Poly] | None:
    """The sum over another name of an index, where the summand is simpler in it.

    Σ_i f(order(i)) = Σ_j f(j), and Σ_i f(n-1-i) = Σ_i f(i): a bijection of the range.
    """
    p = Poly({monomial: 1})
    inside = everywhere(p)
    for index in indices:
        sorting = [a for a in inside if a.head in PERMUTATIONS and a.args[2] == poly(index)]
        if sorting:
            j = fresh(index.args[1])
            undo = {"order": "rank", "rank": "order"}[sorting[0].head]
            moved = substitute(p, {index: REBUILD[undo](*sorting[0].args[:2], poly(j))})
            if not any(a.head == undo and a.args[2] == poly(j) for a in everywhere(moved)):
                return tuple(j if i == index else i for i in indices), moved
        places = [at for a in inside if a.head == "entry" for at in a.args[3:]]
        signs = [at.terms[own] for at in places if (own := ((index, 1),)) in at.terms]
        if signs and max(signs) < 0:
            return indices, substitute(p, {index: index.args[1] - 1 - index})
    return None


def _connected_sums(indices: Indices, monomial) -> Poly:
    """Factors without the indices go outside, those that share none apart.

    An index that none has counts.
    """
    outside = tuple(pair for pair in monomial if pair[0].free.isdisjoint(indices))
    inside = [pair for pair in monomial if not pair[0].free.isdisjoint(indices)]
    result = Poly({outside: 1})
    left = set(indices)
    while inside:
        group, names = _component(inside, left)
        inside = [pair for pair in inside if pair not in group]
        left -= names
        result = times(
            result, _canonical(tuple(sorted(names, key=_by_key)), Poly({tuple(group): 1}))
        )
    for index in left:
        result = times(result, index.args[1])
    return result


def _component(pairs: list, indices: set[Atom]) -> tuple[list, set[Atom]]:
    names = set(pairs[0][0].free & indices)
    while True:
        group = [pair for pair in pairs if not pair[0].free.isdisjoint(names)]
        grown = set().union(*(pair[0].free & indices for pair in group))
        if grown == names:
            return group, names
        names = grown


def _by_key(atom: Atom) -> str:
    return atom.key


def _canonical(indices: Indices, summand: Poly) -> Poly:
    """The sum atom whose bound names give the least key."""
    best = min(
        (name_bound("sum", order, summand) for order in _orders(indices, summand)), key=_by_key
    )
    return poly(best)


def name_bound(head: str, order: Sequence[Atom], summand: Poly) -> Atom:
    """The binder with its indices named by a level above every binder inside.

    And below every one outside.
    """
    level = 1 + summand.level
    if any(0 < i.args[2] <= level for i in summand.free.difference(order)):
        raise Undecided("indices bound at a level that is in use")  # would be a capture
    names = tuple(bound(level, k, index.args[1]) for k, index in enumerate(order))
    values = {old: poly(new) for old, new in zip(order, names, strict=True)}
    return Atom(head, names, substitute(summand, values))


def _orders(indices: Indices, summand: Poly) -> list[tuple[Atom, ...]]:
    """The orders of the indices that are worth trying.

    Sizes first, then equal signatures in every order.
    """
    groups: dict[str, list[Atom]] = {}
    for index in indices:
        groups.setdefault(index.args[1].key, []).append(index)
    if _count(groups.values()) > MOST_ORDERS:
        groups = {}
        for index in indices:
            groups.setdefault(_signature(index, indices, summand), []).append(index)
    if _count(groups.values()) > MOST_TIES:  # still sound: equal sums may then look different
        return [tuple(itertools.chain.from_iterable(groups[k] for k in sorted(groups)))]
    choices = [itertools.permutations(groups[k]) for k in sorted(groups)]
    return [tuple(itertools.chain.from_iterable(order)) for order in itertools.product(*choices)]


def _count(groups: Iterable[list]) -> int:
    result = 1
    for group in groups:
        for k in range(2, len(group) + 1):
            result *= k
    return result


def _signature(index: Atom, indices: Indices, summand: Poly) -> str:
    """The summand seen from one index: itself marked, the others alike."""
    values = {
        i: poly(Atom("var", "this" if i == index else "other", i.args[1], 0)) for i in indices
    }
    return index.args[1].key + "|" + substitute(summand, values).key


def maximiser(indices: Indices, p: Poly) -> tuple[Poly, ...]:
    """The indices at which p is greatest.

    Adding what has no index, or scaling by a positive constant, changes nothing.
    """
    dependent = Poly(
        {m: c for m, c in p.terms.items() if any(not a.free.isdisjoint(indices) for a, _ in m)}
    )
    if not dependent:
        return tuple(ZERO for _ in indices)
    shared = [
        a for a in atoms(dependent) if a.free.isdisjoint(indices) and sign(poly(a)) == POSITIVE
    ]
    for atom in shared:
        least = min(dict(m).get(atom, 0) for m in dependent.terms)
        dependent = dependent * power(poly(atom), -least)
    dependent = scale(dependent, 1 / content(dependent))
    named = name_bound("argmax", indices, dependent)
    return tuple(poly(Atom("argmax", *named.args, place)) for place in range(len(indices)))


def largest(indices: Indices, p: Poly) -> Poly:
    """Max p = p at its maximiser.

    So the maximum is no constant, and its derivative that of the greatest entry.
    """
    if not indices:
        return p
    values = maximiser(indices, p)
    return substitute(p, dict(zip(indices, values, strict=True)))


def _argmax_rule(indices: Indices, summand: Poly, place: int) -> Poly:
    return maximiser(indices, summand)[place]


def product_over(indices: Indices, p: Poly) -> Poly:
    """Π p over the indices."""
    if not indices:
        return p
    if constant(p) == 1:
        return ONE
    first, *rest = indices
    count = constant(first.args[1])
    if count is not None and count <= MOST_UNROLLED:
        here = (substitute(p, {first: number(k)}) for k in range(int(count)))
        return product(product_over(tuple(rest), q) for q in here)
    return poly(name_bound("prod", indices, p))


REBUILD |= {"sum": total, "argmax": _argmax_rule, "prod": product_over}
