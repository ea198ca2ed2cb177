"""What polynomials consist of: numbers, single atoms, atoms at the top and everywhere inside."""

import itertools
from collections.abc import Iterable
from typing import Any

from derivations.algebra.atoms import Atom, Number
from derivations.algebra.polynomials import Poly


def constant(p: Poly) -> Number | None:
    """The value of a polynomial without atoms, else None."""
    if not p.terms:
        return 0
    return p.terms.get(()) if len(p.terms) == 1 else None


def single(p: Poly) -> Atom | None:
    """The atom that a polynomial consists of, else None."""
    if len(p.terms) != 1:
        return None
    ((pairs, coefficient),) = p.terms.items()
    return pairs[0][0] if coefficient == 1 and len(pairs) == 1 and pairs[0][1] == 1 else None


def atoms(p: Poly) -> set[Atom]:
    """The atoms of the monomials, not those inside other atoms."""
    return {a for m in p.terms for a, _ in m}


def everywhere(p: Poly) -> set[Atom]:
    """Every atom, also inside other atoms."""
    found: set[Atom] = set()
    waiting = list(atoms(p))
    while waiting:
        atom = waiting.pop()
        if atom not in found:
            found.add(atom)
            waiting.extend(itertools.chain.from_iterable(map(_atoms_of, atom.args)))
    return found


def _atoms_of(arg: Any) -> Iterable[Atom]:
    if isinstance(arg, Atom):
        return (arg,)
    if isinstance(arg, Poly):
        return atoms(arg)
    return itertools.chain.from_iterable(map(_atoms_of, arg)) if isinstance(arg, tuple) else ()
