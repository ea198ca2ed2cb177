"""Every primitive that is read, at every entry, against the evaluator, which is held against JAX.

Programs are read at small sizes; an entry is worked out by the algebra's own evaluator. Where a
condition that came with it fails, or the point lies on one of its switches, it says nothing.
"""

import jax
import numpy as np
import pytest
from table import ROWS

from derivations.algebra.numeric import Place, value
from derivations.algebra.terms import Undecided, entry, number
from derivations.reading import Array, Reader, note_axes, noted, read
from derivations.reading.domains import case
from derivations.reading.reader import kind_of
from derivations.reading.rules import RULES
from derivations.witness import MP, reals, run

NEAR = 1e-9
SIDES = {  # what a condition says of the value of its expression
    "positive": lambda v: v > NEAR,
    "nonneg": lambda v: v > NEAR,
    "holds": lambda v: v > NEAR,
    "no integer": lambda v: abs(v - round(v)) > NEAR,
    "off poles": lambda v: v > NEAR or abs(v - round(v)) > NEAR,
}
FAILURES = (ValueError, ZeroDivisionError, OverflowError)


def is_plain(x):
    """Finite, and an integer that an argument can be."""
    return (np.isfinite(x) if x.dtype.kind == "f" else np.abs(x.astype(float)) < 2**31).all()


def rounds(r):
    """Whether it is there for the digits that a narrower type loses."""
    return r.name == "convert_element_type" and not r.is_smooth


PLAIN = [r for r in ROWS if all(map(is_plain, r.args)) and not rounds(r)]
NAMES = sorted({r.name for r in PLAIN} & set(RULES) - {"while"})


def holds(condition, place):
    p = condition.expression
    if isinstance(p, str) or p.free or not value(case(condition.guards), place):
        return True
    if condition.kind.startswith("fits in"):
        limits = np.iinfo(condition.kind.removeprefix("fits in "))
        return limits.min <= value(p, place) <= limits.max
    return SIDES.get(condition.kind, lambda v: abs(v) > NEAR)(value(p, place))


def as_read(r):
    """The outputs of a row as the reader has them and as the evaluator has them, and the point."""
    with jax.enable_x64(True):
        program = jax.make_jaxpr(lambda *a: jax.tree.leaves(r.program(*a)))(*r.args)
    reader, given, arrays = Reader(), [], {}
    for k, x in enumerate(r.args):
        name, kind = f"x{k}", kind_of(x.dtype)
        arrays[name] = reals(x) if kind == "f" else np.asarray(x, int)
        sign = "" if kind == "f" else "integer"
        entries = lambda at, n=name, s=sign: entry(n, *at, sign=s)  # noqa: E731
        given.append(Array(tuple(map(number, x.shape)), kind, entries))
    note_axes(reader, program)
    point = [reals(x) if x.dtype.kind == "f" else x for x in r.args]
    outputs, _ = run(program, point, [None] * len(point))
    expected = [x.value if x.is_float else reals(x.value.astype(int)) for x in outputs]
    return read(reader, program, given), expected, Place({}, arrays, {})


def told(r):
    """Pairs of an entry as it is read and as it is evaluated, where the reader says something."""
    try:
        found, expected, place = as_read(r)
    except Undecided:
        return
    for mine, theirs in zip(found, expected, strict=True):
        for at in np.ndindex(theirs.shape):
            try:
                with noted() as notes:
                    p = mine(*map(number, at))
                if not MP.isnan(theirs[at]) and all(holds(c, place) for c in notes):
                    yield value(p, place), theirs[at]
            except (Undecided, *FAILURES):
                continue


def is_near(a, b):
    return a == b or (MP.isfinite(b) and abs(a - b) <= 1e-12 * (1 + abs(b)))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_what_runs(name):
    pairs = [pair for r in PLAIN if r.name == name for pair in told(r)]

    assert pairs
    assert [pair for pair in pairs if not is_near(*pair)] == []
