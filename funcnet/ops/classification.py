"""Losses for classes that are unequal: weighted, smoothed, focal; the divergence of two rows."""

from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Integer

from funcnet.contract import Between, Labels, Rows, checked
from funcnet.ops.activations import softplus
from funcnet.ops.labels import is_label, masked_sum, one_or_nan
from funcnet.ops.losses import Share
from funcnet.ops.softmax import log_softmax

Weights = Between(0, remedy="pass weights such as those of example_weights")
Smoothing = Annotated[float, Between(0, 1, remedy="pass a small share such as 0.1")]
Focus = Annotated[float, Between(0, remedy="pass the focusing power, such as 2.0")]


@partial(jax.custom_vjp, nondiff_argnums=(3,))
@checked
def weighted_softmax_cross_entropy(
    logits: Annotated[Float[Array, "n k"], Rows(1)],
    labels: Annotated[Integer[Array, "n"], Labels("k")],
    weights: Annotated[Float[Array, "n"], Weights],
    smoothing: Smoothing = 0.0,
) -> Float[Array, ""]:
    r"""Weighted mean of smoothed cross entropies, $L = \sum_n w_n \ell_n / \sum_n w_n$.

    Here $\ell_n = \log \sum_j e^{x_{nj}} - (1 - s) x_{n y_n} - \frac sk \sum_j x_{nj}$, the cross
    entropy against labels that keep the share 1 - s and give s to all classes alike. An example of
    weight 0 is left out; `example_weights` makes weights of classes and of a label to ignore. Where
    all weights are 0 the loss is 0.

    Reference:
        Szegedy et al. (2016), Rethinking the Inception architecture, section 7.
    """
    return (weights * _smoothed(logits, labels, smoothing)).sum() / _total(weights)


def weighted_softmax_cross_entropy_forward(logits, labels, weights, smoothing):
    loss = weighted_softmax_cross_entropy.fun(logits, labels, weights, smoothing)
    return loss, (logits, labels, weights, loss)


def weighted_softmax_cross_entropy_backward(smoothing, residuals, loss_bar):
    logits, labels, weights, loss = residuals
    k = logits.shape[-1]
    each = _smoothed(logits, labels, smoothing)
    p = jnp.exp(log_softmax.fun(logits))
    g = loss_bar / _total(weights)
    w = (g * weights * one_or_nan(labels, k))[:, None]
    kept = jnp.where(is_label(labels, k), (1 - smoothing) * w, 0)
    mean = jnp.where(weights.sum() > 0, loss, 0)
    return w * (p - smoothing / k) - kept, None, g * (each - mean)


weighted_softmax_cross_entropy.defvjp(
    weighted_softmax_cross_entropy_forward, weighted_softmax_cross_entropy_backward
)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@checked
def focal_loss(
    logits: Annotated[Float[Array, "n *d"], Rows(1)],
    labels: Annotated[Float[Array, "n *d"], Share],
    gamma: Focus = 2.0,
) -> Float[Array, ""]:
    r"""Focal loss of sigmoid(logits), $L = \frac1n \sum_{ni} s(u)^\gamma \log(1 + e^u)$.

    Here $u = (1 - 2y) x$ is the logit of being wrong, for labels y of 0 or 1, and s the sigmoid:
    what is surely right counts little. $\gamma = 0$ is `sigmoid_binary_cross_entropy`. The
    derivative by u is $s(u)^\gamma (s(u) + \gamma s(-u) \log(1 + e^u))$.

    Reference:
        Lin et al. (2017), Focal loss for dense object detection.
    """
    u = (1 - 2 * labels) * logits
    focus = jnp.exp(-gamma * softplus.fun(-u))  # s(u)^γ, also where s(u) underflows
    return (focus * softplus.fun(u)).sum() / logits.shape[0]


def focal_loss_forward(logits, labels, gamma):
    return focal_loss.fun(logits, labels, gamma), (logits, labels)


def focal_loss_backward(gamma, residuals, loss_bar):
    x, y = residuals
    sign = 1 - 2 * y
    u = sign * x
    focus = jnp.exp(-gamma * softplus.fun(-u))
    slope = focus * (lax.logistic(u) + gamma * lax.logistic(-u) * softplus.fun(u))
    u_bar = loss_bar / x.shape[0] * slope
    return u_bar * sign, -2 * x * u_bar


focal_loss.defvjp(focal_loss_forward, focal_loss_backward)


@jax.custom_vjp
@checked
def kl_divergence(
    log_predictions: Annotated[Float[Array, "n k"], Rows(1)],
    targets: Annotated[Float[Array, "n k"], Share],
) -> Float[Array, ""]:
    r"""Kullback and Leibler's divergence, $L = \frac1n \sum_{nj} t (\log t - \log p)$.

    A target of 0 adds nothing, and its own derivative is taken without the logarithm's.
    """
    return (targets * (_log_or_0(targets) - log_predictions)).sum() / targets.shape[0]


def kl_divergence_forward(log_predictions, targets):
    return kl_divergence.fun(log_predictions, targets), (log_predictions, targets)


def kl_divergence_backward(residuals, loss_bar):
    log_p, t = residuals
    g = loss_bar / t.shape[0]
    return -g * t, g * (jnp.where(t > 0, _log_or_0(t) + 1, 0) - log_p)


kl_divergence.defvjp(kl_divergence_forward, kl_divergence_backward)


def _total(weights):
    total = weights.sum()
    return jnp.where(total > 0, total, 1)


def _log_or_0(t):
    return jnp.where(t > 0, jnp.log(jnp.where(t > 0, t, 1)), 0)


def _smoothed(logits, labels, smoothing):
    """Each example's cross entropy; all of it is shifted by the greatest logit."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_total = jnp.log(jnp.exp(shifted).sum(axis=-1))
    spread = smoothing * shifted.sum(axis=-1) / logits.shape[-1]
    return log_total - (1 - smoothing) * masked_sum(shifted, labels) - spread
