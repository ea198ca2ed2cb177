"""Affine layers."""

import math
from typing import Annotated, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from funcnet import ops
from funcnet.contract import Between, checked
from funcnet.layers.initialisers import Initialiser, initialiser
from funcnet.layers.layer import Layer, axes_of

Width = Annotated[int, Between(1, remedy="pass the number of units")]


class DenseParams(NamedTuple):
    """Weights (k, m) and biases (m) of `dense`; None for no biases."""

    w: Array
    b: Array | None


@checked
def dense(width: Width, bias: bool = True, weights: Initialiser = None) -> Layer:
    """Affine layer onto `width` units; biases start at 0.

    Args:
        bias: False before a normalisation, which takes any bias away again.
        weights: an initialiser by its name in `jax.nn.initializers`, such as "he_normal"; None for
            uniform in ±1/√fan_in.
    """
    draw = initialiser(weights)

    def init(key, shape):
        w = draw(key, (math.prod(axes_of(shape)), width))
        return DenseParams(w, jnp.zeros(width) if bias else None), ()

    def apply(params, state, x, train):
        del train
        return ops.dense(x, *params) if bias else ops.linear(x, params.w), state

    def columns(params, state, x, train):
        del train
        return ops.dense_columns(x, *params) if bias else ops.linear_columns(x, params.w), state

    def push(params, state, x, jacobian):
        y, _ = apply(params, state, x, False)
        return y, jnp.einsum("nid,ij->njd", jacobian, params.w)

    name = f"dense({width})" if bias else f"dense({width}, bias=False)"
    return Layer(name, init, apply, push, columns=columns)
