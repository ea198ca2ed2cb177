"""Layers that have nothing to learn."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from funcnet import ops
from funcnet.contract import checked
from funcnet.layers.layer import Layer, no_params, push_elementwise
from funcnet.ops.dropout import Rate


def activation(op: Callable, *static: float) -> Layer:
    """An element-wise op as a layer, with its static arguments: `activation(leaky_relu, 0.2)`."""

    def apply(params, state, x, train):
        del params, train
        return op(x, *static), state

    name = f"{op.__name__}({', '.join(map(str, static))})" if static else op.__name__
    return Layer(name, no_params, apply, push_elementwise(apply), columns=apply)


def softmax() -> Layer:
    """Softmax over the classes as a last layer; losses on logits fuse it and don't need it."""

    def apply(params, state, x, train):
        del params, train
        return ops.softmax(x), state

    def push(params, state, x, jacobian):
        y, _ = apply(params, state, x, False)
        weighted = jnp.einsum("nk,nkd->nd", y, jacobian)
        return y, y[:, :, None] * (jacobian - weighted[:, None, :])

    return Layer("softmax", no_params, apply, push)


@checked
def dropout(rate: Rate = 0.5) -> Layer:
    """Entries set to 0 at random in training, the others scaled up; nothing in evaluation.

    The state is a key, which every step of training splits: runs repeat bit by bit.

    Args:
        rate: the share that is dropped, 0 <= rate <= 0.999.
    """

    def init(key, shape):
        del shape
        return (), key

    def apply(params, state, x, train):
        del params
        if not train:
            return x, state
        state, key = jax.random.split(state)
        return ops.dropout(x, jax.random.uniform(key, x.shape, x.dtype), rate), state

    def push(params, state, x, jacobian):
        del params, state
        return x, jacobian

    return Layer(f"dropout({rate})", init, apply, push, columns=apply)
