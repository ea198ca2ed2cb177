"""Exponentials and logarithms: e^(a+b) = e^a e^b, and log(ab) = log a + log b as far as it holds.

Logarithms are real: log P is there where P > 0.
"""

from fractions import Fraction

from derivations.algebra.atoms import inside, name_of, value_of
from derivations.algebra.cases import by_cases
from derivations.algebra.factors import common_factor, content, is_positive
from derivations.algebra.identities import identity
from derivations.algebra.powers import power, primes
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    ONE,
    REBUILD,
    ZERO,
    Atom,
    Monomial,
    Number,
    Poly,
    add,
    divided_by,
    monomial,
    number,
    poly,
    product,
    scale,
)

INFINITY = poly(Atom("const", "inf"))


@cached
@by_cases
def exp(p: Poly) -> Poly:
    """An exponential of a sum is the product of the powers E(m)^c of its terms c m."""
    return product(_exp_of_term(m, c) for m, c in p.terms.items())


@identity(
    "K12",
    "e^(Σ c m) = Π (e^m)^c; e^(c log Q) = Q^c; e^-∞ = 0",
    why="the definition of the exponential",
    needs="Q > 0: noted by the reader where log Q was read",
)
def _exp_of_term(pairs: Monomial, coefficient: Number) -> Poly:
    if len(pairs) == 1 and pairs[0][1] == 1:
        atom = pairs[0][0]
        if atom.head == "log":
            return power(inside(atom), coefficient)
        if atom.head == "const" and name_of(atom) == "inf":
            return ZERO if coefficient < 0 else INFINITY
    return monomial([(Atom("exp", monomial(pairs)), coefficient)])


@identity(
    "K13a",
    "log(a^e P) = e log a + log P for a > 0",
    why="the functional equation of the logarithm; log P is there where log(a^e P) is",
    needs="that a is positive for certain",
)
@cached
@by_cases
def log(p: Poly) -> Poly:
    """The logarithm, with the factors that are known to be positive apart; the rest together."""
    if not p:
        return -INFINITY
    common = common_factor(p, is_positive)
    rest = divided_by(p, common)
    factor = content(rest)
    apart = add(scale(_log_of_atom(a), e) for a, e in common)
    return _log_of_number(factor) + apart + _log_of_rest(scale(rest, 1 / factor))


def _log_of_number(c: Fraction) -> Poly:
    return add(monomial([(Atom("log", number(p)), 1)], k) for p, k in primes(c))


def _log_of_atom(atom: Atom) -> Poly:
    if atom.head == "exp":
        return inside(atom)
    if atom.head == "base":
        return log(inside(atom))
    if atom.head == "prime":
        return _log_of_number(Fraction(value_of(atom)))
    return poly(Atom("log", poly(atom)))


@identity(
    "K13b",
    "log(a^e) = e log a for an e that is no even integer",
    why="a^e > 0 means a > 0 for an odd e, and a root is there where a ≥ 0",
    needs="a^e > 0, where the logarithm is defined",
)
def _log_of_rest(rest: Poly) -> Poly:
    """The logarithm of what has no factor that is known to be positive."""
    if rest == ONE:
        return ZERO
    if len(rest.terms) == 1:
        ((pairs, coefficient),) = rest.terms.items()
        if coefficient == 1 and len(pairs) == 1 and pairs[0][1] % 2 != 0:
            return scale(_log_of_atom(pairs[0][0]), pairs[0][1])
    return poly(Atom("log", rest))


REBUILD |= {"exp": exp, "log": log}
