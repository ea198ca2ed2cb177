"""Rules of the reader for comparisons, choices and conversions."""

from typing import Any

import numpy as np

from derivations.algebra import functions as f
from derivations.algebra.brackets import at_least, delta, off_boundaries, positive, zero
from derivations.algebra.ranges import at_least_zero, bounds
from derivations.algebra.terms import ONE, ZERO, Poly, Undecided, constant
from derivations.reading.reader import Array, Reader, kind_of
from derivations.reading.rules import RULES, elementwise, rule

WIDE = 32  # bits


def _greater(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    if kind != "f":
        return at_least(a - b - 1)
    if f.is_undefined(a) or f.is_undefined(b):
        return _against_infinity(reader, a, b)
    return reader.boundary(positive(a - b))


def _against_infinity(reader: Reader, a: Poly, b: Poly) -> Poly:
    finite = [p for p in (a, b) if not f.is_undefined(p)]
    if len(finite) != 1 or f.NAN in (a, b):
        raise Undecided("a comparison of infinities or nan")
    reader.assume("finite", finite[0])
    return ONE if a == f.INFINITY or b == -f.INFINITY else ZERO


def _same(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    if kind == "b":
        return ONE - (a - b) * (a - b)
    if kind == "i":
        return delta(a - b)
    if f.is_undefined(a) or f.is_undefined(b):
        reader.assume("finite", b if f.is_undefined(a) else a)
        return ONE if a == b and a != f.NAN else ZERO
    return off_boundaries(reader.boundary(zero(a - b)))  # the boundaries are noted


def _not_less(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    return at_least(a - b) if kind != "f" else ONE - _greater(reader, b, a, kind)


COMPARISONS = {
    "gt": _greater,
    "lt": lambda r, a, b, kind: _greater(r, b, a, kind),
    "ge": _not_less,
    "le": lambda r, a, b, kind: _not_less(r, b, a, kind),
    "eq": _same,
    "ne": lambda r, a, b, kind: ONE - _same(r, a, b, kind),
}


def _comparison(name: str):
    def apply(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
        entry = elementwise(lambda r, p, q: COMPARISONS[name](r, p, q, a.kind))
        return entry(reader, equation, a, b)

    return apply


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
    def entry(r: Reader, p: Poly) -> Poly:
        if f.is_undefined(p):
            return ZERO
        r.assume("finite", p)
        return ONE

    return elementwise(entry)(reader, equation, a)


@rule("select_n")
def _select(reader: Reader, equation: Any, which: Array, *cases: Array) -> Array:
    if len(cases) != 2:
        raise Undecided("a choice among more than two")

    def entry(at: tuple[Poly, ...]) -> Poly:
        condition = which(*at)
        if condition in (ZERO, ONE):  # the other case is not looked at
            return cases[0 if condition == ZERO else 1](*at)
        with reader.one_case():
            no, yes = cases[0](*at), cases[1](*at)
        return chosen(reader, condition, no, yes)

    out = equation.outvars[0].aval
    return Array(reader.shape(out.shape), kind_of(out.dtype), entry)


def chosen(reader: Reader, condition: Poly, no: Poly, yes: Poly) -> Poly:
    """Yes where the condition holds, else no.

    A branch that is nan by intent is a condition on the other one.
    """
    if no == f.NAN:
        reader.assume("holds", condition)
        return yes
    if yes == f.NAN:
        reader.assume("holds", ONE - condition)
        return no
    return condition * yes + (ONE - condition) * no


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
        return elementwise(lambda _, p: require_no_wrap(p, dtype))(reader, equation, a)
    return elementwise(lambda _, p: p)(reader, equation, a)


def require_no_wrap(p: Poly, dtype: Any) -> Poly:
    """An integer that is certain to fit; sizes are taken to fit in 32 bits, and so do indices."""
    info = np.iinfo(dtype)
    limits = bounds(p) if info.min == 0 or info.bits < WIDE else None
    if info.min == 0 and (limits is None or not at_least_zero(limits[0])):
        raise Undecided(f"a conversion to {info.dtype}, which may wrap around")
    most = constant(limits[1]) if limits is not None else None
    if info.bits < WIDE and (most is None or most > info.max):
        raise Undecided(f"a conversion to {info.dtype}, which may wrap around")
    return p
