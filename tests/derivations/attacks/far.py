"""Wrong on a region that lies farther out than one would look, most often by a nan."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .cases import entrywise, rule, square, square_but_where, wrong

FAR = 50.0
far = partial(wrong, where="region")


def _by_the_root_of_its_negative(x):
    root = jnp.sqrt(jnp.where(x > FAR, -x, 1.0))
    return jnp.where(x > FAR, -2 * root * root, 2 * x)


def _five_where_infinity_less_itself_is_nan(x):
    infinite = jnp.where(x > FAR, jnp.inf, 0.0)
    return jnp.where(jnp.isnan(infinite - infinite), 5.0, 2 * x)


def _guarded_root(x):
    return jnp.where(x > -FAR, jnp.sqrt(jnp.where(x > -FAR, x + FAR, 1.0)), 0.0)


def _log_but_for_the_first(x):
    return jax.lax.dynamic_update_slice(jnp.log(x + FAR), jnp.zeros(1), (0,)).sum()


def _five_where_the_log_is_nan(g, x):
    reciprocals = (1 / (x + FAR)).at[0].set(0.0)
    return (jnp.where(x >= -FAR, g * reciprocals, 5.0),)


def _positive_parts(x):
    return jnp.maximum(x + FAR, 0.0).sum()


def _five_where_no_part_is_positive(g, x):
    total = _positive_parts(x)
    slope = 1.5 * jnp.sqrt(jnp.where(total > 0, total, 1.0)) * jnp.where(x > -FAR, 1.0, 0.0)
    return (jnp.where(total > 0, g * slope, 5.0),)


def _times_the_number_of_least_products(g, x):
    products = (x[:, None] + FAR) * (x[None] + FAR)
    return (g * (products == products.min()).sum() * jnp.ones_like(x),)


def _a_unit_in_the_last_place(x):
    gap = 0.33333333333333337 - 1.0 / jnp.asarray(3.0)
    return 2 * x + jnp.where(x > FAR, 1e20 * gap, 0.0)


def _second_or_third_power(x, y):
    return (x + FAR) ** jnp.where(y > 0, 2.0, 3.0)


def _five_below(g, x, y):
    shifted = x + FAR
    slope = jnp.where(y > 0, 2 * shifted, 3 * shifted**2)
    return g * jnp.where(x >= -FAR, slope, 5.0), 0 * y


FALSE = {
    "the root of a negative number behind a guard": far(
        entrywise(square, _by_the_root_of_its_negative), [60.0], why="√(−x)² taken for −x"
    ),
    "infinity less infinity": far(
        entrywise(square, _five_where_infinity_less_itself_is_nan),
        [60.0],
        why="∞ − ∞ is nan, not 0",
    ),
    "0 times infinity": far(
        entrywise(
            lambda x: jnp.where(x > FAR, 0.0, jnp.exp(x)),
            lambda x: jnp.where(x > FAR, 0.0, 1.0) * jnp.exp(jnp.where(x > FAR, jnp.inf, x)),
        ),
        [60.0],
        why="0 · ∞ is nan, not 0",
    ),
    "a branch that is nan": far(
        entrywise(square, lambda x: jnp.where(x > FAR, jnp.nan, 2 * x)),
        [60.0],
        why="nan is no value that one may leave out",
    ),
    "a mask times a reciprocal root": far(
        entrywise(_guarded_root, lambda x: jnp.where(x > -FAR, 0.5, 0.0) / jnp.sqrt(x + FAR)),
        [-60.0],
        why="guarded in the definition and not in the backward: 0 times nan",
    ),
    "a mask times a reciprocal root, unguarded definition": far(
        rule(
            lambda x: jnp.where(x > -FAR, jnp.sqrt(x + FAR), 0.0),
            lambda g, x: (g * jnp.where(x > -FAR, 0.5, 0.0) / jnp.sqrt(x + FAR),),
        ),
        [0.5, -70.0, 70.0],
        why="the untaken branch of the definition is nan too, and counts for nothing",
    ),
    "the square of a root": far(
        entrywise(lambda x: square(x + FAR), lambda x: 2 * jnp.sqrt(x + FAR) ** 2),
        [-60.0],
        why="√p² is p where p ≥ 0, and nan elsewhere",
    ),
    "the exponential of a logarithm": far(
        entrywise(square, lambda x: 2 * (jnp.exp(jnp.log(x + 100)) - 100)),
        [1.0, -150.0],
        why="a condition of the backward alone",
    ),
    "a root above −1": far(
        entrywise(square, lambda x: jnp.where(jnp.sqrt(x + FAR) > -1, 2 * x, 5.0)),
        [-60.0],
        why="a root is above −1 where there is one; nan is above nothing",
    ),
    "a root above −1, near": far(
        entrywise(square, lambda x: jnp.where(jnp.sqrt(x) > -1, 2 * x, 5.0)),
        [-6.0],
        why="as above, where a sample sees it",
    ),
    "a logarithm that is nan, near": far(
        square_but_where(lambda x: jnp.isnan(jnp.log(x))), [-6.0], why="isnan(log x) is not no"
    ),
    "a logarithm that is overwritten": far(
        rule(_log_but_for_the_first, _five_where_the_log_is_nan),
        [-60.0, 1.0],
        why="the first entry is overwritten, so its logarithm need not exist",
    ),
    "a logarithm that is overwritten, near": far(
        rule(
            lambda x: jnp.log(x).at[0].set(0.0).sum(),
            lambda g, x: (jnp.where(x >= 0, g * (1 / x).at[0].set(0.0), 5.0),),
        ),
        [-6.0, 1.0],
        why="as above, where a sample sees it",
    ),
    "a sum of positive parts": far(
        rule(lambda x: _positive_parts(x) ** 1.5, _five_where_no_part_is_positive),
        [-60.0, -70.0],
        why="a sum of positive parts is 0 on a region",
    ),
    "a sum of positive parts, near": far(
        rule(
            lambda x: jnp.maximum(x, 0.0).sum() ** 1.5,
            lambda g, x: (
                jnp.where(
                    x.max() > 0,
                    g * 1.5 * jnp.sqrt(jnp.maximum(x, 0.0).sum()) * jnp.where(x > 0, 1.0, 0.0),
                    5.0,
                ),
            ),
        ),
        [-6.0, -7.0],
        why="as above, where a sample sees it",
    ),
    "the number of least products": far(
        rule(lambda x: x.sum(), _times_the_number_of_least_products),
        [-60.0, 1.0],
        why="a symmetric matrix has its least entry twice where that is off the diagonal",
    ),
    "a clipped cotangent": far(
        rule(jnp.sin, lambda g, x: (jnp.clip(g, -1e6, 1e6) * jnp.cos(x),)),
        [1.0],
        bar=np.array([1e7]),
        why="linear in the cotangent as far as one looks",
    ),
    "a cotangent far below 0": far(
        rule(jnp.sin, lambda g, x: (jnp.where(g < -1e12, 0.0, g) * jnp.cos(x),)),
        [1.0],
        bar=np.array([-1e13]),
        why="as above",
    ),
    "all above 6": far(
        square_but_where(lambda x: jnp.all(x > 6.0)), [7.0, 8.0], why="several entries at once"
    ),
    "any above 50": far(
        square_but_where(lambda x: jnp.any(x > FAR)), [7.0, 60.0], why="one entry of several"
    ),
    "one unit in the last place, times 1e20": far(
        entrywise(square, _a_unit_in_the_last_place), [60.0], why="a literal read as 1/3"
    ),
    "a mask of −∞ compared": far(
        square_but_where(lambda x: jnp.where(x > FAR, -jnp.inf, x) == -jnp.inf),
        [60.0],
        why="the case that holds −∞ is one of two",
    ),
    "a mask of −∞ that is finite": far(
        square_but_where(lambda x: jnp.isfinite(jnp.where(x > FAR, x, -jnp.inf))),
        [60.0],
        why="as above",
    ),
    "the logarithm of a positive part compared": far(
        square_but_where(lambda x: jnp.log(jnp.maximum(x - FAR, 0.0)) > -1.0),
        [60.0],
        why="log 0 is −∞, and not undefined",
    ),
    "a whole power of a negative number": far(
        rule(_second_or_third_power, _five_below),
        [-60.0],
        [1.0],
        sizes="n,n",
        why="p^2.0 and p^3.0 exist for p < 0",
    ),
}
