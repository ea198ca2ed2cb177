"""Which examples each step takes: every epoch has an order of its own, drawn once."""

from collections.abc import Callable
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

AT_ONCE = 2**16  # about so many numbers are drawn in one call


def batches(key: PRNGKeyArray, n: int, batch_size: int, every: int) -> Callable:
    """The function `(start, stop) -> rows (every, batch size)` of the steps start … stop − 1.

    Within an epoch no example comes twice; those that do not fill a last batch are left out of it.
    A step's rows depend on the key and its number alone. Beyond stop they are 0.
    """
    per_epoch, block = n // batch_size, max(1, AT_ONCE // n)

    @lru_cache(maxsize=2)
    def block_of(number: int) -> np.ndarray:
        orders = _orders(key, number * block + np.arange(block), n)
        return orders[:, : per_epoch * batch_size].reshape(-1, batch_size)

    def rows(start: int, stop: int) -> np.ndarray:
        length, found = block * per_epoch, np.zeros((every, batch_size), np.int32)
        at = start
        while at < stop:
            number, offset = divmod(at, length)
            part = block_of(number)[offset : offset + stop - at]
            found[at - start : at - start + len(part)] = part
            at += len(part)
        return found

    return rows


def _orders(key: PRNGKeyArray, epochs: np.ndarray, n: int) -> np.ndarray:
    """A permutation of n for each epoch: the order of random numbers, which NumPy sorts faster."""
    return np.argsort(_numbers(key, jnp.asarray(epochs), n), axis=1, kind="stable")


@partial(jax.jit, static_argnums=2)
def _numbers(key, epochs, n):
    """What `jax.random.permutation` sorts by: up to 1625 examples the order is the same, too."""

    def of_epoch(epoch):
        _, drawn = jax.random.split(jax.random.fold_in(key, epoch))
        return jax.random.bits(drawn, (n,), "uint32")

    return jax.vmap(of_epoch)(epochs)


def order(key: PRNGKeyArray, n: int) -> np.ndarray:
    """A random order of all examples that is no epoch's."""
    return _orders(key, np.array([2**31 - 1]), n)[0]
