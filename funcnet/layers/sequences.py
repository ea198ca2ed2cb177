"""Layers for sequences, examples of shape (length,) or (length, width)."""

from typing import Annotated, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from funcnet import ops
from funcnet.contract import Between, checked
from funcnet.layers.dense import Width
from funcnet.layers.initialisers import Initialiser, initialiser
from funcnet.layers.layer import Layer, push_by_rows

Heads = Annotated[int, Between(1, remedy="pass the number of heads")]


class AttentionParams(NamedTuple):
    """Weights (width, width) of queries, keys and values, and of what comes out."""

    query: Array
    key: Array
    value: Array
    output: Array


@checked
def embedding(rows: Width, width: Width, weights: Initialiser = "normal") -> Layer:
    """Each number of an example as a row of a learnt table of so many rows and columns."""
    draw = initialiser(weights)

    def init(key, shape):
        del shape
        return draw(key, (rows, width)), ()

    def apply(params, state, x, train):
        del train
        y = ops.embedding(params, x.astype(int).ravel())
        return y.reshape(*x.shape, width), state

    def push(params, state, x, jacobian):
        del params, state, x, jacobian
        raise ValueError(
            "embedding needs numbers of rows, by which nothing has a derivative; "
            "take the Jacobian of the layers after it"
        )

    return Layer(f"embedding({rows}, {width})", init, apply, push)


@checked
def attention(heads: Heads = 1, causal: bool = False, weights: Initialiser = None) -> Layer:
    """Multi-head self-attention of sequences (length, width); width is a multiple of heads.

    Args:
        heads: each has its own share width / heads of queries, keys and values.
        causal: an entry meets those up to itself alone.
        weights: an initialiser by its name in `jax.nn.initializers`.

    Reference:
        Vaswani et al. (2017), Attention is all you need, section 3.2.2.
    """
    draw = initialiser(weights)

    def init(key, shape):
        width = _width_of(shape, heads)
        return AttentionParams(*(draw(k, (width, width)) for k in jax.random.split(key, 4))), ()

    def apply(params, state, x, train):
        del train
        n, length, width = x.shape
        flat = x.reshape(n * length, width)

        def heads_of(w):
            return jnp.moveaxis(ops.linear(flat, w).reshape(n, length, heads, -1), 2, 1)

        y = ops.attention(*map(heads_of, params[:3]), causal)
        y = jnp.moveaxis(y, 1, 2).reshape(n * length, width)
        return ops.linear(y, params.output).reshape(x.shape), state

    name = f"attention({heads}, causal=True)" if causal else f"attention({heads})"
    return Layer(name, init, apply, push_by_rows(apply))


def _width_of(shape: tuple[int, ...], heads: int) -> int:
    if len(shape) != 2 or shape[1] % heads:
        raise ValueError(
            f"attention needs examples of shape (length, width) with a width that is a multiple of "
            f"heads={heads}, got {tuple(shape)}; pass another number of heads, or reshape before it"
        )
    return shape[1]
