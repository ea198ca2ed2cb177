"""Pure training: a step, and `fit`, which scans steps in compiled chunks."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from funcnet.contract import Between, checked
from funcnet.layers import Layer, Params, State

Batch = tuple[Array, Array]
Loss = Callable[[Array, Array], Array]  # (network's output, targets) -> scalar
Transform = Callable[[PRNGKeyArray, Array], Array]  # random changes of a batch of inputs
Report = Callable[[int, Params, State], None]
Count = Annotated[int, Between(1, remedy="pass a positive integer")]


class TrainingState(NamedTuple):
    """All that a step changes."""

    params: Params
    state: State
    opt_state: Any


def train_step(
    network: Layer,
    loss: Loss,
    optimiser: optax.GradientTransformation,
    penalty: Callable[[Params], Array] | None = None,
) -> Callable:
    """The pure function `(params, state, opt_state, batch) -> (params, state, opt_state, loss)`.

    It is not jitted, so that it can be scanned; batches may be sharded, and then batch statistics
    are those of the whole batch.
    """

    def objective(params, state, batch):
        x, targets = batch
        y, state = network.apply(params, state, x, True)
        value = loss(y, targets)
        return value if penalty is None else value + penalty(params), state

    def step(params, state, opt_state, batch):
        gradient_of = jax.value_and_grad(objective, has_aux=True)
        (value, state), gradient = gradient_of(params, state, batch)
        updates, opt_state = optimiser.update(gradient, opt_state, params)
        return optax.apply_updates(params, updates), state, opt_state, value

    return step


@checked
def fit(
    network: Layer,
    loss: Callable,
    optimiser: optax.GradientTransformation,
    params: Params,
    state: State,
    x: Float[Array, "n *d"],
    targets: Shaped[Array, "n *k"],
    steps: Count,
    *,
    batch_size: Count | None = None,
    transform: Callable | None = None,
    penalty: Callable | None = None,
    key: PRNGKeyArray | None = None,
    report: Callable | None = None,
    every: Count = 100,
) -> tuple[TrainingState, Float[Array, "steps"]]:
    """Train for a number of steps.

    Args:
        batch_size: examples a step, drawn without repetition within an epoch; None for all of them.
        transform: `(key, x) -> x`, random changes of each batch, such as shifts of images.
        penalty: `params -> scalar`, added to the loss, such as `l2_penalty` of some weights.
        key: for batches and transform; needed by either.
        report: called as `report(step, params, state)` before the first step, then every `every`
            steps, between two compiled chunks, and after the last step.

    Returns:
        The last params, state and opt_state, and the loss of every step.
    """
    if key is None:
        if batch_size is not None or transform is not None:
            raise ValueError("fit needs key for random batches, got None; pass jax.random.key(0)")
        key = jax.random.key(0)
    _ask_once(network, loss, params, state, x, targets)
    chunk = _chunk(network, loss, optimiser, batch_size, transform, penalty)
    params, state = jax.tree.map(jnp.copy, (params, state))  # a chunk's arguments are donated
    training = TrainingState(params, state, optimiser.init(params))
    losses = []
    for start in range(0, steps, every):
        if report is not None:
            report(start, training.params, training.state)
        numbers = jnp.arange(start, min(start + every, steps))
        training, values = chunk(training, x, targets, key, numbers)
        losses.append(values)
    if report is not None:
        report(steps, training.params, training.state)
    return training, jnp.concatenate(losses)


def _ask_once(network, loss, params, state, x, targets):
    """Call the loss outside of `jit`, where it can say that a label is out of range."""
    y, _ = jax.eval_shape(lambda *given: network.apply(*given, True), params, state, x)
    loss(jnp.zeros(y.shape, y.dtype), targets)


@lru_cache(maxsize=16)  # a second fit with the same functions compiles nothing
def _chunk(network, loss, optimiser, batch_size, transform, penalty):
    step = train_step(network, loss, optimiser, penalty)

    @partial(jax.jit, donate_argnums=0)
    def chunk(training, x, targets, key, numbers):
        def body(training, number):
            batch = _batch(x, targets, key, number, batch_size, transform)
            *training, value = step(*training, batch)
            return TrainingState(*training), value

        return lax.scan(body, training, numbers)

    return chunk


def _batch(x, targets, key, number, batch_size, transform):
    if batch_size is not None and batch_size < x.shape[0]:
        epoch, part = jnp.divmod(number, x.shape[0] // batch_size)
        order = jax.random.permutation(jax.random.fold_in(key, epoch), x.shape[0])
        rows = lax.dynamic_slice_in_dim(order, part * batch_size, batch_size)
        x, targets = x[rows], targets[rows]
    if transform is not None:
        x = transform(jax.random.fold_in(jax.random.fold_in(key, number), 1), x)
    return x, targets


def evaluate(
    network: Layer, params: Params, state: State, x: ArrayLike, *, by_batch: bool = False
) -> Array:
    """The network's outputs, compiled; normalised by running averages, or by x's own statistics."""
    return _compiled(network)(params, state, jnp.asarray(x), by_batch)


def accuracy(
    network: Layer,
    params: Params,
    state: State,
    x: ArrayLike,
    labels: Array,
    *,
    by_batch: bool = False,
) -> float:
    """The share of examples whose largest output is that of their label, in [0, 1]."""
    outputs = evaluate(network, params, state, x, by_batch=by_batch)
    return float((outputs.argmax(axis=-1) == jnp.asarray(labels)).mean())


@lru_cache(maxsize=16)
def _compiled(network):
    return jax.jit(lambda *arguments: network.apply(*arguments)[0], static_argnums=3)
