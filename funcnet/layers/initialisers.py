"""Initial weights, by the names of `jax.nn.initializers`."""

import math
from collections.abc import Callable

import jax

FUNCTIONS = ("zeros", "ones")  # these are initialisers; all other names make one
Initialiser = str | Callable | None


def initialiser(given: Initialiser) -> Callable:
    """The function `(key, shape) -> weights` of a name such as "he_normal", or the function given.

    None stands for uniform weights in ±1/√fan_in.

    Raises:
        ValueError: `jax.nn.initializers` has no initialiser of that name.
    """
    if given is None:
        return uniform
    if callable(given):
        return given
    if given not in known():
        raise ValueError(
            f"a layer needs an initialiser of jax.nn.initializers, got {given!r}; "
            f"pass one of {', '.join(known())}"
        )
    found = getattr(jax.nn.initializers, given)
    return found if given in FUNCTIONS else found()


def known() -> tuple[str, ...]:
    """The names that need no settings."""
    names = ("glorot", "he", "kaiming", "lecun", "xavier")
    both = tuple(f"{name}_{kind}" for name in names for kind in ("normal", "uniform"))
    return (*FUNCTIONS, "normal", "uniform", "truncated_normal", "orthogonal", *both)


def uniform(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Uniform in ±1/√fan_in, with fan_in the product of all axes but the last."""
    bound = float(math.prod(shape[:-1])) ** -0.5
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)
