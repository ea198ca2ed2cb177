"""The evaluator: runs jaxprs at small sizes in 40 digits, with tangents, without the algebra.

It has two duties. It keeps the algebra honest: nothing is called PROVED unless the two agree at
several sizes and random
points. And it finds the concrete inputs that a refutation needs. The true derivative comes from
forward-mode tangents
of the definition, so no derivative rule of JAX and none of the algebra is used.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np

MP = mpmath.mp.clone()
MP.dps = 40
NAN = MP.nan
CLOSE = MP.mpf(10) ** -6  # nearer to a kink than this a point is not used


class CannotEvaluate(Exception):
    """The evaluator has no rule for a primitive."""


@dataclass
class Number:
    """An array of numbers and its tangent (None: zero).

    Floats are objects, integers and truth values plain NumPy.
    """

    value: np.ndarray
    tangent: np.ndarray | None = None

    @property
    def is_float(self) -> bool:
        """Whether the entries are real numbers."""
        return self.value.dtype == object


@dataclass
class Surroundings:
    """What a run met: whether a switch was too near for the point to be used."""

    near_kink: bool = False


def real(value: Any) -> Any:
    """A number in high precision."""
    if isinstance(value, Fraction):
        return MP.mpf(value.numerator) / value.denominator
    return MP.mpf(float(value)) if isinstance(value, np.generic) else MP.mpf(value)


def reals(array: Any) -> np.ndarray:
    """An object array of high-precision numbers."""
    array = np.asarray(array)
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        result[place] = real(array[place])
    return result


def _array(value: Any) -> np.ndarray:
    """NumPy returns bare objects for arrays without axes; make them arrays again."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def _guarded(function: Callable) -> Callable:
    """The function as a ufunc of objects; nan where it is not real or not finite."""

    def safe(*args):
        try:
            result = function(*args)
        except (ZeroDivisionError, ValueError, OverflowError):
            return NAN
        return (
            NAN
            if isinstance(result, MP.mpc) and result.imag != 0
            else getattr(result, "real", result)
        )

    return lambda *arrays: _array(np.frompyfunc(safe, len(arrays), 1)(*arrays))


# --- functions: value and slope ---

