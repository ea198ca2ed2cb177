"""The affine map of a batch of examples."""

from typing import Annotated

import jax
from jaxtyping import Array, Float

from funcnet.contract import Flattened, Rows, checked


@jax.custom_vjp
@checked
def dense(
    x: Annotated[Float[Array, "n *d"], Rows(1)],
    w: Annotated[Float[Array, "k m"], Flattened("k", "d")],
    b: Float[Array, "m"],
) -> Float[Array, "n m"]:
    r"""Fully connected layer, $y_{nj} = \sum_i x_{ni} w_{ij} + b_j$.

    The trailing axes of x are flattened, so images need no reshape. The pullback is $\bar x = \bar
    y\,w^\top$ (in the shape of x), $\bar w = x^\top \bar y$, $\bar b_j = \sum_n \bar y_{nj}$.
    """
    return _rows(x) @ w + b[None]


def dense_forward(x, w, b):
    return dense.fun(x, w, b), (x, w)


def dense_backward(residuals, y_bar):
    x, w = residuals
    return (y_bar @ w.T).reshape(x.shape), _rows(x).T @ y_bar, y_bar.sum(axis=0)


dense.defvjp(dense_forward, dense_backward)


def _rows(x):
    return x.reshape(x.shape[0], -1)
