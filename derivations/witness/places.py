"""Rules of the evaluator for entries that indices select: gather, scatter, slices, pads."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from derivations.witness.evaluate import evaluate
from derivations.witness.numbers import NAN, Number, Surroundings, as_array, moved, real
from derivations.witness.rules import result_type, rule
from derivations.witness.tangents import chosen

OUTSIDE = -1  # the position of an entry that is not there


def picked(x: Number, places: np.ndarray, missing: Number | None = None) -> Number:
    """The entries at flat positions; another number where a position is outside."""
    inside = places != OUTSIDE
    if not x.value.size:
        found = Number(np.broadcast_to(missing.value if missing else 0, places.shape))
    else:
        found = moved(lambda a: a.reshape(-1)[np.where(inside, places, 0)], x)
    return found if missing is None or inside.all() else chosen(inside, missing, found)


# --- gather and scatter, whose dimension numbers are read alike ---


class Windows:
    """Where a table of starts puts windows into an operand: flat positions, outside as -1."""

    def __init__(self, numbers: Any, is_gather: bool):
        if is_gather:
            self.offset, self.dropped = numbers.offset_dims, numbers.collapsed_slice_dims
            self.mapped = numbers.start_index_map
            rows = getattr(numbers, "start_indices_batching_dims", ())
        else:
            self.offset, self.dropped = numbers.update_window_dims, numbers.inserted_window_dims
            self.mapped = numbers.scatter_dims_to_operand_dims
            rows = getattr(numbers, "scatter_indices_batching_dims", ())
        self.batching = dict(zip(getattr(numbers, "operand_batching_dims", ()), rows, strict=True))

    def inner_axes(self, rank: int) -> list[int]:
        """The axes of the operand along which a window is seen in the result."""
        return [k for k in range(rank) if k not in self.dropped and k not in self.batching]

    def places(
        self, starts: np.ndarray, shape: Sequence[int], sizes: Sequence[int], clips: bool
    ) -> np.ndarray:
        """In the layout of what is gathered, or scattered."""
        rows, inner = starts.shape[:-1], [sizes[k] for k in self.inner_axes(len(shape))]
        found = np.full((*rows, *inner), OUTSIDE, dtype=np.int64)
        for row in np.ndindex(*rows):
            first = self._first(starts, row, len(shape))
            most = [n - m for n, m in zip(shape, sizes, strict=True)]
            if clips:
                first = [min(max(s, 0), m) for s, m in zip(first, most, strict=True)]
            if all(0 <= s <= m for s, m in zip(first, most, strict=True)):
                found[row] = _window(first, sizes, shape).reshape(inner)
        outer = [k for k in range(found.ndim) if k not in self.offset]
        return np.moveaxis(found, range(found.ndim), (*outer, *self.offset))

    def _first(self, starts: np.ndarray, row: tuple[int, ...], rank: int) -> list[int]:
        first = [0] * rank
        for k, axis in enumerate(self.mapped):
            first[axis] = int(starts[(*row, k)])
        for axis, k in self.batching.items():
            first[axis] = row[k]
        return first


def _window(first: Sequence[int], sizes: Sequence[int], shape: Sequence[int]) -> np.ndarray:
    """The flat positions of a block."""
    ranges = np.ix_(*(range(s, s + m) for s, m in zip(first, sizes, strict=True)))
    whole = np.arange(int(np.prod(shape))).reshape(tuple(shape))
    return whole[ranges] if ranges else whole


def _clips(equation: Any, promised: bool) -> bool:
    """Whether indices outside are moved inside; a promise is kept by XLA as its own mode."""
    mode = str(equation.params["mode"])
    return "CLIP" in mode or ("PROMISE" in mode and promised)


@rule("gather")
def _gather(_: Surroundings, equation: Any, x: Number, starts: Number) -> Number:
    windows = Windows(equation.params["dimension_numbers"], is_gather=True)
    sizes, clips = equation.params["slice_sizes"], _clips(equation, promised=True)
    places = windows.places(starts.value, x.shape, sizes, clips)
    return picked(x, places, _filler(equation, x))


def _filler(equation: Any, x: Number) -> Number:
    """What stands for entries that are not there, which JAX has written into the program."""
    given = equation.params.get("fill_value")
    if x.is_float:
        return Number(as_array(NAN if given is None else real(given)))
    return Number(np.asarray(given or 0).astype(result_type(equation)))


@rule(
    "scatter",
    "scatter-add",
    "scatter_add",
    "scatter_sub",
    "scatter-sub",
    "scatter_mul",
    "scatter-mul",
    "scatter_min",
    "scatter-min",
    "scatter_max",
    "scatter-max",
)
def _scatter(around: Surroundings, equation: Any, x: Number, starts: Number, new: Number) -> Number:
    """One after another, each by the program that the primitive carries."""
    windows = Windows(equation.params["dimension_numbers"], is_gather=False)
    sizes = [1] * x.value.ndim
    for axis, k in zip(windows.inner_axes(x.value.ndim), windows.offset, strict=True):
        sizes[axis] = new.shape[k]
    places = windows.places(starts.value, x.shape, sizes, _clips(equation, promised=False))
    values, slopes = x.value.reshape(-1).copy(), x.slopes.reshape(-1).copy()
    for at in np.ndindex(new.shape):
        k = places[at]
        if k != OUTSIDE:
            pair = (Number(as_array(values[k]), _scalar(slopes[k])), _entry(new, at))
            found = _combined(around, equation, *pair)
            values[k], slopes[k] = found.value[()], found.slopes[()]
    return Number(values.reshape(x.shape), slopes.reshape(x.shape) if x.is_float else None)


def _scalar(value: Any) -> np.ndarray:
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def _entry(x: Number, at: tuple[int, ...]) -> Number:
    tangent = None if x.tangent is None else _scalar(x.tangent[at])
    return Number(_scalar(x.value[at]) if x.is_float else np.asarray(x.value[at]), tangent)


def _combined(around: Surroundings, equation: Any, old: Number, new: Number) -> Number:
    program = equation.params.get("update_jaxpr")
    if program is None:
        return new
    (found,) = evaluate(around, program, equation.params.get("update_consts", ()), [old, new])
    return found


# --- slices with a start that is computed, and pads ---


def _starts(x: Number, sizes: Sequence[int], starts: Sequence[Number]) -> tuple[slice, ...]:
    """Blocks that are moved inside where they would reach out."""
    firsts = [
        min(max(int(s.value[()]), 0), n - m) for s, n, m in zip(starts, x.shape, sizes, strict=True)
    ]
    return tuple(slice(s, s + m) for s, m in zip(firsts, sizes, strict=True))


@rule("dynamic_slice")
def _dynamic_slice(_: Surroundings, equation: Any, x: Number, *starts: Number) -> Number:
    block = _starts(x, equation.params["slice_sizes"], starts)
    return moved(lambda a: a[block], x)


@rule("dynamic_update_slice")
def _dynamic_update(_: Surroundings, __: Any, x: Number, new: Number, *starts: Number) -> Number:
    block = _starts(x, new.shape, starts)

    def put(old: np.ndarray, part: np.ndarray) -> np.ndarray:
        result = old.copy()
        result[block] = part
        return result

    still = x.tangent is None and new.tangent is None
    return Number(put(x.value, new.value), None if still else put(x.slopes, new.slopes))


def pad_places(shape: Sequence[int], config: Sequence[tuple[int, int, int]]) -> np.ndarray:
    """The flat positions in an array with a border, gaps between entries, or parts cut off."""
    lengths = [
        max(0, low + high + n + max(0, n - 1) * gap)
        for n, (low, high, gap) in zip(shape, config, strict=True)
    ]
    result = np.full(lengths, OUTSIDE, dtype=np.int64)
    targets = [
        low + np.arange(n) * (gap + 1) for n, (low, _, gap) in zip(shape, config, strict=True)
    ]
    inside = [(t >= 0) & (t < n) for t, n in zip(targets, lengths, strict=True)]
    whole = np.arange(int(np.prod(shape))).reshape(tuple(shape))
    kept = [t[k] for t, k in zip(targets, inside, strict=True)]
    result[np.ix_(*kept)] = whole[np.ix_(*(np.flatnonzero(k) for k in inside))]
    return result


@rule("pad")
def _pad(_: Surroundings, equation: Any, x: Number, filler: Number) -> Number:
    if not x.value.ndim:
        return x
    return picked(x, pad_places(x.shape, equation.params["padding_config"]), filler)
