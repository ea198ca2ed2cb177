"""Entries set to 0 at random, as a function of the noise that decides."""

from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from funcnet.contract import Between, checked

Noise = Between(0, 1, remedy="pass jax.random.uniform(key, x.shape)")
Rate = Annotated[float, Between(0, 0.999, remedy="pass the fraction to drop, such as 0.1")]


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@checked
def dropout(
    x: Float[Array, "..."], noise: Annotated[Float[Array, "..."], Noise], rate: Rate = 0.5
) -> Float[Array, "..."]:
    r"""Dropout, $y_i = x_i / (1 - r)$ where the noise is at least the rate r, and 0 elsewhere.

    With uniform noise an entry is dropped with probability r, and the mean of y is x. The noise has
    gradient 0, as y is constant in it wherever it has a derivative.

    Reference:
        Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.
    """
    return jnp.where(noise >= rate, x, 0) / (1 - rate)


def dropout_forward(x, noise, rate):
    return dropout.fun(x, noise, rate), noise >= rate


def dropout_backward(rate, kept, y_bar):
    return jnp.where(kept, y_bar, 0) / (1 - rate), jnp.zeros_like(y_bar)


dropout.defvjp(dropout_forward, dropout_backward)
