"""Right rules that disturbances are put on: smooth on all reals, bounded where x is far out."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Textbook:
    """An op of one or two arrays; the backward takes the cotangent first, and gives a tuple."""

    name: str
    definition: Callable
    backward: Callable
    sizes: tuple[str, ...] = ("n",)

    @property
    def is_of_twins(self) -> bool:
        """Whether it has two arguments of one shape."""
        return len(self.sizes) == 2 and len(set(self.sizes)) == 1


def _entrywise(name, definition, slope):
    return Textbook(name, definition, lambda g, x: (g * slope(x),))


def _softplus(x):
    return jnp.logaddexp(x, 0.0)


def _softmax(x):
    return jax.nn.softmax(x, -1)


def _softmax_backward(g, x):
    y = _softmax(x)
    return (y * (g - (g * y).sum(-1, keepdims=True)),)


def _norm(x):
    return x / jnp.sqrt((x * x).sum() + 1.0)


def _norm_backward(g, x):
    r = jax.lax.rsqrt((x * x).sum() + 1.0)
    return (r * g - r**3 * x * (g * x).sum(),)


def _centred(x):
    return x - x.mean()


def _variance_backward(g, x):
    return (2 * g * _centred(x) / x.size,)


def _product_backward(g, x, y):
    return g * y, g * x


def _quotient(x, y):
    return x / (1 + y * y)


def _quotient_backward(g, x, y):
    d = 1 + y * y
    return g / d, -2 * g * x * y / d**2


ENTRYWISE = (
    _entrywise("square", lambda x: x * x, lambda x: 2 * x),
    _entrywise("sine", lambda x: jnp.sin(x), lambda x: jnp.cos(x)),
    _entrywise("tanh", lambda x: jnp.tanh(x), lambda x: 1 - jnp.tanh(x) ** 2),
    _entrywise("softplus", _softplus, lambda x: jax.nn.sigmoid(x)),
    _entrywise("arctan", lambda x: jnp.arctan(x), lambda x: 1 / (1 + x * x)),
    _entrywise("log(1 + x²)", lambda x: jnp.log1p(x * x), lambda x: 2 * x / (1 + x * x)),
    Textbook("product", lambda x, y: x * y, _product_backward, ("n", "n")),
    Textbook("quotient", _quotient, _quotient_backward, ("n", "n")),
)
OPS = (
    *ENTRYWISE,
    Textbook("sum of squares", lambda x: (x * x).sum(), lambda g, x: (2 * g * x,)),
    Textbook("mean", lambda x: x.mean(), lambda g, x: (g / x.size * jnp.ones_like(x),)),
    Textbook("variance", lambda x: (_centred(x) ** 2).mean(), _variance_backward),
    Textbook("cumulative sum", lambda x: jnp.cumsum(x), lambda g, x: (jnp.cumsum(g[::-1])[::-1],)),
    Textbook("dot product", lambda x, y: (x * y).sum(), lambda g, x, y: (g * y, g * x), ("n", "n")),
    Textbook("softmax", _softmax, _softmax_backward, ("n k",)),
    Textbook("norm", _norm, _norm_backward),
    Textbook(
        "matrix product", lambda x, y: x @ y, lambda g, x, y: (g @ y.T, x.T @ g), ("n d", "d m")
    ),
    Textbook(
        "columns", lambda x: x.sum(0), lambda g, x: (g[None, :] + jnp.zeros_like(x),), ("n d",)
    ),
)
