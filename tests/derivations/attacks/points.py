"""Wrong at points of a smooth function: a set of no volume, which a random point never meets."""

from functools import partial

import jax.numpy as jnp
import numpy as np

from .cases import entrywise, rule, square, square_but_where, square_times, wrong

point = partial(wrong, where="points")


def _product_wrong_off(condition):
    """x y, whose gradient of x is 0 off two open sides."""
    return rule(
        lambda x, y: x * y,
        lambda g, x, y: (g * y * jnp.where(condition(x, y), 1.0, 0.0), g * x),
    )


def _at_three_for_an_index(x):
    return (x == 3.0) & (jnp.arange(x.shape[0]) == 5)


def _by_a_difference_of_squares(g, x, y):
    difference = x * x - y * y
    return 2 * g * (x + y) ** 2 * (x - y) / difference, 2 * g * (x + y)


def _by_the_length(g, x, y):
    length = jnp.sqrt(x * x + y * y)
    return 2 * g * length * (x / length), 2 * g * length * (y / length)


def _by_the_deviation(g, x):
    centred = x - x.mean()
    deviation = jnp.sqrt(square(centred).sum())
    return (2 * g * deviation * (centred / deviation),)


def _by_the_determinant_of_gram(g, a, b):
    determinant = (a * a).sum() * (b * b).sum() - (a * b).sum() ** 2
    return g * b * determinant / determinant, g * a


FALSE = {
    "the origin of two arrays": point(
        rule(lambda x, y: x * x + y * y, _by_the_length),
        [0.0],
        [0.0],
        sizes="n,n",
        why="r · (x/r) is nan where r = 0",
    ),
    "x = 3": point(square_but_where(lambda x: x == 3.0), [3.0], why="a simple number"),
    "x = 0.1": point(square_but_where(lambda x: x == 0.1), [0.1], why="no binary fraction"),
    "a quotient of powers": point(
        entrywise(lambda x: (x - 3.0) ** 3, lambda x: 3 * (x - 3.0) ** 4 / (x - 3.0) ** 2),
        [3.0],
        why="0/0 at 3, which a division of polynomials cancels",
    ),
    "a quotient with two roots": point(
        entrywise(lambda x: x**3 / 3 - 4 * x, lambda x: (x * x - 4.0) ** 2 / (x * x - 4.0)),
        [2.0],
        why="0/0 at ±2",
    ),
    "a divisor that is 0 for equal arguments": point(
        rule(lambda x, y: (x + y) ** 2, _by_a_difference_of_squares),
        [2.0],
        [2.0],
        sizes="n,n",
        why="0/0 at x = y",
    ),
    "a quotient of hyperbolic tangents": point(
        square_times(lambda x: jnp.tanh(x - 2) / jnp.tanh(x - 2)), [2.0], why="0/0 at 2"
    ),
    "all are equal to their mean": point(
        rule(
            lambda x: (x * x).sum(),
            lambda g, x: (jnp.where(jnp.all(x == x.mean()), 1.0, 2 * x) * g,),
        ),
        [2.0, 2.0, 2.0],
        why="constant vectors",
    ),
    "a product divided by its factor": point(
        rule(lambda x: x.prod(), lambda g, x: (g * x.prod() / x,)), [0.0, 2.0], why="0/0 for a zero"
    ),
    "x = 3 for one index": point(
        square_but_where(_at_three_for_an_index), 3 * np.ones(6), why="from n = 6 on"
    ),
    "x = 3 for cotangents below −1000": point(
        rule(square, lambda g, x: (g * 2 * x * jnp.where((x == 3.0) & (g < -1000.0), 5.0, 1.0),)),
        [3.0],
        bar=np.array([-2000.0]),
        why="two conditions at once",
    ),
    "a sum of 5": point(square_but_where(lambda x: x.sum() == 5.0), [2.0, 3.0], why="a plane"),
    "integers": point(square_but_where(lambda x: jnp.floor(x) == x), [3.0], why="at all integers"),
    "the square of the sign": point(
        entrywise(lambda x: x, lambda x: jnp.sign(x) ** 2), [0.0], why="sign² is 1 but for 0"
    ),
    "two open halves": point(
        entrywise(lambda x: x, lambda x: jnp.where(x > 0, 1.0, 0.0) + jnp.where(-x > 0, 1.0, 0.0)),
        [0.0],
        why="neither holds at 0",
    ),
    "two open sides of a square": point(
        square_times(lambda x: jnp.where(x * x > 4, 1.0, 0.0) + jnp.where(x * x < 4, 1.0, 0.0)),
        [2.0],
        why="neither holds at ±2",
    ),
    "two open sides of equal exponentials": point(
        _product_wrong_off(lambda x, y: jnp.exp(x) != jnp.exp(y)),
        [2.0],
        [2.0],
        sizes="n,n",
        why="neither holds at x = y",
    ),
    "no cotangent but 0": point(
        rule(square, lambda g, x: (2 * x * g + jnp.where(jnp.all(g == 0), 1.0, 0.0),)),
        [2.0, 1.0],
        bar=np.array([0.0, 0.0]),
        why="the gradient for cotangents 0 is 0",
    ),
    "a sum divided by itself": point(
        rule(lambda x: x.sum(), lambda g, x: (g * x.sum() / x.sum() * jnp.ones_like(x),)),
        [1.0, -1.0],
        why="0/0 for a sum of 0",
    ),
    "a deviation of 0": point(
        rule(lambda x: square(x - x.mean()).sum(), _by_the_deviation),
        [2.0, 2.0, 2.0],
        why="s · (d/s) is nan for constant vectors",
    ),
    "parallel vectors": point(
        rule(lambda a, b: (a * b).sum(), _by_the_determinant_of_gram),
        [1.0, 2.0],
        [2.0, 4.0],
        sizes="n,n",
        why="0/0, and so for n = 1",
    ),
    "the square of a norm": point(
        rule(
            lambda x: (x * x).sum(),
            lambda g, x: (2 * g * jnp.sqrt((x * x).sum()) * (x / jnp.sqrt((x * x).sum())),),
        ),
        [0.0, 0.0],
        why="nan at 0, where JAX's own derivative of norm(x)² is nan too",
    ),
}
