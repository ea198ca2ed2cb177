"""What is known about signs, from the structure alone: no rule here guesses.

Sizes are integers of at least their minimum (1 unless said otherwise), indices run over 0..n-1. A
sign is that of a value which is defined: where 1/a or √a has no value, nothing is claimed.
"""

import itertools
from collections.abc import Iterable
from fractions import Fraction

from derivations.algebra.atoms import (
    arguments,
    bound_indices,
    inside,
    least,
    name_of,
    noted_sign,
    size_of,
    summand,
    upper,
)
from derivations.algebra.identities import identity
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    Atom,
    Monomial,
    Number,
    Poly,
    add,
    monomial,
    poly,
    product,
    scale,
    without,
)
from derivations.limits import MOST_OF_FORM

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
_PI = Atom("const", "pi")
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
    if atom.head in ("base", "fn"):
        return sign(inside(atom)) if atom.head == "base" else _sign_of_acute(atom)
    return _OF_ATOM.get(atom.head, UNKNOWN)


@identity(
    "K16f",
    "sin c > 0 for 0 < c < 3 and cos c > 0 for 0 < c < 3/2; both for a c π with 0 < c < 1/2",
    why="both are positive between 0 and π/2, the sine up to π > 3",
)
def _sign_of_acute(function: Atom) -> int:
    """The sign of a sine or cosine of a constant."""
    if name_of(function) not in ("sin", "cos"):
        return UNKNOWN
    (angle,) = arguments(function)
    c, turns = angle.terms.get((), 0), angle.terms.get(((_PI, 1),), 0)
    limit = 3 if name_of(function) == "sin" else Fraction(3, 2)
    is_acute = 0 < c < limit if c else 0 < turns < Fraction(1, 2)
    return POSITIVE if is_acute and len(angle.terms) == 1 else UNKNOWN


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
            rules = (_sign_in_sizes, _sign_of_spread, _sign_of_form, _sign_with_fraction)
            return next(filter(None, (rule(p) for rule in rules)), UNKNOWN)
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


@identity(
    "K16g",
    "a u + b √(u v) + c v ≥ 0 for a, c, u, v ≥ 0 and b² ≤ 4 a c; it is > 0 if b² < 4 a c and u or "
    "v is > 0",
    why="the arithmetic mean is at least the geometric one",
)
def _sign_of_form(p: Poly) -> int:
    """The sign of a quadratic form in two monomials, with terms added that are not negative."""
    if not 3 <= len(p.terms) <= MOST_OF_FORM:
        return UNKNOWN
    signs = {m: _sign_of_factors(m) if c > 0 else UNKNOWN for m, c in p.terms.items()}
    unknown = [m for m in p.terms if signs[m] == UNKNOWN]
    if len(unknown) != 1:
        return UNKNOWN
    known, squared = [m for m in p.terms if m not in unknown], _merged_powers(unknown * 2)
    for u, v in itertools.combinations(known, 2):
        gap = 4 * p.terms[u] * p.terms[v] - p.terms[unknown[0]] ** 2
        if gap >= 0 and _merged_powers([u, v]) == squared:
            own = (signs[u], signs[v]) if gap > 0 else ()
            others = (signs[m] for m in known if m not in (u, v))
            return max((NONNEGATIVE, *own, *others))
    return UNKNOWN


@identity("K16h", "0 ≤ u - floor u < 1", why="the definition of floor")
def _sign_with_fraction(p: Poly) -> int:
    """The sign of r (u - floor u) + rest, or of r (1 + floor u - u) + rest, for an r ≥ 0."""
    for pairs, c in p.terms.items():
        steps = [a for a, e in pairs if a.head == "fn" and name_of(a) == "floor" and e == 1]
        if not steps or _sign_of_factors(without(pairs, steps[0])) == UNKNOWN:
            continue
        (u,), r = arguments(steps[0]), monomial(without(pairs, steps[0]), abs(c))
        rest = p - r * (u - steps[0] if c < 0 else ONE + steps[0] - u)
        if pairs not in rest.terms:
            found = sign(rest)
            return max(found, sign(r)) if found != UNKNOWN and c > 0 else found
    return UNKNOWN


def _merged_powers(monomials: Iterable[Monomial]) -> dict[Atom, Number]:
    """The exponents of a product, without any rule for a power."""
    exponents: dict[Atom, Number] = {}
    for atom, e in itertools.chain.from_iterable(monomials):
        exponents[atom] = exponents.get(atom, 0) + e
    return exponents


def at_least_zero(p: Poly) -> bool:
    """Whether p ≥ 0 is certain."""
    return sign(p) >= NONNEGATIVE
