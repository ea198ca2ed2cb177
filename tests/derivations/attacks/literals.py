"""Numbers that are close to the right ones, and conversions whose lost digits show."""

from functools import partial

import jax
import jax.numpy as jnp

from .cases import entrywise, square, wrong

literal = partial(wrong, where="everywhere")
conversion = partial(wrong, where="region")


def _rounded_to(dtype, x):
    return x.astype(dtype).astype(x.dtype)


def _scaled(factor, slope):
    return entrywise(lambda x: x * factor(), lambda _: slope)


def _is_its_own_half(x):
    return jax.lax.reduce_precision(x, 8, 7) == x


def _same_floor_in_half_precision(x):
    return jnp.floor(_rounded_to(jnp.float16, x) * 4096) == jnp.floor(x * 4096)


FALSE = {
    "1/√2 to seven digits": literal(
        _scaled(lambda: 1 / jnp.sqrt(jnp.asarray(2.0)), 0.7071068), [1.0], why="the eighth digit"
    ),
    "1/√(2π) to six digits": literal(
        entrywise(lambda x: jax.scipy.stats.norm.cdf(x), lambda x: 0.398942 * jnp.exp(-x * x / 2)),
        [1.0],
        why="the seventh digit",
    ),
    "π as 22/7": literal(_scaled(lambda: jnp.pi, 22 / 7), [1.0], why="the third decimal"),
    "a third to twelve digits": literal(
        _scaled(lambda: 1 / jnp.asarray(3.0), 0.333333333333),
        [1.0],
        tolerance=1e-13,
        why="the thirteenth digit",
    ),
    "the golden ratio": literal(
        _scaled(lambda: (1 + jnp.sqrt(jnp.asarray(5.0))) / 2, 1.618033988),
        [1.0],
        tolerance=1e-11,
        why="the tenth digit",
    ),
    "a reduced precision compared": conversion(
        entrywise(lambda x: jnp.where(_is_its_own_half(x), x**2, 3 * x), lambda x: 2 * x),
        [0.7, -1.2, 2.3],
        why="reduce_precision is not the identity",
    ),
    "what float32 loses, times 10⁶": conversion(
        entrywise(square, lambda x: 2 * x + 1e6 * (x - _rounded_to(jnp.float32, x))),
        [0.1, 0.7],
        why="a residue of 1e-8 is not 0",
    ),
    "what bfloat16 loses, compared": conversion(
        entrywise(square, lambda x: jnp.where(_rounded_to(jnp.bfloat16, x) == x, 2 * x, 5.0)),
        [0.1, 0.7],
        why="most numbers are none of 16 bits",
    ),
    "a floor in half precision": conversion(
        entrywise(lambda x: jnp.where(_same_floor_in_half_precision(x), x, 3 * x), jnp.ones_like),
        [3.3333, 1.7777, 2.71828],
        why="rounding moves numbers across integers",
    ),
}
