"""Laurent polynomials over atoms with rational coefficients, their sums and products.

A polynomial maps monomials to coefficients. No other module makes one: whatever is built goes
through the constructors of this one, which keep the **normal form** that equality rests on:
monomials are sorted by the keys of their atoms, no coefficient and no exponent is 0, a bracket has
the exponent 1, a prime one between 0 and 1, a composite one below 1, a cosine one below 2.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from derivations.algebra.atoms import (
    BRACKETS,
    Atom,
    Monomial,
    Number,
    inside,
    monomial_key,
    name_of,
    value_of,
)
from derivations.algebra.identities import identity
from derivations.algebra.session import Undecided, tick
from derivations.limits import MOST_POWER, MOST_TERMS


@dataclass(frozen=True, eq=False)
class Poly:
    """Σ coefficient · Π atom^exponent. Never changed after it is made."""

    terms: Mapping[Monomial, Number]

    @functools.cached_property
    def key(self) -> str:
        """An injective text; the same for equal polynomials."""
        return "+".join(sorted(f"{c}*{monomial_key(m)}" for m, c in self.terms.items()))

    @functools.cached_property
    def free(self) -> frozenset[Atom]:
        """The indices that occur and are not bound."""
        return frozenset().union(*(a.free for m in self.terms for a, _ in m))

    @functools.cached_property
    def level(self) -> int:
        """How deeply indices are bound inside."""
        return max((a.level for m in self.terms for a, _ in m), default=0)

    @functools.cached_property
    def _hashed(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __hash__(self):
        return self._hashed

    def __eq__(self, other):
        return self is other or (isinstance(other, Poly) and self.terms == other.terms)

    def __bool__(self):
        return bool(self.terms)

    def __add__(self, other):
        return add((self, poly(other)))

    def __sub__(self, other):
        return add((self, scale(poly(other), -1)))

    def __neg__(self):
        return scale(self, -1)

    def __mul__(self, other):
        return times(self, poly(other))

    def __repr__(self):
        return self.key or "0"

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return add((poly(other), scale(self, -1)))


# --- constructors ---

ZERO, ONE = Poly({}), Poly({(): 1})
_EXPANDED = frozenset({"base", "prime", "fn"})  # heads with powers that are written otherwise


def exact(value: Number) -> Number:
    """Integers as int, which is faster than Fraction and prints better."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def number(value: Number) -> Poly:
    """A rational constant."""
    return Poly({(): exact(value)}) if value else ZERO


def poly(value: Any) -> Poly:
    """A polynomial from a number, an atom or a polynomial."""
    if isinstance(value, Poly):
        return value
    return Poly({((value, 1),): 1}) if isinstance(value, Atom) else number(value)


def entry(name: str, *indices: Poly, sign: str = "", upper: Poly | None = None) -> Poly:
    """An array's entry.

    `sign` is "+" (positive), "0+" (not negative), "integer" or ""; `upper` makes it one of
    0..upper-1, a label.
    """
    return poly(Atom("entry", name, sign, upper, *indices))


def monomial(pairs: Iterable[tuple[Atom, Number]], coefficient: Number = 1) -> Poly:
    """Coefficient · Π atom^exponent, whatever the order of the pairs and their exponents."""
    pairs = tuple(pairs)
    if not coefficient:
        return ZERO
    if _is_normal(pairs):
        return Poly({pairs: exact(coefficient)})
    merged: Monomial = ()
    for atom, e in pairs:
        if atom.head in BRACKETS and e <= 0:
            raise ValueError(f"{atom} to the power {e}: brackets have no other power than 1")
        merged = _merged(merged, ((atom, exact(e)),) if e else ())
    return scale(expanded(merged), coefficient)


def of_terms(terms: Mapping[Monomial, Number]) -> Poly:
    """The sum of the given multiples of monomials."""
    return add(monomial(m, c) for m, c in terms.items())


def part(p: Poly, chosen: Callable[[Monomial, Number], bool]) -> Poly:
    """The terms of p that are chosen."""
    return Poly({m: c for m, c in p.terms.items() if chosen(m, c)})


def without(monomial_: Monomial, *atoms_: Atom) -> Monomial:
    """The other factors."""
    return tuple(pair for pair in monomial_ if pair[0] not in atoms_)


# --- sums and products ---


@identity("K1a", "Σ c m + Σ d m = Σ (c + d) m", why="addition is associative and commutative")
def add(parts: Iterable[Poly]) -> Poly:
    """The sum of polynomials."""
    total: dict[Monomial, Number] = {}
    for each in parts:
        for m, coefficient in each.terms.items():
            total[m] = total.get(m, 0) + coefficient
    return Poly({m: exact(c) for m, c in total.items() if c})


