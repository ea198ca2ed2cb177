"""Arrays whose last axes stand for indices, and how they come together.

Exponentials are carried as m·e^s, so that formulas with e^1000 in them evaluate as they stand in
the book.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from types import ModuleType
from typing import Any

import sympy as sp

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


def plain(value: Value, scope: Scope) -> Value:
    """The value with its exponential multiplied out."""
    if value.s is None:
        return value
    xp = scope.xp
    return Value(xp.where(value.m == 0, 0.0, value.m * xp.exp(value.s)), value.axes)


def on_axes(value: Value, axes: tuple[Index, ...], scope: Scope) -> Value:
    """The value with the axes of these indices, in this order; new axes have the length 1."""
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


def align(values: list[Value], scope: Scope) -> list[Value]:
    """All values on the union of their axes, so that they broadcast."""
    axes = tuple(dict.fromkeys(i for value in values for i in value.axes))
    return [on_axes(value, axes, scope) for value in values]


def product(values: list[Value], scope: Scope) -> Value:
    """The product of values, their exponents added."""
    values = align(values, scope)
    shifts = [v.s for v in values if v.s is not None]
    m = reduce(lambda a, b: a * b, (v.m for v in values))
    return Value(m, values[0].axes, reduce(lambda a, b: a + b, shifts) if shifts else None)


def full(value: Value, scope: Scope) -> Any:
    """The array with every axis at its size, also where the formula does not depend on it."""
    sizes = tuple(scope.size(i) for i in value.axes)
    array = scope.xp.asarray(value.m)
    batch = array.shape[: array.ndim - len(sizes)]
    return scope.xp.broadcast_to(array, (*batch, *sizes))
