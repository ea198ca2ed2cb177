"""Layers as pairs of pure functions, in the manner of stax, and `serial` to chain them.

The contract of every layer, for a batch x of n examples:

    init(key, shape)                -> (params, state)     shape: that of one example, without n
    apply(params, state, x, train)  -> (y, state)          the state is passed and returned
    push(params, state, x, J)       -> (y, J)              evaluation, the Jacobian beside it

J has shape (n, width of x, inputs); it is the derivative of each example's x by that example's
input of the network.
"""

import math
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from funcnet import ops
from funcnet.contract import Between, checked
from funcnet.ops.normalization import Epsilon

Params = Any
State = Any
Shape = tuple[int, ...]


class Layer(NamedTuple):
    """A layer or a whole network; `parts` names what a `serial` consists of."""

    name: str
    init: Callable[[PRNGKeyArray, Shape], tuple[Params, State]]
    apply: Callable[[Params, State, Array, bool], tuple[Array, State]]
    push: Callable[[Params, State, Array, Array], tuple[Array, Array]]
    parts: tuple["Layer", ...] = ()


class DenseParams(NamedTuple):
    """Weights (k, m) and biases (m) of `dense`."""

    w: Array
    b: Array


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
def dense(width: Annotated[int, Between(1, remedy="pass the number of units")]) -> Layer:
    """Affine layer onto `width` units; weights uniform in ±1/√fan_in, biases 0."""

    def init(key, shape):
        fan_in = math.prod(_axes(shape))
        bound = 1 / math.sqrt(fan_in)
        w = jax.random.uniform(key, (fan_in, width), minval=-bound, maxval=bound)
        return DenseParams(w, jnp.zeros(width)), ()

    def apply(params, state, x, train):
        del train
        return ops.dense(x, params.w, params.b), state

    def push(params, state, x, jacobian):
        y, _ = apply(params, state, x, False)
        return y, jnp.einsum("nid,ij->njd", jacobian, params.w)

    return Layer(f"dense({width})", init, apply, push)


@checked
def batch_norm(
    eps: Epsilon = 1e-5,
    momentum: Annotated[float, Between(0, 1, "pass the share of the past to keep, as 0.99")] = 0.99,
    warm: bool = True,
) -> Layer:
    """Batch normalisation, by the batch in training and by running averages in evaluation.

    Args:
        eps: added to the variance, > 0.
        momentum: share of the old running average that is kept, 0 <= momentum <= 1.
        warm: the average after t batches is the plain one while t < 1 / (1 - momentum), so that it
            is of use from the first batch on; else it starts at mean 0 and variance 1, which are
            still a third of it after 100 batches.
    """

    def init(key, shape):
        del key
        ones, zeros = jnp.ones(_axes(shape)), jnp.zeros(_axes(shape))
        seen = jnp.zeros(()) if warm else ()
        return NormParams(ones, zeros), RunningStatistics(zeros, ones, seen)

    def apply(params, state, x, train):
        if not train:
            return ops.batch_norm_evaluation(x, *params, *state[:2], eps), state
        y, *statistics = ops.batch_norm(x, *params, eps)
        return y, _averaged(state, statistics, momentum)

    return Layer("batch_norm", init, apply, _push_elementwise(apply))


def _averaged(state, statistics, momentum):
    """The share that is kept is momentum, or t / (t + 1) after t batches where that is less."""
    if isinstance(state.seen, tuple):
        kept, seen = momentum, ()
    else:
        kept, seen = jnp.minimum(momentum, state.seen / (state.seen + 1)), state.seen + 1
    pairs = zip(state[:2], statistics, strict=True)
    mean, variance = (kept * old + (1 - kept) * new for old, new in pairs)
    return RunningStatistics(mean, variance, seen)


def activation(op: Callable, *static: float) -> Layer:
    """An element-wise op as a layer, with its static arguments: `activation(leaky_relu, 0.2)`."""

    def apply(params, state, x, train):
        del params, train
        return op(x, *static), state

    return Layer(op.__name__, _no_params, apply, _push_elementwise(apply))


def softmax() -> Layer:
    """Softmax over the classes as a last layer; losses on logits fuse it and don't need it."""

    def apply(params, state, x, train):
        del params, train
        return ops.softmax(x), state

    def push(params, state, x, jacobian):
        y, _ = apply(params, state, x, False)
        weighted = jnp.einsum("nk,nkd->nd", y, jacobian)
        return y, y[:, :, None] * (jacobian - weighted[:, None, :])

    return Layer("softmax", _no_params, apply, push)


def serial(*parts: Layer) -> Layer:
    """The layers one after the other; params and state are tuples, one entry a part."""

    def init(key, shape):
        params, state, shape = [], [], _axes(shape)
        for part, part_key in zip(parts, jax.random.split(key, max(len(parts), 1)), strict=False):
            p, s = part.init(part_key, shape)
            two_rows = jax.ShapeDtypeStruct((2, *shape), jnp.result_type(float))
            shape = jax.eval_shape(_value_of(part), p, s, two_rows).shape[1:]
            params.append(p)
            state.append(s)
        return tuple(params), tuple(state)

    def apply(params, state, x, train):
        states = []
        for part, p, s in zip(parts, params, state, strict=True):
            x, new = part.apply(p, s, x, train)
            states.append(new)
        return x, tuple(states)

    def push(params, state, x, jacobian):
        for part, p, s in zip(parts, params, state, strict=True):
            x, jacobian = part.push(p, s, x, jacobian)
        return x, jacobian

    return Layer("serial", init, apply, push, parts)


def parameter_table(network: Layer, params: Params) -> str:
    """One line for each layer that has parameters, with their number, and the total."""
    counts = [
        (part.name, sum(leaf.size for leaf in jax.tree.leaves(p)))
        for part, p in zip(network.parts, params, strict=True)
    ]
    rows = [f"{name:<12} {count:>8}" for name, count in counts if count]
    return "\n".join([*rows, f"{'total':<12} {sum(count for _, count in counts):>8}"])


def _axes(shape):
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _value_of(layer):
    return lambda params, state, x: layer.apply(params, state, x, True)[0]


def _no_params(key, shape):
    del key, shape
    return (), ()


def _push_elementwise(apply):
    """The rule diag(f'(x)) J; the slopes f'(x) are the hand-written pullback of ones."""

    def push(params, state, x, jacobian):
        y, pullback = jax.vjp(lambda x: apply(params, state, x, False)[0], x)
        (slope,) = pullback(jnp.ones_like(y))
        return y, slope[:, :, None] * jacobian

    return push
