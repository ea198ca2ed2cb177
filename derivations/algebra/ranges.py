"""What is known about the ranges of integers: bounds, quotients and remainders.

Sizes are integers of at least their minimum (1 unless said otherwise), indices run over 0..n-1.
"""

from fractions import Fraction

from derivations.algebra.atoms import bound_indices, place, size_of, summand, upper
from derivations.algebra.identities import identity
from derivations.algebra.signs import (
    NONNEGATIVE,
    POSITIVE,
    UNKNOWN,
    at_least_zero,
    atom_sign,
    sign,
)
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    PERMUTATIONS,
    ZERO,
    Atom,
    Number,
    Poly,
    add,
    is_integer,
    monomial,
)


def is_whole(p: Poly) -> bool:
    """Whether p is an integer for certain: natural powers of integers, integer coefficients."""
    return all(
        c == int(c) and all(e == int(e) and e > 0 and _is_whole_atom(a) for a, e in pairs)
        for pairs, c in p.terms.items()
    )


def _is_whole_atom(atom: Atom) -> bool:
    if atom.head in ("sum", "prod"):
        return is_whole(summand(atom))
    heads = BRACKETS | PERMUTATIONS | {"var", "size", "argmax"}
    return atom.head in heads or is_integer(atom)


@identity(
    "K17a",
    "Σ c n i lies between the sums of the terms' least and greatest values, 0 ≤ i < n",
    why="interval arithmetic",
)
def bounds(p: Poly) -> tuple[Poly, Poly] | None:
    """The least and greatest value of an expression linear in indices, as polynomials in sizes."""
    low, high = [], []
    for pairs, coefficient in p.terms.items():
        indices = [(a, e) for a, e in pairs if a.head != "size"]
        factor = monomial((pair for pair in pairs if pair[0].head == "size"), coefficient)
        if not indices:
            low.append(factor)
            high.append(factor)
            continue
        top = _top(*indices[0]) if len(indices) == 1 else None
        if top is None:
            return None
        (high if coefficient > 0 else low).append(factor * top)
    return add(low), add(high)


def _top(atom: Atom, e: Number) -> Poly | None:
    """The greatest value of an index, a label or a bracket, whose least is 0."""
    if e != 1:
        return None
    if atom.head == "var":
        return size_of(atom) - 1
    if atom.head == "argmax":
        return size_of(bound_indices(atom)[place(atom)]) - 1
    if atom.head in PERMUTATIONS:
        return size_of(bound_indices(atom)[0]) - 1
    if atom.head == "entry" and upper(atom) is not None:
        return upper(atom) - 1
    return ONE if atom.head in BRACKETS else None


def certainly_below(p: Poly, n: Poly) -> bool:
    """Whether 0 ≤ p < n is certain, for an integer n."""
    found = bounds(p)
    return found is not None and at_least_zero(found[0]) and at_least_zero(n - 1 - found[1])


@identity(
    "K17b",
    "p = q m + r has the quotient q and the remainder r, if q is an integer and 0 ≤ r < m",
    why="quotient and remainder are unique",
)
def divided(p: Poly, m: Poly) -> tuple[Poly, Poly] | None:
    """Quotient and remainder of an integer by a size, where they can be read off; else None."""
    if m == ONE:
        return p, ZERO
    quotient, rest = [], []
    for pairs, coefficient in p.terms.items():
        term = monomial(pairs, coefficient)
        ratio = _ratio(term, m)
        (rest if ratio is None else quotient).append(term if ratio is None else ratio)
    remainder = add(rest)
    if not is_whole(add(quotient)):
        return None
    return (add(quotient), remainder) if certainly_below(remainder, m) else None


def _ratio(term: Poly, m: Poly) -> Poly | None:
    """Term / m for an m of one term, if that is a polynomial with integer coefficients."""
    if len(m.terms) != 1:
        return None
    ((by, factor),) = m.terms.items()
    ((pairs, coefficient),) = term.terms.items()
    exponents = dict(pairs)
    for atom, e in by:
        exponents[atom] = exponents.get(atom, 0) - e
        if exponents[atom] < 0:
            return None
    ratio = Fraction(coefficient, factor)
    return monomial(exponents.items(), ratio) if ratio.denominator == 1 else None


__all__ = [
    "NONNEGATIVE",
    "POSITIVE",
    "UNKNOWN",
    "at_least_zero",
    "atom_sign",
    "bounds",
    "certainly_below",
    "divided",
    "is_whole",
    "sign",
]
