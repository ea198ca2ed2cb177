"""Case distinctions by brackets.

A product with a bracket is a case distinction in the sense of `select`: where [c] = 0 the other
factor is not looked at, so it may be undefined there.
"""

import functools
from collections.abc import Callable

from derivations.algebra.atoms import BRACKETS
from derivations.algebra.identities import identity
from derivations.algebra.terms import (
    ONE,
    Atom,
    Poly,
    Undecided,
    add,
    atoms,
    monomial,
    part,
    poly,
    without,
)
from derivations.limits import MOST_CASES


def brackets_of(p: Poly) -> list[Atom]:
    """The brackets among the factors, in a fixed order."""
    return sorted((a for a in atoms(p) if a.head in BRACKETS), key=lambda a: a.key)


def split(p: Poly, bracket: Atom) -> tuple[Poly, Poly]:
    """The values of p in the case [c] = 1 and in the case [c] = 0."""
    holds = add(monomial(without(m, bracket), c) for m, c in p.terms.items())
    fails = part(p, lambda m, _: all(a != bracket for a, _ in m))
    return holds, fails


@identity(
    "K4",
    "f([c] a + (1 - [c]) b) = [c] f(a) + (1 - [c]) f(b)",
    why="by cases on c; the case that is not taken is not looked at",
)
def by_cases(function: Callable[..., Poly]) -> Callable[..., Poly]:
    """A function of one polynomial (the first argument) for whose sake brackets leave it."""

    @functools.wraps(function)
    def wrapper(p: Poly, *rest: object) -> Poly:
        found = brackets_of(p)
        if not found:
            return function(p, *rest)
        if len(found) > MOST_CASES:
            raise Undecided(f"a case distinction by more than {MOST_CASES} conditions")
        holds, fails = split(p, found[0])
        bracket = poly(found[0])
        return bracket * wrapper(holds, *rest) + (ONE - bracket) * wrapper(fails, *rest)

    return wrapper
