"""What JAX records of a program: the jaxprs to compare, and what can be told by walking them."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import jax
import numpy as np

from derivations.limits import SHORT
from derivations.witness import coarsest


@dataclass(frozen=True)
class Traces:
    """The definition, and forward with backward; the latter takes the cotangents first."""

    value: Any
    hand: Any
    outputs: tuple[tuple[Any, ...], ...]
    keeps_digits: bool = True  # whether conversions to narrower floats are the identity

    @cached_property
    def coarsest(self) -> float:
        """The eps of the coarsest type that numbers are rounded to on the way; 0 if none is."""
        return max(coarsest(self.value), coarsest(self.hand))

    @cached_property
    def is_exact(self) -> bool:
        """Whether every number in the program is a short binary one, as 2 and 0.5 are, not 0.1."""
        return all(_is_short(x) for jaxpr in (self.value, self.hand) for x in _numbers(jaxpr))

    @cached_property
    def has_open_loop(self) -> bool:
        """Whether a loop ends when a number is good enough: it may never end."""
        return any(
            e.primitive.name == "while" and _looks_at_reals(e.params["cond_jaxpr"])
            for jaxpr in (self.value, self.hand)
            for e in equations(jaxpr)
        )

    def numbers(self) -> Iterator[Any]:
        """The literals and constants of both programs."""
        return itertools.chain.from_iterable(map(_numbers, (self.value, self.hand)))

    @property
    def has_cut(self) -> bool:
        """Whether the definition keeps something from being differentiated."""
        return any(e.primitive.name == "stop_gradient" for e in equations(self.value))


def equations(jaxpr: Any) -> Iterator[Any]:
    """The equations of a jaxpr and of all that it calls."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        yield equation
        for param in equation.params.values():
            for inner in param if isinstance(param, (tuple, list)) else (param,):
                if hasattr(getattr(inner, "jaxpr", inner), "eqns"):
                    yield from equations(inner)


def _looks_at_reals(condition: Any) -> bool:
    read = [v for e in condition.jaxpr.eqns for v in e.invars if not hasattr(v, "val")]
    return any(jax.numpy.issubdtype(v.aval.dtype, jax.numpy.floating) for v in read)


def _numbers(jaxpr: Any) -> Iterator[Any]:
    """The literals and constants of a jaxpr, calls included."""
    yield from getattr(jaxpr, "consts", ())
    for equation in equations(jaxpr):
        yield from (atom.val for atom in equation.invars if hasattr(atom, "val"))
        yield from itertools.chain.from_iterable(
            getattr(inner, "consts", ()) for inner in equation.params.values()
        )


def is_key(value: Any) -> bool:
    """Whether it is a typed random key, which NumPy cannot hold."""
    return jax.numpy.issubdtype(getattr(value, "dtype", np.float64), jax.dtypes.extended)


def _is_short(value: Any) -> bool:
    if is_key(value):
        return True
    value = np.asarray(value)
    if value.dtype.kind not in "fV" or value.dtype == jax.dtypes.float0:
        return True
    numbers = value.astype(float).reshape(-1).tolist()
    finite = (Fraction(x) for x in numbers if math.isfinite(x))
    return all(x.numerator.bit_length() <= SHORT for x in finite)
