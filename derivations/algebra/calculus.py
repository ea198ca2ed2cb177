"""The derivative, by our own rules: ∂x[i]/∂x[p] = [i = p], the chain rule, the table of functions.

Brackets, maximisers and permutations are constant off their boundary, which every proof lists.
"""

from collections.abc import Callable

from derivations.algebra.atoms import arguments, inside, name_of, places
from derivations.algebra.functions import derivative_of, power
from derivations.algebra.identities import identity
from derivations.algebra.integers import delta
from derivations.algebra.session import cached, tick
from derivations.algebra.sums import instantiate, total
from derivations.algebra.terms import (
    BRACKETS,
    PERMUTATIONS,
    ZERO,
    Atom,
    Monomial,
    Number,
    Poly,
    Undecided,
    add,
    entry,
    monomial,
    poly,
    product,
    scale,
)

CONSTANT = BRACKETS | PERMUTATIONS | {"size", "const", "prime", "var", "argmax"}
Place = tuple[Poly, ...]


def derivative(p: Poly, name: str, at: Place) -> Poly:
    """∂p / ∂name[at]."""
    return add(_of_monomial(m, c, name, at) for m, c in p.terms.items())


@identity(
    "K19a",
    "∂(c Π a^e) = c Σ e a^(e-1) ∂a Π b^e; ∂x[i]/∂x[p] = [i = p]; ∂ of e^P, log P, Σ and Π by the "
    "chain rule; brackets, maximisers and permutations are constant",
    why="the rules of calculus; off its switches a step is constant",
    needs="no switch is met: each is noted by the reader as a boundary, crossing or tie; for Π P "
    "no P is 0",
)
def _of_monomial(pairs: Monomial, coefficient: Number, name: str, at: Place) -> Poly:
    tick()
    parts = []
    for atom, e in pairs:
        slope = _of_atom(atom, name, at)
        if slope:
            lowered = monomial((a, k - 1 if a == atom else k) for a, k in pairs)
            parts.append(scale(lowered * slope, coefficient * e))
    return add(parts)


@cached
def _of_atom(atom: Atom, name: str, at: Place) -> Poly:
    if atom.head in CONSTANT:
        return ZERO
    if atom.head not in RULES:
        raise Undecided(f"the derivative of {atom.head}")
    return RULES[atom.head](atom, name, at)


def _entry(atom: Atom, name: str, at: Place) -> Poly:
    if name_of(atom) != name:
        return ZERO
    return product(delta(i - p) for i, p in zip(places(atom), at, strict=True))


def _exp(atom: Atom, name: str, at: Place) -> Poly:
    return poly(atom) * derivative(inside(atom), name, at)


def _log(atom: Atom, name: str, at: Place) -> Poly:
    slope = derivative(inside(atom), name, at)
    return power(inside(atom), -1) * slope if slope else ZERO


def _base(atom: Atom, name: str, at: Place) -> Poly:
    return derivative(inside(atom), name, at)


def _sum(atom: Atom, name: str, at: Place) -> Poly:
    names, term = instantiate(atom)
    return total(names, derivative(term, name, at))


def _product(atom: Atom, name: str, at: Place) -> Poly:
    """Π P · Σ ∂P / P, where no P is 0."""
    names, factor = instantiate(atom)
    slope = derivative(factor, name, at)
    return poly(atom) * total(names, slope * power(factor, -1)) if slope else ZERO


def _function(atom: Atom, name: str, at: Place) -> Poly:
    parts = []
    for position, arg in enumerate(arguments(atom)):
        slope = derivative(arg, name, at)
        if slope:
            parts.append(derivative_of(name_of(atom), arguments(atom), position) * slope)
    return add(parts)


RULES: dict[str, Callable[[Atom, str, Place], Poly]] = {
    "entry": _entry,
    "exp": _exp,
    "log": _log,
    "base": _base,
    "sum": _sum,
    "prod": _product,
    "fn": _function,
}


Output = tuple[str, tuple[Atom, ...], Place, Poly]


def pullback(outputs: list[Output], name: str, at: Place) -> Poly:
    """Σ over all outputs and their entries o of cotangent[o] · ∂output[o] / ∂name[at].

    Each output is given as the name of its cotangent, its free indices, their place, and the entry
    there.
    """
    parts = []
    for cotangent, indices, place, value in outputs:
        bar = entry(cotangent, *place)
        parts.append(total(indices, bar * derivative(value, name, at)))
    return add(parts)
