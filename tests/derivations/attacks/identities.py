"""Plain mistakes, and identities that hold on a half of the space or not at all."""

from functools import partial

import jax
import jax.numpy as jnp

from .cases import entrywise, rule, size_of, square, wrong

everywhere = partial(wrong, where="everywhere")
region = partial(wrong, where="region")


def _products_of_pairs(x):
    k = jnp.arange(x.shape[0])
    return jnp.where(k[:, None] < k[None, :], x[:, None] * x[None, :], 0.0).sum()


def _both_not_shifted(g, x):
    zero = jnp.zeros(1)
    return (jnp.concatenate([g * x[1:], zero]) + jnp.concatenate([g * x[:-1], zero]),)


def _atan2_without_a_sign(g, y, x):
    squares = x * x + y * y
    return g * x / squares, g * y / squares


FALSE = {
    "√(x²) is x": region(
        entrywise(lambda x: jnp.sqrt(x * x), jnp.ones_like), [-1.0], why="−1 for x < 0"
    ),
    "√((x − 1)²) is x − 1": region(
        entrywise(lambda x: jnp.sqrt(square(x - 1)), jnp.ones_like), [0.5], why="−1 for x < 1"
    ),
    "(x²)^(3/2) is x³": region(
        entrywise(lambda x: (x**2) ** 1.5, lambda x: 3 * x**2), [-1.0], why="it is |x|³"
    ),
    "log(x² y) with |x|": region(
        rule(lambda x, y: jnp.log(x * x * y), lambda g, x, y: (2 * g / jnp.abs(x), g / y)),
        [-1.0],
        [2.0],
        sizes="n,n",
        why="the derivative of log x² is 2/x",
    ),
    "Cauchy's inequality is none": everywhere(
        rule(
            lambda x: jnp.sqrt(size_of(x) * (x * x).sum()),
            lambda g, x: (g * jnp.sign(x.sum()) * jnp.ones_like(x),),
        ),
        [1.0, 3.0],
        why="equal for constant vectors and n = 1",
    ),
    "the minimum by the maximum": everywhere(
        rule(lambda x: x.min(), lambda g, x: (g * (x == x.max()),)),
        [1.0, 0.0],
        why="equal for n = 1",
    ),
    "the maximum of squares": region(
        rule(lambda x: (x * x).max(), lambda g, x: (2 * g * x.max() * (x == x.max()),)),
        [-3.0, 1.0],
        why="the greatest square may be of the least",
    ),
    "the maximum of |x|": region(
        rule(
            lambda x: jnp.abs(x).max(),
            lambda g, x: (g * (jnp.abs(x) == jnp.abs(x).max()),),
        ),
        [-3.0, 1.0],
        why="the sign",
    ),
    "the maximum of positive parts": region(
        rule(lambda x: jnp.maximum(x, 0.0).max(), lambda g, x: (g * (x == x.max()),)),
        [-3.0, -1.0],
        why="0 where all are negative",
    ),
    "half of a symmetric sum": everywhere(
        rule(_products_of_pairs, lambda g, x: (g * (x.sum() - x) / 2,)),
        [1.0, 2.0],
        why="each pair is counted once",
    ),
    "a cumulative sum without its own entry": everywhere(
        rule(lambda x: jnp.cumsum(x), lambda g, x: (jnp.cumsum(g[::-1])[::-1] - g,)),
        [1.0, 2.0],
        why="exclusive",
    ),
    "a cumulative sum the same way": everywhere(
        rule(lambda x: jnp.cumsum(x), lambda g, x: (jnp.cumsum(g),)),
        [0.7, -1.2, 2.3],
        why="not turned round",
    ),
    "sorted like the entries": everywhere(
        rule(lambda x: jnp.sort(x), lambda g, x: (g[jnp.argsort(x)],)),
        [3.0, 1.0, 2.0],
        why="the permutation, not its inverse: equal for n = 2",
    ),
    "neighbours that are not shifted": everywhere(
        rule(lambda x: x[1:] * x[:-1], _both_not_shifted), [3.0, 1.0, 2.0], why="both at one end"
    ),
    "cosh": everywhere(entrywise(jnp.cosh, lambda x: -jnp.sinh(x)), [1.0], why="the sign"),
    "tan": everywhere(entrywise(jnp.tan, lambda x: 1 - jnp.tan(x) ** 2), [1.0], why="the sign"),
    "sin 2x": everywhere(
        entrywise(lambda x: jnp.sin(2 * x), lambda x: 2 * jnp.cos(x) ** 2 - 1),
        [1.0],
        why="half of it",
    ),
    "the angle": everywhere(
        rule(jnp.arctan2, _atan2_without_a_sign), [1.0], [2.0], sizes="n,n", why="the sign"
    ),
    "a power by its exponent": everywhere(
        rule(lambda x, y: x**y, lambda g, x, y: (g * y * x ** (y - 1), g * x**y)),
        [2.0],
        [3.0],
        sizes="n,n",
        options={"assuming": ["x > 0"]},
        why="log x is missing",
    ),
    "repeated labels": everywhere(
        rule(
            lambda x, k: x[k],
            lambda g, x, k: (jax.nn.one_hot(k, x.shape[0]).max(0) * g.mean(), None),
        ),
        [1.0, 2.0],
        [1, 1],
        sizes="m,n:int<m",
        why="set, not added",
    ),
    "bounds that cross": everywhere(
        rule(
            lambda x: jax.lax.clamp(1.0, x, -1.0) + 0 * x,
            lambda g, x: (g * ((x > -1) & (x < 1)),),
        ),
        [0.7, -1.2, 2.3],
        why="min(max(x, 1), −1) is −1",
    ),
    "a truth value that is a number": region(
        rule(lambda x: jnp.where(jax.nn.relu(x), x**2, 3 * x), lambda g, x: (2 * x * g,)),
        [0.7, -1.2, 2.3],
        why="a choice by relu(x) ≠ 0",
    ),
    "either for one of two": region(
        rule(
            lambda x: jnp.where((x > 0) ^ (x > 1), x, 3 * x),
            lambda g, x: (jnp.where((x > 0) | (x > 1), g, 3 * g),),
        ),
        [0.7, -1.2, 2.3],
        why="exclusive in the definition, inclusive in the backward",
    ),
}
