"""Out of the algebra: a normal form as an expression of the notation, to be read or printed."""

from fractions import Fraction

import sympy as sp

from derivations.algebra.terms import Atom, Number, Poly, Undecided, everywhere, part
from derivations.language.notation import array, bracket, index, scalar


def to_sympy(p: Poly, names: dict[Atom, sp.Idx] | None = None) -> sp.Expr:
    """The expression in the notation; free indices keep the names given."""
    names = {} if names is None else names
    for named in everywhere(p):  # letters that are no index's
        if named.head in ("size", "entry"):
            names.setdefault(Atom("taken", named.args[0]), sp.Idx(named.args[0]))
    for free in sorted(p.free, key=lambda a: a.key):  # before a sum has letters of its own
        _index_name(free, names)
    return sp.Add(
        *(
            sp.Mul(_rational(c), *(_power_back(a, e, names) for a, e in m))
            for m, c in p.terms.items()
        )
    )


def _rational(c: Number) -> sp.Rational:
    c = Fraction(c)
    return sp.Rational(c.numerator, c.denominator)


def _power_back(atom: Atom, e: Number, names: dict) -> sp.Expr:
    if atom.head == "exp":
        return sp.exp(_rational(e) * to_sympy(atom.args[0], names))
    return sp.Pow(_back(atom, names), _rational(e))


def _back(atom: Atom, names: dict) -> sp.Expr:
    if atom.head not in BACK:
        raise Undecided(f"{atom.head} has no counterpart in SymPy")
    return BACK[atom.head](atom, names)


def _index_back(atom: Atom, names: dict) -> sp.Expr:
    return _index_name(atom, names) - 1


def _index_name(atom: Atom, names: dict) -> sp.Idx:
    if atom not in names:
        taken = {str(i.label) for i in names.values()}
        letter = next((c for c in "ijklmopqrst" if c not in taken), f"i_{len(names)}")
        names[atom] = index(letter, to_sympy(atom.args[1], names))
    return names[atom]


def _entry_back(atom: Atom, names: dict) -> sp.Expr:
    name, sign, upper, *at = atom.args
    assumed = {"+": {"positive": True}, "0+": {"nonnegative": True}}.get(sign, {})
    if not at:
        found = scalar(name, **assumed)
    else:
        found = array(name, **assumed)[tuple(to_sympy(i + 1, names) for i in at)]
    return found if upper is None else found - 1


def _sum_back(atom: Atom, names: dict) -> sp.Expr:
    own = dict(names)
    summand_names = [_index_name(i, own) for i in atom.args[0]]
    result = to_sympy(atom.args[1], own)
    for name in summand_names:
        result = sp.Sum(result, (name, 1, name.upper))
    return result


def _delta_back(atom: Atom, names: dict) -> sp.Expr:
    inside = atom.args[0]
    left = to_sympy(part(inside, lambda _, c: c > 0) + 1, names)
    right = to_sympy(1 - part(inside, lambda _, c: c < 0), names)
    return sp.KroneckerDelta(left, right)


def _function_back(atom: Atom, names: dict) -> sp.Expr:
    name, *args = atom.args
    known = {"erf": sp.erf, "sin": sp.sin, "cos": sp.cos, "atan": sp.atan, "digamma": sp.digamma}
    return known.get(name, sp.Function(name))(*(to_sympy(a, names) for a in args))


def _largest_back(atom: Atom, names: dict) -> sp.Expr:
    own = dict(names)
    letters = [_index_name(i, own) for i in atom.args[0]]
    place = sp.Symbol(f"place{atom.args[2]}") if len(letters) > 1 else None
    inside = to_sympy(atom.args[1], own)
    return sp.Function("argmax")(*letters, inside, *([place] if place else []))


def _product_back(atom: Atom, names: dict) -> sp.Expr:
    own = dict(names)
    letters = [_index_name(i, own) for i in atom.args[0]]
    result = to_sympy(atom.args[1], own)
    for name in letters:
        result = sp.Product(result, (name, 1, name.upper))
    return result


def _sorting_back(atom: Atom, names: dict) -> sp.Expr:
    own = dict(names)
    (letter,) = (_index_name(i, own) for i in atom.args[0])
    place = to_sympy(atom.args[2] + 1, names)
    return sp.Function(atom.head)(letter, to_sympy(atom.args[1], own), place) - 1


BACK = {
    "var": _index_back,
    "size": lambda a, _: sp.Symbol(a.args[0], integer=True, positive=True),
    "const": lambda a, _: {"pi": sp.pi, "inf": sp.oo, "nan": sp.nan}[a.args[0]],
    "prime": lambda a, _: sp.Integer(a.args[0]),
    "entry": _entry_back,
    "base": lambda a, names: to_sympy(a.args[0], names),
    "log": lambda a, names: sp.log(to_sympy(a.args[0], names)),
    "fn": _function_back,
    "sum": _sum_back,
    "delta": _delta_back,
    "positive": lambda a, names: bracket(to_sympy(a.args[0], names) > 0),
    "zero": lambda a, names: bracket(sp.Eq(to_sympy(a.args[0], names), 0)),
    "atleast": lambda a, names: bracket(to_sympy(a.args[0], names) >= 0),
    "argmax": _largest_back,
    "prod": _product_back,
    "order": _sorting_back,
    "rank": _sorting_back,
}