_TWO_OVER_ROOT_PI = 2 / MP.sqrt(MP.pi)
SMOOTH: dict[str, tuple[Callable, Callable]] = {
    "exp": (MP.exp, MP.exp),
    "exp2": (lambda x: MP.power(2, x), lambda x: MP.power(2, x) * MP.log(2)),
    "log": (MP.log, lambda x: 1 / x),
    "log1p": (lambda x: MP.log(1 + x), lambda x: 1 / (1 + x)),
    "expm1": (lambda x: MP.exp(x) - 1, MP.exp),
    "sqrt": (MP.sqrt, lambda x: 1 / (2 * MP.sqrt(x))),
    "rsqrt": (lambda x: 1 / MP.sqrt(x), lambda x: -1 / (2 * MP.sqrt(x) ** 3)),
    "cbrt": (
        lambda x: MP.sign(x) * MP.cbrt(abs(x)),
        lambda x: 1 / (3 * MP.cbrt(abs(x)) ** 2),
    ),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "one_minus_square": (lambda x: 1 - x * x, lambda x: -2 * x),
    "neg": (lambda x: -x, lambda _: MP.mpf(-1)),
    "abs": (abs, MP.sign),
    "sign": (MP.sign, lambda _: MP.mpf(0)),
    "floor": (MP.floor, lambda _: MP.mpf(0)),
    "ceil": (MP.ceil, lambda _: MP.mpf(0)),
    "round": (MP.nint, lambda _: MP.mpf(0)),
    "logistic": (
        lambda x: 1 / (1 + MP.exp(-x)),
        lambda x: MP.exp(-x) / (1 + MP.exp(-x)) ** 2,
    ),
    "tanh": (MP.tanh, lambda x: 1 / MP.cosh(x) ** 2),
    "sinh": (MP.sinh, MP.cosh),
    "cosh": (MP.cosh, MP.sinh),
    "sin": (MP.sin, MP.cos),
    "cos": (MP.cos, lambda x: -MP.sin(x)),
    "tan": (MP.tan, lambda x: 1 / MP.cos(x) ** 2),
    "atan": (MP.atan, lambda x: 1 / (1 + x * x)),
    "asin": (MP.asin, lambda x: 1 / MP.sqrt(1 - x * x)),
    "acos": (MP.acos, lambda x: -1 / MP.sqrt(1 - x * x)),
    "asinh": (MP.asinh, lambda x: 1 / MP.sqrt(1 + x * x)),
    "acosh": (MP.acosh, lambda x: 1 / MP.sqrt(x * x - 1)),
    "atanh": (MP.atanh, lambda x: 1 / (1 - x * x)),
    "erf": (MP.erf, lambda x: _TWO_OVER_ROOT_PI * MP.exp(-x * x)),
    "erfc": (MP.erfc, lambda x: -_TWO_OVER_ROOT_PI * MP.exp(-x * x)),
    "erf_inv": (MP.erfinv, lambda x: MP.exp(MP.erfinv(x) ** 2) / _TWO_OVER_ROOT_PI),
    "lgamma": (lambda x: MP.log(abs(MP.gamma(x))), lambda x: MP.psi(0, x)),
    "digamma": (lambda x: MP.psi(0, x), lambda x: MP.psi(1, x)),
    "bessel_i0e": (
        lambda x: MP.besseli(0, x) * MP.exp(-abs(x)),
        lambda x: MP.exp(-abs(x)) * (MP.besseli(1, x) - MP.sign(x) * MP.besseli(0, x)),
    ),
    "bessel_i1e": (
        lambda x: MP.besseli(1, x) * MP.exp(-abs(x)),
        lambda x: (
            MP.exp(-abs(x))
            * (MP.besseli(0, x) - MP.besseli(1, x) / x - MP.sign(x) * MP.besseli(1, x))
        ),
    ),
}
SWITCHING = {"abs", "sign"}  # at 0; floor and its like at integers
STEPS = {"floor", "ceil", "round"}


def _smooth(name: str) -> Callable:
    value, slope = (_guarded(f) for f in SMOOTH[name])

    def apply(around: Surroundings, _: dict, x: Number) -> Number:
        if not x.is_float:
            return Number(
                {"neg": np.negative, "abs": np.abs, "sign": np.sign, "square": np.square}[name](
                    x.value
                )
            )
        if name in SWITCHING:
            _meet(around, x.value, x.tangent)
        if name in STEPS:
            _meet(around, _array(np.sin(0) + _SINES(x.value)), x.tangent)
        return Number(
            value(x.value), None if x.tangent is None else _product(slope(x.value), x.tangent)
        )

    return apply


_SINES = _guarded(lambda x: MP.sin(2 * MP.pi * x))


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _array(a * b)


def _meet(around: Surroundings, gap: np.ndarray, tangent: np.ndarray | None) -> None:
    """Note a switch that is too near, unless the two sides agree identically."""
    tangents = np.broadcast_to(0 if tangent is None else tangent, gap.shape)
    for place in np.ndindex(gap.shape):
        g = gap[place]
        if abs(g) < CLOSE and not (g == 0 and tangents[place] == 0):
            around.near_kink = True


def _sum_tangents(*parts: np.ndarray | None) -> np.ndarray | None:
    present = [p for p in parts if p is not None]
    return None if not present else _array(sum(present[1:], present[0]))


def _add(_: Surroundings, __: dict, a: Number, b: Number) -> Number:
    shape = np.broadcast_shapes(a.value.shape, b.value.shape)
    tangent = _sum_tangents(a.tangent, b.tangent)
    return Number(
        _array(a.value + b.value), None if tangent is None else np.broadcast_to(tangent, shape)
    )


def _sub(around: Surroundings, params: dict, a: Number, b: Number) -> Number:
    opposite = Number(_array(-b.value), None if b.tangent is None else _array(-b.tangent))
    return _add(around, params, a, opposite)


def _mul(_: Surroundings, __: dict, a: Number, b: Number) -> Number:
    left = None if a.tangent is None else _product(a.tangent, b.value)
    right = None if b.tangent is None else _product(a.value, b.tangent)
    return Number(_product(a.value, b.value), _sum_tangents(left, right))


