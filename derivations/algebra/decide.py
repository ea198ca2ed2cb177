"""Is an index expression zero? Yes is a proof; no means only that no proof was found.

1. Normal form. 2. Cases, if a condition guards a denominator. 3. Multiplication by the least powers
of composite denominators, which are not zero on the domain. 4. Sums that belong together are read
as one sum, and the same is asked of its summand: Σ 0 = 0. 5. Every value of an index that has few.
"""

from derivations.algebra.atoms import inside, size_of
from derivations.algebra.brackets import off_boundaries, settled
from derivations.algebra.cases import brackets_of, split
from derivations.algebra.functions import is_undefined
from derivations.algebra.identities import identity
from derivations.algebra.regions import lowest_powers, times_power
from derivations.algebra.search import Certificate, certificates
from derivations.algebra.session import tick
from derivations.algebra.sums import total
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    ZERO,
    Atom,
    Poly,
    Undecided,
    constant,
    monomial,
    number,
    part,
    poly,
    substitute,
)
from derivations.limits import DEEPEST, MOST_CASES, MOST_UNROLLED


def is_zero(p: Poly) -> bool:
    """Whether p = 0 was proved, off the boundaries of its brackets and zeros of denominators."""
    return _is_zero(p, 0) or _is_zero_everywhere(p)


def equal(a: Poly, b: Poly) -> bool:
    """Whether a = b was proved."""
    return is_zero(a - b)


@identity("K23", "f(i) = 0 for every i < n, if f(0) = … = f(n-1) = 0", why="i takes no other value")
def _is_zero_everywhere(p: Poly) -> bool:
    """Whether p = 0 at every value of a free index that has few.

    Asked of p itself: a denominator that p was multiplied with could be 0 at such a value.
    """
    for index in sorted(p.free, key=lambda i: i.key):
        count = constant(size_of(index))
        if count is not None and count <= MOST_UNROLLED and count == int(count):
            return all(is_zero(substitute(p, {index: number(k)})) for k in range(int(count)))
    return False


@identity(
    "K20a",
    "p = 0 if p = 0 where [c] = 1 and p = 0 where [c] = 0",
    why="by cases on c",
)
def _is_zero(p: Poly, depth: int, case: Poly = ONE, cases: int = 0) -> bool:
    """Whether case · p = 0, for a product of brackets and complements that p is without."""
    tick()
    p = settled(off_boundaries(p))
    whole = settled(off_boundaries(case * p)) if cases else p
    if not whole:
        return True
    if is_undefined(whole):
        raise Undecided("a nan or an infinity is left in the difference")
    guard = _guard(p)
    if guard is not None:
        return cases < MOST_CASES and all(
            _is_zero(here, depth, case * sure, cases + 1)
            for here, sure in zip(split(p, guard), (poly(guard), ONE - poly(guard)), strict=True)
        )
    return _is_zero_without_guards(whole, depth)


def _is_zero_without_guards(p: Poly, depth: int) -> bool:
    cleared = without_denominators(p)
    return not cleared or (depth < DEEPEST and not _after_gathering(cleared, depth))


# --- denominators ---


def _guard(p: Poly) -> Atom | None:
    """A bracket of which it depends whether a composite denominator of p occurs, if there is one.

    A denominator that occurs whatever the brackets are is not 0 on the domain; one that a bracket
    switches off may be 0 there.
    """
    for atom in sorted(lowest_powers(p), key=lambda a: a.key):
        own = part(p, lambda m, _, atom=atom: dict(m).get(atom, 0) < 0)
        if not _always_occurs(own):
            return brackets_of(own)[0]
    return None


def _always_occurs(p: Poly) -> bool:
    """Whether p is left in every case of its brackets; no, where there are too many of them."""
    found = brackets_of(p)
    if not found or any(all(a.head not in BRACKETS for a, _ in m) for m in _unmixed(p)):
        return bool(p)
    if len(found) > MOST_CASES:
        return False
    return all(map(_always_occurs, split(p, found[0])))


def _unmixed(p: Poly):
    """The monomials whose other factors occur with no other brackets."""
    by_rest: dict = {}
    for m in p.terms:
        by_rest.setdefault(tuple(pair for pair in m if pair[0].head not in BRACKETS), []).append(m)
    return (ms[0] for ms in by_rest.values() if len(ms) == 1)


@identity(
    "K20b",
    "p = 0 if d p = 0 for a denominator d of p",
    why="d ≠ 0 on the domain",
    needs="d occurs in every case (`_guard`), and d [i = j] ≠ 0 for every [i = j] in p",
)
def without_denominators(p: Poly) -> Poly:
    """`p` times the least powers that clear the composite denominators, until none is left."""
    for _ in range(DEEPEST):
        lowest = lowest_powers(p)
        if not lowest or any(_loses_a_case(p, atom) for atom in lowest):
            return p
        for atom, e in lowest.items():
            p = settled(times_power(p, atom, -e))
    return p


def _loses_a_case(p: Poly, base: Atom) -> bool:
    """Whether a term with [i = j] would vanish by the multiplication alone.

    So does [i = j] c when it is multiplied by x_i - x_j.
    """
    for pairs in p.terms:
        meeting = tuple(pair for pair in pairs if pair[0].head == "delta")
        if meeting and not settled(monomial(meeting) * inside(base)):
            return True
    return False


# --- sums ---


@identity("K22", "Σ_i f(i) = 0 if f(i) = 0", why="a sum of zeros")
def _after_gathering(p: Poly, depth: int) -> Poly:
    """What is left of p when every group of sums that is zero is taken away."""
    for found in certificates(p):
        if _is_right(found, p) and _is_zero(found.summand, depth + 1):
            rest = part(p, lambda m, _, found=found: m not in found.members)
            if not rest or len(rest.terms) == len(p.terms) or _is_zero(rest, depth + 1):
                return ZERO if len(rest.terms) < len(p.terms) else p
            return _after_gathering(rest, depth)
    return p


def _is_right(found: Certificate, p: Poly) -> bool:
    """Whether the members of p are rest · Σ_anchor summand, as the search claims."""
    members = part(p, lambda m, _: m in found.members)
    return monomial(found.rest) * total(found.anchor, found.summand) == members


__all__ = ["equal", "is_zero", "without_denominators"]
