"""Rules of the reader for sums, extremes, products, sorts, products of matrices."""

import itertools
from typing import Any

from derivations.algebra.brackets import at_least, positive, split
from derivations.algebra.functions import INFINITY
from derivations.algebra.orders import order
from derivations.algebra.sums import largest, maximiser, product_over, total
from derivations.algebra.terms import (
    BRACKETS,
    ONE,
    ZERO,
    Poly,
    Undecided,
    atoms,
    constant,
    poly,
    product,
    substitute,
)
from derivations.reading.arrays import Indices
from derivations.reading.choices import require_no_wrap
from derivations.reading.extended import extended_sign, finite, is_infinite
from derivations.reading.reader import Array, Mask, Reader, kind_of
from derivations.reading.rules import made, rule


def _reduced(reader: Reader, a: Array, axes: tuple[int, ...], at: Indices, name: str = "k"):
    """Fresh indices for the reduced axes, and the entry at them."""
    names, values = reader.indices(tuple(a.shape[k] for k in axes), name)
    inner, outer = dict(zip(axes, values, strict=True)), iter(at)
    return names, a(*(inner[k] if k in inner else next(outer) for k in range(len(a.shape)))), values


@rule("reduce_sum")
def _sum(reader: Reader, equation: Any, a: Array) -> Array:
    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        return total(names, finite(p))

    return made(reader, equation, entries)


@rule("reduce_max", "reduce_min")
def _max(reader: Reader, equation: Any, a: Array) -> Array:
    flip = -1 if equation.primitive.name == "reduce_min" else 1

    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        if a.kind == "b":
            raise Undecided("the maximum of truth values")
        if is_infinite(p):
            return _masked_maximum(reader, names, p, flip)
        found = flip * largest(names, flip * p)
        if names and found != p:
            reader.assume("tie", p)
        return found

    return made(reader, equation, entries)


def _masked_maximum(reader: Reader, names: Any, p: Poly, flip: int) -> Poly:
    """The greatest of what a mask keeps; -∞ where it keeps nothing.

    An entry that is kept is greater than -∞, so where one is, the greatest is one that is kept.
    """
    masks = {a for m in p.terms for a, _ in m if a.head in BRACKETS}
    if not names or len(masks) != 1:
        raise Undecided("a maximum of infinities by more than one mask")
    (mask,) = masks
    parts = split(p, mask)
    keeps = not is_infinite(parts[0])
    kept = parts[0 if keeps else 1]
    if is_infinite(kept) or any(extended_sign(part) != -flip for part in parts if part is not kept):
        raise Undecided("a maximum of infinities of either sign")
    reader.assume("tie", kept)
    at = dict(zip(names, maximiser(names, flip * p), strict=True))
    inside = poly(mask) if keeps else ONE - mask
    if any(substitute(inside, here) == ONE for here in _samples(names, p)):
        return substitute(kept, at)
    there = substitute(inside, at)
    for bracket in atoms(there):
        if bracket.head in BRACKETS:
            reader.masks[bracket] = Mask(mask, frozenset(names), keeps)
    (own,) = {a for place in at.values() for a in atoms(place)} or (None,)
    if own is not None:
        reader.masked[own.args[1]] = there, kept
    return there * substitute(kept, at) - flip * (ONE - there) * INFINITY


def _samples(names: Any, p: Poly) -> list[dict[Any, Poly]]:
    """A few places at which a mask may be certain to keep an entry."""
    free = sorted(p.free.difference(names), key=lambda a: a.key)
    options = [
        [ZERO, i.args[1] - 1, *(poly(k) for k in free if k.args[1] == i.args[1])] for i in names
    ]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*options)]


@rule("argmax", "argmin")
def _argmax(reader: Reader, equation: Any, a: Array) -> Array:
    flip = -1 if equation.primitive.name == "argmin" else 1

    def entries(at: Indices) -> Poly:
        names, p, values = _reduced(reader, a, equation.params["axes"], at)
        finite(p)
        reader.assume("unique", p)
        (value,) = values
        found = substitute(value, dict(zip(names, maximiser(names, flip * p), strict=True)))
        return require_no_wrap(reader, found, equation.params["index_dtype"])

    return made(reader, equation, entries)


@rule("reduce_prod")
def _prod(reader: Reader, equation: Any, a: Array) -> Array:
    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        return _product(reader, names, p)

    return made(reader, equation, entries)


@rule("reduce_or", "reduce_and")
def _any(reader: Reader, equation: Any, a: Array) -> Array:
    """Of truth values; of integers they work bit by bit."""
    flipped = equation.primitive.name == "reduce_and"
    if a.kind != "b":
        raise Undecided(f"the primitive {equation.primitive.name} of integers")

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
        return total(names, before * finite(a(*at[:axis], k, *at[axis + 1 :])))

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
    """Π p, whose derivative is read as Π p Σ ∂p / p, off p = 0, for an axis of symbolic length."""
    finite(p)
    if constant(product(i.args[1] for i in names)) is None:
        reader.assume("meeting", p)
    return product_over(names, p)


@rule("dot_general")
def _dot(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    """Σ a b; of truth values whether any pair is true."""
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
    is_truth = kind_of(equation.outvars[0].aval.dtype) == "b"

    def entries(at: Indices) -> Poly:
        names, inner = reader.indices(tuple(a.shape[k] for k in left), "k")
        batch, rest = at[: len(left_batch)], list(at[len(left_batch) :])
        first = _placed(len(a.shape), left, inner, left_batch, batch, rest)
        second = _placed(len(b.shape), right, inner, right_batch, batch, rest)
        found = total(names, finite(a(*first)) * finite(b(*second)))
        return positive(found) if is_truth else found

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
            if not names:  # of one entry
                return a(*at)
            if len(names) != 1:
                raise Undecided("a sort of merged axes")
            key = keys(*at[:axis], k, *at[axis + 1 :])
            finite(key)
            if keys.kind == "f":
                reader.assume("unique" if len(operands) > 1 else "tie", key)
            return a(*at[:axis], order(names, key, at[axis]), *at[axis + 1 :])

        return Array(a.shape, a.kind, entries)

    return [sorted_(a) for a in operands]