_RECIPROCAL, _MINUS_RECIPROCAL_SQUARE = _guarded(lambda x: 1 / x), _guarded(lambda x: -1 / (x * x))


def _div(around: Surroundings, params: dict, a: Number, b: Number) -> Number:
    if not a.is_float:
        return Number(np.asarray(np.trunc(a.value / b.value).astype(np.int64)))
    slope = None if b.tangent is None else _product(_MINUS_RECIPROCAL_SQUARE(b.value), b.tangent)
    return _mul(around, params, a, Number(_RECIPROCAL(b.value), slope))


def _power(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    def one(x, y):
        if x == 0 and y < 0:
            raise ZeroDivisionError
        return MP.power(x, y)

    return _guarded(one)(a, b)


def _pow(_: Surroundings, __: dict, a: Number, b: Number) -> Number:
    exponent = b.value if b.is_float else reals(b.value)
    value = _power(a.value, exponent)
    left = right = None
    if a.tangent is not None:
        left = _product(_product(exponent, _power(a.value, _array(exponent - 1))), a.tangent)
    if b.tangent is not None:
        right = _product(_product(value, _guarded(MP.log)(a.value)), b.tangent)
    return Number(value, _sum_tangents(left, right))


def _atan2(_: Surroundings, __: dict, y: Number, x: Number) -> Number:
    square = _guarded(lambda a, b: 1 / (a * a + b * b))(y.value, x.value)
    left = None if y.tangent is None else _product(_product(x.value, square), y.tangent)
    right = None if x.tangent is None else -_product(_product(y.value, square), x.tangent)
    return Number(_guarded(MP.atan2)(y.value, x.value), _sum_tangents(left, right))


def _integer_pow(around: Surroundings, params: dict, a: Number) -> Number:
    exponent = Number(np.broadcast_to(_array(MP.mpf(params["y"])), a.value.shape))
    return _pow(around, params, a, exponent) if a.is_float else Number(a.value ** params["y"])


def _larger(flip: int) -> Callable:
    def apply(around: Surroundings, _: dict, a: Number, b: Number) -> Number:
        if not a.is_float:
            return Number((np.maximum if flip > 0 else np.minimum)(a.value, b.value))
        gap = _sub(around, {}, a, b)
        _meet(around, gap.value, gap.tangent)
        return _where(_truth(gap.value * flip > 0), b, a)

    return apply


def _truth(value: Any) -> np.ndarray:
    return np.asarray(value).astype(bool)


def _where(condition: np.ndarray, no: Number, yes: Number) -> Number:
    value = np.where(condition, yes.value, no.value)
    if yes.tangent is None and no.tangent is None:
        return Number(value)
    zero = MP.mpf(0)
    tangents = [zero if c.tangent is None else c.tangent for c in (yes, no)]
    return Number(value, np.where(condition, *tangents))


def _comparison(compare: Callable) -> Callable:
    def apply(around: Surroundings, _: dict, a: Number, b: Number) -> Number:
        if a.is_float:
            gap = _sub(around, {}, a, b)
            _meet(around, gap.value, gap.tangent)
        return Number(_truth(compare(a.value, b.value)))

    return apply


def _select(_: Surroundings, __: dict, which: Number, *cases: Number) -> Number:
    if len(cases) != 2:
        raise CannotEvaluate("a choice among more than two")
    return _where(_truth(which.value), *cases)


def _clamp(around: Surroundings, params: dict, low: Number, x: Number, high: Number) -> Number:
    return _larger(-1)(around, params, _larger(1)(around, params, x, low), high)


def _convert(_: Surroundings, params: dict, x: Number) -> Number:
    kind = np.dtype(params["new_dtype"]).kind if params["new_dtype"] != jnp.bfloat16 else "f"
    if kind == "f":
        return x if x.is_float else Number(reals(x.value))
    if kind == "b":
        return Number(_truth(x.value != 0))
    return Number(
        np.vectorize(int, otypes=[np.int64])(x.value) if x.value.size else x.value.astype(int)
    )


# --- axes ---


def moving(function: Callable[[dict, np.ndarray], np.ndarray]) -> Callable:
    """The rule of a primitive that only moves entries: the same for value and tangent."""

    def apply(_: Surroundings, params: dict, x: Number, *__: Number) -> Number:
        tangent = None if x.tangent is None else _array(function(params, x.tangent))
        return Number(_array(function(params, x.value)), tangent)

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
        return _array(np.add.reduce(array, axis=axes, initial=MP.mpf(0)))

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
            _array(picked),
            None
            if tangents is None
            else _array(np.take_along_axis(tangents, best[..., None], -1)[..., 0]),
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
            _array(values[..., k]), None if tangents is None else _array(tangents[..., k])
        )
        result = _mul(around, params, result, factor)
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

    factors = [_mapped(first, a), _mapped(second, b)]
    whole = _mul(around, params, *factors)
    return _sum(around, {"axes": (whole.value.ndim - 1,)}, whole)


