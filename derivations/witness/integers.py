"""Machine integers: worked out without limits, then wrapped around as their type does.

A shift by as many bits as there are, or more, shifts all out; a division by 0 gives the integer
whose bits are all 1, a remainder by 0 the number itself; both round towards 0, as XLA has it.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from derivations.witness.numbers import CannotEvaluate, Number, Surroundings, as_array
from derivations.witness.rules import RULES, result_type

PLAIN = ("f", "i", "u", "b")  # the kinds of NumPy that say what a type holds
EXTREMES = {"max": np.maximum, "min": np.minimum}


def is_integer(dtype: Any) -> bool:
    """Whether a type holds integers; those of 4 bits are told by their name alone."""
    kind = getattr(dtype, "kind", "")
    return kind in "iu" if kind in PLAIN else jnp.issubdtype(dtype, jnp.integer)


def is_floating(dtype: Any) -> bool:
    """Whether a type holds real numbers; bfloat16 and those of 8 bits are told by their name."""
    kind = getattr(dtype, "kind", "")
    return kind == "f" if kind in PLAIN else jnp.issubdtype(dtype, jnp.floating)


def bits_of(dtype: Any) -> int:
    """How many bits an integer of this type has."""
    return jnp.iinfo(dtype).bits


def is_signed(dtype: Any) -> bool:
    """Whether a type has negative integers."""
    return jnp.iinfo(dtype).min < 0


def wrap(value: int, dtype: Any) -> int:
    """The integer of this type that is the same modulo 2 to the number of its bits."""
    low, bits = int(jnp.iinfo(dtype).min), bits_of(dtype)
    return (value - low) % (1 << bits) + low


def wrapped(function: Callable[..., Any], dtype: Any, *arrays: np.ndarray) -> np.ndarray:
    """A function of integers, entry by entry, wrapped into their type."""
    if dtype == np.bool_:  # 0 and 1, of which more than 1 is still true
        return as_array(np.frompyfunc(function, len(arrays), 1)(*map(whole, arrays))).astype(bool)
    found = np.frompyfunc(lambda *x: wrap(int(function(*x)), dtype), len(arrays), 1)
    return as_array(found(*map(whole, arrays))).astype(dtype)


def whole(array: np.ndarray) -> np.ndarray:
    """Python's integers; those of 4 bits and the like NumPy knows only by name."""
    array = np.asarray(array)
    return (array.astype(np.int64) if array.dtype.kind == "V" else array).astype(object)


def quotient(a: int, b: int) -> int:
    """A / b rounded towards 0."""
    if b == 0:
        return -1
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int:
    """What a quotient towards 0 leaves, with the sign of a."""
    return a if b == 0 else a - b * quotient(a, b)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "add_any": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "div": quotient,
    "rem": remainder,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
}


def _shift(function: Callable[[int, int, int], int]) -> Callable[..., Number]:
    """Of a number, its bits taken without sign, and how far: the whole width if that is more."""

    def apply(_: Surroundings, equation: Any, a: Number, by: Number) -> Number:
        dtype = result_type(equation)
        bits = bits_of(dtype)

        def one(x: int, k: int) -> int:
            return function(x, min(k % (1 << bits), bits), bits)

        return Number(wrapped(one, dtype, a.value, by.value))

    return apply


def _with_sign(x: int, bits: int) -> int:
    """The first bit as a sign, in a type without sign too."""
    return x - (1 << bits) if x >> (bits - 1) == 1 else x


RULES.update(
    {
        "shift_left": _shift(lambda x, k, _: x << k),
        "shift_right_logical": _shift(lambda x, k, bits: (x % (1 << bits)) >> k),
        "shift_right_arithmetic": _shift(lambda x, k, bits: _with_sign(x, bits) >> k),
    }
)


def _bitwise(name: str) -> Callable[..., Number]:
    def apply(_: Surroundings, equation: Any, *args: Number) -> Number:
        return Number(wrapped(FUNCTIONS[name], result_type(equation), *(a.value for a in args)))

    return apply


RULES.update({name: _bitwise(name) for name in ("and", "or", "xor")})


def _on_bits(function: Callable[[int, int], int]) -> Callable[..., Number]:
    def apply(_: Surroundings, equation: Any, a: Number) -> Number:
        dtype = result_type(equation)
        if dtype == np.bool_:
            return Number(~a.value)
        bits = bits_of(dtype)
        return Number(wrapped(lambda x: function(x % (1 << bits), bits), dtype, a.value))

    return apply


RULES.update(
    {
        "not": _on_bits(lambda x, _: ~x),
        "population_count": _on_bits(lambda x, _: x.bit_count()),
        "clz": _on_bits(lambda x, bits: bits - x.bit_length()),
    }
)


def by_machine(_: Surroundings, equation: Any, *args: Number) -> list[Number]:
    """What has no entries that are real numbers, run by JAX itself."""
    if any(a.is_float for a in args):
        raise CannotEvaluate(f"the primitive {equation.primitive.name} of real numbers")
    found = equation.primitive.bind(*(jnp.asarray(a.value) for a in args), **equation.params)
    results = found if equation.primitive.multiple_results else [found]
    return [Number(r if is_key(r.dtype) else np.asarray(r)) for r in results]


def is_key(dtype: Any) -> bool:
    """Whether a type is that of random keys."""
    return jnp.issubdtype(dtype, jax.dtypes.prng_key)


RANDOM = (
    "random_seed",
    "random_bits",
    "random_split",
    "random_fold_in",
    "random_wrap",
    "random_unwrap",
    "random_clone",
    "threefry2x32",
    "rng_bit_generator",
)
RULES.update(dict.fromkeys(RANDOM, by_machine))