def scale(p: Poly, factor: Number) -> Poly:
    """A rational multiple."""
    return Poly({m: exact(c * factor) for m, c in p.terms.items()}) if factor else ZERO


@identity("K1b", "(Σ a)(Σ b) = Σ a b", why="multiplication is distributive and commutative")
def times(a: Poly, b: Poly) -> Poly:
    """The product, expanded."""
    tick()
    if len(a.terms) * len(b.terms) > MOST_TERMS:
        raise Undecided(f"an expression of more than {MOST_TERMS} terms")
    total: dict[Monomial, Number] = {}
    for (m, c), (k, d) in itertools.product(a.terms.items(), b.terms.items()):
        merged = _merged(m, k)
        pieces = expanded(merged).terms.items() if _was_raised(merged) else ((merged, 1),)
        for piece, factor in pieces:
            total[piece] = total.get(piece, 0) + c * d * factor
    return Poly({m: exact(c) for m, c in total.items() if c})


def product(parts: Iterable[Poly]) -> Poly:
    """The product of polynomials."""
    return functools.reduce(times, parts, ONE)


def divided_by(p: Poly, pairs: Monomial) -> Poly:
    """Every term of p divided by the monomial, which must not be 0."""
    inverse = tuple((a, -e) for a, e in pairs)
    return add(scale(expanded(_merged(m, inverse)), c) for m, c in p.terms.items())


@identity(
    "K2",
    "[c]² = [c], and a^p a^q = a^(p+q)",
    why="the values of a bracket are 0 and 1; the definition of a power",
    needs="a ≠ 0 if an exponent is negative, a ≥ 0 if one is an even root: noted by the reader",
)
def _merged(m: Monomial, k: Monomial) -> Monomial:
    """The product of monomials; it may need to be expanded."""
    if not m or not k:
        return m or k
    exponents = dict(m)
    for atom, e in k:
        if atom in exponents:
            exponents[atom] = 1 if atom.head in BRACKETS else exact(exponents[atom] + e)
        else:
            exponents[atom] = e
    pairs = ((a, e) for a, e in exponents.items() if e)
    return tuple(sorted(pairs, key=_key_of_pair))


def _key_of_pair(pair: tuple[Atom, Number]) -> str:
    return pair[0].key


def _is_normal(pairs: Monomial) -> bool:
    """Whether the pairs are what a monomial in normal form consists of."""
    before = ""
    for atom, e in pairs:
        is_power = e == 1 if atom.head in BRACKETS else e and not _needs_expansion(atom, e)
        if not is_power or atom.key <= before:
            return False
        before = atom.key
    return True


def _needs_expansion(atom: Atom, e: Number) -> bool:
    """Whether the power of a prime, a composite or a cosine is not in normal form."""
    if atom.head not in _EXPANDED:
        return False
    if atom.head == "base":
        return e >= 1
    if atom.head == "prime":
        return not 0 < e < 1
    return atom.head == "fn" and e >= 2 and name_of(atom) == "cos"


def _was_raised(pairs: Monomial) -> bool:
    return any(a.head in _EXPANDED and _needs_expansion(a, e) for a, e in pairs)


def expanded(pairs: Monomial) -> Poly:
    """The normal form of a monomial whose exponents were just added."""
    if not _was_raised(pairs):
        return Poly({pairs: 1})
    result = Poly({tuple((a, e) for a, e in pairs if not _needs_expansion(a, e)): 1})
    for atom, e in pairs:
        if _needs_expansion(atom, e):
            result = times(result, _expansion(atom, e))
    return result


@identity(
    "K3",
    "a^(k+f) = a^k a^f for an integer k and 0 ≤ f < 1; cos² = 1 - sin²",
    why="the definition of a power; Pythagoras",
    needs="a ≥ 0 if f is an even root: noted by the reader",
)
def _expansion(atom: Atom, e: Number) -> Poly:
    """A power in which a prime, a composite or a cosine has too great an exponent."""
    whole = e // 1
    rest = Poly({((atom, exact(e - whole)),): 1}) if e != whole else ONE
    if atom.head == "prime":  # 2^(-1/2) = 2^(1/2) / 2
        return scale(rest, Fraction(value_of(atom)) ** whole)
    if atom.head == "base":  # P^(3/2) = P · P^(1/2)
        return times(natural_power(inside(atom), int(whole)), rest)
    sine = poly(Atom("fn", "sin", *atom.args[1:]))  # cos^e = (1 - sin²) cos^(e-2)
    return product((ONE - sine * sine, natural_power(poly(atom), int(whole) - 2), rest))


def natural_power(p: Poly, e: int) -> Poly:
    """p^e for an integer e ≥ 0, multiplied out; p^0 = 1 also where p = 0, as in the machine."""
    if e > MOST_POWER:
        raise Undecided(f"a power as high as {e}")
    return product([p] * e)
