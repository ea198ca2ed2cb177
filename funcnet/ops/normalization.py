"""Batch and layer normalisation."""

from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from funcnet.contract import Between, Columns, Rows, checked

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
    return _by_batch(x, gamma, beta, eps, 0)


def batch_norm_forward(x, gamma, beta, eps):
    y, mean, variance = batch_norm.fun(x, gamma, beta, eps)  # pyright: ignore
    return (y, mean, variance), (_deviation(x, 0), gamma, lax.rsqrt(variance + eps))


def batch_norm_backward(eps, residuals, cotangents):
    del eps  # it stands in the scale
    return _by_batch_backward(residuals, cotangents, 0)


batch_norm.defvjp(batch_norm_forward, batch_norm_backward)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
@checked
def batch_norm_columns(
    x: Annotated[
        Float[Array, "d n"],
        Columns(2, remedy="one column has no spread; use batch_norm_evaluation_columns"),
    ],
    gamma: Float[Array, "d"],
    beta: Float[Array, "d"],
    eps: Epsilon = 1e-5,
) -> tuple[Float[Array, "d n"], Float[Array, "d"], Float[Array, "d"]]:
    r"""`batch_norm` of examples that are columns, $y_{jn} = \gamma_j \hat x_{jn} + \beta_j$.

    Returns:
        y, the mean and the variance of the batch; cotangents of all three are honoured.
    """
    return _by_batch(x, gamma, beta, eps, 1)


def batch_norm_columns_forward(x, gamma, beta, eps):
    y, mean, variance = batch_norm_columns.fun(x, gamma, beta, eps)  # pyright: ignore
    return (y, mean, variance), (_deviation(x, 1), gamma, lax.rsqrt(variance + eps))


def batch_norm_columns_backward(eps, residuals, cotangents):
    del eps  # it stands in the scale
    return _by_batch_backward(residuals, cotangents, 1)


batch_norm_columns.defvjp(batch_norm_columns_forward, batch_norm_columns_backward)


def _by_batch(x, gamma, beta, eps, axis):
    """The value; the examples stand on the axis."""
    along = partial(jnp.expand_dims, axis=axis)
    deviation = _deviation(x, axis)
    variance = (deviation**2).sum(axis) / x.shape[axis]
    scale = gamma * lax.rsqrt(variance + eps)
    return along(scale) * deviation + along(beta), x.sum(axis) / x.shape[axis], variance


def _by_batch_backward(residuals, cotangents, axis):
    deviation, gamma, scale = residuals
    y_bar, mean_bar, variance_bar = cotangents
    n, along = deviation.shape[axis], partial(jnp.expand_dims, axis=axis)
    gamma_bar, beta_bar = scale * (y_bar * deviation).sum(axis), y_bar.sum(axis)
    shift = (mean_bar - gamma * scale * beta_bar) / n
    slope = (2 * variance_bar - gamma * scale**2 * gamma_bar) / n
    x_bar = along(gamma * scale) * y_bar + along(shift) + along(slope) * deviation
    return x_bar, gamma_bar, beta_bar


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
    return _by_statistics(x, gamma, beta, mean, variance, eps, 0)


def batch_norm_evaluation_forward(x, gamma, beta, mean, variance, eps):
    y = batch_norm_evaluation.fun(x, gamma, beta, mean, variance, eps)
    return y, (x, mean, gamma, lax.rsqrt(variance + eps))


def batch_norm_evaluation_backward(eps, residuals, y_bar):
    del eps  # it stands in the scale
    return _by_statistics_backward(residuals, y_bar, 0)


batch_norm_evaluation.defvjp(batch_norm_evaluation_forward, batch_norm_evaluation_backward)


