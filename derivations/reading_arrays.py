"""Rules of the reader for what moves or gathers entries.

Axes, slices, sums, products of matrices, labels.
"""

from typing import Any

from derivations.algebra.brackets import at_least, delta, in_range, positive
from derivations.algebra.functions import INFINITY, NAN
from derivations.algebra.orders import order
from derivations.algebra.ranges import at_least_zero, certainly_below, divided
from derivations.algebra.sums import largest, maximiser, product_over, total
from derivations.algebra.terms import (
    ONE,
    PERMUTATIONS,
    ZERO,
    Atom,
    Poly,
    Undecided,
    add,
    atoms,
    constant,
    everywhere,
    is_integer,
    number,
    poly,
    product,
    single,
    substitute,
)
from derivations.reading import Array, Reader, kind_of, literal, rule
from derivations.reading_values import chosen, require_no_wrap

Indices = tuple[Poly, ...]


def _made(reader: Reader, equation: Any, entries: Any) -> Array:
    out = equation.outvars[0].aval
    return Array(reader.shape(out.shape), kind_of(out.dtype), entries)


@rule("broadcast_in_dim")
def _broadcast(reader: Reader, equation: Any, a: Array, *_: Array) -> Array:
    places = equation.params["broadcast_dimensions"]

    def entries(at: Indices) -> Poly:
        return a(*(ZERO if n == ONE else at[k] for k, n in zip(places, a.shape, strict=True)))

    return _made(reader, equation, entries)


@rule("transpose")
def _transpose(reader: Reader, equation: Any, a: Array) -> Array:
    places = equation.params["permutation"]
    return _made(reader, equation, lambda at: a(*(at[places.index(k)] for k in range(len(at)))))


@rule("squeeze")
def _squeeze(reader: Reader, equation: Any, a: Array) -> Array:
    gone = {k % len(a.shape) for k in equation.params["dimensions"]}

    def entries(at: Indices) -> Poly:
        left = iter(at)
        return a(*(ZERO if k in gone else next(left) for k in range(len(a.shape))))

    return _made(reader, equation, entries)


@rule("expand_dims")
def _expand(reader: Reader, equation: Any, a: Array) -> Array:
    new = set(equation.params["dimensions"])
    return _made(reader, equation, lambda at: a(*(i for k, i in enumerate(at) if k not in new)))


@rule("reshape")
def _reshape(reader: Reader, equation: Any, a: Array, *_: Array) -> Array:
    shape = reader.shape(equation.outvars[0].aval.shape)

    def entries(at: Indices) -> Poly:
        flat = ZERO
        for i, n in zip(at, shape, strict=True):
            flat = flat * n + i
        return a(*_digits(flat, a.shape))

    return _made(reader, equation, entries)


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
    return _made(
        reader,
        equation,
        lambda at: a(*(i * k + s for i, k, s in zip(at, steps, starts, strict=True))),
    )


@rule("dynamic_slice")
def _dynamic_slice(reader: Reader, equation: Any, a: Array, *starts: Array) -> Array:
    shape = reader.shape(equation.outvars[0].aval.shape)

    def entries(at: Indices) -> Poly:
        first = [_clamped(s(), n - m) for s, n, m in zip(starts, a.shape, shape, strict=False)]
        return a(*(i + s for i, s in zip(at, first, strict=True)))

    return _made(reader, equation, entries)


@rule("dynamic_update_slice")
def _dynamic_update(reader: Reader, equation: Any, a: Array, new: Array, *starts: Array) -> Array:
    def entries(at: Indices) -> Poly:
        first = [_clamped(s(), n - m) for s, n, m in zip(starts, a.shape, new.shape, strict=True)]
        inner = tuple(i - s for i, s in zip(at, first, strict=True))
        inside = product(in_range(i, n) for i, n in zip(inner, new.shape, strict=True))
        return inside * new(*inner) + (ONE - inside) * a(*at)

    return _made(reader, equation, entries)


def _clamped(start: Poly, greatest: Poly) -> Poly:
    """A start that is certain to need no clamping, or certain to be clamped."""
    if greatest == ZERO or at_least_zero(-start):
        return ZERO
    if certainly_below(start, greatest + 1):
        return start
    if at_least_zero(start - greatest):
        return greatest
    raise Undecided("a slice whose start may lie outside")


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

    return _made(reader, equation, entries)


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

    return _made(reader, equation, entries)


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

    return _made(reader, equation, entries)


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

    return _made(reader, equation, entries)


