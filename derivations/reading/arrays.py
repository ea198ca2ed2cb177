"""Rules of the reader for what moves entries: axes, slices, pads, stacks, counters."""

from typing import Any

from derivations.algebra.brackets import clipped, delta, in_range
from derivations.algebra.ranges import divided
from derivations.algebra.sums import total
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Poly,
    Undecided,
    add,
    constant,
    number,
    product,
)
from derivations.reading.choices import require_no_wrap
from derivations.reading.reader import Array, Reader, kind_of
from derivations.reading.rules import made, rule

Indices = tuple[Poly, ...]


@rule("broadcast_in_dim")
def _broadcast(reader: Reader, equation: Any, a: Array, *_: Array) -> Array:
    places = equation.params["broadcast_dimensions"]

    def entries(at: Indices) -> Poly:
        return a(*(ZERO if n == ONE else at[k] for k, n in zip(places, a.shape, strict=True)))

    return made(reader, equation, entries)


@rule("transpose")
def _transpose(reader: Reader, equation: Any, a: Array) -> Array:
    places = equation.params["permutation"]
    return made(reader, equation, lambda at: a(*(at[places.index(k)] for k in range(len(at)))))


@rule("squeeze")
def _squeeze(reader: Reader, equation: Any, a: Array) -> Array:
    gone = {k % len(a.shape) for k in equation.params["dimensions"]}

    def entries(at: Indices) -> Poly:
        left = iter(at)
        return a(*(ZERO if k in gone else next(left) for k in range(len(a.shape))))

    return made(reader, equation, entries)


@rule("expand_dims")
def _expand(reader: Reader, equation: Any, a: Array) -> Array:
    new = set(equation.params["dimensions"])
    return made(reader, equation, lambda at: a(*(i for k, i in enumerate(at) if k not in new)))


@rule("reshape")
def _reshape(reader: Reader, equation: Any, a: Array, *_: Array) -> Array:
    shape = reader.shape(equation.outvars[0].aval.shape)

    def entries(at: Indices) -> Poly:
        flat = ZERO
        for i, n in zip(at, shape, strict=True):
            flat = flat * n + i
        return a(*_digits(flat, a.shape))

    return made(reader, equation, entries)


def _digits(flat: Poly, shape: Indices) -> Indices:
    """The indices that a row-major position stands for."""
    digits = []
    for n in reversed(shape[1:]):
        found = divided(flat, n)
        if found is None:
            raise Undecided("a reshape that does not split or merge whole axes")
        flat, digit = found
        digits.append(digit)
    return (*([flat] if shape else []), *reversed(digits))


@rule("slice")
def _slice(reader: Reader, equation: Any, a: Array) -> Array:
    starts = reader.shape(equation.params["start_indices"])
    steps = reader.shape(equation.params["strides"] or [1] * len(starts))
    return made(
        reader,
        equation,
        lambda at: a(*(i * k + s for i, k, s in zip(at, steps, starts, strict=True))),
    )


@rule("dynamic_slice")
def _dynamic_slice(reader: Reader, equation: Any, a: Array, *starts: Array) -> Array:
    shape = reader.shape(equation.outvars[0].aval.shape)

    def entries(at: Indices) -> Poly:
        first = [clipped(s(), n - m) for s, n, m in zip(starts, a.shape, shape, strict=False)]
        return a(*(i + s for i, s in zip(at, first, strict=True)))

    return made(reader, equation, entries)


@rule("dynamic_update_slice")
def _dynamic_update(reader: Reader, equation: Any, a: Array, new: Array, *starts: Array) -> Array:
    def entries(at: Indices) -> Poly:
        first = [clipped(s(), n - m) for s, n, m in zip(starts, a.shape, new.shape, strict=True)]
        inner = tuple(i - s for i, s in zip(at, first, strict=True))
        inside = product(in_range(i, n) for i, n in zip(inner, new.shape, strict=True))
        return inside * new(*inner) + (ONE - inside) * a(*at)

    return made(reader, equation, entries)


@rule("rev")
def _reverse(reader: Reader, equation: Any, a: Array) -> Array:
    turned = equation.params["dimensions"]

    def entries(at: Indices) -> Poly:
        return a(
            *(
                n - 1 - i if k in turned else i
                for k, (i, n) in enumerate(zip(at, a.shape, strict=True))
            )
        )

    return made(reader, equation, entries)


@rule("pad")
def _pad(reader: Reader, equation: Any, a: Array, filler: Array) -> Array:
    config = equation.params["padding_config"]
    lows = reader.shape([low for low, _, _ in config])

    def entries(at: Indices) -> Poly:
        names, place, hits = [], [], []
        for i, low, n, (_, _, gap) in zip(at, lows, a.shape, config, strict=True):
            inner, hit = i - low, ONE
            if gap:  # entries stand at every (gap + 1)-th place
                own, inner = reader.index(n, "k")
                names.extend(own)
                hit = delta(i - low - inner * (gap + 1))
            place.append(inner)
            hits.append(hit * in_range(inner, n))
        inside = product(hits)
        if inside == ZERO:
            return filler()
        return total(names, inside * (a(*place) - filler())) + filler()

    return made(reader, equation, entries)


@rule("concatenate")
def _concatenate(reader: Reader, equation: Any, *parts: Array) -> Array:
    axis = equation.params["dimension"]

    def entries(at: Indices) -> Poly:
        result, start = ZERO, ZERO
        for part in parts:
            position = at[axis] - start
            inside = in_range(position, part.shape[axis])
            if inside:
                result = result + inside * part(*at[:axis], position, *at[axis + 1 :])
            start = start + part.shape[axis]
        return result

    return made(reader, equation, entries)


@rule("split")
def _split(reader: Reader, equation: Any, a: Array) -> list[Array]:
    axis, parts, start = equation.params["axis"], [], ZERO
    for variable in equation.outvars:
        shape = reader.shape(variable.aval.shape)
        parts.append(Array(shape, a.kind, _shifted(a, axis, start)))
        start = start + shape[axis]
    return parts


def _shifted(a: Array, axis: int, start: Poly):
    return lambda at: a(*at[:axis], at[axis] + start, *at[axis + 1 :])


@rule("stack")
def _stack(reader: Reader, equation: Any, *parts: Array) -> Array:
    axis = equation.params["axis"]

    def entries(at: Indices) -> Poly:
        rest = (*at[:axis], *at[axis + 1 :])
        k = constant(at[axis])
        if k is not None:
            return parts[int(k)](*rest)
        return add(delta(at[axis] - k) * part(*rest) for k, part in enumerate(parts))

    return made(reader, equation, entries)


@rule("unstack")
def _unstack(_: Reader, equation: Any, a: Array) -> list[Array]:
    axis = equation.params["axis"]

    def part(k: int) -> Array:
        shape = a.shape[:axis] + a.shape[axis + 1 :]
        return Array(shape, a.kind, lambda at: a(*at[:axis], number(k), *at[axis:]))

    return [part(k) for k in range(len(equation.outvars))]


@rule("iota")
def _iota(reader: Reader, equation: Any, *_: Array) -> Array:
    axis, dtype = equation.params["dimension"], equation.params["dtype"]
    size = reader.shape(equation.outvars[0].aval.shape)[axis]
    if kind_of(dtype) == "i":
        require_no_wrap(reader, size - 1, dtype)
    return made(reader, equation, lambda at: at[axis])


@rule("dim_as_value")
def _dim_as_value(reader: Reader, equation: Any, *_: Array) -> Array:
    value = reader.dim(equation.params["dim"])
    return made(reader, equation, lambda _: value)
