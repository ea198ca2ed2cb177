"""Rules of the evaluator for what moves, reduces or gathers entries."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from derivations.witness.numbers import (
    CLOSE,
    MP,
    NAN,
    Number,
    Surroundings,
    as_array,
    meet,
    real,
    reals,
)
from derivations.witness.run import RULES
from derivations.witness.values import add_numbers, multiply


def moving(function: Callable[[dict, np.ndarray], np.ndarray]) -> Callable:
    """The rule of a primitive that only moves entries: the same for value and tangent."""

    def apply(_: Surroundings, params: dict, x: Number, *__: Number) -> Number:
        tangent = None if x.tangent is None else as_array(function(params, x.tangent))
        return Number(as_array(function(params, x.value)), tangent)

    return apply


def _broadcast(params: dict, x: np.ndarray) -> np.ndarray:
    shape = [1] * len(params["shape"])
    for axis, place in enumerate(params["broadcast_dimensions"]):
        shape[place] = x.shape[axis]
    return np.broadcast_to(x.reshape(shape), params["shape"])


def _slice(params: dict, x: np.ndarray) -> np.ndarray:
    steps = params["strides"] or [1] * x.ndim
    parts = zip(params["start_indices"], params["limit_indices"], steps, strict=True)
    return x[tuple(slice(*part) for part in parts)]


def _expand(params: dict, x: np.ndarray) -> np.ndarray:
    return np.expand_dims(x, params["dimensions"])


def _cumsum(params: dict, x: np.ndarray) -> np.ndarray:
    axis = params["axis"]
    turned = np.flip(x, axis) if params["reverse"] else x
    sums = np.cumsum(turned, axis=axis)
    return np.flip(sums, axis) if params["reverse"] else sums


def _sum(_: Surroundings, params: dict, x: Number) -> Number:
    axes = tuple(params["axes"])

    def reduce(array: np.ndarray) -> np.ndarray:
        if array.dtype != object:
            return np.asarray(array.sum(axis=axes))
        return as_array(np.add.reduce(array, axis=axes, initial=MP.mpf(0)))

    return Number(reduce(x.value), None if x.tangent is None else reduce(x.tangent))


def _rows(x: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """The reduced axes merged into a last one."""
    kept = [k for k in range(x.ndim) if k not in axes]
    moved = np.transpose(x, (*kept, *axes))
    return moved.reshape(*(x.shape[k] for k in kept), -1)


def _greatest(flip: int) -> Callable:
    def apply(around: Surroundings, params: dict, x: Number) -> Number:
        values = _rows(x.value, params["axes"])
        tangents = None if x.tangent is None else _rows(x.tangent, params["axes"])
        best = _positions(around, values * flip, tangents)
        picked = np.take_along_axis(values, best[..., None], -1)[..., 0]
        return Number(
            as_array(picked),
            None
            if tangents is None
            else as_array(np.take_along_axis(tangents, best[..., None], -1)[..., 0]),
        )

    return apply


def _positions(around: Surroundings, values: np.ndarray, tangents: np.ndarray | None) -> np.ndarray:
    """Where each row is greatest; a runner-up too near is noted."""
    best = np.zeros(values.shape[:-1], dtype=np.int64)
    for place in np.ndindex(best.shape):
        row = list(values[place])
        best[place] = row.index(max(row))
        slopes = [0] * len(row) if tangents is None else tangents[place]
        for k, value in enumerate(row):
            gap = row[best[place]] - value
            if (
                k != best[place]
                and gap < CLOSE
                and not (gap == 0 and slopes[k] == slopes[best[place]])
            ):
                around.near_kink = True
    return best


def _argmax(flip: int) -> Callable:
    def apply(around: Surroundings, params: dict, x: Number) -> Number:
        tangents = None if x.tangent is None else _rows(x.tangent, params["axes"])
        return Number(_positions(around, _rows(x.value, params["axes"]) * flip, tangents))

    return apply


def _prod(around: Surroundings, params: dict, x: Number) -> Number:
    values = _rows(x.value, params["axes"])
    tangents = None if x.tangent is None else _rows(x.tangent, params["axes"])
    result = Number(reals(np.ones(values.shape[:-1])))
    for k in range(values.shape[-1]):
        factor = Number(
            as_array(values[..., k]), None if tangents is None else as_array(tangents[..., k])
        )
        result = multiply(around, params, result, factor)
    return result


def _dot(around: Surroundings, params: dict, a: Number, b: Number) -> Number:
    (left, right), (left_batch, right_batch) = params["dimension_numbers"]
    a_free = [k for k in range(a.value.ndim) if k not in (*left, *left_batch)]
    b_free = [k for k in range(b.value.ndim) if k not in (*right, *right_batch)]

    def first(x: np.ndarray) -> np.ndarray:
        batch, free, inner = (
            tuple(x.shape[k] for k in axes) for axes in (left_batch, a_free, left)
        )
        return np.transpose(x, (*left_batch, *a_free, *left)).reshape(
            *batch, *free, *(1 for _ in b_free), math.prod(inner)
        )

    def second(x: np.ndarray) -> np.ndarray:
        batch, free, inner = (
            tuple(x.shape[k] for k in axes) for axes in (right_batch, b_free, right)
        )
        return np.transpose(x, (*right_batch, *b_free, *right)).reshape(
            *batch, *(1 for _ in a_free), *free, math.prod(inner)
        )

    factors = [mapped(first, a), mapped(second, b)]
    whole = multiply(around, params, *factors)
    return _sum(around, {"axes": (whole.value.ndim - 1,)}, whole)


def mapped(function: Callable, x: Number) -> Number:
    """The same move of the entries and of their tangents."""
    return Number(function(x.value), None if x.tangent is None else function(x.tangent))


def _concatenate(_: Surroundings, params: dict, *parts: Number) -> Number:
    axis = params["dimension"]
    value = np.concatenate([p.value for p in parts], axis)
    if all(p.tangent is None for p in parts):
        return Number(value)
    tangents = [
        np.full(p.value.shape, MP.mpf(0), dtype=object) if p.tangent is None else p.tangent
        for p in parts
    ]
    return Number(value, np.concatenate(tangents, axis))


def _split(_: Surroundings, params: dict, x: Number) -> list[Number]:
    cuts = np.cumsum(params["sizes"])[:-1]
    values = np.split(x.value, cuts, params["axis"])
    tangents = (
        [None] * len(values) if x.tangent is None else np.split(x.tangent, cuts, params["axis"])
    )
    return [Number(v, t) for v, t in zip(values, tangents, strict=True)]


def _unstack(_: Surroundings, params: dict, x: Number) -> list[Number]:
    axis = params["axis"]
    return [
        mapped(lambda a, k=k: as_array(np.take(a, k, axis)), x) for k in range(x.value.shape[axis])
    ]


def _iota(_: Surroundings, params: dict) -> Number:
    shape, axis = params["shape"], params["dimension"]
    ranks = np.arange(shape[axis]).reshape([-1 if k == axis else 1 for k in range(len(shape))])
    whole = np.broadcast_to(ranks, shape)
    return Number(whole if np.dtype(params["dtype"]).kind in "iu" else reals(whole))


def by_positions(name: str) -> Callable:
    """gather, pad, dynamic_slice.

    JAX moves the positions of the entries, which then say what goes where.
    """

    def apply(_: Surroundings, params: dict, x: Number, *rest: Number) -> Number:
        primitive = params["_primitive"]
        positions = jnp.arange(x.value.size).reshape(x.value.shape)
        options = {k: v for k, v in params.items() if k[0] != "_"}
        if "fill_value" in options:
            options["fill_value"] = -1
        if name == "pad":  # position -1: what is padded with
            others, filler, slope = [jnp.asarray(-1)], rest[0].value[()], rest[0].tangent
        else:
            others, slope = [jnp.asarray(_integers_of(r)) for r in rest], None
            filler = params["fill_value"] if params.get("fill_value") is not None else NAN
        where = np.asarray(primitive.bind(positions, *others, **options))

        def pick(array: np.ndarray, missing: Any) -> np.ndarray:
            with_missing = np.append(array.reshape(-1), missing)  # which stands at position -1
            return with_missing[np.maximum(where, -1)]

        value = as_array(pick(x.value, real(filler) if x.is_float else filler))
        if x.tangent is None and slope is None:
            return Number(value)
        own = np.full(x.value.shape, MP.mpf(0)) if x.tangent is None else x.tangent
        return Number(value, as_array(pick(own, MP.mpf(0) if slope is None else slope[()])))

    return apply


def _scatter_add(
    around: Surroundings, params: dict, x: Number, where: Number, new: Number
) -> Number:
    """Linear in the new entries: each goes where JAX puts a one in its place."""
    names = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
    options = {name: params[name] for name in names}
    blank, count = jnp.zeros(x.value.shape), new.value.size
    result = x
    for place in range(count):
        one = jnp.zeros(count).at[place].set(1).reshape(new.value.shape)
        where_to = jax.lax.scatter_add(blank, jnp.asarray(where.value), one, **options)
        hit = np.asarray(where_to).astype(np.int64)
        hits = reals(hit) if x.is_float else hit
        value, tangent = (
            None if t is None else as_array(hits * t.reshape(-1)[place])
            for t in (new.value, new.tangent)
        )
        result = add_numbers(around, {}, result, Number(np.asarray(value), tangent))
    return result


def _scatter(around: Surroundings, params: dict, x: Number, where: Number, new: Number) -> Number:
    """Overwritten entries, by their positions."""
    return _overwritten(around, params, x, new, lambda old, news: (old, _integers_of(where), news))


def _dynamic_update(
    around: Surroundings, params: dict, x: Number, new: Number, *starts: Number
) -> Number:
    return _overwritten(
        around, params, x, new, lambda old, news: (old, news, *map(_integers_of, starts))
    )


def _integers_of(x: Number) -> np.ndarray:
    return x.value.astype(np.int64)


def _overwritten(
    _: Surroundings, params: dict, x: Number, new: Number, operands: Callable
) -> Number:
    """JAX moves the positions of old and new entries."""
    options = {k: v for k, v in params.items() if k[0] != "_"}
    old = jnp.arange(x.value.size).reshape(x.value.shape)
    news = x.value.size + jnp.arange(new.value.size).reshape(new.value.shape)
    given = map(jnp.asarray, operands(old, news))
    place = np.asarray(params["_primitive"].bind(*given, **options))

    def pick(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
        if a is None and b is None:
            return None
        both = [
            np.full(k, MP.mpf(0), dtype=object) if t is None else t.reshape(-1)
            for t, k in ((a, x.value.size), (b, new.value.size))
        ]
        return as_array(np.concatenate(both)[place])

    return Number(as_array(pick(x.value, new.value)), pick(x.tangent, new.tangent))


def _stack(around: Surroundings, params: dict, *parts: Number) -> Number:
    axis = params["axis"]

    def widened(p: Number) -> Number:
        return mapped(lambda x: np.expand_dims(x, axis), p)

    return _concatenate(around, {"dimension": axis}, *map(widened, parts))


def _cumprod(around: Surroundings, params: dict, x: Number) -> Number:
    axis, backwards = params["axis"], params["reverse"]
    n = x.value.shape[axis]
    parts: list[Number] = []
    for k in reversed(range(n)) if backwards else range(n):
        factor = mapped(lambda a, k=k: np.take(a, [k], axis), x)
        parts.append(multiply(around, {}, parts[-1], factor) if parts else factor)
    ordered = parts[::-1] if backwards else parts
    return _concatenate(around, {"dimension": axis}, *ordered) if parts else x


def _sort(around: Surroundings, params: dict, *operands: Number) -> list[Number]:
    """All operands in the order of the first ones; of equal keys the earlier first."""
    axis, count = params["dimension"], params["num_keys"]
    keys = [np.moveaxis(o.value, axis, -1) for o in operands[:count]]
    slopes = operands[0].tangent
    slopes = None if slopes is None else np.moveaxis(slopes, axis, -1)
    order, n = np.zeros(keys[0].shape, dtype=np.int64), keys[0].shape[-1]
    for place in np.ndindex(order.shape[:-1]):
        rows = [key[place] for key in keys]
        order[place] = sorted(range(n), key=lambda k: tuple(r[k] for r in rows))
        if operands[0].is_float:
            tangents = [0] * n if slopes is None else slopes[place]
            _note_ties(around, rows[0][order[place]], np.asarray(tangents)[order[place]])
    order = np.moveaxis(order, -1, axis)
    return [mapped(lambda a: np.take_along_axis(a, order, axis), o) for o in operands]


def _note_ties(around: Surroundings, row: np.ndarray, slopes: np.ndarray) -> None:
    for k in range(len(row) - 1):
        meet(around, as_array(row[k + 1] - row[k]), as_array(slopes[k + 1] - slopes[k]))


def _empty(_: Surroundings, params: dict) -> Number:
    blank = np.zeros(params.get("shape", ()), dtype=params["dtype"])
    return Number(blank if blank.dtype.kind in "iub" else reals(blank))


def _integers(function: Callable) -> Callable:
    return lambda _, params, a: Number(np.asarray(function(a.value, axis=tuple(params["axes"]))))


UNCHANGED = ("copy", "copy_p", "stop_gradient", "reduce_precision", "real")
RULES |= {
    "broadcast_in_dim": moving(_broadcast),
    "slice": moving(_slice),
    "expand_dims": moving(_expand),
    "reshape": moving(lambda p, x: x.reshape(p["new_sizes"])),
    "transpose": moving(lambda p, x: np.transpose(x, p["permutation"])),
    "squeeze": moving(lambda p, x: np.squeeze(x, tuple(p["dimensions"]))),
    "rev": moving(lambda p, x: np.flip(x, p["dimensions"])),
    "cumsum": moving(_cumsum),
    "cumprod": _cumprod,
    **dict.fromkeys(UNCHANGED, moving(lambda _, x: x)),
    "reduce_sum": _sum,
    "reduce_max": _greatest(1),
    "reduce_min": _greatest(-1),
    "reduce_prod": _prod,
    "reduce_or": _integers(np.any),
    "reduce_and": _integers(np.all),
    "argmax": _argmax(1),
    "argmin": _argmax(-1),
    "sort": _sort,
    "dot_general": _dot,
    "concatenate": _concatenate,
    "stack": _stack,
    "split": _split,
    "unstack": _unstack,
    "iota": _iota,
    **dict.fromkeys(("empty", "empty2"), _empty),
    "gather": by_positions("gather"),
    "pad": by_positions("pad"),
    "dynamic_slice": by_positions("dynamic_slice"),
    "scatter": _scatter,
    "dynamic_update_slice": _dynamic_update,
    **dict.fromkeys(("scatter-add", "scatter_add"), _scatter_add),
}
