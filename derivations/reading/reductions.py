"""Rules of the reader for sums, extremes, products, sorts, products of matrices."""

from typing import Any

from derivations.algebra.brackets import at_least, positive
from derivations.algebra.orders import order
from derivations.algebra.sums import largest, maximiser, product_over, total
from derivations.algebra.terms import (
    ONE,
    Poly,
    Undecided,
    constant,
    product,
    substitute,
)
from derivations.reading.arrays import Indices, made
from derivations.reading.reader import Array, Reader
from derivations.reading.rules import rule


def _reduced(reader: Reader, a: Array, axes: tuple[int, ...], at: Indices, name: str = "k"):
    """Fresh indices for the reduced axes, and the entry at them."""
    names, values = reader.indices(tuple(a.shape[k] for k in axes), name)
    inner, outer = dict(zip(axes, values, strict=True)), iter(at)
    return names, a(*(inner[k] if k in inner else next(outer) for k in range(len(a.shape)))), values


@rule("reduce_sum")
def _sum(reader: Reader, equation: Any, a: Array) -> Array:
    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        return total(names, p)

    return made(reader, equation, entries)


@rule("reduce_max", "reduce_min")
def _max(reader: Reader, equation: Any, a: Array) -> Array:
    flip = -1 if equation.primitive.name == "reduce_min" else 1

    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        if a.kind == "b":
            raise Undecided("the maximum of truth values")
        found = flip * largest(names, flip * p)
        if names and found != p:
            reader.assume("unique", p)
        return found

    return made(reader, equation, entries)


@rule("argmax", "argmin")
def _argmax(reader: Reader, equation: Any, a: Array) -> Array:
    flip = -1 if equation.primitive.name == "argmin" else 1

    def entries(at: Indices) -> Poly:
        names, p, values = _reduced(reader, a, equation.params["axes"], at)
        reader.assume("unique", p)
        (value,) = values
        return substitute(value, dict(zip(names, maximiser(names, flip * p), strict=True)))

    return made(reader, equation, entries)


@rule("reduce_prod")
def _prod(reader: Reader, equation: Any, a: Array) -> Array:
    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        return _product(reader, names, p)

    return made(reader, equation, entries)


@rule("reduce_or", "reduce_and")
def _any(reader: Reader, equation: Any, a: Array) -> Array:
    flipped = equation.primitive.name == "reduce_and"

    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        some = positive(total(names, ONE - p if flipped else p))
        return ONE - some if flipped else some

    return made(reader, equation, entries)


@rule("cumsum")
def _cumsum(reader: Reader, equation: Any, a: Array) -> Array:
    axis, backwards = equation.params["axis"], equation.params["reverse"]

    def entries(at: Indices) -> Poly:
        names, (k,) = reader.indices((a.shape[axis],), "k")
        before = at_least(k - at[axis] if backwards else at[axis] - k)
        return total(names, before * a(*at[:axis], k, *at[axis + 1 :]))

    return made(reader, equation, entries)


@rule("cumprod")
def _cumprod(reader: Reader, equation: Any, a: Array) -> Array:
    axis, backwards = equation.params["axis"], equation.params["reverse"]

    def entries(at: Indices) -> Poly:
        names, (k,) = reader.indices((a.shape[axis],), "k")
        before = at_least(k - at[axis] if backwards else at[axis] - k)
        p = ONE + before * (a(*at[:axis], k, *at[axis + 1 :]) - 1)
        return _product(reader, names, p)

    return made(reader, equation, entries)


def _product(reader: Reader, names: Any, p: Poly) -> Poly:
    """Π p, whose derivative is read as Π p Σ ∂p / p for an axis of symbolic length."""
    if constant(product(i.args[1] for i in names)) is None:
        reader.assume("nonzero", p)
    return product_over(names, p)


@rule("dot_general")
def _dot(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]

    def entries(at: Indices) -> Poly:
        names, inner = reader.indices(tuple(a.shape[k] for k in left), "k")
        batch, rest = at[: len(left_batch)], list(at[len(left_batch) :])
        first = _placed(len(a.shape), left, inner, left_batch, batch, rest)
        second = _placed(len(b.shape), right, inner, right_batch, batch, rest)
        return total(names, a(*first) * b(*second))

    return made(reader, equation, entries)


def _placed(rank: int, contracted: Any, inner: Any, batched: Any, batch: Any, rest: list) -> list:
    known = {**dict(zip(contracted, inner, strict=True)), **dict(zip(batched, batch, strict=True))}
    return [known[k] if k in known else rest.pop(0) for k in range(rank)]


@rule("sort")
def _sort(reader: Reader, equation: Any, *operands: Array) -> list[Array]:
    """All operands in the order of the first."""
    axis, count = equation.params["dimension"], equation.params["num_keys"]
    if count != 1:
        raise Undecided("a sort by several keys")
    keys = operands[0]

    def sorted_(a: Array) -> Array:
        def entries(at: Indices) -> Poly:
            names, (k,) = reader.indices((a.shape[axis],), "k")
            if len(names) != 1:
                raise Undecided("a sort of merged axes")
            key = keys(*at[:axis], k, *at[axis + 1 :])
            if keys.kind == "f":
                reader.assume("unique", key)
            return a(*at[:axis], order(names, key, at[axis]), *at[axis + 1 :])

        return Array(a.shape, a.kind, entries)

    return [sorted_(a) for a in operands]
