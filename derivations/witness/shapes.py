"""Rules of the evaluator for what moves whole axes: values and tangents alike."""

from collections.abc import Callable
from typing import Any

import numpy as np

from derivations.witness.integers import by_machine, is_floating, is_key, wrap
from derivations.witness.numbers import Number, Surroundings, as_array, moved, reals
from derivations.witness.rules import RULES, result_shape, result_type, rule
from derivations.witness.tangents import joined


def _broadcast(params: dict, x: np.ndarray) -> np.ndarray:
    shape = [1] * len(params["shape"])
    for axis, place in enumerate(params["broadcast_dimensions"]):
        shape[place] = x.shape[axis]
    return np.broadcast_to(x.reshape(shape), params["shape"])


def _slice(params: dict, x: np.ndarray) -> np.ndarray:
    steps = params["strides"] or [1] * x.ndim
    parts = zip(params["start_indices"], params["limit_indices"], steps, strict=True)
    return x[tuple(slice(*part) for part in parts)]


MOVES: dict[str, Callable[[dict, np.ndarray], np.ndarray]] = {
    "broadcast_in_dim": _broadcast,
    "slice": _slice,
    "expand_dims": lambda p, x: np.expand_dims(x, tuple(p["dimensions"])),
    "reshape": lambda p, x: x.reshape(p["new_sizes"]),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
    "squeeze": lambda p, x: np.squeeze(x, tuple(p["dimensions"])),
    "tile": lambda p, x: np.tile(x, p["reps"]),
    "rev": lambda p, x: np.flip(x, p["dimensions"]),
}


def _moving(move: Callable[[dict, np.ndarray], np.ndarray]) -> Callable[..., Number]:
    def apply(around: Surroundings, equation: Any, x: Number, *__: Number) -> Any:
        if is_key(x.value.dtype):
            return by_machine(around, equation, x)
        return moved(lambda array: move(equation.params, array), x)

    return apply


RULES.update({name: _moving(move) for name, move in MOVES.items()})


@rule("copy", "copy_p", "stop_gradient", "name", "sharding_constraint", "reshard")
def _unchanged(_: Surroundings, __: Any, x: Number) -> Number:
    return x


@rule("concatenate")
def _concatenate(_: Surroundings, equation: Any, *parts: Number) -> Number:
    return joined(list(parts), equation.params["dimension"])


def stacked(parts: list[Number], axis: int = 0) -> Number:
    """Numbers along a new axis."""
    return joined([moved(lambda x: np.expand_dims(x, axis), p) for p in parts], axis)


@rule("stack")
def _stack(_: Surroundings, equation: Any, *parts: Number) -> Number:
    return stacked(list(parts), equation.params["axis"])


@rule("split")
def _split(_: Surroundings, equation: Any, x: Number) -> list[Number]:
    axis, parts, start = equation.params["axis"], [], 0
    for size in equation.params["sizes"]:
        rows = range(start, start + size)
        parts.append(moved(lambda a, rows=rows: np.take(a, rows, axis), x))
        start += size
    return parts


@rule("unstack")
def _unstack(_: Surroundings, equation: Any, x: Number) -> list[Number]:
    axis = equation.params["axis"]
    return [moved(lambda a, k=k: np.take(a, k, axis), x) for k in range(x.shape[axis])]


def typed(array: np.ndarray, dtype: Any) -> Number:
    """Python's integers as numbers of a type, real or not."""
    if is_floating(dtype):
        return Number(reals(array))
    wrapped = np.frompyfunc(lambda k: wrap(int(k), dtype), 1, 1)(array)
    return Number(as_array(wrapped).astype(dtype))


@rule("iota")
def _iota(_: Surroundings, equation: Any) -> Number:
    shape, axis = result_shape(equation), equation.params["dimension"]
    ranks = np.arange(shape[axis]).reshape([-1 if k == axis else 1 for k in range(len(shape))])
    return typed(np.broadcast_to(ranks, shape), result_type(equation))


@rule("empty", "empty2")
def _empty(_: Surroundings, equation: Any) -> Number:
    dtype = result_type(equation)
    blank = np.zeros(result_shape(equation), dtype=np.int64)
    return Number(reals(blank) if is_floating(dtype) else blank.astype(dtype))


@rule("dim_as_value")
def _dim_as_value(_: Surroundings, equation: Any) -> Number:
    return typed(np.asarray(int(equation.params["dim"])), result_type(equation))
