"""Mean, variance and standard deviation over any axes, with gradients that stay finite."""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from funcnet.contract import checked
from funcnet.ops.shapes import Shape

Axis = int | tuple[int, ...] | None


@partial(jax.custom_vjp, nondiff_argnums=(1,))
@checked
def mean(x: Float[Array, "..."], axis: Axis = None) -> Float[Array, "..."]:
    r"""Arithmetic mean, $\mu = \frac1n \sum_i x_i$, over all entries or over the given axes."""
    count = _count("mean", x, axis)
    return x.sum(axis) / count


def mean_forward(x, axis):
    return mean.fun(x, axis), Shape(x.shape)


def mean_backward(axis, shape, y_bar):
    count = _product(shape.axes, _axes(len(shape.axes), axis))
    each = jnp.expand_dims(y_bar / count, _axes(len(shape.axes), axis))
    return (jnp.broadcast_to(each, shape.axes),)


mean.defvjp(mean_forward, mean_backward)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
@checked
def variance(x: Float[Array, "..."], axis: Axis = None, ddof: int = 0) -> Float[Array, "..."]:
    r"""Variance, $v = \frac{1}{n - \text{ddof}} \sum_i (x_i - \mu)^2$; a sample has ddof = 1.

    Its gradient is $\partial v / \partial x_i = 2 (x_i - \mu) / (n - \text{ddof})$.
    """
    count = _count("variance", x, axis, ddof)
    return (_deviation(x, axis) ** 2).sum(axis) / count


def variance_forward(x, axis, ddof):
    return variance.fun(x, axis, ddof), x


def variance_backward(axis, ddof, x, y_bar):
    return (2 * _expand(y_bar, x, axis) / _count("variance", x, axis, ddof) * _deviation(x, axis),)


variance.defvjp(variance_forward, variance_backward)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
@checked
def standard_deviation(
    x: Float[Array, "..."], axis: Axis = None, ddof: int = 0
) -> Float[Array, "..."]:
    r"""Standard deviation, $\sigma = \sqrt{\frac{1}{n - \text{ddof}} \sum_i (x_i - \mu)^2}$.

    Its gradient is $\partial\sigma / \partial x_i = (x_i - \mu) / ((n - \text{ddof})\,\sigma)$.
    Where all entries are equal, σ = 0 and the formula is 0/0; σ is not differentiable there, and
    the gradient is 0, its least subgradient.
    """
    count = _count("standard_deviation", x, axis, ddof)
    v = (_deviation(x, axis) ** 2).sum(axis) / count
    return jnp.where(v <= 0, 0, jnp.sqrt(_one_where(v <= 0, v)))  # nan stays nan


def standard_deviation_forward(x, axis, ddof):
    sigma = standard_deviation.fun(x, axis, ddof)
    return sigma, (x, sigma)


def standard_deviation_backward(axis, ddof, residuals, y_bar):
    x, sigma = residuals
    slope = jnp.where(sigma <= 0, 0, y_bar / _one_where(sigma <= 0, sigma))
    return (
        _deviation(x, axis) * _expand(slope, x, axis) / _count("standard_deviation", x, axis, ddof),
    )


standard_deviation.defvjp(standard_deviation_forward, standard_deviation_backward)


def _deviation(x, axis):
    """The deviation x - μ, exactly 0 where all entries are equal."""
    count = _count("mean", x, axis)
    deviation = x - x.sum(axis, keepdims=True) / count
    # the mean of equal numbers may be rounded; what is left of it is a mean of small numbers
    return deviation - deviation.sum(axis, keepdims=True) / count


def _one_where(condition, x):
    return jnp.where(condition, 1, x)  # so that no gradient of the branch not taken is infinite


def _expand(y_bar, x, axis):
    return jnp.expand_dims(y_bar, _axes(x.ndim, axis))


def _axes(rank, axis):
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(i % rank for i in axes)


def _product(shape, axes):
    return math.prod(shape[i] for i in axes)


def _count(op, x, axis, ddof=0):
    """The denominator n - ddof, with n the number of entries that are averaged."""
    given = () if axis is None else (axis,) if isinstance(axis, int) else axis
    if not all(-x.ndim <= i < x.ndim for i in given):
        raise ValueError(
            f"{op} needs -{x.ndim} <= axis < {x.ndim}, got axis={axis}; x has {x.ndim} axes"
        )
    count = _product(x.shape, _axes(x.ndim, axis))
    if isinstance(count, int) and count <= ddof:
        raise ValueError(
            f"{op} needs more than ddof={ddof} entries, got {count}; "
            "pass a longer axis or a smaller ddof"
        )
    return count - ddof
