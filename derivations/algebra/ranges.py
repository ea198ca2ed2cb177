"""What is known about signs and ranges, from the structure alone: no rule here guesses.

Sizes are integers of at least their minimum (1 unless said otherwise), indices run over 0..n-1.
"""

from fractions import Fraction

from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    PERMUTATIONS,
    REBUILD,
    ZERO,
    Atom,
    Poly,
    add,
    number,
    poly,
    product,
    scale,
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


def atom_sign(atom: Atom) -> int:
    """POSITIVE, NONNEGATIVE or UNKNOWN."""
    if atom.head in BRACKETS or (atom.head == "size" and atom.args[1] < 1):
        return NONNEGATIVE
    if atom.head == "entry":
        return NONNEGATIVE if atom.args[2] is not None else _OF_ENTRY.get(atom.args[1], UNKNOWN)
    if atom.head == "const":
        return POSITIVE if atom.args[0] == "pi" else UNKNOWN
    if atom.head == "sum":
        some = all(at_least_zero(v.args[1] - 1) for v in atom.args[0])  # the sum is not empty
        return min(sign(atom.args[1]), POSITIVE if some else NONNEGATIVE)
    if atom.head == "base":
        return sign(atom.args[0])
    return _OF_ATOM.get(atom.head, UNKNOWN)


def _power_sign(atom: Atom, e) -> int:
    of_base = atom_sign(atom)
    if (
        e % 2 == 0 or Fraction(e).denominator % 2 == 0
    ):  # a square; a root is defined where it is ≥ 0
        of_base = max(of_base, NONNEGATIVE)
    return POSITIVE if e < 0 and of_base == NONNEGATIVE else of_base  # 1/a is defined where a ≠ 0


def sign(p: Poly) -> int:
    """The sign of a polynomial; POSITIVE when no term is negative and one is positive."""
    signs = []
    for monomial, coefficient in p.terms.items():
        here = min((_power_sign(a, e) for a, e in monomial), default=POSITIVE)
        if coefficient < 0 or here == UNKNOWN:
            return max(_sign_in_sizes(p), _sign_of_spread(p))
        signs.append(here)
    return max(signs, default=NONNEGATIVE)


def _sign_in_sizes(p: Poly) -> int:
    """The sign of a polynomial in sizes.

    Write n = least + n' with n' ≥ 0 and look at the coefficients.
    """
    shifted = _shifted(p)
    if shifted is None or any(c < 0 for c in shifted.terms.values()):
        return UNKNOWN
    return POSITIVE if shifted.terms.get((), 0) > 0 else NONNEGATIVE


def _sign_of_spread(p: Poly) -> int:
    """Cauchy and Schwarz: N Σ f² ≥ (Σ f)² for a sum over N values, as in every variance."""
    for monomial, coefficient in p.terms.items():
        squares = [a for a, e in monomial if a.head == "sum" and e == 2]
        if coefficient < 0 and len(squares) == 1:
            rest = tuple(pair for pair in monomial if pair[0] != squares[0])
            if min((_power_sign(a, e) for a, e in rest), default=POSITIVE) == UNKNOWN:
                continue
            spread = _spread(squares[0]) * Poly({rest: -coefficient})
            left = p - spread
            if len(left.terms) < len(p.terms):
                return sign(left)
    return UNKNOWN


def _spread(atom: Atom) -> Poly:
    """N Σ f² - (Σ f)²."""
    indices, summand = atom.args
    ((monomial, _),) = summand.terms.items()
    squares = REBUILD["sum"](indices, Poly({tuple((a, 2 * e) for a, e in monomial): 1}))
    count = product(i.args[1] for i in indices)
    return count * squares - poly(atom) * poly(atom)


def _shifted(p: Poly) -> Poly | None:
    parts = []
    for monomial, coefficient in p.terms.items():
        if any(a.head != "size" or e < 0 or e != int(e) for a, e in monomial):
            return None
        factors = [poly(a) + a.args[1] for a, e in monomial for _ in range(int(e))]
        parts.append(scale(product(factors), coefficient))
    return add(parts)


def at_least_zero(p: Poly) -> bool:
    """Whether p ≥ 0 is certain."""
    return sign(p) >= NONNEGATIVE


def bounds(p: Poly) -> tuple[Poly, Poly] | None:
    """The least and greatest value of an integer expression linear in indices.

    As polynomials in sizes.
    """
    low, high = [], []
    for monomial, coefficient in p.terms.items():
        indices = [(a, e) for a, e in monomial if a.head != "size"]
        factor = Poly({tuple(pair for pair in monomial if pair[0].head == "size"): coefficient})
        if not indices:
            low.append(factor)
            high.append(factor)
            continue
        top = _top(*indices[0]) if len(indices) == 1 else None
        if top is None:
            return None
        most = factor * top
        (high if coefficient > 0 else low).append(most)
    return add(low), add(high)


def _top(atom: Atom, e) -> Poly | None:
    """The greatest value of an index or a bracket, whose least is 0."""
    if e != 1:
        return None
    if atom.head == "var":
        return atom.args[1] - 1
    if atom.head == "argmax":
        return atom.args[0][atom.args[2]].args[1] - 1
    if atom.head in PERMUTATIONS:
        return atom.args[0][0].args[1] - 1
    if atom.head == "entry" and atom.args[2] is not None:
        return atom.args[2] - 1
    return ONE if atom.head in BRACKETS else None


def certainly_below(p: Poly, n: Poly) -> bool:
    """Whether 0 ≤ p < n is certain."""
    found = bounds(p)
    return found is not None and at_least_zero(found[0]) and at_least_zero(n - 1 - found[1])


def divided(p: Poly, m: Poly) -> tuple[Poly, Poly] | None:
    """Quotient and remainder of an index by a size, for p = q·m + r with 0 ≤ r < m certain.

    Else None.
    """
    if m == ONE:
        return p, ZERO
    quotient, rest = [], []
    for monomial, coefficient in p.terms.items():
        part = _ratio(Poly({monomial: coefficient}), m)
        if part is None:
            rest.append(Poly({monomial: coefficient}))
        else:
            quotient.append(part)
    remainder = add(rest)
    return (add(quotient), remainder) if certainly_below(remainder, m) else None


def _ratio(term: Poly, m: Poly) -> Poly | None:
    """Term / m for a single-term m, if that is again a polynomial with integer coefficients."""
    if len(m.terms) != 1:
        return None
    ((by, factor),) = m.terms.items()
    ((monomial, coefficient),) = term.terms.items()
    exponents = dict(monomial)
    for atom, e in by:
        exponents[atom] = exponents.get(atom, 0) - e
        if exponents[atom] < 0:
            return None
    if Fraction(coefficient, factor).denominator != 1:
        return None
    left = tuple(sorted(((a, e) for a, e in exponents.items() if e), key=lambda pair: pair[0].key))
    return times_number(left, Fraction(coefficient, factor))


def times_number(monomial, coefficient) -> Poly:
    """One term."""
    return number(coefficient) * Poly({monomial: 1})
