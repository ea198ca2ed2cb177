"""Right rules of functions in pieces: kinks, guards, masks of −∞, conditions told otherwise."""

import jax
import jax.numpy as jnp
import numpy as np

from .cases import entrywise, right, rule, square

FAR = 50.0
REAL = [0.7, -1.3]


def _on(points, definition, slope):
    return right(entrywise(definition, slope), points)


def _step(x):
    return jnp.where(x > 0, 1.0, 0.0)


def _or_one(condition, x):
    return jnp.where(condition, x, 1.0)


def _huber(x):
    return jnp.where(jnp.abs(x) <= 1, 0.5 * x * x, jnp.abs(x) - 0.5)


def _huber_by_parts(x):
    a = jnp.abs(x)
    return 0.5 * jnp.minimum(a, 1.0) ** 2 + jnp.maximum(a - 1, 0)


def _sinc(x):
    return jnp.where(x == 0, 1.0, jnp.sin(x) / _or_one(x != 0, x))


def _sinc_slope(x):
    s = _or_one(x != 0, x)
    return jnp.where(x == 0, 0.0, (jnp.cos(x) - jnp.sin(x) / s) / s)


def _growth(x):
    return jnp.where(x == 0, 1.0, jnp.expm1(x) / _or_one(x != 0, x))


def _growth_slope(x):
    s = _or_one(x != 0, x)
    return jnp.where(x == 0, 0.5, (jnp.exp(x) - jnp.expm1(x) / s) / s)


def _flat(x):
    return jnp.where(x > 0, jnp.exp(-1 / _or_one(x > 0, x)), 0.0)


def _flat_slope(x):
    s = _or_one(x > 0, x)
    return jnp.where(x > 0, jnp.exp(-1 / s) / s**2, 0.0)


def _length(x):
    squares = (x * x).sum()
    return jnp.where(squares > 0, jnp.sqrt(_or_one(squares > 0, squares)), 0.0)


def _length_backward(g, x):
    squares = (x * x).sum()
    direction = x * jax.lax.rsqrt(_or_one(squares > 0, squares))
    return (jnp.where(squares > 0, g * direction, 0.0),)


def _guarded_root(x):
    return jnp.where(x > -FAR, jnp.sqrt(_or_one(x > -FAR, x + FAR)), 0.0)


def _guarded_root_slope(x):
    return jnp.where(x > -FAR, 0.5 / jnp.sqrt(_or_one(x > -FAR, x + FAR)), 0.0)


def _exp_of_guarded_log(x):
    power = 2 * jnp.exp(jnp.log(_or_one(x > -FAR, x + FAR)))
    return jnp.where(x > -FAR, power, 2 * (x + FAR))


def _by_guarded_length(g, x):
    r = jnp.sqrt((x * x).sum())
    return (2 * g * r * (x / _or_one(r != 0, r)),)


def _by_guarded_length_of_the_cotangent(g, x):
    r = jnp.sqrt((g * g).sum())
    return (2 * x * r * (g / _or_one(r != 0, r)),)


def _by_guarded_difference(g, x, y):
    d = jnp.log(x) - jnp.log(y)
    return g * y * jnp.where(d == 0, 1.0, d / _or_one(d != 0, d)), g * x


def _middle(a, b, c):
    return jnp.maximum(jnp.minimum(a, b), jnp.minimum(jnp.maximum(a, b), c))


def _middle_backward(g, a, b, c):
    greatest = jnp.maximum(jnp.maximum(a, b), c)
    m = a + b + c - greatest - jnp.minimum(jnp.minimum(a, b), c)
    return g * (m == a), g * (m == b), g * (m == c)


def _masked(x, y):
    return jnp.where(y > 0, x, -jnp.inf)


def _greatest_backward(g, x, y):
    z = _masked(x, y)
    return g * ((z == z.max()) & (z.max() > 0)), 0 * y


def _masked_softmax_backward(g, x, y):
    s = jax.nn.softmax(_masked(x, y))
    return s * (g - (g * s).sum()), 0 * y


def _masked_logsumexp_backward(g, x, y):
    weights = jnp.where(y > 0, jnp.exp(x), 0.0)
    return g * weights / weights.sum(), 0 * y


def _of_pairs(definition, backward, *at):
    return right(rule(definition, backward), *at, sizes="n,n")


