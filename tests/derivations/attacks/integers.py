"""Integers wrap, shift and divide as the machine has them; truth values are no numbers."""

from functools import partial

import jax.numpy as jnp
import numpy as np
from jax import lax

from .cases import rule, wrong

integer = partial(wrong, where="region")
X = [0.7, -1.2, 2.3]


def _argmax_in(dtype):
    return lambda x: lax.argmax(x, 0, dtype)


def _factor_of_labels(definition, slope):
    """x · a(i), whose backward is g · b(i)."""
    return rule(lambda x, i: x * definition(i), lambda g, x, i: (g * slope(i), None))


def _paths_of_length_two(g, x):
    edges = x > 0
    one = edges * 1.0
    return (g * (1 + (edges @ edges).sum() - (one @ one).sum()) * jnp.ones_like(x),)


FALSE = {
    "squares of labels": integer(
        _factor_of_labels(jnp.square, lambda i: i.astype(float) ** 2),
        X,
        [0, 1, 70000],
        sizes="n,n:int",
        why="wraps for labels above 46340",
    ),
    "a product of labels": integer(
        _factor_of_labels(
            lambda i: jnp.prod(i, dtype=jnp.int32), lambda i: jnp.prod(i.astype(float))
        ),
        X,
        [3000, 2000, 1000],
        sizes="n,n:int",
        why="wraps from 2³¹ on",
    ),
    "sums of labels in 8 bits": integer(
        _factor_of_labels(
            lambda i: i.astype(jnp.int8) + i.astype(jnp.int8), lambda i: 2.0 * i.astype(float)
        ),
        X,
        [0, 1, 100],
        sizes="n,n:int",
        why="100 + 100 is −56",
    ),
    "labels of 16 bits, without a sign": integer(
        _factor_of_labels(lambda i: i.astype(jnp.uint16), lambda i: i.astype(float)),
        X,
        [0, 1, -1],
        sizes="n,n:int",
        why="−1 is 65535",
    ),
    "labels shifted left": integer(
        _factor_of_labels(lambda i: i << 20, lambda i: i.astype(float) * 2**20),
        X,
        [0, 1, 5000],
        sizes="n,n:int",
        why="wraps for labels from 2048 on",
    ),
    "positions in 8 bits": integer(
        rule(lambda x: x * _argmax_in(jnp.int8)(x), lambda g, x: (g * _argmax_in(jnp.int32)(x),)),
        np.arange(200.0),
        sizes="200",
        why="positions from 128 on are negative",
    ),
    "powers in 8 bits": integer(
        rule(
            lambda x: x * jnp.power(jnp.int8(2), jnp.arange(10, dtype=jnp.int8)),
            lambda g, x: (g * 2.0 ** jnp.arange(10.0),),
        ),
        np.ones(10),
        sizes="10",
        why="2⁷ in 8 bits is −128",
    ),
    "a choice by a number": integer(
        rule(
            lambda x, i: lax.select_n(i, x, x**2),
            lambda g, x, i: ((1 - i) * g + 2 * i * x * g, None),
        ),
        X,
        [0, 1, -1],
        sizes="n,n:int",
        why="a negative number picks the first case",
    ),
    "division that rounds down": integer(
        _factor_of_labels(lambda i: i // 2, lambda i: lax.div(i, jnp.int32(2))),
        X,
        [-3, 1, 2],
        sizes="n,n:int",
        why="// rounds down, lax.div towards 0",
    ),
    "a remainder's sign": integer(
        _factor_of_labels(lambda i: i % 3, lambda i: lax.rem(i, jnp.int32(3))),
        X,
        [-2, 1, 2],
        sizes="n,n:int",
        why="% has the sign of the divisor, lax.rem that of the dividend",
    ),
    "a count by a dot of truth values": integer(
        rule(
            lambda x: x.sum() * jnp.dot(x > 0, x > 0),
            lambda g, x: (g * (x > 0).sum() * jnp.ones_like(x),),
            lambda x: (x.sum() * (x > 0).sum(), (x,)),
        ),
        [1.0, 2.0],
        why="a dot of truth values says whether, not how many",
    ),
    "paths of length two": integer(
        rule(lambda x: x.sum(), _paths_of_length_two),
        np.array([[1.0, 2.0], [3.0, 5.0]]),
        sizes="n n",
        why="a product of matrices of truth values says whether, not how many",
    ),
}
