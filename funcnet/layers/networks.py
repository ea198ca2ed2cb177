"""Layers made of layers."""

import jax
import jax.numpy as jnp
from jaxtyping import Array

from funcnet.layers.layer import Layer, Params, State, axes_of


def serial(*parts: Layer) -> Layer:
    """The layers one after the other; params and state are tuples, one entry a part.

    Examples come and go as rows; between layers that take columns they stay columns.
    """

    def init(key, shape):
        params, state, shape = [], [], axes_of(shape)
        for part, part_key in zip(parts, jax.random.split(key, max(len(parts), 1)), strict=False):
            p, s = part.init(part_key, shape)
            two_rows = jax.ShapeDtypeStruct((2, *shape), jnp.result_type(float))
            shape = jax.eval_shape(_value_of(part), p, s, two_rows).shape[1:]
            params.append(p)
            state.append(s)
        return tuple(params), tuple(state)

    def apply(params, state, x, train):
        return _through(parts, params, state, x, train, False)

    def columns(params, state, x, train):
        return _through(parts, params, state, x, train, True)

    def push(params, state, x, jacobian):
        for part, p, s in zip(parts, params, state, strict=True):
            x, jacobian = part.push(p, s, x, jacobian)
        return x, jacobian

    takes = next((part.columns for part in parts if part.columns is not part.apply), columns)
    return Layer("serial", init, apply, push, parts, columns if takes else None)


def residual(*parts: Layer) -> Layer:
    """What comes in added to what these layers make of it, y = x + f(x).

    Raises:
        ValueError: by `init`, where f changes the shape.
    """
    inner = serial(*parts)

    def init(key, shape):
        params, state = inner.init(key, shape)
        two_rows = jax.ShapeDtypeStruct((2, *axes_of(shape)), jnp.result_type(float))
        found = jax.eval_shape(_value_of(inner), params, state, two_rows).shape[1:]
        if found != axes_of(shape):
            raise ValueError(
                f"residual needs layers that keep the shape {axes_of(shape)}, got {found}; "
                "end them with a layer of that width"
            )
        return params, state

    def added(apply):
        def add(params, state, x, train):
            y, state = apply(params, state, x, train)
            return x + y, state

        return add

    def push(params, state, x, jacobian):
        y, pushed = inner.push(params, state, x, jacobian)
        return x + y, jacobian + pushed

    columns = added(inner.columns) if inner.columns else None
    return Layer("residual", init, added(inner.apply), push, parts, columns)


def _through(parts, params, state, x, train, in_columns):
    """All parts, with a transposition wherever one takes the other layout; as x came, y goes."""
    now, states = in_columns, []
    for part, p, s in zip(parts, params, state, strict=True):
        if part.columns is not part.apply:
            x, now = _turned(x, now, part.columns is not None), part.columns is not None
        x, new = (part.columns if now else part.apply)(p, s, x, train)
        states.append(new)
    return _turned(x, now, in_columns), tuple(states)


def _turned(x: Array, now: bool, wanted: bool) -> Array:
    if now == wanted:
        return x
    return jnp.moveaxis(x, 0, -1) if wanted else jnp.moveaxis(x, -1, 0)


def parameter_table(network: Layer, params: Params) -> str:
    """One line for each layer that has parameters, with their number, and the total."""
    counts = [
        (part.name, sum(leaf.size for leaf in jax.tree.leaves(p)))
        for part, p in zip(network.parts, params, strict=True)
    ]
    width = max(12, *(len(name) for name, count in counts if count), 0)
    rows = [f"{name:<{width}} {count:>8}" for name, count in counts if count]
    return "\n".join([*rows, f"{'total':<{width}} {sum(count for _, count in counts):>8}"])


def _value_of(layer: Layer):
    def value(params: Params, state: State, x: Array) -> Array:
        return layer.apply(params, state, x, True)[0]

    return value