def _mapped(function: Callable, x: Number) -> Number:
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
        others = [jnp.asarray(-1) if r.is_float else jnp.asarray(r.value) for r in rest]
        where = np.asarray(primitive.bind(positions, *others, **options))
        filler = rest[0].value[()] if name == "pad" else NAN

        def pick(array: np.ndarray, missing: Any) -> np.ndarray:
            flat = array.reshape(-1)
            return np.where(where >= 0, flat[np.maximum(where, 0)], missing) if flat.size else array

        tangent = None if x.tangent is None else _array(pick(x.tangent, MP.mpf(0)))
        return Number(_array(pick(x.value, filler)), tangent)

    return apply


def _scatter_add(
    around: Surroundings, params: dict, x: Number, where: Number, new: Number
) -> Number:
    """Linear in the new entries: each goes where JAX puts a one in its place."""
    options = {k: v for k, v in params.items() if k[0] != "_"}
    blank, count = jnp.zeros(x.value.shape), new.value.size
    result = x
    for place in range(count):
        one = jnp.zeros(count).at[place].set(1).reshape(new.value.shape)
        hit = np.asarray(params["_primitive"].bind(blank, jnp.asarray(where.value), one, **options))
        value, tangent = (
            None if t is None else _array(reals(hit) * t.reshape(-1)[place])
            for t in (new.value, new.tangent)
        )
        result = _add(around, {}, result, Number(np.asarray(value), tangent))
    return result


def _scatter(around: Surroundings, params: dict, x: Number, where: Number, new: Number) -> Number:
    """Overwritten entries, by their positions."""
    return _overwritten(around, params, x, new, lambda old, news: (old, where.value, news))


def _dynamic_update(
    around: Surroundings, params: dict, x: Number, new: Number, *starts: Number
) -> Number:
    return _overwritten(
        around, params, x, new, lambda old, news: (old, news, *(s.value for s in starts))
    )


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
        return _array(np.concatenate(both)[place])

    return Number(_array(pick(x.value, new.value)), pick(x.tangent, new.tangent))


def _inner(params: dict) -> Any:
    return next(params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in params)


def _call(around: Surroundings, params: dict, *args: Number) -> list[Number]:
    inner = _inner(params)
    consts = getattr(inner, "consts", ())
    return evaluate(around, getattr(inner, "jaxpr", inner), consts, args)


def _logic(on_bools: Callable) -> Callable:
    return lambda _, __, *args: Number(on_bools(*(a.value for a in args)))


