"""Rules of the evaluator for windows that slide: pooling and convolution."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from derivations.witness.integers import is_floating
from derivations.witness.numbers import MP, CannotEvaluate, Number, Surroundings, as_array, moved
from derivations.witness.places import OUTSIDE, pad_places, picked
from derivations.witness.reductions import at_places, best_places, rows
from derivations.witness.rules import RULES, result_type, rule
from derivations.witness.tangents import multiplied, summed


def _starts_and_offsets(
    lengths: Sequence[int], sizes: Sequence[int], strides: Sequence[int], gaps: Sequence[int]
) -> tuple:
    """For each axis, where windows start, and the places inside one."""
    reach = [(m - 1) * g + 1 for m, g in zip(sizes, gaps, strict=True)]
    starts = [range(0, n - r + 1, s) for n, r, s in zip(lengths, reach, strides, strict=True)]
    offsets = [range(0, r, g) for r, g in zip(reach, gaps, strict=True)]
    return starts, offsets


def window_places(
    shape: Sequence[int],
    sizes: Sequence[int],
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilations: tuple[Sequence[int], Sequence[int]],
) -> np.ndarray:
    """Flat positions, of axes first of the windows and then inside one; outside as -1."""
    base, inner = dilations
    config = [(low, high, gap - 1) for (low, high), gap in zip(padding, base, strict=True)]
    padded = pad_places(shape, config)
    starts, offsets = _starts_and_offsets(padded.shape, sizes, strides, inner)
    rank, index = len(shape), []
    for k, (start, offset) in enumerate(zip(starts, offsets, strict=True)):
        first, then = [1] * 2 * rank, [1] * 2 * rank
        first[k], then[rank + k] = len(start), len(offset)
        index.append(np.reshape(start, first) + np.reshape(offset, then))
    return padded[tuple(np.asarray(i, dtype=np.int64) for i in index)]


def _pooled(equation: Any, x: Number, filler: Any) -> Number:
    """The entries of each window as a last axis."""
    p, rank = equation.params, x.value.ndim
    places = window_places(
        x.shape,
        p["window_dimensions"],
        p["window_strides"],
        p["padding"],
        (p.get("base_dilation") or (1,) * rank, p.get("window_dilation") or (1,) * rank),
    )
    missing = Number(as_array(filler) if x.is_float else np.asarray(filler))
    return rows(picked(x, places, missing), range(rank, 2 * rank))


@rule("reduce_window_sum")
def _window_sum(_: Surroundings, equation: Any, x: Number) -> Number:
    if not x.is_float:
        raise CannotEvaluate("windows of integers")
    found = _pooled(equation, x, MP.mpf(0))
    return summed(found, (found.value.ndim - 1,))


def _window_extreme(flip: int) -> Callable[..., Number]:
    def apply(around: Surroundings, equation: Any, x: Number) -> Number:
        if not x.is_float:
            raise CannotEvaluate("windows of integers")
        found = _pooled(equation, x, -flip * MP.inf)
        return at_places(found, best_places(around, found, flip))

    return apply


RULES.update({"reduce_window_max": _window_extreme(1), "reduce_window_min": _window_extreme(-1)})


@rule("select_and_scatter_add")
def _scatter_to_best(around: Surroundings, equation: Any, source: Number, x: Number) -> Number:
    """Each number of the source goes to the entry that its window selects."""
    p, rank = equation.params, x.value.ndim
    flip = 1 if p["select_prim"].name.startswith("ge") else -1
    places = window_places(
        x.shape,
        p["window_dimensions"],
        p["window_strides"],
        p["padding"],
        ((1,) * rank, (1,) * rank),
    )
    whole = rows(Number(places), range(rank, 2 * rank)).value
    entries = picked(x, whole, Number(as_array(-flip * MP.inf)))
    best = at_places(Number(whole), best_places(around, entries, flip)).value
    return _gathered_at(best, source, x.shape)


def _gathered_at(targets: np.ndarray, source: Number, shape: tuple[int, ...]) -> Number:
    """Σ of the numbers that go to each place."""
    flat = targets.reshape(-1)

    def total(array: np.ndarray, start: Any) -> np.ndarray:
        result = np.full(int(np.prod(shape)), start, dtype=object)
        for place, value in zip(flat, array.reshape(-1), strict=True):
            result[place] = result[place] + value
        return result.reshape(shape)

    slopes = None if source.tangent is None else total(source.tangent, 0)
    return Number(total(source.value, MP.mpf(0)), slopes)


@rule("select_and_gather_add")
def _best_of_other(around: Surroundings, equation: Any, tangents: Number, x: Number) -> Number:
    """The entries of one array where the windows of another are greatest or least."""
    flip = 1 if equation.params["select_prim"].name.startswith("ge") else -1
    found = _pooled(equation, x, -flip * MP.inf)
    best = best_places(around, found, flip)
    return at_places(_pooled(equation, tangents, MP.mpf(0)), best)


# --- convolution ---


@rule("conv_general_dilated")
def _convolution(_: Surroundings, equation: Any, left: Number, right: Number) -> Number:
    """out[n, o, p] = Σ over i and w of left[n', c, s p + d w - low] right[o, i, w]."""
    p = equation.params
    if not is_floating(result_type(equation)):
        raise CannotEvaluate("a convolution of integers")
    numbers = p["dimension_numbers"]
    left = moved(lambda a: np.transpose(a, numbers.lhs_spec), left)
    right = moved(lambda a: np.transpose(a, numbers.rhs_spec), right)
    places = window_places(
        left.shape[2:],
        right.shape[2:],
        p["window_strides"],
        p["padding"],
        (p["lhs_dilation"], p["rhs_dilation"]),
    )
    found = _summed_over_windows(
        left, right, places, p["feature_group_count"], p["batch_group_count"]
    )
    back = np.argsort(numbers.out_spec)
    return moved(lambda a: np.transpose(a, back), found)


def _summed_over_windows(
    left: Number, right: Number, places: np.ndarray, features: int, batches: int
) -> Number:
    """With the channels, or the batch, in groups of which each has filters of its own."""
    (outs, channels), rank = right.shape[:2], right.value.ndim - 2
    count = left.shape[0] // batches
    group = np.arange(outs) // (outs // (features * batches))
    channel = (group[:, None] * channels if features > 1 else 0) + np.arange(channels)
    row = np.arange(count)[:, None] + (group * count if batches > 1 else 0 * group)
    area = int(np.prod(left.shape[2:]))
    flat = (row[:, :, None] * left.shape[1] + np.broadcast_to(channel, (outs, channels))) * area
    flat = flat.reshape(*flat.shape, *(1,) * places.ndim)
    whole = np.where(places == OUTSIDE, OUTSIDE, flat + places)
    entries = picked(left, whole, Number(as_array(MP.mpf(0))))
    shape = (1, outs, channels, *(1,) * rank, *right.shape[2:])
    product = multiplied(entries, moved(lambda a: a.reshape(shape), right))
    return summed(product, (2, *range(3 + rank, 3 + 2 * rank)))
