"""Labels out of range, axes in another order, rows from the other end."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .cases import rule, wrong

everywhere = partial(wrong, where="everywhere")
some_labels = partial(wrong, where="region")
X = [0.7, -1.2, 2.3]
NINE = np.arange(9.0).reshape(3, 3)


def _added_at(x, i, g, mode):
    return jnp.zeros_like(x).at[i].add(g, mode=mode)


def _one_hot(x, i):
    return jax.nn.one_hot(i, x.shape[0]) @ x


def _last_first(g, x):
    return (lax.cumsum(g, reverse=True) - g,)


def _sums_from_the_end(x):
    return lax.scan(lambda total, a: (total + a, total), 0.0, x, reverse=True)[1]


def _swapping_states(x):
    return lax.fori_loop(0, 3, lambda _, state: (state[1], state[0] * 2), (x, x**2))[0]


def _noise(seed):
    return jax.random.normal(jax.random.key(seed), (3,))


FALSE = {
    "filled, not clipped": some_labels(
        rule(
            lambda x, i: x.at[i].get(mode="fill", fill_value=0.0),
            lambda g, x, i: (_added_at(x, i, g, "clip"), None),
        ),
        X,
        [0, 5, 1],
        sizes="k,n:int",
        why="a label out of range",
    ),
    "clipped, not dropped": some_labels(
        rule(
            lambda x, k: x.at[k + 1].get(mode="clip"),
            lambda g, x, k: ((g[:, None] * jax.nn.one_hot(k + 1, x.shape[0])).sum(0), None),
        ),
        [1.0, 2.0],
        [1],
        sizes="m,n:int<m",
        why="the label after the last stays the last",
    ),
    "negative labels": some_labels(
        rule(
            lambda x, i: x[i],
            lambda g, x, i: (_added_at(x, jnp.where(i < 0, 99, i), g, "drop"), None),
        ),
        X,
        [0, -1, 1],
        sizes="k,n:int",
        why="−1 is the last",
    ),
    "one_hot out of range": some_labels(
        rule(_one_hot, lambda g, x, i: (_added_at(x, jnp.clip(i, 0, len(x) - 1), g, None), None)),
        X,
        [0, 5],
        sizes="k,n:int",
        why="a row of zeros, where the backward clips",
    ),
    "segment_sum out of range": some_labels(
        rule(
            lambda x, i: jax.ops.segment_sum(x, i, num_segments=2),
            lambda g, x, i: (g[jnp.clip(i, 0, 1)], None),
        ),
        X,
        [0, 1, 4],
        sizes="n,n:int",
        why="what is out of range is dropped",
    ),
    "an update that does not fit": everywhere(
        rule(
            lambda x, y: lax.dynamic_update_slice(x, y, (4,)),
            lambda g, x, y: (g.at[4].set(0.0), jnp.stack([g[4], 0.0])),
        ),
        np.arange(5.0),
        np.ones(2),
        sizes="5,2",
        why="the start 4 of 5 is moved to 3",
    ),
    "a gradient kept where it was overwritten": everywhere(
        rule(lambda x, y: x.at[1].set(y), lambda g, x, y: (g, g[1])),
        X,
        2.0,
        sizes="3,",
        why="x₁ counts for nothing",
    ),
    "along the other axis": everywhere(
        rule(
            lambda x, i: jnp.take_along_axis(x, i, 1),
            lambda g, x, i: (
                jnp.zeros_like(x).at[i, jnp.arange(x.shape[1])[None, :]].add(g),
                None,
            ),
        ),
        NINE,
        [[0, 1, 1], [2, 2, 0], [1, 0, 2]],
        sizes="n n,n n:int<n",
        why="square, so shapes agree",
    ),
    "axes merged in the other order": everywhere(
        rule(lambda x: x.T.reshape(-1), lambda g, x: (g.reshape(x.shape),)),
        NINE,
        sizes="n n",
        why="square, so shapes agree",
    ),
    "a transpose of three axes": everywhere(
        rule(lambda x: x.transpose(1, 2, 0), lambda g, x: (g.transpose(1, 2, 0),)),
        np.arange(27.0).reshape(3, 3, 3),
        sizes="n n n",
        why="its inverse is another one",
    ),
    "rolled the same way": everywhere(
        rule(lambda x: jnp.roll(x, 1), lambda g, x: (jnp.roll(g, 1),)), X, why="equal for n ≤ 2"
    ),
    "rows from the end": everywhere(
        rule(_sums_from_the_end, _last_first), np.arange(4.0), sizes="4", why="scan turned round"
    ),
    "two states that swap": everywhere(
        rule(_swapping_states, lambda g, x: (2 * g,)), 1.5, sizes="", why="x² after three turns"
    ),
    "random numbers of another key": everywhere(
        rule(lambda x: x * _noise(0), lambda g, x: (g * _noise(1),)), X, sizes="3", why="constants"
    ),
}
