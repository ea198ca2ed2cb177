"""Every primitive of the evaluator against JAX in double precision, and every slope."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from table import ROWS, P, X, Y

from derivations.proving.by_numpy import program
from derivations.proving.machine import run_inlined
from derivations.reading import rules as reading
from derivations.witness import MP, Number, as_array, reals, run
from derivations.witness.numbers import Surroundings
from derivations.witness.rules import RULES

TINY = 1e-290  # XLA takes denormals for 0


@pytest.fixture(scope="module")
def results():
    """All rows in one program of JAX."""

    def program(given):
        return [jax.tree.leaves(r.program(*args)) for r, args in zip(ROWS, given, strict=True)]

    with jax.enable_x64(True):
        found = jax.jit(program)([r.args for r in ROWS])
    return {id(r): [np.asarray(x) for x in leaves] for r, leaves in zip(ROWS, found, strict=True)}


def program_of(r):
    with jax.enable_x64(True):
        return jax.make_jaxpr(lambda *a: jax.tree.leaves(r.program(*a)))(*r.args)


def entering(x):
    return reals(x) if x.dtype.kind == "f" else x


def primitives(jaxpr):
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                if hasattr(inner, "eqns") or hasattr(inner, "jaxpr"):
                    yield from primitives(getattr(inner, "jaxpr", inner))


def misses(found, expected, is_close=0.0):
    """Where two arrays differ, and how; nothing where they agree."""
    if found.shape != expected.shape or (
        expected.dtype.kind in "iub" and found.dtype != expected.dtype
    ):
        return f"{found.dtype}{found.shape} for {expected.dtype}{expected.shape}"
    pairs = zip(np.ndindex(expected.shape), found.reshape(-1), expected.reshape(-1), strict=True)
    return [(at, x, y) for at, x, y in pairs if not is_same(_double(x), y, is_close)]


def is_same(x, y, is_close):
    if np.isnan(y) or np.isinf(y):
        return x == y or (np.isnan(x) and np.isnan(y))
    return abs(x - float(y)) <= is_close * abs(y) + TINY if isinstance(x, float) else x == y


def _double(x):
    if isinstance(x, np.generic):
        return x
    try:
        return float(x)
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")


@pytest.mark.parametrize("r", ROWS, ids=[f"{k}-{r.name}" for k, r in enumerate(ROWS)])
def test_values(r, results):
    program = program_of(r)
    assert r.name in set(primitives(program.jaxpr))
    found, _ = run(program, [entering(x) for x in r.args], [None] * len(r.args))
    for mine, theirs in zip(found, results[id(r)], strict=True):
        assert not misses(mine.value, theirs, r.is_close)


def by_numpy(r):
    """The program, its inner calls written out, as NumPy runs it; None if it is not asked."""
    closed = program_of(r)
    with jax.enable_x64(True):
        return program(jax.make_jaxpr(lambda *a: run_inlined(closed, a, []))(*r.args))


BY_NUMPY = [r for r in ROWS if by_numpy(r) is not None]


@pytest.mark.parametrize("r", BY_NUMPY, ids=[f"{k}-{r.name}" for k, r in enumerate(BY_NUMPY)])
def test_values_by_numpy(r, results):
    """The quick look around rounds as it likes, but finds the numbers that JAX finds."""
    found = by_numpy(r)(*r.args)
    for mine, theirs in zip(found, results[id(r)], strict=True):
        assert not misses(mine, theirs, max(r.is_close, 1e-13))


def test_numpy_is_asked_for_most():
    assert len(BY_NUMPY) > 100


def is_plain(r):
    floats = [x for x in r.args if x.dtype.kind == "f"]
    return r.is_smooth and floats and all((np.abs(x) < 1e6).all() for x in floats)


SMOOTH = [r for r in ROWS if is_plain(r)]


@pytest.mark.parametrize("r", SMOOTH, ids=[f"{k}-{r.name}" for k, r in enumerate(SMOOTH)])
def test_slopes(r):
    program, step = program_of(r), MP.mpf(10) ** -12
    args = [entering(x) for x in r.args]
    ways = [
        as_array(reals(np.cos(np.arange(x.size) * 1.7 + k + 1).reshape(x.shape)))
        if x.dtype == object
        else None
        for k, x in enumerate(args)
    ]
    found, near = run(program, args, ways)
    sides = [
        run(
            program,
            [x if t is None else as_array(x + t * s) for x, t in zip(args, ways, strict=True)],
            [None] * len(args),
        )[0]
        for s in (-step, step)
    ]
    assert not near
    for mine, before, after in zip(found, *sides, strict=True):
        if mine.value.dtype == object:
            tangents = reals(np.zeros(mine.value.shape)) if mine.tangent is None else mine.tangent
            for t, low, high in zip(
                tangents.reshape(-1), before.value.reshape(-1), after.value.reshape(-1), strict=True
            ):
                if not MP.isfinite(low):
                    continue
                slope = (high - low) / (2 * step)
                assert abs(t - slope) <= 1e-12 * (1 + abs(slope)), (t, slope)


ELSEWHERE = {  # of other versions of JAX, by what they are called with
    "expand_dims": ({"dimensions": (0, 2)}, [X], X[None, :, None]),
    "log2": ({}, [P], np.log2(P)),
    "one_minus_square": ({}, [X], 1 - X**2),
    "polynomial": ({}, [X, Y, P], Y + P * X),
    "stack": ({"axis": 1}, [X, Y], np.stack([X, Y], 1)),
    "dim_as_value": ({"dim": 3}, [], np.int64(3)),
    "empty": ({}, [], np.zeros((2, 3))),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_primitives_of_other_versions(name):
    params, args, expected = ELSEWHERE[name]
    aval = SimpleNamespace(dtype=expected.dtype, shape=expected.shape)
    equation = SimpleNamespace(params=params, outvars=[SimpleNamespace(aval=aval)])
    found = RULES[name](Surroundings(), equation, *(Number(reals(x)) for x in args))
    assert not misses(found.value, expected, 1e-14)


@pytest.mark.parametrize("name", ["log2", "one_minus_square", "polynomial"])
def test_slopes_of_other_versions(name):
    params, args, expected = ELSEWHERE[name]
    aval = SimpleNamespace(dtype=expected.dtype, shape=expected.shape)
    equation = SimpleNamespace(params=params, outvars=[SimpleNamespace(aval=aval)])
    step = MP.mpf(10) ** -12

    def at(side):
        numbers = (Number(reals(x) + side * step, reals(np.ones(x.shape))) for x in args)
        return RULES[name](Surroundings(), equation, *numbers)

    gaps = at(0).tangent - (at(1).value - at(-1).value) / (2 * step)
    assert max(abs(gap) for gap in gaps.reshape(-1)) < 1e-12


def test_unstack():
    equation = SimpleNamespace(params={"axis": 1})
    found = RULES["unstack"](Surroundings(), equation, Number(reals(X)))
    assert [not misses(x.value, X[:, k]) for k, x in enumerate(found)] == [True] * 3


UNSEEN = {"debug_callback", "debug_print", "unstack"}  # tested without a value


def test_each_rule_has_a_row():
    """Rules of other versions of JAX, under other names, are the same functions."""
    names = {r.name for r in ROWS} | set(ELSEWHERE) | UNSEEN | {"complex"}
    tested = {RULES[name] for name in names}
    assert [name for name, rule in RULES.items() if rule not in tested] == []


def test_what_is_read_is_evaluated():
    assert set(reading.RULES) - set(RULES) == set()