@partial(jax.custom_vjp, nondiff_argnums=(5,))
@checked
def batch_norm_evaluation_columns(
    x: Annotated[Float[Array, "d n"], Columns(1)],
    gamma: Float[Array, "d"],
    beta: Float[Array, "d"],
    mean: Float[Array, "d"],
    variance: Annotated[Float[Array, "d"], Variance],
    eps: Epsilon = 1e-5,
) -> Float[Array, "d n"]:
    r"""`batch_norm_evaluation` of examples that are columns.

    The map is affine, $y_{jn} = \gamma_j (x_{jn} - \mu_j) / \sqrt{v_j + \epsilon} + \beta_j$.
    """
    return _by_statistics(x, gamma, beta, mean, variance, eps, 1)


def batch_norm_evaluation_columns_forward(x, gamma, beta, mean, variance, eps):
    y = batch_norm_evaluation_columns.fun(x, gamma, beta, mean, variance, eps)
    return y, (x, mean, gamma, lax.rsqrt(variance + eps))


def batch_norm_evaluation_columns_backward(eps, residuals, y_bar):
    del eps  # it stands in the scale
    return _by_statistics_backward(residuals, y_bar, 1)


batch_norm_evaluation_columns.defvjp(
    batch_norm_evaluation_columns_forward, batch_norm_evaluation_columns_backward
)


def _by_statistics(x, gamma, beta, mean, variance, eps, axis):
    """The affine map; the examples stand on the axis."""
    along = partial(jnp.expand_dims, axis=axis)
    return along(gamma * lax.rsqrt(variance + eps)) * (x - along(mean)) + along(beta)


def _by_statistics_backward(residuals, y_bar, axis):
    x, mean, gamma, scale = residuals
    along = partial(jnp.expand_dims, axis=axis)
    gamma_bar = scale * (y_bar * (x - along(mean))).sum(axis)
    beta_bar = y_bar.sum(axis)
    mean_bar = -gamma * scale * beta_bar
    variance_bar = -0.5 * gamma * scale**2 * gamma_bar
    return along(gamma * scale) * y_bar, gamma_bar, beta_bar, mean_bar, variance_bar


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


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@checked
def rms_norm(
    x: Float[Array, "*batch d"], gamma: Float[Array, "d"], eps: Epsilon = 1e-6
) -> Float[Array, "*batch d"]:
    r"""Division by the root mean square of each row, $y_i = \gamma_i x_i / \sqrt{m + \epsilon}$.

    Here $m = \frac1d \sum_j x_j^2$; with $g = \gamma \bar y$ and $\hat x = x / \sqrt{m +
    \epsilon}$ the pullback is $\bar x = (g - \hat x \operatorname{mean}(g \hat x)) / \sqrt{m +
    \epsilon}$.

    Reference:
        Zhang and Sennrich (2019), Root mean square layer normalization.
    """
    return _in_last_axis(gamma, x) * (x * lax.rsqrt(_mean(x**2, -1) + eps))


def rms_norm_forward(x, gamma, eps):
    return rms_norm.fun(x, gamma, eps), (x, lax.rsqrt(_mean(x**2, -1) + eps), gamma)


def rms_norm_backward(eps, residuals, y_bar):
    del eps  # it stands in the scale
    x, scale, gamma = residuals
    x_hat, g = x * scale, _in_last_axis(gamma, y_bar) * y_bar
    x_bar = scale * (g - x_hat * _mean(g * x_hat, -1))
    return x_bar, (y_bar * x_hat).sum(tuple(range(y_bar.ndim - 1)))


rms_norm.defvjp(rms_norm_forward, rms_norm_backward)


def _standardised(x, eps):
    deviation = _deviation(x, x.ndim - 1)
    scale = lax.rsqrt(_mean(deviation**2, -1) + eps)
    return deviation * scale, scale


def _mean(x, axis):
    return x.sum(axis=axis, keepdims=True) / x.shape[axis]


def _deviation(x, axis):
    """The deviation x - μ, exactly 0 where all entries are equal, as in `statistics`."""
    deviation = x - _mean(x, axis)
    return deviation - _mean(deviation, axis)  # 0 but for the mean's own rounding


def _in_last_axis(v, x):
    return jnp.expand_dims(v, tuple(range(x.ndim - 1)))
