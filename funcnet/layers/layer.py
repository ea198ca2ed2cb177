"""What a layer is, and the parts that several kinds of layers share."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

Params = Any
State = Any
Shape = tuple[int, ...]
Apply = Callable[[Params, State, Array, bool], tuple[Array, State]]


class Layer(NamedTuple):
    """A layer or a whole network; `parts` names what a `serial` consists of.

    `columns` is `apply` for examples that are columns, x of shape (..., n); None where only rows
    are taken, and `apply` itself where either will do.
    """

    name: str
    init: Callable[[PRNGKeyArray, Shape], tuple[Params, State]]
    apply: Apply
    push: Callable[[Params, State, Array, Array], tuple[Array, Array]]
    parts: tuple["Layer", ...] = ()
    columns: Apply | None = None

    def __repr__(self):
        return f"{self.name}({', '.join(map(repr, self.parts))})" if self.parts else self.name


def axes_of(shape: int | Shape) -> Shape:
    """The shape of an example as a tuple."""
    return (shape,) if isinstance(shape, int) else tuple(shape)


def no_params(key: PRNGKeyArray, shape: Shape) -> tuple[Params, State]:
    """The init of a layer that has nothing to learn."""
    del key, shape
    return (), ()


def without_params(name: str, function: Callable[[Array], Array], push: Callable) -> Layer:
    """A layer of rows that is a function of its input alone."""

    def apply(params, state, x, train):
        del params, train
        return function(x), state

    return Layer(name, no_params, apply, push(apply))


def push_elementwise(apply: Apply) -> Callable:
    """The rule diag(f'(x)) J; the slopes f'(x) are the hand-written pullback of ones."""

    def push(params, state, x, jacobian):
        y, pullback = jax.vjp(lambda x: apply(params, state, x, False)[0], x)
        (slope,) = pullback(jnp.ones_like(y))
        return y, slope.reshape(len(x), -1)[:, :, None] * jacobian

    return push


def push_by_rows(apply: Apply) -> Callable:
    """The rule J_f J for any layer: each example's Jacobian by the layer's pullback."""

    def push(params, state, x, jacobian):
        def of_one(row):
            return apply(params, state, row[None], False)[0][0]

        y, _ = apply(params, state, x, False)
        own = jax.vmap(jax.jacrev(of_one))(x)
        own = own.reshape(len(x), math.prod(y.shape[1:]), math.prod(x.shape[1:]))
        return y, own @ jacobian

    return push
