"""The derivative, by our own rules: ∂x[i]/∂x[p] = [i = p], and the table of functions.

Brackets and maximisers are constant off their boundary, which every proof lists.
"""

from derivations.algebra.brackets import delta
from derivations.algebra.functions import derivative_of, power
from derivations.algebra.session import cached
from derivations.algebra.sums import instantiate, total
from derivations.algebra.terms import (
    BRACKETS,
    PERMUTATIONS,
    ZERO,
    Atom,
    Poly,
    Undecided,
    add,
    entry,
    poly,
    product,
    scale,
)

CONSTANT = BRACKETS | PERMUTATIONS | {"size", "const", "prime", "var", "argmax"}


def derivative(p: Poly, name: str, at: tuple[Poly, ...]) -> Poly:
    """∂p / ∂name[at]."""
    return add(_of_monomial(m, c, name, at) for m, c in p.terms.items())


def _of_monomial(monomial, coefficient, name: str, at: tuple[Poly, ...]) -> Poly:
    parts = []
    for atom, e in monomial:
        slope = _of_atom(atom, name, at)
        if slope:
            lowered = tuple(
                (a, k - 1 if a == atom else k) for a, k in monomial if a != atom or k != 1
            )
            parts.append(scale(Poly({lowered: 1}) * slope, coefficient * e))
    return add(parts)


@cached
def _of_atom(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    if atom.head in CONSTANT:
        return ZERO
    if atom.head not in RULES:
        raise Undecided(f"the derivative of {atom.head}")
    return RULES[atom.head](atom, name, at)


def _entry(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    if atom.args[0] != name:
        return ZERO
    return product(delta(i - p) for i, p in zip(atom.args[3:], at, strict=True))


def _exp(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    return poly(atom) * derivative(atom.args[0], name, at)


def _log(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    slope = derivative(atom.args[0], name, at)
    return power(atom.args[0], -1) * slope if slope else ZERO


def _base(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    return derivative(atom.args[0], name, at)


def _sum(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    names, summand = instantiate(atom)
    return total(names, derivative(summand, name, at))


def _product(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    """Π P · Σ ∂P / P, where no P is 0."""
    names, factor = instantiate(atom)
    slope = derivative(factor, name, at)
    return poly(atom) * total(names, slope * power(factor, -1)) if slope else ZERO


def _function(atom: Atom, name: str, at: tuple[Poly, ...]) -> Poly:
    slopes = [derivative(arg, name, at) for arg in atom.args[1:]]
    if not any(slopes):
        return ZERO
    partials = derivative_of(atom.args[0], atom.args[1:])
    return add(p * s for p, s in zip(partials, slopes, strict=True) if s)


RULES = {
    "entry": _entry,
    "exp": _exp,
    "log": _log,
    "base": _base,
    "sum": _sum,
    "prod": _product,
    "fn": _function,
}


Output = tuple[str, tuple[Atom, ...], tuple[Poly, ...], Poly]


def pullback(outputs: list[Output], name: str, at: tuple[Poly, ...]) -> Poly:
    """Σ over all outputs and their entries o of cotangent[o] · ∂output[o] / ∂name[at].

    Each output is given as the name of its cotangent, its free indices, their place, and the entry
    there.
    """
    parts = []
    for cotangent, indices, place, value in outputs:
        bar = entry(cotangent, *place)
        parts.append(total(indices, bar * derivative(value, name, at)))
    return add(parts)
