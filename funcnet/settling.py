"""Running statistics that are those of the examples under the parameters as they are now.

Running averages lag behind the parameters, by 1 / (1 - momentum) steps, and a network that is
judged by them looks worse than it is. Where `fit` measures and where it ends, those of a warm
`batch_norm` are taken anew: the plain average over up to eight batches of a thousand examples.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from funcnet.layers import Layer, Params, RunningStatistics, State

BLOCK, BLOCKS = 1024, 8


def settling(network: Layer, state: State, x: Array) -> Callable[[Params, State], State]:
    """The function `(params, state) -> state` that takes the statistics anew; it may do nothing."""
    if not any(map(_is_warm, jax.tree.leaves(state, is_leaf=_is_statistics))):
        return lambda params, state: state  # noqa: ARG005
    block = min(len(x), BLOCK)
    blocks = min(len(x) // block, BLOCKS)
    rows = np.arange(block * blocks) * len(x) // (block * blocks)  # from all over the examples
    examples, settled = x[rows.reshape(block, blocks).T], _compiled(network)
    return lambda params, state: settled(params, state, examples)


def _is_statistics(part: Any) -> bool:
    return isinstance(part, RunningStatistics)


def _is_warm(part: Any) -> bool:
    return _is_statistics(part) and not isinstance(part.seen, tuple)


@lru_cache(maxsize=16)
def _compiled(network: Layer) -> Callable:
    @jax.jit
    def settled(params, state, examples):
        def look(state, x):
            return network.apply(params, state, x, True)[1], None

        new, _ = lax.scan(look, _of_warm(_forgotten, state, state), examples)
        return _of_warm(lambda old, new: new._replace(seen=old.seen), state, new)

    return settled


def _of_warm(change: Callable, state: State, new: State) -> State:
    """The state with each of its warm statistics changed, given their new ones."""
    return jax.tree.map(
        lambda old, new: change(old, new) if _is_warm(old) else old,
        state,
        new,
        is_leaf=_is_statistics,
    )


def _forgotten(old: RunningStatistics, _: RunningStatistics) -> RunningStatistics:
    return old._replace(seen=jnp.zeros_like(jnp.asarray(old.seen)))
