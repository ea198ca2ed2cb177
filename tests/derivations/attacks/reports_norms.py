"""Norms, of public reports: wrong rules that projects shipped, beside the right ones.

The rules are restated as formulas; the names say where they were reported.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .cases import right, rule, wrong

DRAW = np.random.default_rng(20261125)
EPSILON = 1e-5
everywhere = partial(wrong, where="everywhere")


def normal(*shape):
    """Random numbers of both signs."""
    return DRAW.standard_normal(shape)


def positive(*shape, low=0.5, high=1.5):
    """Random numbers between two positive ones."""
    return DRAW.uniform(low, high, shape)


def _reciprocal_rms(x):
    return jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + EPSILON)


def _rms_norm(x, w):
    return x * _reciprocal_rms(x) * w


def _rms_norm_backward(g, x, w):
    r = _reciprocal_rms(x)
    correction = x * r**3 * jnp.mean(g * x * w, -1, keepdims=True)
    return g * w * r - correction, jnp.sum(g * x * r, 0)


def _without_the_weight(g, x, w):
    return _rms_norm_backward(g, x, w)[0], None


def _weighted_twice(g, x, w):
    r = _reciprocal_rms(x)
    correction = x * r**3 * jnp.mean(g * x * w, -1, keepdims=True)
    return g * w * r - w * correction, jnp.sum(g * x * r, 0)


def _centred(x, axis):
    c = x - jnp.mean(x, axis, keepdims=True)
    return c, jax.lax.rsqrt(jnp.mean(c * c, axis, keepdims=True) + EPSILON)


def _layer_norm(x, w, b):
    c, r = _centred(x, -1)
    return c * r * w + b


def _layer_norm_backward(g, x, w, b, h=None):
    c, r = _centred(x, -1)
    q = g * w
    along = jnp.mean(q * c * r, -1, keepdims=True)
    x_bar = r * (q - jnp.mean(q, -1, keepdims=True) - c * r * along)
    return x_bar, jnp.sum(g * (c * r if h is None else h), 0), jnp.sum(g, 0)


def _by_inverting_the_output(g, x, w, b):
    return _layer_norm_backward(g, x, w, b, (_layer_norm(x, w, b) - b) / w)


def _batch_norm(x, w, b):
    c, r = _centred(x, 0)
    return c * r * w + b


def _batch_norm_backward(g, x, w, b):
    c, r = _centred(x, 0)
    h = c * r
    x_bar = w * r * (g - jnp.mean(g, 0) - h * jnp.mean(g * h, 0))
    return x_bar, jnp.sum(g * h, 0), jnp.sum(g, 0)


def _the_sum_for_the_entry(g, x, w, b):
    c, r = _centred(x, 0)
    h, n = c * r, x.shape[0]
    total, along = jnp.sum(g * w, 0), jnp.sum(g * w * h, 0)
    return r / n * (n * total - total - h * along), jnp.sum(g * h, 0), jnp.sum(g, 0)


def _with_a_term_that_is_zero(g, x, w, b):
    c, r = _centred(x, 0)
    variance_bar = -0.5 * jnp.sum(g * w * c, 0) * r**3
    mean_bar = -jnp.sum(g * w, 0) * r + jnp.mean(-2 * c, 0) * variance_bar
    x_bar = g * w * r + variance_bar * 2 * c / x.shape[0] + mean_bar / x.shape[0]
    return x_bar, jnp.sum(g * c * r, 0), jnp.sum(g, 0)


def _group_norm(x):
    return x * _reciprocal_rms(x)


def _group_norm_backward(g, x):
    r = _reciprocal_rms(x)
    return (r * (g - x * r * jnp.mean(g * x * r, -1, keepdims=True)),)


def _over_all_groups(g, x):
    r = _reciprocal_rms(x)
    return (r * (g - x * r * jnp.mean(g * x * r, (-2, -1), keepdims=True)),)


def _direction(v):
    return v / (jnp.sqrt(jnp.sum(v * v)) + 1)


def _direction_backward(g, v):
    r = jnp.sqrt(jnp.sum(v * v))
    s = r + 1
    return (g / s - v * jnp.sum(v * g) / (r * s * s),)


def _direction_backward_guarded(g, v):
    squares = jnp.sum(v * v)
    r = jnp.sqrt(jnp.where(squares == 0, 1.0, squares))
    s = r + 1
    off_zero = g / s - v * jnp.sum(v * g) / (r * s * s)
    return (jnp.where(squares == 0, g, off_zero),)


_ROWS = (normal(3, 5), positive(5))
_LAYER = (normal(3, 4), np.array([0.0, 1.0, 0.7, -1.2]), normal(4))
_BATCH = (normal(5, 3), positive(3), normal(3))
_THREE = "n d,d,d"

FALSE = {
    "RMS norm without the gradient of its weight (unsloth #4533)": everywhere(
        rule(_rms_norm, _without_the_weight), *_ROWS, sizes="n d,d", why="None is zero"
    ),
    "RMS norm weighted twice": everywhere(
        rule(_rms_norm, _weighted_twice), *_ROWS, sizes="n d,d", why="equal for weights of 1"
    ),
    "layer norm from its output (DeepSpeed #692)": wrong(
        rule(_layer_norm, _by_inverting_the_output),
        *_LAYER,
        sizes=_THREE,
        where="points",
        why="(y − b)/w is 0/0 where a weight is 0",
    ),
    "batch norm with a sum for an entry (MIOpen #104)": everywhere(
        rule(_batch_norm, _the_sum_for_the_entry), *_BATCH, sizes=_THREE, why="shapes agree"
    ),
    "group norm over all groups (mamba #547)": everywhere(
        rule(_group_norm, _over_all_groups), normal(2, 3, 4), sizes="n k d", why="equal for k = 1"
    ),
    "a direction at 0 (kornia #611)": wrong(
        rule(_direction, _direction_backward),
        np.zeros(3),
        where="points",
        why="v/(|v| + 1) has a derivative at 0, where the rule is 0/0",
    ),
}
RIGHT = {
    "RMS norm": right(rule(_rms_norm, _rms_norm_backward), *_ROWS, sizes="n d,d"),
    "layer norm": right(rule(_layer_norm, _layer_norm_backward), *_LAYER, sizes=_THREE),
    "batch norm": right(rule(_batch_norm, _batch_norm_backward), *_BATCH, sizes=_THREE),
    "batch norm with a term that is zero (MXNet #1053)": right(
        rule(_batch_norm, _with_a_term_that_is_zero), *_BATCH, sizes=_THREE
    ),
    "group norm": right(rule(_group_norm, _group_norm_backward), normal(2, 3, 4), sizes="n k d"),
    "a direction, guarded": right(rule(_direction, _direction_backward_guarded), np.zeros(3)),
}
