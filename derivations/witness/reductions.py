"""Rules of the evaluator for sums, products, extremes, and products of matrices."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from derivations.witness import integers
from derivations.witness.numbers import (
    CLOSE,
    MP,
    Number,
    Surroundings,
    as_array,
    filled,
    moved,
    reals,
)
from derivations.witness.rules import RULES, result_type, rule
from derivations.witness.shapes import typed
from derivations.witness.tangents import are_alike, multiplied, summed


def rows(x: Number, axes: Sequence[int]) -> Number:
    """The reduced axes merged into a last one."""
    kept = [k for k in range(x.value.ndim) if k not in axes]
    length = math.prod(x.shape[k] for k in axes)
    shape = (*(x.shape[k] for k in kept), length)
    return moved(lambda a: np.transpose(a, (*kept, *axes)).reshape(shape), x)


@rule("reduce_sum")
def _sum(_: Surroundings, equation: Any, x: Number) -> Number:
    axes = tuple(equation.params["axes"])
    if x.is_float:
        return summed(x, axes)
    return _of_integers(np.add, x, axes, equation)


@rule("reduce_prod")
def _prod(_: Surroundings, equation: Any, x: Number) -> Number:
    axes = tuple(equation.params["axes"])
    if not x.is_float:
        return _of_integers(np.multiply, x, axes, equation)
    factors = rows(x, axes)
    result = Number(filled(factors.shape[:-1], MP.mpf(1)))
    for k in range(factors.shape[-1]):
        result = multiplied(result, moved(lambda a, k=k: a[..., k], factors))
    return result


def _of_integers(ufunc: np.ufunc, x: Number, axes: tuple[int, ...], equation: Any) -> Number:
    """Worked out without limits, then wrapped: modulo 2^bits that is the same."""
    whole = integers.whole(x.value)
    dtype, start = result_type(equation), 0 if ufunc is np.add else 1
    return typed(as_array(ufunc.reduce(whole, axis=axes, initial=start)), dtype)


def _truths(ufunc: np.ufunc) -> Callable[..., Number]:
    """Of truth values, and of integers bit by bit."""

    def apply(_: Surroundings, equation: Any, x: Number) -> Number:
        axes = tuple(equation.params["axes"])
        start = -1 if ufunc is np.bitwise_and and x.value.dtype != np.bool_ else None
        start = (ufunc is np.bitwise_and) if x.value.dtype == np.bool_ else (start or 0)
        initial = np.asarray(start).astype(x.value.dtype)
        return Number(as_array(ufunc.reduce(x.value, axis=axes, initial=initial)))

    return apply


RULES["reduce_or"] = _truths(np.bitwise_or)
RULES["reduce_and"] = _truths(np.bitwise_and)
RULES["reduce_xor"] = _truths(np.bitwise_xor)


# --- extremes ---


def best_places(around: Surroundings, x: Number, flip: int) -> np.ndarray:
    """Where each row of a last axis is greatest (flip 1) or least; the first nan before all.

    Of equal ones the first. A runner-up too near is noted.
    """
    best = np.zeros(x.shape[:-1], dtype=np.int64)
    for place in np.ndindex(best.shape):
        row, slopes = list(x.value[place]), x.slopes[place]
        undefined = [k for k, value in enumerate(row) if value != value]  # noqa: PLR0124 (nan)
        if undefined:
            best[place] = undefined[0]
            continue
        top = row.index(max(row) if flip > 0 else min(row))
        best[place] = top
        if x.is_float and _has_rival(row, slopes, top, x.tangent is not None):
            around.near_kink = True
    return best


def _has_rival(row: list, slopes: np.ndarray, top: int, moves: bool) -> bool:
    """Whether another entry is as great, or nearly, and not the same number all around."""
    for k, value in enumerate(row):
        gap = abs(row[top] - value) if k != top else MP.inf
        if gap < CLOSE and (gap or (moves and not are_alike(slopes[k], slopes[top]))):
            return True
    return False


def at_places(x: Number, best: np.ndarray) -> Number:
    """The entry of each row at a place of its own."""
    return moved(lambda a: np.take_along_axis(a, best[..., None], -1)[..., 0], x)


def _greatest(flip: int) -> Callable[..., Number]:
    def apply(around: Surroundings, equation: Any, x: Number) -> Number:
        along = rows(x, equation.params["axes"])
        if along.shape[-1] == 0:
            return Number(_least(along.shape[:-1], result_type(equation), flip))
        return at_places(along, best_places(around, along, flip))

    return apply


def _least(shape: tuple[int, ...], dtype: Any, flip: int) -> np.ndarray:
    """What an extreme starts from."""
    if integers.is_floating(dtype):
        return filled(shape, -flip * MP.inf)
    if dtype == np.bool_:
        return np.full(shape, flip < 0)
    info = integers.jnp.iinfo(dtype)
    return np.full(shape, info.min if flip > 0 else info.max).astype(dtype)


RULES.update({"reduce_max": _greatest(1), "reduce_min": _greatest(-1)})


def _position(flip: int) -> Callable[..., Number]:
    """In the type that is asked for, in which it may wrap around."""

    def apply(around: Surroundings, equation: Any, x: Number) -> Number:
        best = best_places(around, rows(x, equation.params["axes"]), flip)
        return typed(best, result_type(equation))

    return apply


RULES.update({"argmax": _position(1), "argmin": _position(-1)})


# --- products of matrices ---


def _arranged(
    x: Number, batch: Sequence[int], inner: Sequence[int], others: int, left: bool
) -> Number:
    """Axes in the order batch, own ones, and the contracted ones as a last one."""
    free = [k for k in range(x.value.ndim) if k not in (*batch, *inner)]
    blank, own = (1,) * others, tuple(x.shape[k] for k in free)
    shape = (
        *(x.shape[k] for k in batch),
        *(own + blank if left else blank + own),
        math.prod(x.shape[k] for k in inner),
    )
    return moved(lambda a: np.transpose(a, (*batch, *free, *inner)).reshape(shape), x)


@rule("dot_general")
def _dot(_: Surroundings, equation: Any, a: Number, b: Number) -> Number:
    """Σ a b; of truth values whether any pair is true, of integers in the type of the result."""
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
    frees = [x.value.ndim - len(left) - len(left_batch) for x in (a, b)]
    first = _arranged(a, left_batch, left, frees[1], left=True)
    second = _arranged(b, right_batch, right, frees[0], left=False)
    dtype = result_type(equation)
    if integers.is_floating(dtype):
        pair = [
            x if x.is_float else Number(reals(integers.whole(x.value))) for x in (first, second)
        ]
        whole = multiplied(*pair)
        return summed(whole, (whole.value.ndim - 1,))
    products = integers.whole(first.value) * integers.whole(second.value)
    total = as_array(np.add.reduce(products, axis=-1, initial=0))
    return Number(total.astype(bool)) if dtype == np.bool_ else typed(total, dtype)
