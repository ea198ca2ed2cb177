"""Rules of the reader for comparisons, choices and conversions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from derivations.algebra import functions as f
from derivations.algebra.brackets import (
    at_least,
    delta,
    meets_maximum,
    off_boundaries,
    positive,
    zero,
)
from derivations.algebra.ranges import at_least_zero, bounds, certainly_below
from derivations.algebra.terms import ONE, ZERO, Poly, Undecided, atoms, constant, number
from derivations.reading.cases import by_condition
from derivations.reading.domains import bracket_of, follows, is_certain
from derivations.reading.extended import extended
from derivations.reading.notes import DOMAIN, Condition, Guard, Notes, noted, pass_on
from derivations.reading.reader import Array, Reader, kind_of
from derivations.reading.rules import RULES, elementwise, made, rule

WIDE = 32  # bits


def _greater(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    if kind != "f":
        return at_least(a - b - 1)
    return reader.boundary(positive(a - b))


def _same(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    """[a = b]; of reals its boundaries are noted as meetings, and left out."""
    if kind == "b":
        return ONE - (a - b) * (a - b)
    if kind == "i":
        return delta(a - b)
    found = zero(a - b)
    for atom in atoms(found):
        if atom.head == "zero":
            reader.assume("meeting", atom.args[0])
    left = off_boundaries(found)
    return left if left != found else reader.boundary(found)


def _not_less(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    return at_least(a - b) if kind != "f" else ONE - _greater(reader, b, a, kind)


COMPARISONS = {
    "gt": _greater,
    "lt": lambda r, a, b, kind: _greater(r, b, a, kind),
    "ge": _not_less,
    "le": lambda r, a, b, kind: _not_less(r, b, a, kind),
    "eq": _same,
    "ne": _same,
}
# of ±∞ and 0 in place of finite numbers
WITH_INFINITY = {
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a == b,
}


def _comparison(name: str):
    """A comparison is false where a side is undefined, and then `ne` is true."""

    def apply(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
        def entry(at: tuple[Poly, ...]) -> Poly:
            sides, domain = [], ONE
            for side in (a, b):
                value, defined = where_defined(reader, side, at)
                sides.append(value)
                domain = domain * defined
            found = domain * _compared(reader, name, *sides, a.kind)
            return ONE - found if name == "ne" else found

        return made(reader, equation, entry)

    return apply


def _compared(reader: Reader, name: str, a: Poly, b: Poly, kind: str) -> Poly:
    def finite(p: Poly, q: Poly) -> Poly:
        return COMPARISONS[name](reader, p, q, kind)

    def infinite(p: Any, q: Any) -> Poly:
        p, q = (x if isinstance(x, float) else 0.0 for x in (p, q))
        return ONE if WITH_INFINITY[name](p, q) else ZERO

    if kind == "f" and name in ("eq", "ne"):  # a maximum is met at its maximiser, whatever it is
        weight = _met_maximum(reader, a - b)
        if weight is not None:
            return weight
    return extended(reader, finite, infinite, a, b)


def _met_maximum(reader: Reader, p: Poly) -> Poly | None:
    """Whether an entry is the greatest; where a mask keeps none, all are the greatest: -∞."""
    weight = meets_maximum(p)
    if weight is not None:
        return reader.boundary(weight)
    for summand, (there, kept) in reader.masked.items():
        weight = meets_maximum(p, frozenset({summand}))
        if weight is not None:
            reader.assume("unique", kept)
            return there * weight + (ONE - there)
    return None


def where_defined(reader: Reader, a: Array, at: tuple[Poly, ...]) -> tuple[Poly, Poly]:
    """An entry, and 1 where it is defined; what is not certain of that is part of the condition."""
    with noted() as notes:
        value = a(*at)
    domain, own = ONE, frozenset().union(*(i.free for i in at))
    for c in notes:
        if c.kind not in DOMAIN or isinstance(c.expression, str) or follows(c, reader.known):
            pass_on({c: None})
            continue
        if not c.expression.free.union(*(g.expression.free for g in c.guards)) <= own:
            raise Undecided("a comparison with a number that may be undefined")
        domain = domain * reader.boundary(bracket_of(c))
    return value, domain


RULES.update({name: _comparison(name) for name in COMPARISONS})

LOGIC = {
    "and": lambda _, a, b: a * b,
    "or": lambda _, a, b: a + b - a * b,
    "xor": lambda _, a, b: a + b - 2 * a * b,
    "not": lambda _, a: ONE - a,
}


def _logic(name: str):
    def apply(reader: Reader, equation: Any, *arrays: Array) -> Array:
        if any(array.kind != "b" for array in arrays):
            raise Undecided(f"the primitive {name} of integers")
        return elementwise(LOGIC[name])(reader, equation, *arrays)

    return apply


RULES.update({name: _logic(name) for name in LOGIC})


@rule("is_finite")
def _is_finite(reader: Reader, equation: Any, a: Array) -> Array:
    def entry(at: tuple[Poly, ...]) -> Poly:
        value, domain = where_defined(reader, a, at)
        return domain * extended(reader, lambda _: ONE, lambda _: ZERO, value)

    return made(reader, equation, entry)


@rule("select_n")
def _select(reader: Reader, equation: Any, which: Array, *cases: Array) -> Array:
    if which.kind == "i":
        return _select_by_number(reader, equation, which, *cases)

    def entry(at: tuple[Poly, ...]) -> Poly:
        with noted() as notes:
            condition = which(*at)
        pass_on(notes)
        met = [c for c in notes if c.kind == "meeting"] if len(notes) == 1 else []
        if condition in (ZERO, ONE):  # the other case is not looked at
            with noted() as inside:
                found = cases[0 if condition == ZERO else 1](*at)
            return _off(met, inside, found)
        return by_condition(condition, lambda: cases[0](*at), lambda: cases[1](*at))

    return made(reader, equation, entry)


def _off(met: Sequence[Condition], inside: Notes, found: Poly) -> Poly:
    """The branch that is taken where two numbers differ: what they need there is given."""
    guards = [Guard("nonzero", c.expression) for c in met if isinstance(c.expression, Poly)]
    for c in inside:
        narrowed = Condition(c.kind, c.expression, (*c.guards, *guards))
        if not (guards and is_certain(narrowed)):
            pass_on({c: None})
    return found


def _select_by_number(reader: Reader, equation: Any, which: Array, *cases: Array) -> Array:
    """The k-th case, for a number that is certain to be one of 0, 1, …: others are undefined."""

    def entry(at: tuple[Poly, ...]) -> Poly:
        k = which(*at)
        if not certainly_below(k, number(len(cases))):
            raise Undecided("a choice by a number that may be none of its cases")
        found = ZERO
        for place, branch in enumerate(cases):
            here = delta(k - place)
            if here:
                with noted() as notes:
                    value = branch(*at)
                pass_on(notes, Guard("holds", here))
                found = found + here * value
        return found

    return made(reader, equation, entry)


@rule("clamp")
def _clamp(reader: Reader, equation: Any, low: Array, x: Array, high: Array) -> Array:
    def entry(r: Reader, lo: Poly, p: Poly, hi: Poly) -> Poly:
        if x.kind == "i":
            p = lo + (p - lo) * at_least(p - lo)
            return hi + (p - hi) * at_least(hi - p)
        return r.boundary(f.minimum(r.boundary(f.maximum(p, lo)), hi))

    return elementwise(entry)(reader, equation, low, x, high)


@rule("convert_element_type")
def _convert(reader: Reader, equation: Any, a: Array) -> Array:
    to = kind_of(equation.params["new_dtype"])
    if a.kind == "f" and to == "i":
        raise Undecided("a conversion of floats to integers")
    if to == "b" and a.kind != "b":
        return elementwise(lambda r, p: ONE - _same(r, p, ZERO, a.kind))(reader, equation, a)
    if a.kind == "i" and to == "i":
        dtype = equation.params["new_dtype"]
        return elementwise(lambda r, p: require_no_wrap(r, p, dtype))(reader, equation, a)
    return elementwise(lambda _, p: p)(reader, equation, a)


def require_no_wrap(reader: Reader, p: Poly, dtype: Any) -> Poly:
    """An integer that is certain to fit; sizes are taken to fit in 32 bits, and so do indices."""
    info = np.iinfo(dtype)
    reader.fits(p, dtype)
    limits = bounds(p) if info.min == 0 or info.bits < WIDE else None
    if info.min == 0 and (limits is None or not at_least_zero(limits[0])):
        raise Undecided(f"a conversion to {info.dtype}, which may wrap around")
    most = constant(limits[1]) if limits is not None else None
    if info.bits < WIDE and (most is None or most > info.max):
        raise Undecided(f"a conversion to {info.dtype}, which may wrap around")
    return p
