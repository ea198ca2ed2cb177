"""Index expressions as vectorised functions of NumPy or JAX arrays.

Every value carries the indices that its last axes stand for; axes before them are batch axes, over
which the function is vectorised as NumPy broadcasts. A product under a sum becomes one `einsum`.
Exponentials are carried as m·e^s, so formulas with e^1000 in them evaluate as they stand in the
book.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from types import ModuleType
from typing import Any

import numpy as np
import sympy as sp

from derivations.language.notation import Iverson, Named, outermost

Index = sp.Idx


@dataclass(frozen=True)
class Value:
    """The array m·e^s whose last axes stand for `axes`; no s means s = 0."""

    m: Any
    axes: tuple[Index, ...] = ()
    s: Any = None


@dataclass
class Scope:
    """What one call needs: its arrays, the sizes read off them, and what was computed."""

    xp: ModuleType
    erf: Callable
    arrays: dict[str, Any]
    sizes: dict[sp.Expr, int]
    known: dict[sp.Expr, Value] = field(default_factory=dict)

    def size(self, i: Index) -> int:
        """The number of values of an index."""
        return self.sizes[i.upper]


def lambdify(
    expression: sp.Expr,
    arguments: Sequence[str],
    output: Sequence[Index] = (),
    module: str = "jax",
    also: Sequence[sp.Expr] = (),
) -> Callable:
    """A function of arrays, positional in the order of `arguments` or by name.

    Args:
        expression: may contain entries, sums, deltas, brackets and elementary functions.
        output: the free indices, in the order of the axes of the result.
        module: "jax" or "numpy".
        also: further expressions to read sizes off: in ȳ/n no entry tells what n is.

    Raises:
        ValueError: another module.
    """
    if module not in ("jax", "numpy"):
        raise ValueError(f"lambdify needs module 'jax' or 'numpy', got {module!r}")

    entries = sorted(set().union(*(_entries(e) for e in (expression, *also))), key=str)

    def function(*values, **named):
        arrays = {**dict(zip(arguments, values, strict=False)), **named}
        with _permissive(module):
            xp, erf = _namespace(module)
            arrays = {name: xp.asarray(array) for name, array in arrays.items()}
            scope = Scope(xp, erf, arrays, _sizes(entries, arrays))
            value = _plain(_evaluate(expression, scope), scope)
            return _full(_on_axes(value, tuple(output), scope), scope)

    return function


@contextmanager
def _permissive(module: str) -> Iterator[None]:
    """Broadcasting over batch axes is meant here, and so are infinities of branches not taken."""
    if module == "numpy":
        with np.errstate(all="ignore"):
            yield
        return
    import jax

    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def _namespace(module: str) -> tuple[ModuleType, Callable]:
    if module == "numpy":
        from scipy.special import erf

        return np, erf
    import jax.numpy as jnp
    from jax.scipy.special import erf

    return jnp, erf


def _full(value: Value, scope: Scope) -> Any:
    """The array with every axis at its size, also where the formula does not depend on it."""
    sizes = tuple(scope.size(i) for i in value.axes)
    array = scope.xp.asarray(value.m)
    batch = array.shape[: array.ndim - len(sizes)]
    return scope.xp.broadcast_to(array, (*batch, *sizes))


def _sizes(entries: Sequence[sp.Indexed], arrays: dict) -> dict[sp.Expr, int]:
    """Each symbolic size, read off the shape of an array that an index of that range stands in.

    Raises:
        ValueError: two arrays disagree on a size.
    """
    sizes: dict[sp.Expr, int] = {}
    for entry in entries:
        name = str(entry.base.label)
        if name not in arrays:
            continue  # a definition may use more than the formula; `_entry` tells what is missing
        shape = arrays[name].shape
        if len(shape) < len(entry.indices):
            raise ValueError(
                f"the derived function needs {name} with {len(entry.indices)} axes, got {shape}"
            )
        for i, found in zip(entry.indices, shape[len(shape) - len(entry.indices) :], strict=True):
            if isinstance(i, Index) and sizes.setdefault(i.upper, found) != found:
                raise ValueError(
                    f"the derived function needs {i.upper}={sizes[i.upper]} in {name}, got {found}"
                )
    return sizes


def _entries(e: sp.Expr) -> set[sp.Indexed]:
    """The entries in an expression, also those inside of names."""
    if isinstance(e, sp.Indexed):
        return {e, *set().union(*(_entries(i) for i in e.indices))}
    return set().union(*(_entries(part) for part in e.args)) if e.args else set()


def _evaluate(e: sp.Expr, scope: Scope) -> Value:
    if e not in scope.known:
        rule = next((RULES[kind] for kind in type(e).__mro__ if kind in RULES), None)
        if rule is None:
            raise TypeError(f"lambdify cannot evaluate {type(e).__name__}: {e}; work it out first")
        scope.known[e] = rule(e, scope)
    return scope.known[e]


def _number(e, scope):
    return Value(scope.xp.asarray(float(e)))


def _symbol(e, scope):
    if e in scope.sizes:
        return Value(scope.xp.asarray(float(scope.sizes[e])))
    return Value(_array(e.name, scope))


def _array(name: str, scope: Scope) -> Any:
    if name not in scope.arrays:
        given = ", ".join(scope.arrays) or "nothing"
        raise TypeError(f"the derived function needs {name}, got {given}; pass it by name")
    return scope.arrays[name]


def _entry(e, scope):
    array, axes = _array(str(e.base.label), scope), tuple(e.indices)
    distinct = tuple(dict.fromkeys(axes))
    if distinct != axes:  # x[i, i]: the diagonal
        letters = {i: chr(97 + n) for n, i in enumerate(distinct)}
        spec = "".join(letters[i] for i in axes)
        array = scope.xp.einsum(f"...{spec}->...{''.join(letters.values())}", array)
    return Value(array, distinct)


def _delta(e, scope):
    """Labels in arrays count from 0, so the index beside one does too."""
    parts = (
        Value(scope.xp.arange(scope.size(p)), (p,)) if isinstance(p, Index) else _evaluate(p, scope)
        for p in e.args
    )
    a, b = _align(list(parts), scope)
    return Value((a.m == b.m) * 1.0, a.axes)


def _index(e, scope):
    """An index as a number counts from 1, as in the chapters."""
    return Value(scope.xp.arange(1, scope.size(e) + 1), (e,))


def _sum(e, scope):
    bound, _, summand = outermost(e)
    factors = [_evaluate(part, scope) for part in sp.Mul.make_args(summand)]
    if all(factor.s is None or bound not in factor.axes for factor in factors):
        outside = [Value(1.0, f.axes, f.s) for f in factors if f.s is not None]
        inside = _contract([Value(f.m, f.axes) for f in factors], bound, scope)
        return _product([inside, *outside], scope)
    return _scaled_sum(_product(factors, scope), bound, scope)


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
    return _product([Value(total, kept), *scalars], scope)


def _scaled_sum(value: Value, bound: Index, scope: Scope) -> Value:
    """Σ m·e^s = e^S Σ m·e^(s − S) with S the largest s that counts."""
    xp, axis = scope.xp, value.axes.index(bound) - len(value.axes)
    shift = xp.broadcast_to(xp.where(value.m == 0, -xp.inf, value.s), xp.shape(value.m + value.s))
    largest = shift.max(axis=axis, keepdims=True)
    largest = xp.where(largest == -xp.inf, 0, largest)
    total = (value.m * xp.exp(shift - largest)).sum(axis=axis)
    return Value(total, tuple(i for i in value.axes if i != bound), xp.squeeze(largest, axis=axis))


def _add(e, scope):
    terms = _align([_evaluate(part, scope) for part in e.args], scope)
    if all(term.s is None for term in terms):
        return Value(reduce(lambda a, b: a + b, (term.m for term in terms)), terms[0].axes)
    xp = scope.xp
    shifts = [xp.where(t.m == 0, -xp.inf, 0.0 if t.s is None else t.s) for t in terms]
    largest = reduce(xp.maximum, shifts)
    largest = xp.where(largest == -xp.inf, 0, largest)
    scaled = (t.m * xp.exp(shift - largest) for t, shift in zip(terms, shifts, strict=True))
    return Value(reduce(lambda a, b: a + b, scaled), terms[0].axes, largest)


def _multiply(e, scope):
    return _product([_evaluate(part, scope) for part in e.args], scope)


def _product(values: list[Value], scope: Scope) -> Value:
    values = _align(values, scope)
    shifts = [v.s for v in values if v.s is not None]
    m = reduce(lambda a, b: a * b, (v.m for v in values))
    return Value(m, values[0].axes, reduce(lambda a, b: a + b, shifts) if shifts else None)


def _power(e, scope):
    base = _evaluate(e.base, scope)
    if e.exp.is_Rational:
        q = int(e.exp) if e.exp.is_Integer else float(e.exp)
        m = base.m if isinstance(base.m, float) else base.m * 1.0
        return Value(m**q, base.axes, None if base.s is None else base.s * q)
    base, exponent = _align([_plain(base, scope), _plain(_evaluate(e.exp, scope), scope)], scope)
    return Value(base.m**exponent.m, base.axes)


def _exp(e, scope):
    exponent = _plain(_evaluate(e.args[0], scope), scope)
    return Value(scope.xp.ones_like(exponent.m * 1.0), exponent.axes, exponent.m * 1.0)


def _log(e, scope):
    value = _evaluate(e.args[0], scope)
    log = scope.xp.log(value.m)
    return Value(log if value.s is None else log + value.s, value.axes)


def _bracket(e, scope):
    condition = e.args[0]
    if isinstance(condition, (sp.And, sp.Or)):
        parts = [_bracket(Iverson(part), scope) for part in condition.args]
        parts = _align(parts, scope)
        combine = scope.xp.minimum if isinstance(condition, sp.And) else scope.xp.maximum
        return Value(reduce(combine, (part.m for part in parts)), parts[0].axes)
    left, right = (_plain(_evaluate(side, scope), scope) for side in condition.args)
    left, right = _align([left, right], scope)
    return Value(COMPARISONS[type(condition)](left.m, right.m) * 1.0, left.axes)


def _piecewise(e, scope):
    """The first branch whose condition holds; branches not taken may be anything."""
    values = [_plain(_evaluate(branch, scope), scope) for branch, _ in e.args]
    brackets = [
        Value(scope.xp.asarray(1.0)) if c == sp.true else _bracket(Iverson(c), scope)
        for _, c in e.args
    ]
    aligned = _align([*values, *brackets], scope)
    values, brackets = aligned[: len(values)], aligned[len(values) :]
    chosen = values[-1].m
    for value, bracket in reversed(list(zip(values[:-1], brackets[:-1], strict=True))):
        chosen = scope.xp.where(bracket.m > 0, value.m, chosen)
    return Value(chosen, values[0].axes)


def _maximum(e, scope):
    values = _align([_plain(_evaluate(part, scope), scope) for part in e.args], scope)
    return Value(reduce(scope.xp.maximum, (v.m for v in values)), values[0].axes)


def _elementwise(name):
    def rule(e, scope):
        value = _plain(_evaluate(e.args[0], scope), scope)
        function = scope.erf if name == "erf" else getattr(scope.xp, name)
        return Value(function(value.m), value.axes)

    return rule


def _plain(value: Value, scope: Scope) -> Value:
    """The value with its exponential multiplied out."""
    if value.s is None:
        return value
    xp = scope.xp
    return Value(xp.where(value.m == 0, 0.0, value.m * xp.exp(value.s)), value.axes)


def _align(values: list[Value], scope: Scope) -> list[Value]:
    """All values on the union of their axes, so that they broadcast."""
    axes = tuple(dict.fromkeys(i for value in values for i in value.axes))
    return [_on_axes(value, axes, scope) for value in values]


def _on_axes(value: Value, axes: tuple[Index, ...], scope: Scope) -> Value:
    if value.axes == axes:
        return value

    def arranged(array):
        array = scope.xp.asarray(array)
        if array.ndim < len(value.axes):
            array = scope.xp.broadcast_to(array, [scope.size(i) for i in value.axes])
        batch = tuple(range(array.ndim - len(value.axes)))
        order = [len(batch) + value.axes.index(i) for i in axes if i in value.axes]
        array = scope.xp.transpose(array, (*batch, *order))
        missing = tuple(n - len(axes) for n, i in enumerate(axes) if i not in value.axes)
        return scope.xp.expand_dims(array, missing)

    return Value(arranged(value.m), axes, None if value.s is None else arranged(value.s))


COMPARISONS = {
    sp.StrictGreaterThan: lambda a, b: a > b,
    sp.GreaterThan: lambda a, b: a >= b,
    sp.StrictLessThan: lambda a, b: a < b,
    sp.LessThan: lambda a, b: a <= b,
    sp.Equality: lambda a, b: a == b,
    sp.Unequality: lambda a, b: a != b,
}

RULES: dict[type, Callable[[Any, Scope], Value]] = {
    sp.Number: _number,
    sp.NumberSymbol: _number,
    sp.Symbol: _symbol,
    sp.Idx: _index,
    sp.Indexed: _entry,
    sp.KroneckerDelta: _delta,
    Iverson: _bracket,
    Named: lambda e, scope: _evaluate(e.meaning, scope),
    sp.Sum: _sum,
    sp.Add: _add,
    sp.Mul: _multiply,
    sp.Pow: _power,
    sp.exp: _exp,
    sp.log: _log,
    sp.Max: _maximum,
    sp.Piecewise: _piecewise,
    sp.Abs: _elementwise("abs"),
    sp.sign: _elementwise("sign"),
    sp.tanh: _elementwise("tanh"),
    sp.sin: _elementwise("sin"),
    sp.cos: _elementwise("cos"),
    sp.erf: _elementwise("erf"),
}
