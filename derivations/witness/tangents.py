"""Sums, products and choices of numbers with tangents, and the switches that are too near."""

from collections.abc import Callable
from typing import Any

import numpy as np

from derivations.witness.numbers import (
    CANCELLED,
    CLOSE,
    MP,
    NAN,
    STILL,
    Number,
    Surroundings,
    as_array,
    by_entry,
    is_infinite,
    is_special,
    still,
)


def _sum_of_slopes(a: Any, t: Any, b: Any, u: Any) -> Any:
    """The slope of a + b."""
    if type(t) is int:
        return u
    if type(u) is int:
        return t
    slope = t + u
    if not slope and t and not a + b:
        return CANCELLED
    return slope


def added(a: Number, b: Number) -> Number:
    """The sum."""
    value = as_array(a.value + b.value)
    if a.tangent is None and b.tangent is None:
        return Number(value)
    if a.tangent is None or b.tangent is None:
        only = (b if a.tangent is None else a).slopes
        return Number(value, np.broadcast_to(only, value.shape))
    return Number(value, by_entry(_sum_of_slopes, a.value, a.tangent, b.value, b.tangent))


def negated(a: Number) -> Number:
    """The opposite."""
    return Number(as_array(-a.value), None if a.tangent is None else as_array(-a.tangent))


def subtracted(a: Number, b: Number) -> Number:
    """The difference."""
    return added(a, negated(b))


def scaled(slope: Any, t: Any) -> Any:
    """The slope of a function of one entry that moves by t; nan at a vertical tangent."""
    if type(t) is int or (type(slope) is int and MP.isfinite(t)):
        return STILL
    if not slope._mpf_[1] and slope:  # ±∞ or nan
        return NAN
    return CANCELLED if type(t) is float else slope * t


def _half(t: Any, other: Any, other_slope: Any) -> Any:
    """The part t · other of the slope of a product."""
    if type(t) is int:
        return STILL
    if other._mpf_[1]:  # neither 0 nor special
        return t if type(t) is float else t * other
    if is_infinite(other):  # the product is infinite all around if its factor is
        return STILL if MP.isfinite(t) and MP.isfinite(other_slope) else NAN
    if not other and type(other_slope) is int and not is_special(t):
        return STILL  # a factor that is 0 all around
    return t * other


def _product_slope(a: Any, t: Any, b: Any, u: Any) -> Any:
    left, right = _half(t, b, u), _half(u, a, t)
    if type(left) is int:
        return right
    return left if type(right) is int else left + right


def multiplied(a: Number, b: Number) -> Number:
    """The product."""
    value = as_array(a.value * b.value)
    if a.tangent is None and b.tangent is None:
        return Number(value)
    if b.tangent is None:
        halves = by_entry(lambda t, y: _half(t, y, STILL), a.tangent, b.value)
        return Number(value, halves)
    if a.tangent is None:
        halves = by_entry(lambda u, x: _half(u, x, STILL), b.tangent, a.value)
        return Number(value, halves)
    return Number(value, by_entry(_product_slope, a.value, a.tangent, b.value, b.tangent))


def summed(x: Number, axes: tuple[int, ...]) -> Number:
    """Σ over some axes."""

    def total(array: np.ndarray, start: Any) -> np.ndarray:
        return as_array(np.add.reduce(array, axis=axes, initial=start))

    tangent = None if x.tangent is None else total(x.tangent, STILL)
    return Number(total(x.value, MP.mpf(0)), tangent)


def function_of(slope: Callable[[Any, Any], Any], value: np.ndarray, x: Number) -> Number:
    """A number whose value is known, f(x), and whose slope is that of f at x and f(x)."""
    if x.tangent is None:
        return Number(value)

    def one(a: Any, y: Any, t: Any) -> Any:
        if type(t) is int:
            return STILL
        if is_infinite(a):  # a limit, from which nothing near is seen
            return STILL if MP.isfinite(t) and not MP.isnan(y) else NAN
        if is_infinite(y):  # here alone
            return NAN
        return scaled(slope(a, y), t)

    return Number(value, by_entry(one, x.value, value, x.tangent))


def are_alike(t: Any, u: Any) -> bool:
    """Whether two entries of the same value are the same number all around, as far as is seen.

    Slopes that are both 0 tell nothing, unless nothing moves.
    """
    return t == u and bool(t or not (isinstance(t, MP.mpf) or isinstance(u, MP.mpf)))


def meet(around: Surroundings, a: Number, b: Number) -> None:
    """Note a switch between two numbers that are too near, unless they agree all around."""
    if around.near_kink:
        return
    both_still = a.tangent is None and b.tangent is None
    gaps = as_array(a.value - b.value)
    if not gaps.size:
        return
    slopes, others = (np.broadcast_to(x.slopes, gaps.shape) for x in (a, b))
    for place in np.ndindex(gaps.shape):
        gap = gaps[place]
        if abs(gap) < CLOSE and (
            gap or not (both_still or are_alike(slopes[place], others[place]))
        ):
            around.near_kink = True
            return


def meet_integers(around: Surroundings, x: Number) -> None:
    """Note entries that are too near to a half of an integer, where steps lie."""
    for value, t in zip(x.value.reshape(-1), x.slopes.reshape(-1), strict=True):
        if (
            MP.isfinite(value)
            and abs(2 * value - MP.nint(2 * value)) < CLOSE
            and type(t) is not int
        ):
            around.near_kink = True
            return


def chosen(condition: np.ndarray, no: Number, yes: Number) -> Number:
    """Entries, and their tangents, by a condition."""
    value = np.where(condition, yes.value, no.value)
    if yes.tangent is None and no.tangent is None:
        return Number(value)
    return Number(value, np.where(condition, yes.slopes, no.slopes))


def joined(parts: list[Number], axis: int) -> Number:
    """Numbers side by side."""
    value = np.concatenate([p.value for p in parts], axis)
    if all(p.tangent is None for p in parts):
        return Number(value)
    return Number(value, np.concatenate([p.slopes for p in parts], axis))


def blank(shape: tuple[int, ...]) -> Number:
    """Zeros."""
    return Number(np.full(shape, MP.mpf(0), dtype=object), still(shape))
