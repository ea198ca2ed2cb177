"""Points on the switches of a program, and near them: where an expression of its inputs is 0."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from derivations.algebra.numeric import Place, whole
from derivations.algebra.numeric import value as numeric
from derivations.algebra.terms import Atom, Poly, Undecided, everywhere, number, substitute
from derivations.proving.points import Point, drawn_point
from derivations.proving.problem import Problem, Traces, bar_names
from derivations.reading import Condition
from derivations.witness import MP, reals
from funcnet.contract import Between

SMALL = MP.mpf(10) ** -20
# points in general position, one of them between 0 and 1: easier numbers would meet other switches
DRAWS = (False, True, False)
GRID = 128
KINDS = ("boundary", "crossing", "nonzero", "positive", "unique")
FIRST_GUESSES = (0, 1, -1)
FAILURES = (ZeroDivisionError, ValueError, IndexError, KeyError, OverflowError, Undecided)
NEAR = tuple(Fraction(1, 2**k) for k in (1, 5, 10, 18, 24, 31))  # distances from a switch


@dataclass(frozen=True)
class Root:
    """A point on a switch, and the entry that crosses it."""

    point: Point
    name: str
    place: tuple[int, ...]

    def moved(self, problem: Problem, distance: Fraction) -> Point:
        """The point with that entry moved."""
        names = [a.name for a in problem.arrays]
        moved = [x.copy() for x in (*self.point.inputs, *self.point.cotangents)]
        names += bar_names(len(self.point.cotangents), problem)
        moved[names.index(self.name)][self.place] += distance
        count = len(self.point.inputs)
        return replace(self.point, inputs=tuple(moved[:count]), cotangents=tuple(moved[count:]))


def switches(condition: Condition) -> list[Poly]:
    """The expressions that are 0 where the condition fails."""
    p = condition.expression
    if isinstance(p, str) or condition.kind not in KINDS:
        return []
    if condition.kind != "unique":
        return [p]
    firsts = ((substitute(p, {i: number(k)}) for k in (0, 1)) for i in sorted(p.free, key=str))
    return [a - b for a, b in firsts]  # a tie of the first two


def roots(
    problem: Problem, traces: Traces, sizes: Mapping[str, int], p: Poly, draw: random.Random
) -> Iterator[Root]:
    """A few points at which p = 0, by changing one entry of a random point."""
    for unit in DRAWS:
        point = drawn_point(problem, traces, sizes, draw, simple=False, between_0_and_1=unit)
        inputs, bars = (tuple(map(_dyadic, xs)) for xs in (point.inputs, point.cotangents))
        point = replace(point, inputs=inputs, cotangents=bars)
        arrays = dict(zip((a.name for a in problem.arrays), inputs, strict=True))
        arrays |= dict(zip(bar_names(len(bars), problem), bars, strict=True))
        try:
            place = _placed(p, sizes, arrays, draw)
            for name, at in _entries(p, place):
                found = _solved(problem, p, place, name, at)
                if found is not None:
                    arrays[name][at] = found
                    yield Root(point, name, at)
                    break
        except FAILURES:
            continue


def _dyadic(array: np.ndarray) -> np.ndarray:
    """The entries rounded to few binary digits, so that sums and differences of them are exact."""
    if array.dtype != object:
        return array
    result = array.copy()
    for place, x in np.ndenumerate(array):
        result[place] = Fraction(round(x * GRID) or 1, GRID)
    return result


def _placed(
    p: Poly, sizes: Mapping[str, int], arrays: Mapping[str, np.ndarray], draw: random.Random
) -> Place:
    numbers = {name: x if x.dtype.kind == "i" else reals(x) for name, x in arrays.items()}
    place = Place(sizes, numbers, {})
    return place.at({i: draw.randrange(whole(i.args[1], place)) for i in sorted(p.free, key=str)})


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


def _solved(problem: Problem, p: Poly, place: Place, name: str, at: tuple) -> Fraction | None:
    """The value of one entry for which p = 0: a guess, or by a straight line."""

    def of(v: Any) -> Any:
        array = place.arrays[name].copy()
        array[at] = MP.mpf(v)
        return numeric(p, Place(place.sizes, {**place.arrays, name: array}, place.indices))

    others = (x for k, x in np.ndenumerate(place.arrays[name]) if k != at)
    for guess in (*FIRST_GUESSES, *others):
        try:
            if abs(of(guess)) < SMALL:
                return _admissible(problem, name, MP.mpf(guess))
        except FAILURES:
            continue
    low, middle, high = of(1), of(2), of(3)
    slope = middle - low
    if abs(slope) > SMALL and abs(high - middle - slope) < SMALL:
        return _admissible(problem, name, 1 - low / slope)
    shifted = 1 - low  # as for a floor, which has slope 1 on the whole
    return _admissible(problem, name, shifted) if abs(of(shifted)) < SMALL else None


def _admissible(problem: Problem, name: str, v: Any) -> Fraction | None:
    """The nearest number of double precision, if the argument may be that."""
    value = float(v)
    domains = (d for a in problem.arrays if a.name == name for d in a.domains)
    for d in domains:
        if isinstance(d, Between) and not d.low <= value <= d.high:
            return None
    return Fraction(value)


def points_near(
    problem: Problem,
    traces: Traces,
    sizes: Mapping[str, int],
    conditions: Iterable[Condition],
    draw: random.Random,
) -> Iterator[Point]:
    """Points on both sides of every switch, at several distances: mistakes in a narrow band."""
    for condition in conditions:
        for p in switches(condition):
            for root in roots(problem, traces, sizes, p, draw):
                for distance in NEAR:
                    yield root.moved(problem, distance)
                    yield root.moved(problem, -distance)
