"""Pure training: a step, compiled chunks of steps, evaluation. `fitting.fit` puts them together."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, PRNGKeyArray

from funcnet.history import TrainingState
from funcnet.layers import Layer, Params, State

Batch = tuple[Array, Array]
Loss = Callable[[Array, Array], Array]  # (network's output, targets) -> scalar
Transform = Callable[[PRNGKeyArray, Array], Array]  # random changes of a batch of inputs
Penalty = Callable[[Params], Array]


def train_step(
    network: Layer,
    loss: Loss,
    optimiser: optax.GradientTransformation,
    penalty: Penalty | None = None,
) -> Callable:
    """The pure function `(params, state, opt_state, batch) -> (params, state, opt_state, loss)`.

    It is not jitted, so that it can be scanned; batches may be sharded, and then batch statistics
    are those of the whole batch.
    """
    step = _step_and_gradient(network, loss, optimiser, penalty)
    return lambda params, state, opt_state, batch: step(params, state, opt_state, batch)[:4]


def _step_and_gradient(network, loss, optimiser, penalty) -> Callable:
    objective = objective_of(network, loss, penalty)

    def step(params, state, opt_state, batch):
        gradient_of = jax.value_and_grad(objective, has_aux=True)
        (value, state), gradient = gradient_of(params, state, batch)
        updates, opt_state = optimiser.update(gradient, opt_state, params)
        params = optax.apply_updates(params, updates)
        return params, state, opt_state, value, gradient

    return step


def objective_of(network: Layer, loss: Loss, penalty: Penalty | None) -> Callable:
    """The function `(params, state, batch) -> (loss, state)` that a step makes smaller."""

    def objective(params, state, batch):
        x, targets = batch
        y, state = network.apply(params, state, x, True)
        value = loss(y, targets)
        return value if penalty is None else value + penalty(params), state

    return objective


def _all_finite(tree: Any) -> Array:
    """A sum is not finite where an entry is not; one that overflows was about to."""
    sums = [leaf.astype(float).sum() for leaf in jax.tree.leaves(tree)]
    return jnp.isfinite(jnp.stack(sums)).all() if sums else jnp.asarray(True)


@lru_cache(maxsize=16)  # a second fit with the same functions compiles nothing
def compiled_chunk(
    network, loss, optimiser, transform, penalty, every: int, watched: bool = False
) -> Callable:
    """`(training, x, targets, key, rows, start, stop) -> (training, losses, reached, finite)`.

    The steps start … stop − 1, at most `every`, in one program whatever their number, so that
    training that was cut into other chunks has the same bits. It ends after a step whose loss is
    not finite, or where it is `watched`, whose gradient or parameters are not. That costs a seventh
    of a small network's step; without it the parameters are looked at after the last one.
    `rows` (every, batch size) are the examples of each step, None for all.
    """
    step = _step_and_gradient(network, loss, optimiser, penalty)

    @jax.jit
    def chunk(training, x, targets, key, rows, start, stop):
        def body(carry):
            training, losses, number, _ = carry
            batch = batch_of(x, targets, key, rows, number, start, transform)
            *new, value, gradient = step(*training, batch)
            finite = _all_finite((value, gradient, new[0]) if watched else value)
            return TrainingState(*new), losses.at[number - start].set(value), number + 1, finite

        shape = jax.eval_shape(body, (training, jnp.zeros(every), start, True))[1]
        carry = (training, jnp.zeros(every, shape.dtype), start, jnp.asarray(True))
        *done, finite = lax.while_loop(lambda c: (c[2] < stop) & c[3], body, carry)
        return *done, finite & _all_finite(done[0].params)

    return chunk


def batch_of(x, targets, key, rows, number, start, transform):
    """The examples of one step, changed as `transform` wants."""
    if rows is not None:
        x, targets = x[rows[number - start]], targets[rows[number - start]]
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


@lru_cache(maxsize=16)
def compiled_measures(network, loss, metrics: tuple[tuple[str, Any], ...]) -> Callable:
    """`(params, state, x, targets) -> {"loss": …, name: …}` in evaluation mode."""

    @jax.jit
    def measures(params, state, x, targets):
        outputs = network.apply(params, state, x, False)[0]
        return {name: measure(outputs, targets) for name, measure in (("loss", loss), *metrics)}

    return measures
