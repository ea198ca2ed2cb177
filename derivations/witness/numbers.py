"""Numbers of 40 digits with tangents, in arrays: what the evaluator computes with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

MP = mpmath.mp.clone()
MP.dps = 40
NAN = MP.nan
CLOSE = MP.mpf(10) ** -10  # nearer to a kink than this a point is not used


@contextmanager
def more_digits() -> Iterator[None]:
    """Three times as many, to tell a difference from what cancellation leaves."""
    before = MP.dps
    MP.dps = 3 * before
    try:
        yield
    finally:
        MP.dps = before


class CannotEvaluate(Exception):
    """The evaluator has no rule for a primitive."""


@dataclass
class Number:
    """An array of numbers and its tangent (None: zero).

    Floats are objects, integers and truth values plain NumPy.
    """

    value: np.ndarray
    tangent: np.ndarray | None = None

    @property
    def is_float(self) -> bool:
        """Whether the entries are real numbers."""
        return self.value.dtype == object


@dataclass
class Surroundings:
    """What a run met: whether a switch was too near for the point to be used."""

    near_kink: bool = False


def real(value: Any) -> Any:
    """A number in high precision."""
    if isinstance(value, Fraction):
        return MP.mpf(value.numerator) / value.denominator
    return MP.mpf(float(value)) if isinstance(value, np.generic) else MP.mpf(value)


def reals(array: Any) -> np.ndarray:
    """An object array of high-precision numbers."""
    array = np.asarray(array)
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        result[place] = real(array[place])
    return result


def as_array(value: Any) -> np.ndarray:
    """NumPy returns bare objects for arrays without axes; make them arrays again."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def guarded(function: Callable) -> Callable:
    """The function as a ufunc of objects; nan where it is not real or not finite."""

    def safe(*args):
        try:
            result = function(*args)
        except (ZeroDivisionError, ValueError, OverflowError):
            return NAN
        return (
            NAN
            if isinstance(result, MP.mpc) and result.imag != 0
            else getattr(result, "real", result)
        )

    return lambda *arrays: as_array(np.frompyfunc(safe, len(arrays), 1)(*arrays))


def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product, entry by entry, as an array."""
    return as_array(a * b)


def meet(around: Surroundings, gap: np.ndarray, tangent: np.ndarray | None) -> None:
    """Note a switch that is too near, unless the two sides agree identically."""
    tangents = np.broadcast_to(0 if tangent is None else tangent, gap.shape)
    for place in np.ndindex(gap.shape):
        g = gap[place]
        if abs(g) < CLOSE and not (g == 0 and tangents[place] == 0):
            around.near_kink = True


def sum_tangents(*parts: np.ndarray | None) -> np.ndarray | None:
    """The sum of those that are there."""
    present = [p for p in parts if p is not None]
    return None if not present else as_array(sum(present[1:], present[0]))


def truth(value: Any) -> np.ndarray:
    """Truth values as a plain array."""
    return np.asarray(value).astype(bool)


def choose(condition: np.ndarray, no: Number, yes: Number) -> Number:
    """Entries, and their tangents, by a condition."""
    value = np.where(condition, yes.value, no.value)
    if yes.tangent is None and no.tangent is None:
        return Number(value)
    zero = MP.mpf(0)
    tangents = [zero if c.tangent is None else c.tangent for c in (yes, no)]
    return Number(value, np.where(condition, *tangents))
