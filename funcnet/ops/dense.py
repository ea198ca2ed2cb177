"""Affine and linear maps of a batch of examples, which are rows or columns.

Inside a network examples are columns, the batch on the last axis: then every sum over the examples
runs along memory, and so does every product. `..._columns` takes and gives that layout.
"""

from typing import Annotated

import jax
from jax import lax
from jaxtyping import Array, Float

from funcnet.contract import Columns, Flattened, Rows, checked


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
    return *linear_backward(residuals, y_bar), y_bar.sum(axis=0)


dense.defvjp(dense_forward, dense_backward)


@jax.custom_vjp
@checked
def linear(
    x: Annotated[Float[Array, "n *d"], Rows(1)],
    w: Annotated[Float[Array, "k m"], Flattened("k", "d")],
) -> Float[Array, "n m"]:
    r"""`dense` without a bias, $y_{nj} = \sum_i x_{ni} w_{ij}$, for use before a normalisation."""
    return _rows(x) @ w


def linear_forward(x, w):
    return linear.fun(x, w), (x, w)


def linear_backward(residuals, y_bar):
    x, w = residuals
    return (y_bar @ w.T).reshape(x.shape), _rows(x).T @ y_bar


linear.defvjp(linear_forward, linear_backward)


@jax.custom_vjp
@checked
def dense_columns(
    x: Annotated[Float[Array, "*d n"], Columns(1)],
    w: Annotated[Float[Array, "k m"], Flattened("k", "d")],
    b: Float[Array, "m"],
) -> Float[Array, "m n"]:
    r"""`dense` of examples that are columns, $y_{jn} = \sum_i w_{ij} x_{in} + b_j$.

    The pullback is $\bar x = w \bar y$ (in the shape of x), $\bar w = x \bar y^\top$, $\bar b_j =
    \sum_n \bar y_{jn}$.
    """
    return _laid_out(w.T) @ _columns(x) + b[:, None]


def dense_columns_forward(x, w, b):
    return dense_columns.fun(x, w, b), (x, w)


def dense_columns_backward(residuals, y_bar):
    return *linear_columns_backward(residuals, y_bar), y_bar.sum(axis=1)


dense_columns.defvjp(dense_columns_forward, dense_columns_backward)


@jax.custom_vjp
@checked
def linear_columns(
    x: Annotated[Float[Array, "*d n"], Columns(1)],
    w: Annotated[Float[Array, "k m"], Flattened("k", "d")],
) -> Float[Array, "m n"]:
    r"""`dense_columns` without a bias, $y_{jn} = \sum_i w_{ij} x_{in}$."""
    return _laid_out(w.T) @ _columns(x)


def linear_columns_forward(x, w):
    return linear_columns.fun(x, w), (x, w)


def linear_columns_backward(residuals, y_bar):
    x, w = residuals
    return (w @ y_bar).reshape(x.shape), _laid_out(y_bar @ _columns(x).T).T


linear_columns.defvjp(linear_columns_forward, linear_columns_backward)


def _rows(x):
    return x.reshape(x.shape[0], -1)


def _columns(x):
    return x.reshape(-1, x.shape[-1])


def _laid_out(small):
    """A matrix as it stands in memory: XLA else moves its transposition to the large factor."""
    return lax.optimization_barrier(small)
