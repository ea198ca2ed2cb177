"""Rules of the reader for entries that labels select: gather and scatter."""

from typing import Any

from derivations.algebra.brackets import clipped, delta, in_range
from derivations.algebra.ranges import certainly_below
from derivations.algebra.sums import total
from derivations.algebra.terms import (
    ONE,
    PERMUTATIONS,
    ZERO,
    Atom,
    Poly,
    Undecided,
    atoms,
    everywhere,
    is_integer,
    poly,
    product,
    single,
)
from derivations.reading.arrays import Indices
from derivations.reading.cases import by_condition
from derivations.reading.literals import literal
from derivations.reading.reader import Array, Reader
from derivations.reading.rules import made, rule


@rule("gather")
def _gather(reader: Reader, equation: Any, a: Array, where: Array) -> Array:
    numbers, sizes = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    filler = equation.params["fill_value"]
    is_filled = "FILL" in str(equation.params["mode"]) and filler is not None
    is_clipped = "CLIP" in str(equation.params["mode"])
    offset_axes = [k for k in range(len(a.shape)) if k not in _dropped(numbers)]
    shape = reader.shape(sizes)

    def entries(at: Indices) -> Poly:
        batch = [i for k, i in enumerate(at) if k not in numbers.offset_dims]
        place, inside = [ZERO] * len(a.shape), ONE
        for axis, k in zip(offset_axes, numbers.offset_dims, strict=True):
            place[axis] = at[k]
        for k, axis in enumerate(numbers.start_index_map):
            start = where(*batch, poly(k))
            if is_clipped:
                start = clipped(start, a.shape[axis] - shape[axis])
            elif not is_filled:
                _require_range(reader, start, a.shape[axis] - shape[axis] + 1)
            inside = inside * in_range(start, a.shape[axis] - shape[axis] + 1)
            place[axis] = place[axis] + start
        for axis, k in _batching(numbers):
            place[axis] = batch[k]
        if not is_filled or inside == ONE:
            return a(*place)
        return by_condition(inside, lambda: literal(reader, filler), lambda: a(*place))

    return made(reader, equation, entries)


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
    inside = in_range(start, n)
    if inside != ONE:
        reader.assume("holds", inside)


@rule("scatter-add", "scatter_add")
def _scatter_add(reader: Reader, equation: Any, a: Array, where: Array, new: Array) -> Array:
    numbers = equation.params["dimension_numbers"]
    window = [k for k in range(len(a.shape)) if k not in _scatter_dropped(numbers)]
    is_clipped = "CLIP" in str(equation.params["mode"])
    drops = "DROP" in str(equation.params["mode"]) and not window  # what lies outside hits nothing

    def entries(at: Indices) -> Poly:
        names, position = reader.indices(new.shape, "s")
        batch = [i for k, i in enumerate(position) if k not in numbers.update_window_dims]
        target, length = [ZERO] * len(a.shape), [ONE] * len(a.shape)
        for axis, k in zip(window, numbers.update_window_dims, strict=True):
            target[axis], length[axis] = position[k], new.shape[k]
        for k, axis in enumerate(numbers.scatter_dims_to_operand_dims):
            start = where(*batch, poly(k))
            if is_clipped:
                start = clipped(start, a.shape[axis] - length[axis])
            target[axis] = target[axis] + start
            if not (drops or is_clipped):
                _require_range(reader, start, a.shape[axis] - length[axis] + 1)
        for axis, k in _scatter_batching(numbers):
            target[axis] = batch[k]
        hit = product(delta(i - t) for i, t in zip(at, target, strict=True))
        return a(*at) + total(names, hit * new(*position))

    return made(reader, equation, entries)


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

    def entries(at: Indices) -> Poly:
        return by_condition(hit(*at), lambda: a(*at), lambda: put(*at))

    return made(reader, equation, entries)


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
