"""Sine and cosine of a sum, in the sines and cosines of its terms: one form for cos² and cos 2x.

The angles that are left are monomials m / d, and constants between 0 and π/2.
"""

from collections.abc import Iterable
from fractions import Fraction

from derivations.algebra.atoms import Atom, Monomial, Number
from derivations.algebra.factors import is_turned
from derivations.algebra.identities import identity
from derivations.algebra.powers import rational_power
from derivations.algebra.terms import ONE, ZERO, Poly, monomial, poly, scale
from derivations.limits import MOST_TURNS

PI = poly(Atom("const", "pi"))
Turn = tuple[Poly, Poly]  # the cosine and the sine of an angle
HALF = Fraction(1, 2)


def sine(p: Poly) -> Poly:
    """The sine of an angle."""
    return turn(p)[1]


def cosine(p: Poly) -> Poly:
    """The cosine of an angle."""
    return turn(p)[0]


def turn(p: Poly) -> Turn:
    """The cosine and sine of an angle, by its terms if they are few."""
    if sum(abs(_times(m, c)) for m, c in p.terms.items()) > MOST_TURNS:
        return _of_single(p)
    return _after_one_another(_of_term(m, c) for m, c in p.terms.items())


@identity(
    "K25a",
    "cos(a + b) = cos a cos b - sin a sin b and sin(a + b) = sin a cos b + cos a sin b",
    why="the addition theorems",
)
def _after_one_another(turns: Iterable[Turn]) -> Turn:
    """The cosine and sine of a sum of angles."""
    cos, sin = ONE, ZERO
    for c, s in turns:
        cos, sin = cos * c - sin * s, sin * c + cos * s
    return cos, sin


def _times(pairs: Monomial, coefficient: Number) -> int:
    """How often c m is the angle m / d, for a coefficient c with the denominator d."""
    if not pairs or _is_pi(pairs):
        return 1
    return Fraction(coefficient).numerator


def _is_pi(pairs: Monomial) -> bool:
    return len(pairs) == 1 and pairs[0][1] == 1 and poly(pairs[0][0]) == PI


def _of_term(pairs: Monomial, coefficient: Number) -> Turn:
    if _is_pi(pairs):
        return _of_half_turns(Fraction(coefficient))
    times = _times(pairs, coefficient)
    once = _of_single(monomial(pairs, Fraction(coefficient) / times))
    cos, sin = _after_one_another([once] * abs(times)) if pairs else once
    return (cos, sin) if times > 0 else (cos, -sin)


@identity(
    "K25b",
    "cos(-a) = cos a and sin(-a) = -sin a; cos 0 = 1 and sin 0 = 0",
    why="the cosine is even, the sine odd",
)
def _of_single(p: Poly) -> Turn:
    """The turn by an angle that is not taken apart."""
    if not p:
        return ONE, ZERO
    turned = is_turned(p)
    angle = -p if turned else p
    sin = poly(Atom("fn", "sin", angle))
    return poly(Atom("fn", "cos", angle)), -sin if turned else sin


@identity(
    "K25c",
    "a turn by π/2 takes (cos, sin) to (-sin, cos); the sines of π/6, π/4 and π/3 are 1/2, √2/2 "
    "and √3/2",
    why="the square and the triangle of equal sides",
)
def _of_half_turns(c: Fraction) -> Turn:
    """The turn by c π."""
    quarters = (2 * c).numerator // (2 * c).denominator
    rest = c - quarters * HALF
    cos, sin = _acute(rest)
    for _ in range(quarters % 4):
        cos, sin = -sin, cos
    return cos, sin


def _acute(c: Fraction) -> Turn:
    """The turn by c π for 0 ≤ c < 1/2."""
    halves = {Fraction(1, 6): (3, 1), Fraction(1, 4): (2, 2), Fraction(1, 3): (1, 3)}
    if c in halves:
        cos, sin = (scale(rational_power(k, HALF), HALF) for k in halves[c])
        return cos, sin
    return _of_single(scale(PI, c))
