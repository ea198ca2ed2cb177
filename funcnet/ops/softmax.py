"""Softmax and its logarithm over the last axis."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from funcnet.contract import checked


@jax.custom_vjp
@checked
def softmax(x: Float[Array, "*batch k"]) -> Float[Array, "*batch k"]:
    r"""Softmax over the last axis, $y_i = e^{x_i} / \sum_j e^{x_j}$.

    Its Jacobian is $\operatorname{diag}(y) - y y^\top$, so $\bar x_j = y_j (\bar y_j - \sum_i \bar
    y_i y_i)$.

    Args:
        x: logits; any finite values.

    Returns:
        Weights in [0, 1] that sum to 1 over the last axis.

    Reference:
        Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.
    """
    e = jnp.exp(x - x.max(axis=-1, keepdims=True))  # the shift cancels in y
    return e / e.sum(axis=-1, keepdims=True)


def softmax_forward(x):
    y = softmax.fun(x)
    return y, y


def softmax_backward(y, y_bar):
    return (y * (y_bar - (y_bar * y).sum(axis=-1, keepdims=True)),)


softmax.defvjp(softmax_forward, softmax_backward)


@jax.custom_vjp
@checked
def log_softmax(x: Float[Array, "*batch k"]) -> Float[Array, "*batch k"]:
    r"""Logarithm of softmax, $y_i = x_i - \log \sum_j e^{x_j}$, finite where softmax underflows.

    Its pullback is $\bar x_j = \bar y_j - e^{y_j} \sum_i \bar y_i$.

    Args:
        x: logits; any finite values.
    """
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - jnp.log(jnp.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_forward(x):
    y = log_softmax.fun(x)
    return y, y


def log_softmax_backward(y, y_bar):
    return (y_bar - jnp.exp(y) * y_bar.sum(axis=-1, keepdims=True),)


log_softmax.defvjp(log_softmax_forward, log_softmax_backward)
