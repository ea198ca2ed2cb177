"""Wrong where entries are equal, though the definition is smooth there: a rule that counts them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .cases import rule, wrong

tie = partial(wrong, where="points")


def _sum_counted(count):
    """Σ x, whose backward is multiplied by a count that is 1 off ties."""
    return rule(lambda x: x.sum(), lambda g, x: (g * count(x) * jnp.ones_like(x),))


def _softmax(x):
    return jax.nn.softmax(x, -1)


def _softmax_counted(g, x):
    y = _softmax(x)
    is_greatest = x == x.max(-1, keepdims=True)
    return (y * (g - (g * y).sum(-1, keepdims=True)) * is_greatest.sum(-1, keepdims=True),)


FALSE = {
    "the number of maxima": tie(
        _sum_counted(lambda x: (x == x.max()).sum()), [1.0, 1.0], why="twice for a tie"
    ),
    "the number of maxima of a row": tie(
        rule(_softmax, _softmax_counted),
        np.array([[1.0, 1.0, 0.0]]),
        bar=np.array([[1.0, 2.0, 4.0]]),
        sizes="n k",
        why="twice for a tie in a row",
    ),
    "the number of minima of a column": tie(
        _sum_counted(lambda x: (x == x.min(0)).sum(0)),
        np.ones((2, 2)),
        sizes="n d",
        why="twice for a tie in a column",
    ),
    "the number of the least, by sorting": tie(
        _sum_counted(lambda x: (x == jnp.sort(x)[0]).sum()), [1.0, 1.0], why="twice for a tie"
    ),
    "equal entries of a sorted vector": tie(
        rule(lambda x: jnp.sort(x).sum(), lambda g, x: (g * (x[:, None] == x[None, :]).sum(1),)),
        [1.0, 1.0],
        why="a sum of sorted entries is smooth at ties",
    ),
    "two entries that are equal": tie(
        rule(
            lambda x: (x * x).sum(), lambda g, x: (2 * g * x * (x[:, None] == x[None, :]).sum(1),)
        ),
        [2.0, 2.0],
        why="1 but for a tie",
    ),
}
