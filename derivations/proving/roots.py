"""Points on the switches of a program: where an expression of its inputs is 0."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from derivations.algebra.numeric import Place, whole
from derivations.algebra.numeric import value as numeric
from derivations.algebra.terms import Atom, Poly, Undecided, everywhere, number, substitute
from derivations.limits import ZERO_OF_GAP
from derivations.proving.points import GRID, Layout, Point, generic, structured
from derivations.reading import Condition
from derivations.reading.domains import case
from derivations.witness import MP, reals

SMALL = MP.mpf(ZERO_OF_GAP)
TIES = ("unique", "tie")
KINDS = ("boundary", "crossing", "meeting", "edge", "nonzero", "positive", "nonneg", *TIES)
FIRST_GUESSES = (0, 1, -1)
FAILURES = (ZeroDivisionError, ValueError, IndexError, KeyError, OverflowError, Undecided)
MOST_BELOW = 80  # points at which the sign of an expression is looked at


@dataclass(frozen=True)
class Root:
    """A point on a switch, and an entry that crosses it."""

    point: Point
    name: str
    place: tuple[int, ...]


def switches(condition: Condition) -> list[Poly]:
    """The expressions that are 0 where the condition fails, or begins to."""
    p = condition.expression
    if isinstance(p, str) or condition.kind not in KINDS:
        return []
    if condition.kind not in TIES:
        return [p]
    firsts = ((substitute(p, {i: number(k)}) for k in (0, 1)) for i in sorted(p.free, key=str))
    return [a - b for a, b in firsts]  # a tie of the first two


def roots(layout: Layout, condition: Condition, draw: random.Random) -> Iterator[Root]:
    """Points at which the condition fails: one entry changed, or whole arrays 0, equal, tied."""
    for p in switches(condition):
        for row in _bases(layout, draw):
            found = _by_one_entry(layout, p, row, condition, draw)
            if found is not None:
                yield found
        yield from _structured(layout, p, condition, draw)


def below(layout: Layout, condition: Condition, draw: random.Random) -> Iterator[Point]:
    """Points at which an expression that should not be negative is."""
    rows = structured(layout, np.random.default_rng(draw.randrange(2**32)))
    for row in rows[:MOST_BELOW]:
        try:
            place = _placed(layout, condition.expression, row, draw)
            if numeric(condition.expression, place) < -SMALL and _is_needed(condition, place):
                yield layout.point(row)
        except FAILURES:
            continue


def _bases(layout: Layout, draw: random.Random) -> np.ndarray:
    """Random points, of which sums and differences are exact; one of them between 0 and 1."""
    rows = generic(layout, np.random.default_rng(draw.randrange(2**32)), 3)
    rows[1] = np.round(np.abs(rows[1]) / (1 + np.abs(rows[1])) * GRID) / GRID
    return layout.admitted(rows)


def _placed(layout: Layout, p: Poly, row: np.ndarray, draw: random.Random) -> Place:
    point = layout.point(row)
    arrays = dict(
        zip((n for n, _ in layout.shapes), (*point.cotangents, *point.inputs), strict=True)
    )
    numbers = {name: x if x.dtype.kind == "i" else reals(x) for name, x in arrays.items()}
    place = Place(layout.sizes, numbers, {})
    return place.at({i: draw.randrange(whole(i.args[1], place)) for i in sorted(p.free, key=str)})


def _is_needed(condition: Condition, place: Place) -> bool:
    """Whether the point lies in the case in which the condition is needed."""
    try:
        return bool(numeric(case(condition.guards), place))
    except FAILURES:
        return False


def _by_one_entry(
    layout: Layout, p: Poly, row: np.ndarray, condition: Condition, draw: random.Random
) -> Root | None:
    try:
        place = _placed(layout, p, row, draw)
        for name, at in _entries(p, place):
            found = _solved(layout, p, place, name, at)
            if found is not None:
                moved = row.copy()
                moved[_position(layout, name, at)] = float(found)
                here = _with(place, name, at, found)
                if _is_needed(condition, here):
                    return Root(layout.point(moved), name, at)
    except FAILURES:
        pass
    return None


def _position(layout: Layout, name: str, at: tuple[int, ...]) -> int:
    """Where an entry stands in a row."""
    for (n, shape), s in zip(layout.shapes, layout.slices, strict=True):
        if n == name:
            return s.start + (int(np.ravel_multi_index(at, shape)) if shape else 0)
    raise KeyError(name)


def _structured(
    layout: Layout, p: Poly, condition: Condition, draw: random.Random
) -> Iterator[Root]:
    rows = structured(layout, np.random.default_rng(draw.randrange(2**32)))
    found = 0
    for row in rows[56:][:200]:
        if found == 3:
            return
        try:
            place = _placed(layout, p, row, draw)
            if abs(numeric(p, place)) < SMALL and _is_needed(condition, place):
                name, at = next(iter(_entries(p, place)))
                found += 1
                yield Root(layout.point(row), name, at)
        except (*FAILURES, StopIteration):
            continue


def _entries(p: Poly, place: Place) -> list[tuple[str, tuple[int, ...]]]:
    """The entries of real arrays that occur in p, those with indices first."""
    found = {}
    for atom in sorted(everywhere(p), key=lambda a: (-len(a.args), a.key)):
        if atom.head == "entry" and place.arrays[atom.args[0]].dtype.kind != "i":
            at = place.at(dict.fromkeys(_bound_in(atom, place), 0))
            found[atom.args[0], tuple(whole(i, at) for i in atom.args[3:])] = None
    return list(found)


def _bound_in(atom: Atom, place: Place) -> Iterable[Atom]:
    return (i for i in atom.free if i not in place.indices)


def _with(place: Place, name: str, at: tuple[int, ...], v: Any) -> Place:
    array = place.arrays[name].copy()
    array[at] = reals(np.asarray(v))[()]
    arrays: Mapping = {**place.arrays, name: array}
    return Place(place.sizes, arrays, place.indices)


def _solved(layout: Layout, p: Poly, place: Place, name: str, at: tuple) -> Fraction | None:
    """The value of one entry for which p = 0: a guess, or by a straight line."""

    def of(v: Any) -> Any:
        array = place.arrays[name].copy()
        array[at] = MP.mpf(v)
        return numeric(p, Place(place.sizes, {**place.arrays, name: array}, place.indices))

    others = (x for k, x in np.ndenumerate(place.arrays[name]) if k != at)
    for guess in (*FIRST_GUESSES, *others):
        try:
            if abs(of(guess)) < SMALL:
                return _admissible(layout, name, MP.mpf(guess))
        except FAILURES:
            continue
    low, middle, high = of(1), of(2), of(3)
    slope = middle - low
    if abs(slope) > SMALL and abs(high - middle - slope) < SMALL:
        return _admissible(layout, name, 1 - low / slope)
    shifted = 1 - low  # as for a floor, which has slope 1 on the whole
    return _admissible(layout, name, shifted) if abs(of(shifted)) < SMALL else None


def _admissible(layout: Layout, name: str, v: Any) -> Fraction | None:
    """The nearest number of double precision, if the argument may be that."""
    value, row = float(v), np.zeros((1, layout.width))
    part = next(s for s, (n, _) in zip(layout.slices, layout.shapes, strict=True) if n == name)
    row[:, part] = value
    if layout.problem.sums and name in dict(layout.problem.sums):
        return None
    return Fraction(value) if (layout.admitted(row)[:, part] == value).all() else None
