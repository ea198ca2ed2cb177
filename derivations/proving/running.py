"""The op as JAX itself runs it at a point: eagerly, in double precision, by its own protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from derivations.proving.by_numpy import done_by_numpy
from derivations.proving.machine import FAST_TO_COMPILE
from derivations.proving.points import Point
from derivations.proving.problem import Problem
from derivations.proving.traces import Traces

Arrays = dict[str, list[np.ndarray]]


def as_it_asks(problem: Problem, point: Point) -> Arrays:
    """As it runs, but NumPy does what the code asks for: quick, and rounded otherwise."""
    with done_by_numpy():
        return as_it_runs(problem, point)


def as_it_runs(problem: Problem, point: Point) -> Arrays:
    """The value's parts and each gradient by `jax.vjp` of the op, and the definition's value.

    Raises:
        Exception: whatever the code raises.
    """
    with jax.enable_x64(True), _quick(), _as_usual():
        return _named(problem, *_by_protocol(problem, *_given(problem, point)))


def as_it_compiles(problem: Problem, point: Point) -> Arrays:
    """The same, compiled as a whole.

    Raises:
        Exception: whatever the code raises.
    """
    with jax.enable_x64(True), _as_usual():
        every, bars = _given(problem, point)
        arrays = {k: x for k, x in enumerate(every) if not problem.arrays[k].symbolic}

        def run(arrays: dict[int, Any], bars: list[Any]) -> tuple[list, list, list]:
            return _by_protocol(problem, [arrays.get(k, x) for k, x in enumerate(every)], bars)

        lowered = jax.jit(run).lower(arrays, bars)
        return _named(problem, *lowered.compile(compiler_options=FAST_TO_COMPILE)(arrays, bars))


def _given(problem: Problem, point: Point) -> tuple[list[Any], list[Any]]:
    arrays = [
        float(x) if a.symbolic else _array(x)
        for a, x in zip(problem.arrays, point.inputs, strict=True)
    ]
    return arrays, [_array(c) for c in point.cotangents]


def _by_protocol(problem: Problem, arrays: list[Any], bars: list[Any]) -> tuple[list, list, list]:
    floats = [problem.arrays.index(a) for a in problem.differentiable()]

    def of_floats(*given: Any) -> Any:
        every = list(arrays)
        for k, x in zip(floats, given, strict=True):
            every[k] = x
        return problem.call(problem.target, every)

    value, pull = jax.vjp(of_floats, *(arrays[k] for k in floats))
    leaves, tree = jax.tree.flatten(value)
    typed = [c.astype(leaf.dtype) for c, leaf in zip(bars, leaves, strict=True)]
    gradients = pull(tree.unflatten(typed))
    return leaves, jax.tree.leaves(problem.value(*arrays)), list(gradients)


def _named(problem: Problem, value: list, definition: list, gradients: list) -> Arrays:
    names = [a.name for a in problem.differentiable()]
    found = {n: [np.asarray(g, float)] for n, g in zip(names, gradients, strict=True)}
    found["value"] = [np.asarray(x, float) for x in value]
    found["definition"] = [np.asarray(x, float) for x in definition]
    return found


def traces_run(problem: Problem, traces: Traces, point: Point) -> dict[str, list[np.ndarray]]:
    """What the traced program gives in double precision."""
    with jax.enable_x64(True), _as_usual():
        given = [_array(x) for x in (*point.cotangents, *point.inputs)]
        found = jax.core.eval_jaxpr(traces.hand.jaxpr, traces.hand.consts, *given)
    count = len(traces.outputs)
    numbers = [np.asarray(x, float) for x in found]
    names = (a.name for a in problem.differentiable())
    return {"value": numbers[:count]} | {
        n: [g] for n, g in zip(names, numbers[count:], strict=True)
    }


def _numbers(x: np.ndarray) -> np.ndarray:
    return np.asarray(x, dtype="int32" if x.dtype.kind == "i" else "float64")


def _array(x: np.ndarray) -> Any:
    return jax.device_put(_numbers(x))  # `jnp.asarray` compiles something


@contextmanager
def _as_usual() -> Iterator[None]:
    """Promotion as JAX has it by default, whatever the caller has set: the doubles are ours."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


@contextmanager
def _quick() -> Iterator[None]:
    """Compile every operation fast rather than well, for it runs once."""
    name = "jax_disable_most_optimizations"
    before = jax.config.values.get(name, False)
    jax.config.update(name, True)
    try:
        yield
    finally:
        jax.config.update(name, before)
