"""What is known about signs and ranges, from the structure alone: no rule here guesses.

Sizes are integers of at least their minimum (1 unless said otherwise), indices run over 0..n-1. A
sign is that of a value which is defined: where 1/a or √a has no value, nothing is claimed.
"""

from fractions import Fraction

from derivations.algebra.atoms import (
    bound_indices,
    inside,
    least,
    name_of,
    noted_sign,
    place,
    size_of,
    summand,
    upper,
)
from derivations.algebra.identities import identity
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    PERMUTATIONS,
    ZERO,
    Atom,
    Monomial,
    Number,
    Poly,
    add,
    is_integer,
    monomial,
    poly,
    product,
    scale,
    without,
)

POSITIVE, NONNEGATIVE, UNKNOWN = 2, 1, 0
_OF_ATOM = {
    "exp": POSITIVE,
    "size": POSITIVE,
    "prime": POSITIVE,
    "var": NONNEGATIVE,
    "argmax": NONNEGATIVE,
    "order": NONNEGATIVE,
    "rank": NONNEGATIVE,
}
_OF_ENTRY = {"+": POSITIVE, "0+": NONNEGATIVE}


# --- signs ---


@identity(
    "K16a",
    "e^x, sizes and entries noted as positive are > 0; brackets, indices, labels are ≥ 0; a sum "
    "of what is ≥ 0 is ≥ 0, and > 0 if it is not empty and its terms are > 0",
    why="their definitions",
)
def atom_sign(atom: Atom) -> int:
    """POSITIVE, NONNEGATIVE or UNKNOWN."""
    if atom.head in BRACKETS or (atom.head == "size" and least(atom) < 1):
        return NONNEGATIVE
    if atom.head == "entry":
        return NONNEGATIVE if upper(atom) is not None else _OF_ENTRY.get(noted_sign(atom), UNKNOWN)
    if atom.head == "const":
        return POSITIVE if name_of(atom) == "pi" else UNKNOWN
    if atom.head == "sum":
        some = all(at_least_zero(size_of(i) - 1) for i in bound_indices(atom))
        return min(sign(summand(atom)), POSITIVE if some else NONNEGATIVE)
    if atom.head == "base":
        return sign(inside(atom))
    return _OF_ATOM.get(atom.head, UNKNOWN)


@identity(
    "K16b",
    "a² ≥ 0, √a ≥ 0, and 1/a > 0 where a ≥ 0",
    why="a square, and what has an even root, is not negative; a divisor is not 0",
    needs="the power has a value: a ≠ 0 for a negative exponent, a ≥ 0 for a root",
)
def _power_sign(atom: Atom, e: Number) -> int:
    """The sign of a power where it is defined."""
    of_base = atom_sign(atom)
    if e % 2 == 0 or Fraction(e).denominator % 2 == 0:
        of_base = max(of_base, NONNEGATIVE)
    return POSITIVE if e < 0 and of_base == NONNEGATIVE else of_base


@identity(
    "K16c",
    "a sum of terms c m with c > 0 and m ≥ 0 is ≥ 0, and > 0 if one of them is",
    why="order axioms",
)
def sign(p: Poly) -> int:
    """POSITIVE, NONNEGATIVE or UNKNOWN; only what is certain is claimed."""
    signs = []
    for pairs, coefficient in p.terms.items():
        here = _sign_of_factors(pairs)
        if coefficient < 0 or here == UNKNOWN:
            return max(_sign_in_sizes(p), _sign_of_spread(p))
        signs.append(here)
    return max(signs, default=NONNEGATIVE)


def _sign_of_factors(pairs: Monomial) -> int:
    return min((_power_sign(a, e) for a, e in pairs), default=POSITIVE)


@identity(
    "K16d",
    "a polynomial in sizes is ≥ 0 if it has no negative coefficient in n' = n - least(n)",
    why="n' ≥ 0",
)
def _sign_in_sizes(p: Poly) -> int:
    """The sign of a polynomial in sizes alone."""
    shifted = _shifted(p)
    if shifted is None or any(c < 0 for c in shifted.terms.values()):
        return UNKNOWN
    return POSITIVE if shifted.terms.get((), 0) > 0 else NONNEGATIVE


def _shifted(p: Poly) -> Poly | None:
    """`p` with n' + least(n) for every size n, where n' is written n; None if p has other atoms."""
    parts = []
    for pairs, coefficient in p.terms.items():
        if any(a.head != "size" or e < 0 or e != int(e) for a, e in pairs):
            return None
        factors = [poly(a) + least(a) for a, e in pairs for _ in range(int(e))]
        parts.append(scale(product(factors), coefficient))
    return add(parts)


@identity("K16e", "N Σ f² ≥ (Σ f)² for a sum of N terms", why="Cauchy and Schwarz")
def _sign_of_spread(p: Poly) -> int:
    """The sign of p = r (N Σ f² - (Σ f)²) + rest with r ≥ 0, as in every variance."""
    for pairs, coefficient in p.terms.items():
        squares = [a for a, e in pairs if a.head == "sum" and e == 2]
        if coefficient < 0 and len(squares) == 1:
            factors = without(pairs, squares[0])
            if _sign_of_factors(factors) == UNKNOWN:
                continue
            left = p - _spread(squares[0]) * monomial(factors, -coefficient)
            if len(left.terms) < len(p.terms):
                return sign(left)
    return UNKNOWN


def _spread(sum_: Atom) -> Poly:
    """N Σ f² - (Σ f)²."""
    indices, f = bound_indices(sum_), summand(sum_)
    count = product(size_of(i) for i in indices)
    square_terms = (f * f).terms.items()
    squares = add(scale(poly(Atom("sum", indices, monomial(m))), c) for m, c in square_terms)
    return count * squares - poly(sum_) * poly(sum_)


def at_least_zero(p: Poly) -> bool:
    """Whether p ≥ 0 is certain."""
    return sign(p) >= NONNEGATIVE


# --- integers ---


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
