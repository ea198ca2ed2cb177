"""Wrong for some sizes, by a number of the program that depends on them."""

from functools import partial

import jax.numpy as jnp
import numpy as np

from .cases import rule, size_of, square, square_but_where, square_times, wrong

some_sizes = partial(wrong, where="sizes")


def _past_the_fourth(g, x):
    return (g * (2 * x + jnp.where(jnp.arange(x.shape[0]) >= 4, 1.0, 0.0)),)


def _with_a_factor_of_the_size(g, x):
    n = size_of(x)
    return (g * (2 * x + (n - 1) * (n - 2) * (n - 3)),)


def _unbiased_and_back(g, x):
    n = size_of(x)
    return (g * 2 * (x - x.mean()) * (n / (n - 1)) * (1 - 1 / n),)


def _one_more_for_square_matrices(g, x):
    return (g[None, :] + 0 * x + jnp.where(size_of(x, 0) == size_of(x, 1), 1.0, 0.0),)


def _bias_of_two_batch_axes(g, _, b):
    over_rows = g.reshape(-1, b.shape[0]) if g.ndim < 4 else g[0].reshape(-1, b.shape[0])
    return g, over_rows.sum(0)


FALSE = {
    "n = 7 by a sum of indices": some_sizes(
        square_but_where(lambda x: jnp.arange(x.shape[0]).sum() == 21),
        np.ones(7),
        why="n (n − 1)/2 = 21",
    ),
    "n ≥ 100": some_sizes(
        square_but_where(lambda x: size_of(x) >= 100.0), np.ones(100), why="a float of the program"
    ),
    "the square of the sign of n − 7": some_sizes(
        square_times(lambda x: jnp.sign(size_of(x) - 7.0) ** 2),
        np.ones(7),
        why="sign² is 1 but for 0",
    ),
    "(n − 1)/(n − 1)": some_sizes(
        square_times(lambda x: (size_of(x) - 1.0) / (size_of(x) - 1.0)),
        np.ones(1),
        why="nan for one entry",
    ),
    "the unbiased variance and back": some_sizes(
        rule(lambda x: square(x - x.mean()).sum(), _unbiased_and_back),
        np.ones(1),
        why="the definition needs no n − 1",
    ),
    "a factor that is 0 for n = 1, 2, 3": some_sizes(
        rule(square, _with_a_factor_of_the_size), np.ones(4), why="right for each small size"
    ),
    "entries past the fourth": some_sizes(
        rule(square, _past_the_fourth), np.ones(5), why="from n = 5 on"
    ),
    "square matrices": some_sizes(
        rule(lambda x: x.sum(0), _one_more_for_square_matrices),
        np.ones((4, 4)),
        sizes="n d",
        why="n = d",
    ),
    "n = 7 by a sum of ones": some_sizes(
        square_but_where(lambda x: jnp.ones_like(x).sum() == 7.0),
        np.ones(7),
        why="the size is never asked for",
    ),
    "counts that wrap around": some_sizes(
        square_but_where(lambda x: jnp.arange(x.shape[0], dtype=jnp.int32) * 70000 < 0),
        np.ones(31000),
        why="int32 ends at n = 30680",
    ),
    "squares of counts in int32": some_sizes(
        rule(
            lambda x: x * jnp.square(jnp.arange(x.shape[0], dtype=jnp.int32)),
            lambda g, x: (g * jnp.arange(x.shape[0]).astype(float) ** 2,),
        ),
        np.ones(50000),
        why="wraps from n = 46342 on",
    ),
    "counts cut to 32 bits": some_sizes(
        rule(
            lambda x: x * (jnp.arange(x.shape[0]) * 2**20).astype(jnp.int32),
            lambda g, x: (g * jnp.arange(x.shape[0]) * 2.0**20,),
        ),
        np.ones(3000),
        why="int64 to int32 wraps from n = 2049 on",
    ),
    "counts of a label in 8 bits": some_sizes(
        rule(
            lambda x, i: x * jnp.zeros(x.shape, jnp.int8).at[i].add(jnp.ones(i.shape, jnp.int8)),
            lambda g, x, i: (g * jnp.zeros(x.shape).at[i].add(1.0), None),
        ),
        [0.7, -1.2, 2.3],
        np.zeros(130, int),
        sizes="k,n:int<k",
        why="128 of one label are −128",
    ),
    "no entries": some_sizes(
        rule(
            lambda x, c: x.sum() + c,
            lambda g, x, c: (g * jnp.ones_like(x), g if x.shape[0] != 0 else 5 * g),
        ),
        np.zeros(0),
        2.0,
        sizes="n,",
        why="JAX takes every size for at least 1",
    ),
    "three batch axes": some_sizes(
        rule(lambda x, b: x + b, _bias_of_two_batch_axes),
        np.ones((2, 2, 2, 3)),
        np.ones(3),
        sizes="*batch d,d",
        why="the bias gradient of a rule that was written for two",
    ),
}
