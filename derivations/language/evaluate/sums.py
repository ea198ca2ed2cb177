"""Sums, products and powers; a product under a sum becomes one `einsum`."""

from functools import reduce
from typing import Any

import sympy as sp

from derivations.language.evaluate.rules import evaluate, rule
from derivations.language.evaluate.values import Index, Scope, Value, align, plain, product
from derivations.language.notation import outermost


@rule(sp.Sum)
def _sum(e: Any, scope: Scope) -> Value:
    bound, _, summand = outermost(e)
    factors = [evaluate(part, scope) for part in sp.Mul.make_args(summand)]
    if all(factor.s is None or bound not in factor.axes for factor in factors):
        outside = [Value(1.0, f.axes, f.s) for f in factors if f.s is not None]
        inside = _contract([Value(f.m, f.axes) for f in factors], bound, scope)
        return product([inside, *outside], scope)
    return _scaled_sum(product(factors, scope), bound, scope)


def _contract(factors: list[Value], bound: Index, scope: Scope) -> Value:
    """The sum over an index of a product without exponentials, as one einsum."""
    scalars = [f for f in factors if not f.axes]
    arrays = [f for f in factors if f.axes]
    if not any(bound in f.axes for f in arrays):
        arrays.append(Value(scope.xp.ones(scope.size(bound)), (bound,)))
    every = tuple(dict.fromkeys(i for f in arrays for i in f.axes))
    letter = {i: chr(97 + n) for n, i in enumerate(every)}
    kept = tuple(i for i in every if i != bound)
    terms = ",".join("..." + "".join(letter[i] for i in f.axes) for f in arrays)
    spec = f"{terms}->...{''.join(letter[i] for i in kept)}"
    operands = scope.xp.result_type(*(f.m for f in arrays), float)
    total = scope.xp.einsum(spec, *(scope.xp.asarray(f.m, operands) for f in arrays))
    return product([Value(total, kept), *scalars], scope)


def _scaled_sum(value: Value, bound: Index, scope: Scope) -> Value:
    """Σ m·e^s = e^S Σ m·e^(s − S) with S the largest s that counts."""
    xp, axis = scope.xp, value.axes.index(bound) - len(value.axes)
    shift = xp.broadcast_to(xp.where(value.m == 0, -xp.inf, value.s), xp.shape(value.m + value.s))
    largest = shift.max(axis=axis, keepdims=True)
    largest = xp.where(largest == -xp.inf, 0, largest)
    total = (value.m * xp.exp(shift - largest)).sum(axis=axis)
    return Value(total, tuple(i for i in value.axes if i != bound), xp.squeeze(largest, axis=axis))


@rule(sp.Add)
def _add(e: Any, scope: Scope) -> Value:
    terms = align([evaluate(part, scope) for part in e.args], scope)
    if all(term.s is None for term in terms):
        return Value(reduce(lambda a, b: a + b, (term.m for term in terms)), terms[0].axes)
    xp = scope.xp
    shifts = [xp.where(t.m == 0, -xp.inf, 0.0 if t.s is None else t.s) for t in terms]
    largest = reduce(xp.maximum, shifts)
    largest = xp.where(largest == -xp.inf, 0, largest)
    scaled = (t.m * xp.exp(shift - largest) for t, shift in zip(terms, shifts, strict=True))
    return Value(reduce(lambda a, b: a + b, scaled), terms[0].axes, largest)


@rule(sp.Mul)
def _multiply(e: Any, scope: Scope) -> Value:
    return product([evaluate(part, scope) for part in e.args], scope)


@rule(sp.Pow)
def _power(e: Any, scope: Scope) -> Value:
    base = evaluate(e.base, scope)
    if e.exp.is_Rational:
        q = int(e.exp) if e.exp.is_Integer else float(e.exp)
        m = base.m if isinstance(base.m, float) else base.m * 1.0
        return Value(m**q, base.axes, None if base.s is None else base.s * q)
    base, exponent = align([plain(base, scope), plain(evaluate(e.exp, scope), scope)], scope)
    return Value(base.m**exponent.m, base.axes)
