"""Replacing what stands inside atoms: every atom that changes is built anew, in normal form again.

The modules that own the heads enter their constructors in `REBUILD`; this table is the one place
where a lower module calls a higher one.
"""

from collections.abc import Callable, Mapping

from derivations.algebra.atoms import Atom, Monomial, Number, is_integer, name_of, places
from derivations.algebra.polynomials import ZERO, Poly, add, monomial, number, poly, times

Constructor = Callable[..., Poly]
REBUILD: dict[str, Constructor] = {}  # head -> its constructor; filled by the owners of the heads


def with_atoms(p: Poly, changed: Callable[[Atom], Poly]) -> Poly:
    """`p` with every atom replaced by the polynomial that `changed` returns for it."""
    return add(_with_atoms(m, c, changed) for m, c in p.terms.items())


def _with_atoms(pairs: Monomial, coefficient: Number, changed: Callable[[Atom], Poly]) -> Poly:
    """A factor that is 0 ends it: the other factors of a case that is not taken do not matter."""
    result = number(coefficient)
    for atom, e in pairs:
        if not result:
            return ZERO
        value = changed(atom)
        result = times(result, value if e == 1 else REBUILD["power"](value, e))
    return result


def rebuilt(atom: Atom, change: Callable[[Poly], Poly]) -> Poly:
    """The atom with its polynomial arguments changed, in normal form again."""
    args = (change(arg) if isinstance(arg, Poly) else arg for arg in atom.args)
    constructor = REBUILD.get(atom.head)
    return constructor(*args) if constructor else poly(Atom(atom.head, *args))


def substitute(p: Poly, values: Mapping[Atom, Poly]) -> Poly:
    """Replace free indices; every atom touched is built anew, so it is in normal form again.

    Nothing is captured, because the values hold free indices, or bound ones of a level above all
    levels inside p (see `atoms.bound`).
    """
    if p.free.isdisjoint(values):
        return p
    return add(_substituted(m, c, values) for m, c in p.terms.items())


def _substituted(pairs: Monomial, coefficient: Number, values: Mapping[Atom, Poly]) -> Poly:
    untouched = tuple(pair for pair in pairs if pair[0].free.isdisjoint(values))
    touched = tuple(pair for pair in pairs if not pair[0].free.isdisjoint(values))

    def changed(atom: Atom) -> Poly:
        if atom.head == "var":
            return values[atom]
        return rebuilt(atom, lambda arg: substitute(arg, values))

    return times(monomial(untouched), _with_atoms(touched, coefficient, changed))


def renamed(p: Poly, name: Callable[[str], str]) -> Poly:
    """`p` with its arrays of reals called otherwise."""
    return with_entries(p, lambda a: (name(name_of(a)), a.args[1]))


def signed(p: Poly, signs: Mapping[str, str]) -> Poly:
    """`p` with what is known of the signs of whole arrays of reals."""
    return with_entries(p, lambda a: (name_of(a), signs.get(name_of(a), a.args[1])))


def with_entries(p: Poly, change: Callable[[Atom], tuple[str, str]]) -> Poly:
    """`p` with other names and signs of its arrays of reals; every atom is built anew."""

    def changed(atom: Atom) -> Poly:
        if atom.head in ("var", "size", "const", "prime"):
            return poly(atom)
        if atom.head == "entry" and not is_integer(atom):
            at = (with_entries(i, change) for i in places(atom))
            return poly(Atom("entry", *change(atom), atom.args[2], *at))
        return rebuilt(atom, lambda arg: with_entries(arg, change))

    return with_atoms(p, changed)
