"""One rule is replaced by a wrong one: no wrong op may be PROVED by it, no right one REFUTED."""

import sys

import jax.numpy as jnp
import pytest

import derivations.reading
import derivations.witness  # noqa: F401 (both fill their dicts of rules)
from derivations.algebra import brackets, calculus, decide, functions, orders, ranges, regions, sums
from derivations.algebra.terms import ONE, ZERO
from derivations.proving.proof import prove
from derivations.reading.rules import RULES as READ
from derivations.witness.rules import RULES as RUN

from .cases import entrywise, rule, square, square_but_where, square_times
from .faults import FAULTS
from .faults_of_arrays import FAULTS_OF_ARRAYS
from .judging import run_script

pytestmark = pytest.mark.slow

ALL = [*FAULTS, *FAULTS_OF_ARRAYS]
IDS = [f"{k} {fault.primitive}" for k, fault in enumerate(ALL)]
ENGINES = {"reader": (READ,), "evaluator": (RUN,), "both": (READ, RUN)}


def replace(monkeypatch, fault, engine):
    for rules in ENGINES[engine]:
        monkeypatch.setitem(rules, fault.primitive, fault.misread(dict(rules)))


@pytest.mark.parametrize("fault", ALL, ids=IDS)
@pytest.mark.parametrize("engine", ["reader", "both"])
def test_what_looks_right_by_a_misreading_is_not_proved(monkeypatch, fault, engine):
    """The other engine is the guard, and where both misread alike the code itself."""
    replace(monkeypatch, fault, engine)

    assert prove(fault.wrong, *fault.sizes).verdict != "PROVED"


@pytest.mark.parametrize("fault", ALL, ids=IDS)
def test_without_the_fault_the_wrong_op_is_refuted(fault):
    proof = prove(fault.wrong, *fault.sizes)

    assert proof.verdict == "REFUTED"
    assert run_script(proof.witness.script, fault.wrong)


# --- the algebra ---


def replace_everywhere(monkeypatch, function, wrong):
    """In every module of the package that has taken the function by its name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("derivations"):
            for title, value in list(vars(module).items()):
                if value is function:
                    monkeypatch.setattr(module, title, wrong)


def _times_one_of(x):
    return (x - 3) / (x - 3)


WRONG_ANYWHERE = {
    "a sign": entrywise(jnp.cosh, lambda x: -jnp.sinh(x)),
    "far out": square_but_where(lambda x: x > 1e5),
    "at a point": square_but_where(lambda x: x == 3.0),
    "at ties": square_but_where(lambda x: (x == x.max()).sum() > 1),
    "undefined at a point": square_times(_times_one_of),
    "undefined on a half": entrywise(square, lambda x: 2 * (jnp.sqrt(x + 50) ** 2 - 50)),
    "for huge cotangents": rule(jnp.sin, lambda g, x: (jnp.clip(g, -1e6, 1e6) * jnp.cos(x),)),
}
ALGEBRA = {
    "every difference is 0": (decide.is_zero, lambda p: True),
    "all are equal": (decide.equal, lambda a, b: True),
    "every sign is positive": (ranges.sign, lambda p: ranges.POSITIVE),
    "all are at least 0": (ranges.at_least_zero, lambda p: True),
    "nothing vanishes": (regions.may_vanish, lambda p: False),
    "nothing has steps": (regions.has_steps, lambda p: False),
    "every bracket holds": (brackets.positive, lambda p: ONE),
    "nothing is equal to a number": (brackets.zero, lambda p: ZERO),
    "every derivative is 0": (calculus.derivative, lambda p, name, at: ZERO),
    "every index is below the size": (ranges.certainly_below, lambda p, n: True),
    "every number is whole": (ranges.is_whole, lambda p: True),
}


@pytest.mark.parametrize("fault", ALGEBRA)
def test_a_wrong_algebra_proves_nothing_wrong(monkeypatch, fault):
    function, wrong = ALGEBRA[fault]
    replace_everywhere(monkeypatch, function, wrong)
    proved = [name for name, op in WRONG_ANYWHERE.items() if prove(op, "n").verdict == "PROVED"]

    assert not proved, f"PROVED with {fault}: {', '.join(proved)}"


FORMULAS = {
    "|x| is x": (functions.absolute, lambda p: p, jnp.abs, jnp.ones_like),
    "sign x is 1": (functions.sign_of, lambda p: ONE, lambda x: x * jnp.sign(x), jnp.ones_like),
    "tanh x is x": (functions.tanh, lambda p: p, jnp.tanh, jnp.ones_like),
    "sinh x is x": (functions.sinh, lambda p: p, jnp.sinh, jnp.ones_like),
    "max(a, b) is a": (
        functions.maximum,
        lambda a, b: a,
        lambda x: jnp.maximum(x, 0),
        jnp.ones_like,
    ),
    "min(a, b) is a": (
        functions.minimum,
        lambda a, b: a,
        lambda x: jnp.minimum(x, 0),
        jnp.ones_like,
    ),
    "[p > 0] is 1": (
        brackets.positive,
        lambda p: ONE,
        lambda x: jnp.where(x > 0, x, 3 * x),
        jnp.ones_like,
    ),
    "a derivative is 0": (calculus.derivative, lambda p, name, at: ZERO, jnp.sin, jnp.zeros_like),
    "a sum is 0": (
        sums.total,
        lambda indices, p: ZERO,
        lambda x: x / (1 + (x * x).sum()),
        jnp.ones_like,
    ),
    "a sorted vector is the vector": (
        orders.order,
        lambda indices, keys, at: at,
        lambda x: jnp.sort(x),
        jnp.ones_like,
    ),
    "a power is a product": (
        functions.symbolic_power,
        lambda p, q: p * q,
        lambda x: 2.0**x,
        lambda x: 2 + 0 * x,
    ),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_wrong_formula_proves_nothing_wrong(monkeypatch, formula):
    function, wrong, definition, slope = FORMULAS[formula]
    replace_everywhere(monkeypatch, function, wrong)

    assert prove(entrywise(lambda x: definition(x), slope), "n").verdict != "PROVED"