RULES: dict[str, Callable] = {
    **{name: _smooth(name) for name in SMOOTH},
    "add": _add,
    "add_any": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "atan2": _atan2,
    "integer_pow": _integer_pow,
    "max": _larger(1),
    "min": _larger(-1),
    "clamp": _clamp,
    "select_n": _select,
    "convert_element_type": _convert,
    "gt": _comparison(lambda a, b: a > b),
    "lt": _comparison(lambda a, b: a < b),
    "ge": _comparison(lambda a, b: a >= b),
    "le": _comparison(lambda a, b: a <= b),
    "eq": _comparison(lambda a, b: a == b),
    "ne": _comparison(lambda a, b: a != b),
    "and": _logic(np.bitwise_and),
    "or": _logic(np.bitwise_or),
    "xor": _logic(np.bitwise_xor),
    "not": _logic(np.logical_not),
    "rem": lambda _, __, a, b: Number(np.fmod(a.value, b.value)),
    "is_finite": lambda _, __, a: Number(np.vectorize(MP.isfinite, otypes=[bool])(a.value)),
    "broadcast_in_dim": moving(_broadcast),
    "slice": moving(_slice),
    "expand_dims": moving(_expand),
    "reshape": moving(lambda p, x: x.reshape(p["new_sizes"])),
    "transpose": moving(lambda p, x: np.transpose(x, p["permutation"])),
    "squeeze": moving(lambda p, x: np.squeeze(x, tuple(p["dimensions"]))),
    "rev": moving(lambda p, x: np.flip(x, p["dimensions"])),
    "cumsum": moving(_cumsum),
    "copy": moving(lambda _, x: x),
    "copy_p": moving(lambda _, x: x),
    "stop_gradient": moving(lambda _, x: x),
    "reduce_precision": moving(lambda _, x: x),
    "real": moving(lambda _, x: x),
    "reduce_sum": _sum,
    "reduce_max": _greatest(1),
    "reduce_min": _greatest(-1),
    "reduce_prod": _prod,
    "argmax": _argmax(1),
    "argmin": _argmax(-1),
    "dot_general": _dot,
    "concatenate": _concatenate,
    "split": _split,
    "iota": _iota,
    "gather": by_positions("gather"),
    "pad": by_positions("pad"),
    "dynamic_slice": by_positions("dynamic_slice"),
    "scatter": _scatter,
    "dynamic_update_slice": _dynamic_update,
    "scatter-add": _scatter_add,
    "scatter_add": _scatter_add,
    "reduce_or": lambda _, p, a: Number(np.asarray(a.value.any(axis=tuple(p["axes"])))),
    "reduce_and": lambda _, p, a: Number(np.asarray(a.value.all(axis=tuple(p["axes"])))),
    "optimization_barrier": lambda _, __, *a: list(a),
    **dict.fromkeys(
        (
            "pjit",
            "jit",
            "closed_call",
            "core_call",
            "remat",
            "remat2",
            "checkpoint",
            "custom_jvp_call",
            "custom_vjp_call",
            "custom_vjp_call_jaxpr",
            "custom_lin",
        ),
        _call,
    ),
}


def constant(value: Any) -> Number:
    """A literal or a constant of the program, exactly."""
    if str(getattr(value, "dtype", "")) == "float0":
        return Number(reals(np.zeros(np.shape(value))))
    value = np.asarray(value)
    is_float = value.dtype.kind not in "iub"
    return Number(reals(value.astype(np.float64)) if is_float else value)


def evaluate(
    around: Surroundings, jaxpr: Any, consts: Sequence, args: Sequence[Number]
) -> list[Number]:
    """Run an open jaxpr."""
    known = dict(zip(jaxpr.constvars, map(constant, consts), strict=True))
    known.update(zip(jaxpr.invars, args, strict=True))

    def value_of(atom: Any) -> Number:
        return constant(atom.val) if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name not in RULES:
            raise CannotEvaluate(f"the primitive {name}")
        params = {**equation.params, "_primitive": equation.primitive}
        outputs = RULES[name](around, params, *map(value_of, equation.invars))
        outputs = [outputs] if isinstance(outputs, Number) else outputs
        known.update(zip(equation.outvars, outputs, strict=True))
    return [value_of(atom) for atom in jaxpr.outvars]


def run(
    jaxpr: Any, args: Sequence[np.ndarray], tangents: Sequence[np.ndarray | None]
) -> tuple[list[Number], bool]:
    """The outputs of a closed jaxpr, and whether a kink was near."""
    around = Surroundings()
    numbers = [Number(a, t) for a, t in zip(args, tangents, strict=True)]
    with jax.enable_x64(True):
        outputs = evaluate(around, jaxpr.jaxpr, jaxpr.consts, numbers)
    return outputs, around.near_kink
