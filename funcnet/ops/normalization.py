"""Batch and layer normalisation."""

from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from funcnet.contract import Between, Rows, checked

Epsilon = Annotated[
    float, Between(0, above=True, remedy="pass a small positive float such as 1e-5")
]
Variance = Between(0, remedy="pass variances, not standard deviations or logarithms")


@partial(jax.custom_vjp, nondiff_argnums=(3,))
@checked
def batch_norm(
    x: Annotated[
        Float[Array, "n d"], Rows(2, remedy="one row has no spread; use batch_norm_evaluation")
    ],
    gamma: Float[Array, "d"],
    beta: Float[Array, "d"],
    eps: Epsilon = 1e-5,
) -> tuple[Float[Array, "n d"], Float[Array, "d"], Float[Array, "d"]]:
    r"""Batch normalisation for training, $y_{nj} = \gamma_j \hat x_{nj} + \beta_j$.

    Here $\hat x_{nj} = (x_{nj} - \mu_j) / \sqrt{v_j + \epsilon}$ with the batch's mean μ and biased
    variance v. With $g = \gamma \bar y$ the pullback is $\bar x = (g - \operatorname{mean}(g) -
    \hat x \operatorname{mean}(g \hat x)) / \sqrt{v + \epsilon}$, plus $\bar\mu / N + 2 \bar v (x -
    \mu) / N$ from the two statistics.

    Returns:
        y, the mean and the variance of the batch; cotangents of all three are honoured.

    Reference:
        Ioffe and Szegedy (2015), Batch normalization, section 3.
    """
    deviation = _deviation(x, 0)
    variance = _mean(deviation**2, 0)
    y = gamma[None] * (deviation * lax.rsqrt(variance + eps)) + beta[None]
    return y, _mean(x, 0)[0], variance[0]


def batch_norm_forward(x, gamma, beta, eps):
    y, mean, variance = batch_norm.fun(x, gamma, beta, eps)  # pyright: ignore
    return (y, mean, variance), (_deviation(x, 0), gamma, lax.rsqrt(variance + eps))


def batch_norm_backward(eps, residuals, cotangents):
    del eps  # it stands in the scale
    deviation, gamma, scale = residuals
    y_bar, mean_bar, variance_bar = cotangents
    n = deviation.shape[0]
    x_hat = deviation * scale[None]
    gamma_bar, beta_bar = (y_bar * x_hat).sum(axis=0), y_bar.sum(axis=0)
    shift = (mean_bar - gamma * scale * beta_bar) / n
    slope = (2 * variance_bar / scale - gamma * scale * gamma_bar) / n
    return (gamma * scale)[None] * y_bar + shift[None] + slope[None] * x_hat, gamma_bar, beta_bar


batch_norm.defvjp(batch_norm_forward, batch_norm_backward)


@partial(jax.custom_vjp, nondiff_argnums=(5,))
@checked
def batch_norm_evaluation(
    x: Annotated[Float[Array, "n d"], Rows(1)],
    gamma: Float[Array, "d"],
    beta: Float[Array, "d"],
    mean: Float[Array, "d"],
    variance: Annotated[Float[Array, "d"], Variance],
    eps: Epsilon = 1e-5,
) -> Float[Array, "n d"]:
    r"""Batch normalisation by given statistics, as a trained network is evaluated.

    The map is affine, $y_{nj} = \gamma_j (x_{nj} - \mu_j) / \sqrt{v_j + \epsilon} + \beta_j$.
    """
    return gamma[None] * ((x - mean[None]) * lax.rsqrt(variance + eps)[None]) + beta[None]


def batch_norm_evaluation_forward(x, gamma, beta, mean, variance, eps):
    y = batch_norm_evaluation.fun(x, gamma, beta, mean, variance, eps)
    return y, (x - mean[None], gamma, lax.rsqrt(variance + eps))


def batch_norm_evaluation_backward(eps, residuals, y_bar):
    del eps  # it stands in the scale
    deviation, gamma, scale = residuals
    x_hat = deviation * scale[None]
    gamma_bar, beta_bar = (y_bar * x_hat).sum(axis=0), y_bar.sum(axis=0)
    mean_bar = -gamma * scale * beta_bar
    variance_bar = -0.5 * gamma * scale**2 * gamma_bar
    return (gamma * scale)[None] * y_bar, gamma_bar, beta_bar, mean_bar, variance_bar


batch_norm_evaluation.defvjp(batch_norm_evaluation_forward, batch_norm_evaluation_backward)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
@checked
def layer_norm(
    x: Float[Array, "*batch d"],
    gamma: Float[Array, "d"],
    beta: Float[Array, "d"],
    eps: Epsilon = 1e-5,
) -> Float[Array, "*batch d"]:
    r"""Layer normalisation over the last axis, $y_i = \gamma_i \hat x_i + \beta_i$.

    Here $\hat x = (x - \mu) / \sqrt{v + \epsilon}$ with the mean and biased variance of each row,
    and with $g = \gamma \bar y$ the pullback is $\bar x = (g - \operatorname{mean}(g) - \hat x
    \operatorname{mean}(g \hat x)) / \sqrt{v + \epsilon}$.

    Reference:
        Ba et al. (2016), Layer normalization.
    """
    x_hat, _ = _standardised(x, eps)
    return _in_last_axis(gamma, x) * x_hat + _in_last_axis(beta, x)


def layer_norm_forward(x, gamma, beta, eps):
    return layer_norm.fun(x, gamma, beta, eps), (*_standardised(x, eps), gamma)


def layer_norm_backward(eps, residuals, y_bar):
    del eps  # it stands in the scale
    x_hat, scale, gamma = residuals
    batch = tuple(range(y_bar.ndim - 1))
    g = _in_last_axis(gamma, y_bar) * y_bar
    x_bar = scale * (g - _mean(g, -1) - x_hat * _mean(g * x_hat, -1))
    return x_bar, (y_bar * x_hat).sum(batch), y_bar.sum(batch)


layer_norm.defvjp(layer_norm_forward, layer_norm_backward)


def _standardised(x, eps):
    deviation = _deviation(x, x.ndim - 1)
    scale = lax.rsqrt(_mean(deviation**2, -1) + eps)
    return deviation * scale, scale


def _mean(x, axis):
    return x.sum(axis=axis, keepdims=True) / x.shape[axis]


def _deviation(x, axis):
    """The deviation x - μ, exactly 0 where all entries are equal, as in `statistics`."""
    shifted = x - lax.slice_in_dim(x, 0, 1, axis=axis)
    return shifted - _mean(shifted, axis)


def _in_last_axis(v, x):
    return jnp.expand_dims(v, tuple(range(x.ndim - 1)))
