"""Where a number that is not finite first appeared: the layer, and the op in it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core
from jaxtyping import Array

from funcnet.layers import Layer, Params, State


def first_not_finite(
    network: Layer, loss: Callable, params: Params, state: State, batch: tuple[Array, Array]
) -> str:
    """In words, such as "in batch_norm of layer 2 (batch_norm)", for one batch in training.

    The layers are gone through one operation after another, forwards and then, for the gradient,
    backwards; a jit rounds otherwise, so that what is finite here may not have been there.
    """
    x, targets = batch
    for what, value in (("parameters", params), ("batch", x), ("state", state)):
        if not _finite(value):
            return f"in the {what} that the step was given"
    calls = list(_calls(network, params, state, x, ""))
    calls.append((lambda y: loss(y, targets), calls[-1][2] if calls else x, None, "the loss"))
    for function, given, _, where in calls:
        op = _forward(function, given)
        if op:
            return f"in {op} of {where}"
    return _backward(calls) or "in the update of the parameters, or in a penalty"


def _calls(network: Layer, params, state, x, prefix: str) -> Iterator[tuple]:
    """Each layer as (function of its parameters and input, these, its output, its name)."""
    if network.name == "serial":
        for number, (part, p, s) in enumerate(zip(network.parts, params, state, strict=True), 1):
            for call in _calls(part, p, s, x, f"{prefix}{number}."):
                yield call
                x = call[2]
        return

    def function(given):
        return network.apply(given[0], state, given[1], True)[0]

    where = f"layer {prefix.removesuffix('.')} ({network.name})" if prefix else network.name
    yield function, (params, x), function((params, x)), where


def _finite(tree: Any) -> bool:
    leaves = [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return all(bool(jnp.isfinite(leaf).all()) for leaf in leaves)


def _forward(function: Callable, given: Any) -> str | None:
    """The first operation whose value is not finite, or None."""
    for equation, _, outputs in _operations(function, given):
        if not _finite(outputs):
            return _name(equation)
    return None


def _backward(calls: list) -> str | None:
    """The first operation, from the loss on, that makes a finite cotangent one that is not."""
    y_bar = None
    for function, given, _, where in reversed(calls):
        y, pullback = jax.vjp(function, given)
        y_bar = jnp.ones_like(y) if y_bar is None else y_bar
        (given_bar,) = pullback(y_bar)
        if not _finite(given_bar):
            op = _first_backward(function, given, y_bar) or "the operations"
            return f"in the gradient of {op} of {where}"
        y_bar = given_bar[1] if isinstance(given_bar, tuple) else given_bar
    return None


def _first_backward(function: Callable, given: Any, y_bar: Array) -> str | None:
    """The same inside of one layer: cotangents are carried back, one operation after another."""
    done = list(_operations(function, given))
    bars = {done[-1][0].outvars[0]: y_bar} if done else {}
    for equation, inputs, outputs in reversed(done):
        floats = [i for i, y in enumerate(outputs) if jnp.issubdtype(y.dtype, jnp.inexact)]
        if not any(equation.outvars[i] in bars for i in floats):
            continue
        run = partial(_floats_of, equation, floats)
        given_bars = [bars.get(equation.outvars[i], jnp.zeros_like(outputs[i])) for i in floats]
        inputs_bar = jax.vjp(run, *inputs)[1](given_bars)
        if not _finite(inputs_bar):
            return _name(equation)
        for v, bar in zip(equation.invars, inputs_bar, strict=True):
            if not isinstance(v, core.Literal) and jnp.issubdtype(bar.dtype, jnp.inexact):
                bars[v] = bars[v] + bar if v in bars else bar
    return None


def _floats_of(equation: Any, floats: list[int], *inputs: Array) -> list[Array]:
    outputs = _run(equation, list(inputs))
    return [outputs[i] for i in floats]


def _operations(function: Callable, given: Any) -> Iterator[tuple]:
    """Every operation of a function with its inputs and outputs, run one by one."""
    leaves, structure = jax.tree.flatten(given)
    program = jax.make_jaxpr(lambda *flat: function(jax.tree.unflatten(structure, flat)))(*leaves)
    values = dict(zip(program.jaxpr.constvars, program.consts, strict=True))
    values.update(zip(program.jaxpr.invars, leaves, strict=True))
    for equation in program.jaxpr.eqns:
        inputs = [
            jnp.asarray(v.val) if isinstance(v, core.Literal) else values[v]
            for v in equation.invars
        ]
        outputs = _run(equation, inputs)
        values.update(zip(equation.outvars, outputs, strict=True))
        yield equation, inputs, outputs


def _run(equation: Any, inputs: list) -> list:
    params = equation.primitive.get_bind_params(equation.params)
    functions, params = params if isinstance(params, tuple) else ((), params)  # JAX 0.12, 0.10
    outputs = equation.primitive.bind(*functions, *inputs, **params)
    return list(outputs) if equation.primitive.multiple_results else [outputs]


def _name(equation: Any) -> str:
    """The name of the function with a rule or a `jit` of its own, else of the primitive."""
    program = getattr(equation.params.get("call_jaxpr"), "jaxpr", None)
    known = getattr(getattr(program, "debug_info", None), "func_src_info", None)
    return (known or equation.params.get("name") or equation.primitive.name).split(" ")[0]
