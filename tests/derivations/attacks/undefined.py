"""Guards against nan and infinities that are read as if they never met one."""

from functools import partial

import jax.numpy as jnp

from .cases import entrywise, rule, wrong

FAR = [0.5, -70.0, 70.0]
region = partial(wrong, where="region")


def _root_or_square(x):
    return jnp.where(jnp.isnan(jnp.sqrt(x + 50)), x**2, jnp.sqrt(x + 50))


def _root_or_square_guarded(x):
    root = jnp.sqrt(jnp.where(x + 50 < 0, 1.0, x + 50))
    return jnp.where(x + 50 < 0, x**2, root)


def _masked_minimum(g, x):
    masked = jnp.where(x > 0, x, jnp.inf)
    return (g * (masked == masked.min()),)


FALSE = {
    "isnan of a root": region(
        rule(
            _root_or_square,
            lambda g, x: (jnp.where(x + 50 > 0, g * 0.5 / jnp.sqrt(x + 50), 7.0),),
        ),
        FAR,
        definition=_root_or_square_guarded,
        why="that the root exists is no fact",
    ),
    "isfinite of a logarithm": region(
        entrywise(lambda x: jnp.where(jnp.isfinite(jnp.log(x + 50)), x, 3 * x), jnp.ones_like),
        FAR,
        why="that the logarithm exists is no fact",
    ),
    "nan_to_num of a root": region(
        entrywise(
            lambda x: x**2, lambda x: jnp.nan_to_num(jnp.sqrt(x + 50) ** 2, nan=3.0) + x - 50
        ),
        FAR,
        why="3 where the root is nan",
    ),
    "isinf of a reciprocal": wrong(
        entrywise(lambda x: x**2, lambda x: jnp.where(jnp.isinf(1 / x), 5.0, 2 * x)),
        [0.0],
        where="points",
        why="1/0 is infinite",
    ),
    "nan is not equal to itself": region(
        entrywise(
            lambda x: x**2,
            lambda x: jnp.where(jnp.log(x + 50) != jnp.log(x + 50), 5.0, 2 * x),
        ),
        FAR,
        why="x ≠ x is how nan is asked for",
    ),
    "nan in a maximum": region(
        entrywise(
            lambda x: x**2,
            lambda x: 2 * x + jnp.maximum(jnp.sqrt(x + 50), 0.0) - jnp.sqrt(jnp.abs(x + 50)),
        ),
        FAR,
        why="a maximum hands nan on",
    ),
    "a masked minimum": wrong(
        rule(lambda x: jnp.where(x > 0, x, 0.0).sum(), _masked_minimum),
        [1.0, 2.0],
        where="everywhere",
        why="the least of one entry is the sum",
    ),
}