@rule("unstack")
def _unstack(_: Reader, equation: Any, a: Array) -> list[Array]:
    axis = equation.params["axis"]

    def part(k: int) -> Array:
        shape = a.shape[:axis] + a.shape[axis + 1 :]
        return Array(shape, a.kind, lambda at: a(*at[:axis], number(k), *at[axis:]))

    return [part(k) for k in range(len(equation.outvars))]


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


@rule("iota")
def _iota(reader: Reader, equation: Any, *_: Array) -> Array:
    axis, dtype = equation.params["dimension"], equation.params["dtype"]
    size = reader.shape(equation.outvars[0].aval.shape)[axis]
    if kind_of(dtype) == "i":
        require_no_wrap(size - 1, dtype)
    return _made(reader, equation, lambda at: at[axis])


@rule("dim_as_value")
def _dim_as_value(reader: Reader, equation: Any, *_: Array) -> Array:
    value = reader.dim(equation.params["dim"])
    return _made(reader, equation, lambda _: value)


# --- reductions ---


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

    return _made(reader, equation, entries)


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

    return _made(reader, equation, entries)


@rule("argmax", "argmin")
def _argmax(reader: Reader, equation: Any, a: Array) -> Array:
    flip = -1 if equation.primitive.name == "argmin" else 1

    def entries(at: Indices) -> Poly:
        names, p, values = _reduced(reader, a, equation.params["axes"], at)
        reader.assume("unique", p)
        (value,) = values
        return substitute(value, dict(zip(names, maximiser(names, flip * p), strict=True)))

    return _made(reader, equation, entries)


@rule("reduce_prod")
def _prod(reader: Reader, equation: Any, a: Array) -> Array:
    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        return _product(reader, names, p)

    return _made(reader, equation, entries)


@rule("reduce_or", "reduce_and")
def _any(reader: Reader, equation: Any, a: Array) -> Array:
    flipped = equation.primitive.name == "reduce_and"

    def entries(at: Indices) -> Poly:
        names, p, _ = _reduced(reader, a, equation.params["axes"], at)
        some = positive(total(names, ONE - p if flipped else p))
        return ONE - some if flipped else some

    return _made(reader, equation, entries)


@rule("cumsum")
def _cumsum(reader: Reader, equation: Any, a: Array) -> Array:
    axis, backwards = equation.params["axis"], equation.params["reverse"]

    def entries(at: Indices) -> Poly:
        names, (k,) = reader.indices((a.shape[axis],), "k")
        before = at_least(k - at[axis] if backwards else at[axis] - k)
        return total(names, before * a(*at[:axis], k, *at[axis + 1 :]))

    return _made(reader, equation, entries)


@rule("cumprod")
def _cumprod(reader: Reader, equation: Any, a: Array) -> Array:
    axis, backwards = equation.params["axis"], equation.params["reverse"]

    def entries(at: Indices) -> Poly:
        names, (k,) = reader.indices((a.shape[axis],), "k")
        before = at_least(k - at[axis] if backwards else at[axis] - k)
        p = ONE + before * (a(*at[:axis], k, *at[axis + 1 :]) - 1)
        return _product(reader, names, p)

    return _made(reader, equation, entries)


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

    return _made(reader, equation, entries)


def _placed(rank: int, contracted: Any, inner: Any, batched: Any, batch: Any, rest: list) -> list:
    known = {**dict(zip(contracted, inner, strict=True)), **dict(zip(batched, batch, strict=True))}
    return [known[k] if k in known else rest.pop(0) for k in range(rank)]


# --- labels ---


@rule("gather")
def _gather(reader: Reader, equation: Any, a: Array, where: Array) -> Array:
    numbers, sizes = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    filler = equation.params["fill_value"]
    is_filled = "FILL" in str(equation.params["mode"]) and filler is not None
    offset_axes = [k for k in range(len(a.shape)) if k not in _dropped(numbers)]
    shape = reader.shape(sizes)

    def entries(at: Indices) -> Poly:
        batch = [i for k, i in enumerate(at) if k not in numbers.offset_dims]
        place, inside = [ZERO] * len(a.shape), ONE
        for axis, k in zip(offset_axes, numbers.offset_dims, strict=True):
            place[axis] = at[k]
        for k, axis in enumerate(numbers.start_index_map):
            start = where(*batch, poly(k))
            if not is_filled:
                _require_range(reader, start, a.shape[axis] - shape[axis] + 1)
            inside = inside * in_range(start, a.shape[axis] - shape[axis] + 1)
            place[axis] = place[axis] + start
        for axis, k in _batching(numbers):
            place[axis] = batch[k]
        if not is_filled or inside == ONE:
            return a(*place)
        return chosen(reader, inside, literal(reader, filler), a(*place))

    return _made(reader, equation, entries)


