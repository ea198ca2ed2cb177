"""Wrong in a thin band: of positive volume, and missed by every random point."""

from functools import partial

import jax.numpy as jnp

from .cases import entrywise, rule, square_but_where, square_times, wrong

band = partial(wrong, where="region")


def _near_the_circle(g, x, y):
    factor = jnp.where(jnp.abs(x * x + y * y - 25.0) < 1e-9, 5.0, 1.0)
    return g * y * factor, g * x


def _in_the_disc(g, x, y):
    return g * y * jnp.where(x * x + y * y < 1e-3, 5.0, 1.0), g * x


def _product(x, y):
    return x * y


FALSE = {
    "a sum in a band": band(
        square_but_where(lambda x: jnp.abs(x.sum() - 3.7) < 1e-9), [3.7], why="2e-9 wide"
    ),
    "entries close to their mirror images": band(
        square_but_where(lambda x: jnp.abs(x - x[::-1]).max() < 1e-9),
        [1.0, 1.0],
        why="all equal, or nearly so",
    ),
    "close to a circle": band(
        rule(_product, _near_the_circle), [3.0], [4.0], sizes="n,n", why="no straight line"
    ),
    "a small disc": band(
        rule(_product, _in_the_disc), [0.01], [0.02], sizes="n,n", why="both are small at once"
    ),
    "close to √2": band(
        square_but_where(lambda x: jnp.abs(x**2 - 2) < 1e-3),
        [1.4142],
        why="the middle is no simple number",
    ),
    "a large exponential": band(
        square_but_where(lambda x: jnp.exp(x) > 1e6), [20.0], why="from log 10⁶ on"
    ),
    "a product of narrow brackets": band(
        square_times(lambda x: 1 + 4 * jnp.prod(jnp.where(jnp.abs(x - 1.0) < 1e-3, 1.0, 0.0))),
        [1.0, 1.0],
        why="all in a narrow band at once",
    ),
    "close to 0 where x > 0 is assumed": band(
        entrywise(jnp.sqrt, lambda x: jnp.where(x < 1e-12, 0.0, 0.5 / jnp.sqrt(x))),
        [1e-13],
        options={"assuming": ["x > 0"]},
        why="an assumption moves the points away from 0",
    ),
}
