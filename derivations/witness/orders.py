"""Rules of the evaluator for orders and for what runs along an axis: sorts, cumulative sums."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from derivations.witness import integers
from derivations.witness.arithmetic import larger
from derivations.witness.numbers import (
    MP,
    Number,
    Surroundings,
    by_entry,
    is_infinite,
    moved,
    truth,
)
from derivations.witness.rules import RULES, result_type, rule
from derivations.witness.shapes import typed
from derivations.witness.tangents import added, chosen, joined, meet, multiplied, subtracted


def _compared(a: tuple, b: tuple) -> int:
    """Key after key; nan after all."""
    for x, y in zip(a, b, strict=True):
        if (x != x) != (y != y):  # noqa: PLR0124 (nan)
            return 1 if x != x else -1  # noqa: PLR0124
        if x != y and x == x:  # noqa: PLR0124
            return 1 if x > y else -1
    return 0


_in_order = functools.cmp_to_key(_compared)


def _note_ties(around: Surroundings, x: Number) -> None:
    """Of neighbours in a sorted last axis."""
    before, after = (moved(lambda a, s=s: a[..., s], x) for s in (slice(None, -1), slice(1, None)))
    meet(around, before, after)


@rule("sort")
def _sort(around: Surroundings, equation: Any, *operands: Number) -> list[Number]:
    """All operands in the order of the first ones; of equal keys the earlier first."""
    axis, count = equation.params["dimension"], equation.params["num_keys"]
    keys = [np.moveaxis(o.value, axis, -1) for o in operands[:count]]
    order, n = np.zeros(keys[0].shape, dtype=np.int64), keys[0].shape[-1]
    for place in np.ndindex(order.shape[:-1]):
        columns = list(zip(*(key[place] for key in keys), strict=True))
        order[place] = sorted(range(n), key=lambda k: _in_order(columns[k]))
    order = np.moveaxis(order, -1, axis)
    results = [moved(lambda a: np.take_along_axis(a, order, axis), o) for o in operands]
    if operands[0].is_float:
        _note_ties(around, moved(lambda a: np.moveaxis(a, axis, -1), results[0]))
    return results


@rule("top_k")
def _top_k(around: Surroundings, equation: Any, x: Number) -> list[Number]:
    """The greatest, in falling order, and where they stand; nan before all."""
    axis, k = equation.params.get("axis", -1) % x.value.ndim, equation.params["k"]
    turned = moved(lambda a: np.moveaxis(a, axis, -1), x)
    order = np.zeros(turned.shape, dtype=np.int64)
    for place in np.ndindex(order.shape[:-1]):
        row = turned.value[place]
        order[place] = sorted(
            range(len(row)), key=lambda i, row=row: _in_order((row[i],)), reverse=True
        )
    ordered = moved(lambda a: np.take_along_axis(a, order, -1), turned)
    if x.is_float:
        _note_ties(around, moved(lambda a: a[..., : k + 1], ordered))
    found = moved(lambda a: np.moveaxis(a[..., :k], -1, axis), ordered)
    places = np.moveaxis(order[..., :k], -1, axis)
    return [found, typed(places, equation.outvars[1].aval.dtype)]


# --- along an axis ---


def _running(combine: Callable[[Surroundings, Number, Number], Number]) -> Callable[..., Number]:
    """From one end of an axis to the other: all before, together with the next."""

    def apply(around: Surroundings, equation: Any, x: Number) -> Number:
        axis, backwards = equation.params["axis"], equation.params["reverse"]
        n = x.shape[axis]
        parts: list[Number] = []
        for k in reversed(range(n)) if backwards else range(n):
            here = moved(lambda a, k=k: np.take(a, [k], axis), x)
            parts.append(combine(around, parts[-1], here) if parts else here)
        return joined(parts[::-1] if backwards else parts, axis) if parts else x

    return apply


def _log_sum(around: Surroundings, a: Number, b: Number) -> Number:
    """log(e^a + e^b), with nothing large; where both are -∞, or one is ∞, that."""
    top = Number(by_entry(lambda x, y: y if MP.isnan(y) or y > x else x, a.value, b.value))
    finite = truth(by_entry(MP.isfinite, top.value))
    shift = Number(np.where(finite, top.value, MP.mpf(0)))
    terms = (RULES["exp"](around, None, subtracted(x, shift)) for x in (a, b))
    total = added(RULES["log"](around, None, added(*terms)), shift)
    limit = truth(by_entry(is_infinite, top.value))
    return chosen(limit, total, top)


_REAL = {
    "cumsum": lambda _, a, b: added(a, b),
    "cumprod": lambda _, a, b: multiplied(a, b),
    "cummax": lambda around, a, b: larger(around, a, b, 1),
    "cummin": lambda around, a, b: larger(around, a, b, -1),
    "cumlogsumexp": _log_sum,
}
_WHOLE: dict[str, Callable[[Any, Any], Any]] = {
    "cumsum": lambda a, b: a + b,
    "cumprod": lambda a, b: a * b,
    "cummax": max,
    "cummin": min,
}


def _cumulative(name: str) -> Callable[..., Number]:
    of_reals = _running(_REAL[name])

    def apply(around: Surroundings, equation: Any, x: Number) -> Number:
        if x.is_float:
            return of_reals(around, equation, x)
        dtype = result_type(equation)
        step = _WHOLE[name]
        return _running(lambda _, a, b: Number(integers.wrapped(step, dtype, a.value, b.value)))(
            around, equation, x
        )

    return apply


RULES.update({name: _cumulative(name) for name in _REAL})
