"""Into the algebra: the normal form of what a chapter writes in SymPy.

An index or label i from 1 to n becomes i - 1, from 0 to n - 1: as a number it is one more.
"""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from derivations.algebra import functions as f
from derivations.algebra.brackets import at_least, delta, positive, zero
from derivations.algebra.calculus import derivative
from derivations.algebra.sums import total
from derivations.algebra.terms import (
    ONE,
    Poly,
    Undecided,
    entry,
    fresh,
    number,
    poly,
    product,
    variable,
)
from derivations.algebra.terms import add as add_all
from derivations.algebra.terms import size as size_atom
from derivations.language.notation import Iverson, expand_names, outermost


def from_sympy(expression: sp.Expr) -> Poly:
    """The normal form of an expression of the notation."""
    expression = expand_names(sp.sympify(expression))
    labels = _labels(expression)
    return _read(expression, {}, labels)


def _labels(expression: sp.Expr) -> dict:
    """The arrays of integer labels, each with its number of classes.

    A delta that compares a label with an index tells the number. A label that only stands in the
    place of an index has None.
    """
    places = [i for e in expression.atoms(sp.Indexed) for i in e.indices]
    found = {i.base: None for i in places if isinstance(i, sp.Indexed)}
    for pair in expression.atoms(sp.KroneckerDelta):
        for label, at in (pair.args, pair.args[::-1]):
            if isinstance(label, sp.Indexed) and isinstance(at, sp.Idx):
                found[label.base] = at.upper
    return found


def _read(e: sp.Expr, bound: dict, labels: dict) -> Poly:
    for kind, rule in RULES.items():
        if isinstance(e, kind):
            return rule(e, bound, labels)
    raise Undecided(f"{type(e).__name__} of SymPy")


def _index(e: sp.Idx, bound: dict, labels: dict) -> Poly:
    if e in bound:
        return poly(bound[e]) + 1
    if e.lower != 1:
        raise Undecided(f"the index {e.label} from {e.lower}")
    return poly(variable(str(e.label), _read(e.upper, bound, labels))) + 1


def _symbol(e: sp.Symbol, bound: dict, _: dict) -> Poly:
    if e in bound:
        return poly(bound[e]) + 1
    if e.is_integer and e.is_positive:
        return poly(size_atom(e.name))
    return entry(e.name, sign=_sign(e.is_positive, e.is_nonnegative))


def _sign(is_positive: bool | None, is_nonnegative: bool | None) -> str:
    return "+" if is_positive else "0+" if is_nonnegative else ""


def _entry(e: sp.Indexed, bound: dict, labels: dict) -> Poly:
    at = [_position(i, bound, labels) for i in e.indices]
    assumed = e.base.assumptions0
    sign = _sign(assumed.get("positive"), assumed.get("nonnegative"))
    if e.base not in labels:
        return entry(str(e.base.label), *at, sign=sign)
    upper = None if labels[e.base] is None else _read(labels[e.base], bound, labels)
    return entry(str(e.base.label), *at, sign=sign, upper=upper) + 1


def _position(i: sp.Expr, bound: dict, labels: dict) -> Poly:
    """An index counted from 0."""
    return _read(i, bound, labels) - 1


def _sum(e: sp.Sum, bound: dict, labels: dict) -> Poly:
    name, upper, summand = outermost(e)
    if any(lower != 1 for _, lower, _ in e.limits):
        raise Undecided("a sum that does not start at 1")
    own = fresh(_read(upper, bound, labels))
    return total((own,), _read(summand, {**bound, name: own}, labels))


def _power(e: sp.Pow, bound: dict, labels: dict) -> Poly:
    base, exponent = e.as_base_exp() if not isinstance(e, sp.exp) else (sp.E, e.args[0])
    if base == sp.E:
        return f.exp(_read(exponent, bound, labels))
    return f.symbolic_power(_read(base, bound, labels), _read(exponent, bound, labels))


def _derivative(e: sp.Derivative, bound: dict, labels: dict) -> Poly:
    result = _read(e.expr, bound, labels)
    for variable_, count in e.variable_count:
        is_real = isinstance(variable_, sp.Symbol) and not variable_.is_integer
        if not is_real and not isinstance(variable_, sp.Indexed):
            raise Undecided(f"a derivative by {variable_}, which is no real")
        name = str(variable_.base.label if isinstance(variable_, sp.Indexed) else variable_)
        places = variable_.indices if isinstance(variable_, sp.Indexed) else ()
        at = tuple(_position(i, bound, labels) for i in places)
        for _ in range(int(count)):
            result = derivative(result, name, at)
    return result


