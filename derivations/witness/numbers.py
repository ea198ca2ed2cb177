"""Numbers of 40 digits with tangents, in arrays: what the evaluator computes with.

Values are the reals with nan and ±∞, which arithmetic treats as IEEE 754 does; there is one zero.
A tangent is kept entry by entry, and is one of three kinds of number:

- `STILL`, the int 0: the entry is constant along the direction, so whatever is made of it alone is
  constant too, at a root of 0 and on a kink as well;
- `CANCELLED`, the float 0.0: the entry is the difference of two that have the same value and the
  same slope, not 0, as an entry minus the maximum that it is itself. It lies on no kink;
- a number of high precision: the slope, which may happen to be 0 as that of x² at 0.

The tangent of an infinite entry is finite only where the entry is infinite all around.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from derivations.limits import NEAR_KINK

MP = mpmath.mp.clone()
MP.dps = 40
NAN, INFINITY = MP.nan, MP.inf
CLOSE = MP.mpf(NEAR_KINK)
STILL, CANCELLED = 0, 0.0


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

    Floats are objects; integers and truth values plain NumPy, in the type that the machine has.
    """

    value: np.ndarray
    tangent: np.ndarray | None = None

    @property
    def is_float(self) -> bool:
        """Whether the entries are real numbers."""
        return self.value.dtype == object

    @property
    def slopes(self) -> np.ndarray:
        """The tangent, of zeros where there is none."""
        return still(self.value.shape) if self.tangent is None else self.tangent

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self.value.shape


@dataclass
class Surroundings:
    """What a run met: whether a switch was too near for the point to be used.

    Without poles, 1 / 0 and log 0 are no numbers, as in a definition; with them they are ±∞, as on
    a machine. With all digits kept, conversions to narrower floats round nothing.
    """

    near_kink: bool = False
    has_no_poles: bool = False
    keeps_digits: bool = False


def real(value: Any) -> Any:
    """A number in high precision."""
    if isinstance(value, Fraction):
        return MP.mpf(value.numerator) / value.denominator
    if isinstance(value, np.integer):
        return MP.mpf(int(value))
    return MP.mpf(float(value)) if isinstance(value, np.generic) else MP.mpf(value)


def reals(array: Any) -> np.ndarray:
    """An object array of high-precision numbers."""
    array = np.asarray(array)
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        result[place] = real(array[place])
    return result


def still(shape: tuple[int, ...]) -> np.ndarray:
    """The tangent of what does not move."""
    return np.full(shape, STILL, dtype=object)


def filled(shape: tuple[int, ...], value: Any) -> np.ndarray:
    """A number of high precision everywhere."""
    return np.full(shape, value, dtype=object)


def as_array(value: Any) -> np.ndarray:
    """NumPy returns bare objects for arrays without axes; make them arrays again."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def by_entry(function: Callable, *arrays: Any) -> np.ndarray:
    """The function of every entry, as an array of objects."""
    found = np.frompyfunc(function, len(arrays), 1)(*arrays)
    return found if isinstance(found, np.ndarray) else as_array(found)


def guarded(function: Callable) -> Callable:
    """The function of numbers; nan where it has no real value."""

    def safe(*args: Any) -> Any:
        try:
            result = function(*args)
        except (ZeroDivisionError, ValueError, OverflowError, mpmath.libmp.ComplexResult):
            return NAN
        if isinstance(result, MP.mpc):
            return result.real if result.imag == 0 else NAN
        return result if isinstance(result, MP.mpf) else MP.mpf(result)

    return safe


def is_special(x: Any) -> bool:
    """Whether a number is ±∞ or nan."""
    return not MP.isfinite(x)


def is_infinite(x: Any) -> bool:
    """Whether a number is ±∞."""
    return bool(MP.isinf(x))


def truth(value: Any) -> np.ndarray:
    """Truth values as a plain array."""
    return np.asarray(value).astype(bool)


def moved(function: Callable[[np.ndarray], np.ndarray], x: Number) -> Number:
    """The same move of the entries and of their tangents."""
    tangent = None if x.tangent is None else as_array(function(x.tangent))
    return Number(as_array(function(x.value)), tangent)
