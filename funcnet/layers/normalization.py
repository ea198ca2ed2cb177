"""Layers that normalise: over the batch, or over each example's last axis."""

from typing import Annotated, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from funcnet import ops
from funcnet.contract import Between, checked
from funcnet.layers.layer import Layer, axes_of, push_by_rows, push_elementwise
from funcnet.ops.normalization import Epsilon

Momentum = Annotated[float, Between(0, 1, "pass the share of the past to keep, as 0.99")]


class NormParams(NamedTuple):
    """Scale and shift of a normalisation, one each for every column."""

    gamma: Array
    beta: Array


class RunningStatistics(NamedTuple):
    """Running averages of the batches' means and biased variances.

    `seen` counts the batches where the average is that of all batches at first; else it is ().
    """

    mean: Array
    variance: Array
    seen: Array | tuple[()] = ()


@checked
def batch_norm(eps: Epsilon = 1e-5, momentum: Momentum = 0.99, warm: bool = True) -> Layer:
    """Batch normalisation, by the batch in training and by running averages in evaluation.

    Of examples with several axes the last one has the columns; all others count as examples.

    Args:
        eps: added to the variance, > 0.
        momentum: share of the old running average that is kept, 0 <= momentum <= 1.
        warm: the average after t batches is the plain one while t < 1 / (1 - momentum), so that it
            is of use from the first batch on; else it starts at mean 0 and variance 1, which are
            still a third of it after 100 batches.
    """

    def init(key, shape):
        del key
        width = axes_of(shape)[-1:]
        ones, zeros = jnp.ones(width), jnp.zeros(width)
        seen = jnp.zeros(()) if warm else ()
        return NormParams(ones, zeros), RunningStatistics(zeros, ones, seen)

    def apply(params, state, x, train):
        flat = x.reshape(-1, x.shape[-1])
        if not train:
            y = ops.batch_norm_evaluation(flat, *params, *state[:2], eps)
            return y.reshape(x.shape), state
        y, *statistics = ops.batch_norm(flat, *params, eps)
        return y.reshape(x.shape), _averaged(state, statistics, momentum)

    def columns(params, state, x, train):
        if x.ndim > 2:
            y, state = apply(params, state, jnp.moveaxis(x, -1, 0), train)
            return jnp.moveaxis(y, 0, -1), state
        if not train:
            return ops.batch_norm_evaluation_columns(x, *params, *state[:2], eps), state
        y, *statistics = ops.batch_norm_columns(x, *params, eps)
        return y, _averaged(state, statistics, momentum)

    return Layer("batch_norm", init, apply, push_elementwise(apply), columns=columns)


def _averaged(state, statistics, momentum):
    """The share that is kept is momentum, or t / (t + 1) after t batches where that is less."""
    if isinstance(state.seen, tuple):
        kept, seen = momentum, ()
    else:
        kept, seen = jnp.minimum(momentum, state.seen / (state.seen + 1)), state.seen + 1
    pairs = zip(state[:2], statistics, strict=True)
    mean, variance = (kept * old + (1 - kept) * new for old, new in pairs)
    return RunningStatistics(mean, variance, seen)


@checked
def layer_norm(eps: Epsilon = 1e-5) -> Layer:
    """Layer normalisation of the last axis of each example, with a learnt scale and shift."""

    def init(key, shape):
        del key
        width = axes_of(shape)[-1:]
        return NormParams(jnp.ones(width), jnp.zeros(width)), ()

    def apply(params, state, x, train):
        del train
        return ops.layer_norm(x, *params, eps), state

    return Layer("layer_norm", init, apply, push_by_rows(apply))


@checked
def rms_norm(eps: Epsilon = 1e-6) -> Layer:
    """The last axis of each example over its root mean square, with a learnt scale."""

    def init(key, shape):
        del key
        return jnp.ones(axes_of(shape)[-1:]), ()

    def apply(params, state, x, train):
        del train
        return ops.rms_norm(x, params, eps), state

    return Layer("rms_norm", init, apply, push_by_rows(apply))