def _bracket(e: Iverson, bound: dict, labels: dict) -> Poly:
    return _condition(e.args[0], bound, labels)


def _condition(c: sp.Basic, bound: dict, labels: dict) -> Poly:
    if c in (sp.true, sp.false):
        return number(int(c == sp.true))
    if isinstance(c, sp.And):
        return product(_condition(part, bound, labels) for part in c.args)
    if isinstance(c, sp.Not):
        return ONE - _condition(c.args[0], bound, labels)
    if not isinstance(c, sp.core.relational.Relational):
        raise Undecided(f"the condition {c}")
    left, right = (_read(side, bound, labels) for side in (c.lhs, c.rhs))
    whole = all(_is_integer(side) for side in (c.lhs, c.rhs))
    return _RELATIONS[type(c)](left - right, whole)


def _is_integer(e: sp.Expr) -> bool:
    return isinstance(e, (sp.Idx, sp.Integer)) or bool(e.is_integer)


def _greater(p: Poly, whole: bool) -> Poly:
    return at_least(p - 1) if whole else positive(p)


def _same(p: Poly, whole: bool) -> Poly:
    return delta(p) if whole else zero(p)


_RELATIONS = {
    sp.StrictGreaterThan: _greater,
    sp.StrictLessThan: lambda p, whole: _greater(-p, whole),
    sp.GreaterThan: lambda p, whole: ONE - _greater(-p, whole),
    sp.LessThan: lambda p, whole: ONE - _greater(p, whole),
    sp.Equality: _same,
    sp.Unequality: lambda p, whole: ONE - _same(p, whole),
}


def _pieces(e: sp.Piecewise, bound: dict, labels: dict) -> Poly:
    result, remaining = number(0), ONE
    for value, condition in e.args:
        here = _condition(condition, bound, labels)
        result = result + remaining * here * _read(value, bound, labels)
        remaining = remaining * (ONE - here)
    return result


def _of_all(combine: Callable) -> Callable:
    def rule(e: sp.Expr, bound: dict, labels: dict) -> Poly:
        first, *rest = (_read(part, bound, labels) for part in e.args)
        for other in rest:
            first = combine(first, other)
        return first

    return rule


def _unary(function: Callable[[Poly], Poly]) -> Callable:
    return lambda e, bound, labels: function(_read(e.args[0], bound, labels))


RULES = {
    sp.Integer: lambda e, *_: number(int(e)),
    sp.Rational: lambda e, *_: number(Fraction(int(e.p), int(e.q))),
    type(sp.pi): lambda *_: f.PI,
    type(sp.E): lambda *_: f.exp(ONE),
    sp.Idx: _index,
    sp.Indexed: _entry,
    sp.Symbol: _symbol,
    sp.Add: lambda e, b, x: add_all(_read(part, b, x) for part in e.args),
    sp.Mul: lambda e, b, x: product(_read(part, b, x) for part in e.args),
    sp.exp: _power,
    sp.Pow: _power,
    sp.Sum: _sum,
    sp.KroneckerDelta: lambda e, b, x: delta(
        _position(e.args[0], b, x) - _position(e.args[1], b, x)
    ),
    Iverson: _bracket,
    sp.Derivative: _derivative,
    sp.Max: _of_all(f.maximum),
    sp.Min: _of_all(f.minimum),
    sp.Piecewise: _pieces,
    sp.Abs: _unary(f.absolute),
    sp.sign: _unary(f.sign_of),
    sp.log: _unary(f.log),
    sp.tanh: _unary(f.tanh),
    sp.sinh: _unary(f.sinh),
    sp.cosh: _unary(f.cosh),
    sp.erf: _unary(lambda p: f.fn("erf", p)),
    sp.erfc: _unary(lambda p: ONE - f.fn("erf", p)),
    sp.sin: _unary(lambda p: f.fn("sin", p)),
    sp.cos: _unary(lambda p: f.fn("cos", p)),
}
