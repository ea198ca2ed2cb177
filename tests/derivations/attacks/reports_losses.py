"""Losses, of public reports: wrong rules that projects shipped, beside the right ones."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .cases import by_autodiff, right, rule, wrong
from .reports_norms import normal, positive

everywhere = partial(wrong, where="everywhere")
SMOOTHING = 0.1


def _log_softmax(x):
    return jax.nn.log_softmax(x)


def _cross_entropies(x, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], 1)[:, 0]


def _off_the_labels(x, labels):
    return jax.nn.softmax(x) - jax.nn.one_hot(labels, x.shape[-1], dtype=x.dtype)


def _shards(x, shard, index):
    of_shard = jax.nn.one_hot(shard, x.shape[1], dtype=x.dtype)
    of_index = jax.nn.one_hot(index, x.shape[2], dtype=x.dtype)
    return of_shard[:, :, None] * of_index[:, None, :]


def _smoothed(x, shard, index):
    logs = jax.nn.log_softmax(x, (-2, -1))
    vocabulary = x.shape[1] * x.shape[2]
    uniform = SMOOTHING / vocabulary * jnp.sum(logs, (1, 2))
    return -(1 - SMOOTHING) * jnp.sum(_shards(x, shard, index) * logs, (1, 2)) - uniform


def _smoothed_backward(vocabulary_of):
    def backward(g, x, shard, index):
        p = jax.nn.softmax(x, (-2, -1))
        targets = (1 - SMOOTHING) * _shards(x, shard, index) + SMOOTHING / vocabulary_of(x)
        return g[:, None, None] * (p - targets), None, None

    return backward


def _dice(x, t):
    return 2 * jnp.sum(x * t) / (jnp.sum(x) + jnp.sum(t))


def _dice_backward(g, x, t):
    common, total = jnp.sum(x * t), jnp.sum(x) + jnp.sum(t)
    return g * 2 * (t * total - common) / total**2, g * 2 * (x * total - common) / total**2


def _dice_with_a_sum(g, x, t):
    common, total = jnp.sum(x * t), jnp.sum(x) + jnp.sum(t)
    return g * 2 * (t * total + common) / total * total, _dice_backward(g, x, t)[1]


def _total(x):
    return jax.nn.logsumexp(x, -1)


def _focal(x):
    return jax.nn.sigmoid(-x) ** 0.0 * jnp.logaddexp(0.0, -x)


def _focal_slope(x):
    p = jax.nn.sigmoid(x)
    return -0.0 * (1 - p) ** -1.0 * p * (1 - p) * jnp.logaddexp(0.0, -x) - (1 - p) ** 1.0


def _beta(a, c):
    return c**a / a


def _beta_backward(g, a, c):
    return g * (jnp.log(c) * c**a / a - c**a / a**2), g * c ** (a - 1)


def _beta_of_the_first_term(g, a, c):
    return g * jnp.log(c) * c**a / a - c**a / a**2, g * c ** (a - 1)


_LABELS = np.array([0, 2, 1, 2])
_OF_SHARDS = (normal(3, 2, 4), np.array([0, 1, 1]), np.array([3, 0, 2]))
_SHARD_SIZES = "n s v,n:int<s,n:int<v"
_OVERLAPS = (positive(5, low=0.1, high=0.9), positive(5, low=0.1, high=0.9))
_EXPONENTS = (positive(4, high=2.0), positive(4, low=0.2, high=0.9))

FALSE = {
    "log-softmax with y for e^y (oneDNN #616)": everywhere(
        rule(
            _log_softmax,
            lambda g, x: (g - jnp.sum(g * _log_softmax(x), -1, keepdims=True),),
        ),
        normal(3, 4),
        sizes="n k",
        why="g − ⟨g, y⟩ for g − e^y Σ g",
    ),
    "the first cotangent for all (aprender #2182)": everywhere(
        rule(
            _cross_entropies,
            lambda g, x, i: (g[0] * _off_the_labels(x, i) / x.shape[0], None),
        ),
        normal(4, 3),
        _LABELS,
        sizes="n k,n:int<k",
        why="right for one sample",
    ),
    "smoothing by the vocabulary of one shard (Megatron-LM #7464)": everywhere(
        rule(_smoothed, _smoothed_backward(lambda x: x.shape[2])),
        *_OF_SHARDS,
        sizes=_SHARD_SIZES,
        why="right for one shard",
    ),
    "the quotient rule with a sum (Pytorch-UNet #35)": everywhere(
        rule(_dice, _dice_with_a_sum), *_OVERLAPS, sizes="n,n", why="and / u · u for / (u u)"
    ),
    "a total without its cotangent (k2 #341)": everywhere(
        rule(_total, lambda g, x: (jax.nn.softmax(x),)),
        normal(3, 4),
        sizes="n k",
        why="right for cotangents of 1",
    ),
    "the cotangent times the first term (Stan Math #1569)": everywhere(
        rule(_beta, _beta_of_the_first_term),
        *_EXPONENTS,
        sizes="n,n",
        why="right for cotangents of 1",
    ),
    "focal loss with the exponent 0 (optax #1267)": wrong(
        rule(_focal, lambda g, x: (g * _focal_slope(x),)),
        [1000.0],
        where="extreme",
        why="0 · 0⁻¹ once the sigmoid rounds to 1",
    ),
}
RIGHT = {
    "log-softmax": right(
        rule(_log_softmax, lambda g, x: (g - jax.nn.softmax(x) * jnp.sum(g, -1, keepdims=True),)),
        normal(3, 4),
        sizes="n k",
    ),
    "cross entropies": right(
        rule(_cross_entropies, lambda g, x, i: (g[:, None] * _off_the_labels(x, i), None)),
        normal(4, 3),
        _LABELS,
        sizes="n k,n:int<k",
    ),
    "smoothed labels of shards": right(
        rule(_smoothed, _smoothed_backward(lambda x: x.shape[1] * x.shape[2])),
        *_OF_SHARDS,
        sizes=_SHARD_SIZES,
    ),
    "dice": right(rule(_dice, _dice_backward), *_OVERLAPS, sizes="n,n"),
    "a total": right(
        rule(_total, lambda g, x: (g[:, None] * jax.nn.softmax(x),)), normal(3, 4), sizes="n k"
    ),
    "the leading term of the incomplete beta function": right(
        rule(_beta, _beta_backward), *_EXPONENTS, sizes="n,n"
    ),
    "focal loss, by autodiff": right(
        by_autodiff(lambda x: jax.nn.sigmoid(-x) ** 2 * jnp.logaddexp(0.0, -x)), normal(4)
    ),
}