def _dropped(numbers: Any) -> set[int]:
    return {*numbers.collapsed_slice_dims, *getattr(numbers, "operand_batching_dims", ())}


def _batching(numbers: Any) -> list[tuple[int, int]]:
    pairs = (
        getattr(numbers, name, ())
        for name in ("operand_batching_dims", "start_indices_batching_dims")
    )
    return list(zip(*pairs, strict=True))


def _require_range(reader: Reader, start: Poly, n: Poly) -> None:
    """An index that lies inside for certain; of the caller's own integers that is a condition."""
    if certainly_below(start, n):
        return
    if not any(map(is_integer, everywhere(start))):
        raise Undecided("an index that may lie outside")
    reader.assume("in range", start)


@rule("scatter-add", "scatter_add")
def _scatter_add(reader: Reader, equation: Any, a: Array, where: Array, new: Array) -> Array:
    numbers = equation.params["dimension_numbers"]
    window = [k for k in range(len(a.shape)) if k not in _scatter_dropped(numbers)]
    drops = "DROP" in str(equation.params["mode"]) and not window  # what lies outside hits nothing

    def entries(at: Indices) -> Poly:
        names, position = reader.indices(new.shape, "s")
        batch = [i for k, i in enumerate(position) if k not in numbers.update_window_dims]
        target, length = [ZERO] * len(a.shape), [ONE] * len(a.shape)
        for axis, k in zip(window, numbers.update_window_dims, strict=True):
            target[axis], length[axis] = position[k], new.shape[k]
        for k, axis in enumerate(numbers.scatter_dims_to_operand_dims):
            start = where(*batch, poly(k))
            target[axis] = target[axis] + start
            if not drops:
                _require_range(reader, start, a.shape[axis] - length[axis] + 1)
        for axis, k in _scatter_batching(numbers):
            target[axis] = batch[k]
        hit = product(delta(i - t) for i, t in zip(at, target, strict=True))
        return a(*at) + total(names, hit * new(*position))

    return _made(reader, equation, entries)


@rule("scatter")
def _scatter(reader: Reader, equation: Any, a: Array, where: Array, new: Array) -> Array:
    """Entries overwritten; only by indices of which no two are certain to be the same."""
    _, position = reader.indices(new.shape, "s")
    numbers = equation.params["dimension_numbers"]
    batch = [i for k, i in enumerate(position) if k not in numbers.update_window_dims]
    if not _are_distinct(where, batch, len(numbers.scatter_dims_to_operand_dims)):
        raise Undecided("a scatter by indices of which two may be the same")
    zero = Array(a.shape, a.kind, lambda _: ZERO)
    ones = Array(new.shape, new.kind, lambda _: ONE)
    put, hit = (_scatter_add(reader, equation, zero, where, news) for news in (new, ones))
    return _made(reader, equation, lambda at: (ONE - hit(*at)) * a(*at) + put(*at))


def _are_distinct(where: Array, batch: list[Poly], coordinates: int) -> bool:
    """Whether different positions in the batch have different targets for certain.

    Each index of the batch has a coordinate of the target to itself, which it determines.
    """
    targets = [where(*batch, poly(k)) for k in range(coordinates)]
    indices = [single(i) for i in batch if i != ZERO]
    for index in indices:
        own = next((t for t in targets if index is not None and _is_injective(t, index)), None)
        if own is None or any(i in own.free for i in indices if i != index):
            return False
        targets.remove(own)
    return True


def _is_injective(p: Poly, index: Atom) -> bool:
    """An index itself, shifted or turned round, or a permutation of it."""
    rest = p - index
    if index not in rest.free or index not in (p + index).free:
        return True
    inner = [a for a in atoms(p) if index in a.free]
    own = inner[0] if len(inner) == 1 and inner[0].head in PERMUTATIONS else None
    return own is not None and own.args[2] == poly(index) and index not in own.args[1].free


def _scatter_dropped(numbers: Any) -> set[int]:
    return {*numbers.inserted_window_dims, *getattr(numbers, "operand_batching_dims", ())}


def _scatter_batching(numbers: Any) -> list[tuple[int, int]]:
    pairs = (
        getattr(numbers, name, ())
        for name in ("operand_batching_dims", "scatter_indices_batching_dims")
    )
    return list(zip(*pairs, strict=True))


__all__ = ["INFINITY", "NAN", "constant"]
