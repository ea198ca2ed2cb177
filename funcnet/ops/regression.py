"""Losses on values, each the mean over the examples of a sum, and the penalty of weights."""

from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from funcnet.contract import Between, Rows, checked

Threshold = Annotated[float, Between(0, above=True, remedy="pass where squares end, such as 1.0")]
Rate = Annotated[float, Between(0, remedy="pass the weight of the penalty, such as 1e-4")]


@jax.custom_vjp
@checked
def squared_error(
    predictions: Annotated[Float[Array, "n *d"], Rows(1)], targets: Float[Array, "n *d"]
) -> Float[Array, ""]:
    r"""Squared error, $L = \frac1n \sum_n \sum_i (p_{ni} - t_{ni})^2$."""
    return ((predictions - targets) ** 2).sum() / predictions.shape[0]


def squared_error_forward(predictions, targets):
    return squared_error.fun(predictions, targets), predictions - targets


def squared_error_backward(difference, loss_bar):
    predictions_bar = 2 * loss_bar / difference.shape[0] * difference
    return predictions_bar, -predictions_bar


squared_error.defvjp(squared_error_forward, squared_error_backward)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@checked
def huber(
    predictions: Annotated[Float[Array, "n *d"], Rows(1)],
    targets: Float[Array, "n *d"],
    delta: Threshold = 1.0,
) -> Float[Array, ""]:
    r"""Huber's loss, half the square of small differences: $L = \frac1n \sum_{ni} c (r - c / 2)$.

    With $r = p - t$ and c that difference clipped to $\pm\delta$, the derivative by p is c.

    Reference:
        Huber (1964), Robust estimation of a location parameter.
    """
    difference = predictions - targets
    clipped = jnp.clip(difference, -delta, delta)
    return (clipped * (difference - 0.5 * clipped)).sum() / predictions.shape[0]


def huber_forward(predictions, targets, delta):
    clipped = jnp.clip(predictions - targets, -delta, delta)
    return huber.fun(predictions, targets, delta), clipped


def huber_backward(delta, clipped, loss_bar):
    del delta  # it stands in the difference
    predictions_bar = loss_bar / clipped.shape[0] * clipped
    return predictions_bar, -predictions_bar


huber.defvjp(huber_forward, huber_backward)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
@checked
def l2_penalty(w: Float[Array, "..."], rate: Rate = 1.0) -> Float[Array, ""]:
    r"""Weight penalty $L = \lambda \sum_i w_i^2$, as in the CS231n course (without the ½)."""
    return rate * (w**2).sum()


def l2_penalty_forward(w, rate):
    return l2_penalty.fun(w, rate), w


def l2_penalty_backward(rate, w, loss_bar):
    return (2 * rate * loss_bar * w,)


l2_penalty.defvjp(l2_penalty_forward, l2_penalty_backward)
