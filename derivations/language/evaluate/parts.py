"""What sums and products are made of: numbers, entries, indices, deltas, brackets, functions."""

from functools import reduce
from typing import Any

import sympy as sp

from derivations.language.evaluate.rules import Rule, evaluate, rule
from derivations.language.evaluate.values import Index, Scope, Value, align, plain
from derivations.language.notation import Iverson, Named

COMPARISONS = {
    sp.StrictGreaterThan: lambda a, b: a > b,
    sp.GreaterThan: lambda a, b: a >= b,
    sp.StrictLessThan: lambda a, b: a < b,
    sp.LessThan: lambda a, b: a <= b,
    sp.Equality: lambda a, b: a == b,
    sp.Unequality: lambda a, b: a != b,
}


@rule(sp.Number, sp.NumberSymbol)
def _number(e: Any, scope: Scope) -> Value:
    return Value(scope.xp.asarray(float(e)))


@rule(sp.Symbol)
def _symbol(e: Any, scope: Scope) -> Value:
    if e in scope.sizes:
        return Value(scope.xp.asarray(float(scope.sizes[e])))
    return Value(_array(e.name, scope))


def _array(name: str, scope: Scope) -> Any:
    if name not in scope.arrays:
        given = ", ".join(scope.arrays) or "nothing"
        raise TypeError(f"the derived function needs {name}, got {given}; pass it by name")
    return scope.arrays[name]


@rule(sp.Indexed)
def _entry(e: Any, scope: Scope) -> Value:
    array, axes = _array(str(e.base.label), scope), tuple(e.indices)
    distinct = tuple(dict.fromkeys(axes))
    if distinct != axes:  # x[i, i]: the diagonal
        letters = {i: chr(97 + n) for n, i in enumerate(distinct)}
        spec = "".join(letters[i] for i in axes)
        array = scope.xp.einsum(f"...{spec}->...{''.join(letters.values())}", array)
    return Value(array, distinct)


@rule(sp.KroneckerDelta)
def _delta(e: Any, scope: Scope) -> Value:
    """Labels in arrays count from 0, so the index beside one does too; all others count from 1."""
    first = 0 if any(p.has(sp.Indexed) for p in e.args) else 1
    parts = (
        Value(scope.xp.arange(first, scope.size(p) + first), (p,))
        if isinstance(p, Index)
        else evaluate(p, scope)
        for p in e.args
    )
    a, b = align(list(parts), scope)
    return Value((a.m == b.m) * 1.0, a.axes)


@rule(sp.Idx)
def _index(e: Any, scope: Scope) -> Value:
    """An index as a number counts from 1, as in the chapters."""
    return Value(scope.xp.arange(1, scope.size(e) + 1), (e,))


@rule(Named)
def _named(e: Any, scope: Scope) -> Value:
    return evaluate(e.meaning, scope)


@rule(sp.exp)
def _exp(e: Any, scope: Scope) -> Value:
    exponent = plain(evaluate(e.args[0], scope), scope)
    return Value(scope.xp.ones_like(exponent.m * 1.0), exponent.axes, exponent.m * 1.0)


@rule(sp.log)
def _log(e: Any, scope: Scope) -> Value:
    value = evaluate(e.args[0], scope)
    log = scope.xp.log(value.m)
    return Value(log if value.s is None else log + value.s, value.axes)


@rule(Iverson)
def _bracket(e: Any, scope: Scope) -> Value:
    condition = e.args[0]
    if isinstance(condition, (sp.And, sp.Or)):
        parts = [_bracket(Iverson(part), scope) for part in condition.args]
        parts = align(parts, scope)
        combine = scope.xp.minimum if isinstance(condition, sp.And) else scope.xp.maximum
        return Value(reduce(combine, (part.m for part in parts)), parts[0].axes)
    left, right = (plain(evaluate(side, scope), scope) for side in condition.args)
    left, right = align([left, right], scope)
    return Value(COMPARISONS[type(condition)](left.m, right.m) * 1.0, left.axes)


@rule(sp.Piecewise)
def _piecewise(e: Any, scope: Scope) -> Value:
    """The first branch whose condition holds; branches not taken may be anything."""
    values = [plain(evaluate(branch, scope), scope) for branch, _ in e.args]
    brackets = [
        Value(scope.xp.asarray(1.0)) if c == sp.true else _bracket(Iverson(c), scope)
        for _, c in e.args
    ]
    aligned = align([*values, *brackets], scope)
    values, brackets = aligned[: len(values)], aligned[len(values) :]
    chosen = values[-1].m
    for value, bracket in reversed(list(zip(values[:-1], brackets[:-1], strict=True))):
        chosen = scope.xp.where(bracket.m > 0, value.m, chosen)
    return Value(chosen, values[0].axes)


@rule(sp.Max)
def _maximum(e: Any, scope: Scope) -> Value:
    values = align([plain(evaluate(part, scope), scope) for part in e.args], scope)
    return Value(reduce(scope.xp.maximum, (v.m for v in values)), values[0].axes)


def _elementwise(name: str) -> Rule:
    def of(e: Any, scope: Scope) -> Value:
        value = plain(evaluate(e.args[0], scope), scope)
        function = scope.erf if name == "erf" else getattr(scope.xp, name)
        return Value(function(value.m), value.axes)

    return of


for _kind, _name in {
    sp.Abs: "abs",
    sp.sign: "sign",
    sp.tanh: "tanh",
    sp.sin: "sin",
    sp.cos: "cos",
    sp.erf: "erf",
}.items():
    rule(_kind)(_elementwise(_name))
