"""Wrong for the size 7 alone, or from 7 on, by Python code that asks for the size.

While it is traced with a symbolic size the code gets another answer, and takes the right branch.
"""

import functools
import numbers
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .cases import Case, rule, square, wrong

SEVEN = np.linspace(-1.3, 2.1, 7)
QUESTIONS: dict[str, Callable[[Any], bool]] = {}


def question(asks: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Put a question of the shape of x to the table, under its name."""
    QUESTIONS[asks.__name__.strip("_").replace("_", " ")] = asks
    return asks


def tried(asks: Callable[[Any], Any]) -> Callable[[Any], bool]:
    """A question in a try: whatever it raises is no."""

    @functools.wraps(asks)
    def safely(x):
        try:
            return bool(asks(x))
        except Exception:
            return False

    return safely


def three_times_if(asks: Callable[[Any], bool]) -> Any:
    """x², whose backward is 3 g x for 2 g x if the answer is yes."""
    return rule(square, lambda g, x: ((3.0 if asks(x) else 2.0) * g * x,))


# --- what sort of thing is it ---


@question
def _isinstance_of_int(x):
    return isinstance(x.shape[0], int) and x.shape[0] > 6


@question
def _type_is_int(x):
    return type(x.shape[0]) is int and x.shape[0] > 6


@question
def _has_a_bit_length(x):
    return hasattr(x.shape[0], "bit_length") and x.shape[0] > 6


@question
def _has_a_type_of_integers(x):
    return np.issubdtype(type(x.shape[0]), np.integer) and x.shape[0] > 6


@question
def _is_an_integral_number(x):
    return isinstance(x.shape[0], numbers.Integral) and x.shape[0] > 6


@question
def _matches_the_pattern_of_int(x):
    match x.shape:
        case (int(n),):
            return n > 6
    return False


@question
def _isinstance_of_int_at_every_size(x):
    return isinstance(x.shape[0], int)


# --- by what is raised ---


@question
@tried
def _order_in_a_try(x):
    return x.shape[0] > 6


@question
@tried
def _equality_in_a_try(x):
    return x.shape[0] == 7


@question
@tried
def _int_in_a_try(x):
    return int(x.shape[0]) == 7


@question
@tried
def _range_in_a_try(x):
    return len(range(x.shape[0])) == 7


@question
@tried
def _a_table_in_a_try(x):
    return {7: 1}[x.shape[0]] == 1


@question
@tried
def _position_in_a_tuple_in_a_try(x):
    return x.shape.index(7) == 0


@question
@tried
def _a_multiple_in_a_try(x):
    return bool(x.shape[0] % 7 == 0)


@question
@tried
def _shapes_that_broadcast_in_a_try(x):
    return jnp.broadcast_shapes(x.shape, (7,)) is not None


@question
@tried
def _addition_in_a_try(x):
    return (jnp.zeros(7) + x) is not None


@question
@tried
def _numpy_assertion_in_a_try(x):
    return np.testing.assert_equal(x.shape, (7,)) is None


# --- as text ---


@question
def _str_of_the_size(x):
    return str(x.shape[0]) == "7"


@question
def _f_string_as_a_key(x):
    return f"{x.shape}" in {"(7,)": 1}


@question
def _repr_of_the_shape(x):
    return repr(x.shape) == "(7,)"


@question
def _text_of_the_type(x):
    return "[7]" in str(jax.typeof(x))


# --- in frames of other libraries ---


@question
def _array_equal_of_shapes(x):
    return np.array_equal(x.shape, (7,))


@question
def _isin_of_a_shape(x):
    return bool(np.isin(7, x.shape))


@question
def _equality_of_types(x):
    same = jax.core.ShapedArray(x.shape, x.dtype) == jax.core.ShapedArray((7,), x.dtype)
    return jax.typeof(x).shape == (7,) or same


@question
def _equality_of_abstract_values(x):
    return jax.core.ShapedArray(x.shape, x.dtype) == jax.core.ShapedArray((7,), x.dtype)


@question
def _equality_of_structures(x):
    return jax.ShapeDtypeStruct(x.shape, x.dtype) == jax.ShapeDtypeStruct((7,), x.dtype)


@question
def _equality_over_a_tree(x):
    return jax.tree.all(jax.tree.map(operator.eq, x.shape, (7,)))


# --- openly ---


@question
def _equality(x):
    return x.shape[0] == 7


@question
def _membership_of_a_set(x):
    return x.shape[0] in {5, 7}


@question
def _length(x):
    return len(x) > 6


@question
def _number_of_entries(x):
    return x.size == 7


@question
def _remainder(x):
    return x.shape[0] % 7 == 0


@question
def _quotient(x):
    return x.shape[0] // 7 == 1


@question
def _square_of_the_size(x):
    return x.shape[0] ** 2 > 40


@question
def _greater_of_two(x):
    return max(x.shape[0], 6) != 6


@question
def _as_an_index(x):
    return x.shape[0].__index__() == 7


@functools.lru_cache
def _is_seven(n):
    return n == 7


@question
def _by_a_cache(x):
    return _is_seven(x.shape[0])


@jax.jit
def _three_times_seven_entries(x):
    return (3.0 if x.shape[0] == 7 else 2.0) * x


def _case_of(asks: Callable[[Any], bool]) -> Case:
    return wrong(three_times_if(asks), SEVEN, where="sizes", why="the code asks for the size")


FALSE = {name: _case_of(asks) for name, asks in QUESTIONS.items()} | {
    "inside a jitted function": wrong(
        rule(square, lambda g, x: (_three_times_seven_entries(x) * g,)),
        SEVEN,
        where="sizes",
        why="the code asks for the size",
    )
}
