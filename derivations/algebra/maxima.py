"""A maximum against what it is the maximum of: max - f(k) is 0 where k is the maximiser alone."""

from derivations.algebra.atoms import (
    Atom,
    bound_indices,
    is_integer,
    name_of,
    places,
    size_of,
    summand,
)
from derivations.algebra.guessing import factors, matches
from derivations.algebra.identities import identity
from derivations.algebra.integers import delta, solve
from derivations.algebra.ranges import certainly_below
from derivations.algebra.regions import has_steps, may_vanish
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Poly,
    everywhere,
    poly,
    product,
    renamed,
    scale,
    substitute,
)


@identity(
    "K8a",
    "[max f - f(k) > 0] = 1 - [k is the maximiser], and [f(k) - max f > 0] = 0",
    why="the definition of a maximum",
    needs="the maximiser is unique but on a null set; k is in its range",
)
def maximum_against_entry(p: Poly) -> Poly | None:
    """[P > 0] for a P = ±c (max f - f(k)) with c > 0, else None."""
    weight = is_maximum(p)
    if weight is not None:
        return ONE - weight
    return ZERO if is_maximum(-p) is not None else None


@identity(
    "K8b",
    "[max f - f(k) = 0] = [k is the maximiser]",
    why="the definition of a maximum; for a k out of range the two are equal on a null set",
    needs="the maximiser is unique but on a null set",
)
def is_maximum(p: Poly, within: bool = True, given: frozenset[Poly] = frozenset()) -> Poly | None:
    """[A = k] for P = c (f(A) - f(k)), A the maximiser of f and c > 0. Else None.

    With `within` the k must be one of those that A is chosen from, so that P ≥ 0; without, P is 0
    off its boundary at k = A alone. The maximisers of what is given are unique, the caller says.
    """
    largest = [
        a for a in everywhere(p) if a.head == "argmax" and (summand(a) in given or not _may_tie(a))
    ]
    for atom in largest:
        bound, f = bound_indices(atom), summand(atom)
        whole = [Atom("argmax", bound, f, position) for position in range(len(bound))]
        at_most = substitute(f, dict(zip(bound, map(poly, whole), strict=True)))
        for factor in factors(p, at_most):
            values = _solution(f, bound, at_most - scale(p, factor), within)
            if values is not None:
                return product(delta(poly(a) - v) for a, v in zip(whole, values, strict=True))
    return None


def meets_maximum(p: Poly, given: frozenset[Poly] = frozenset()) -> Poly | None:
    """[P = 0] for P = ±c (max f - f(k)), off ties: whether k is the maximiser. Else None."""
    found = (is_maximum(candidate, False, given) for candidate in (p, -p))
    return next((weight for weight in found if weight is not None), None)


def _solution(
    f: Poly, bound: tuple[Atom, ...], rest: Poly, within: bool
) -> tuple[Poly, ...] | None:
    """Indices k for which f(k) = rest; any are as good as others, as f(k) is what counts."""
    if len(f.terms) != len(rest.terms):
        return None
    for values in matches(f, bound, rest):
        if substitute(f, values) == rest:
            inside = all(certainly_below(k, size_of(v)) for v, k in values.items())
            return tuple(values[v] for v in bound) if inside or not within else None
    return None


@cached
def _may_tie(atom: Atom) -> bool:
    """Whether f may have equal values at different indices on a whole region.

    So it is with steps and labels, and with symmetries: y[i, j] + y[j, i], x[i] + x[n-1-i]. None of
    them, if f depends on some array at one place alone, and different indices give different
    places: then f(k) - f(k') is f less the same f with another array there.
    """
    f, bound = summand(atom), frozenset(bound_indices(atom))
    if has_steps(f) or any(map(is_integer, everywhere(f))):
        return True
    entries: dict[str, list[Atom]] = {}
    for inner in everywhere(f):
        if inner.head == "entry":
            entries.setdefault(name_of(inner), []).append(inner)
    return not any(
        _tells_apart(own[0], f, bound) and not may_vanish(f - _with_another(f, name))
        for name, own in entries.items()
        if len(own) == 1
    )


def _tells_apart(entry: Atom, f: Poly, bound: frozenset[Atom]) -> bool:
    """Whether each bound index is found, by itself, in a place of the entry."""
    found = set()
    for at in places(entry):
        solved = solve(at, bound)
        if solved is not None and solved[1].free <= f.free - bound:
            found.add(solved[0])
    return found == bound


def _with_another(f: Poly, name: str) -> Poly:
    """`f` with another array in place of the named one."""
    return renamed(f, lambda other: f"another {name}" if other == name else other)