MASKED = ([0.7, 1.3], [1.0, -1.0])
RIGHT = {
    "Huber by clip": _on(REAL, _huber, lambda x: jnp.clip(x, -1.0, 1.0)),
    "Huber by parts": _on(REAL, _huber_by_parts, lambda x: jnp.clip(x, -1.0, 1.0)),
    "elu": _on(
        REAL,
        lambda x: jnp.where(x > 0, x, jnp.expm1(x)),
        lambda x: jnp.exp(jnp.minimum(x, 0.0)),
    ),
    "celu by parts": _on(
        REAL,
        lambda x: jnp.maximum(x, 0) + jnp.expm1(jnp.minimum(x, 0)),
        lambda x: jnp.where(x > 0, 1.0, jnp.exp(x)),
    ),
    "relu²": _on(REAL, lambda x: jnp.maximum(x, 0) ** 2, lambda x: 2 * jnp.maximum(x, 0)),
    "x|x|": _on(REAL, lambda x: x * jnp.abs(x), lambda x: 2 * jnp.abs(x)),
    "relu by |x|": _on(REAL, lambda x: (x + jnp.abs(x)) / 2, _step),
    "|x| by a maximum": _on(REAL, lambda x: jnp.maximum(x, -x), jnp.sign),
    "x² by parts": _on(
        REAL, lambda x: jnp.maximum(x, 0) ** 2 + jnp.minimum(x, 0) ** 2, lambda x: 2 * x
    ),
    "softshrink": _on(
        REAL,
        lambda x: jnp.sign(x) * jnp.maximum(jnp.abs(x) - 0.5, 0),
        lambda x: jnp.where(jnp.abs(x) > 0.5, 1.0, 0.0),
    ),
    "clip without a limit": _on(
        REAL, lambda x: jnp.clip(x, -1.0, jnp.inf), lambda x: jnp.where(x > -1, 1.0, 0.0)
    ),
    "a triangle wave": _on(REAL, lambda x: jnp.abs(x % 2.0 - 1), lambda x: jnp.sign(x % 2.0 - 1)),
    "a fraction by floor": _on(REAL, lambda x: (x - jnp.floor(x)) ** 2, lambda x: 2 * (x % 1.0)),
    "1/x in a condition": _on(REAL, lambda x: jnp.where(1 / x > 0, x, 0.0), _step),
    "x³ in a condition": _on(REAL, lambda x: jnp.where(x**3 > 0, x, 0.0), _step),
    "e^x in a condition": _on(REAL, lambda x: jnp.where(jnp.exp(x) > 1, x, 0.0), _step),
    "x² in a condition": _on(
        REAL,
        lambda x: jnp.where(x * x > 1, x, 0.0),
        lambda x: jnp.where(jnp.abs(x) > 1, 1.0, 0.0),
    ),
    "sin x / x": _on([0.7, 0.0], _sinc, _sinc_slope),
    "(e^x − 1)/x": _on([0.7, -1.3], _growth, _growth_slope),
    "e^(−1/x)": _on([0.0, 1.0], _flat, _flat_slope),
    "nan_to_num of reals": _on(REAL, lambda x: jnp.nan_to_num(x) * x, lambda x: 2 * x),
    "a length": right(rule(_length, _length_backward), [0.7, -1.3, 0.4]),
    "a root guarded on both sides": _on([-60.0], _guarded_root, _guarded_root_slope),
    "two roots of what is positive far out": _on(
        [60.0],
        square,
        lambda x: jnp.where(x > FAR, 2 * jnp.sqrt(_or_one(x > FAR, x)) ** 2, 2 * x),
    ),
    "the exponential of a guarded logarithm": _on(
        [-60.0], lambda x: square(x + FAR), _exp_of_guarded_log
    ),
    "a guarded length": right(rule(lambda x: (x * x).sum(), _by_guarded_length), [0.0, 0.0]),
    "a guarded length of the cotangent": right(
        rule(square, _by_guarded_length_of_the_cotangent), [2.0, 1.0], bar=np.array([0.0, 0.0])
    ),
    "a guarded difference": _of_pairs(
        lambda x, y: x * y + 0 * jnp.log(x) + 0 * jnp.log(y), _by_guarded_difference, [2.0], [2.0]
    ),
    "6/x where x y = 6": _of_pairs(
        lambda x, y: x * y,
        lambda g, x, y: (g * jnp.where(x * y == 6.0, 6.0 / x, y), g * x),
        [2.0],
        [3.0],
    ),
    "the middle of three": right(
        rule(_middle, _middle_backward), [1.0, 3.0], [2.0, 0.5], [4.0, 8.0], sizes="n,n,n"
    ),
    "the greatest of what is not masked": _of_pairs(
        lambda x, y: _masked(x, y).max(initial=0.0), _greatest_backward, *MASKED
    ),
    "a masked softmax": _of_pairs(
        lambda x, y: jax.nn.softmax(_masked(x, y)), _masked_softmax_backward, *MASKED
    ),
    "a masked logsumexp": _of_pairs(
        lambda x, y: jax.nn.logsumexp(x, where=y > 0), _masked_logsumexp_backward, *MASKED
    ),
}
