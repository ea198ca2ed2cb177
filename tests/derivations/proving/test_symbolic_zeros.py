"""Rules that are told which arguments are differentiated are judged for each choice of them."""

import jax
import jax.numpy as jnp
import pytest
from jax.custom_derivatives import SymbolicZero

from derivations.proving.proof import prove
from derivations.proving.ranks import problems
from tests.scripts import assert_prints_its_headline


def told(definition, forward, backward):
    op = jax.custom_vjp(definition)
    op.defvjp(forward, backward, symbolic_zeros=True)
    return op


def multiplied(x, y):
    return x * y


def keeping(x, y):
    return x.value * y.value, (x.value, y.value, x.perturbed, y.perturbed)


def lazy(residuals, g):
    x, y, needs_x, needs_y = residuals
    return g * y if needs_x else None, g * x if needs_y else None


def wrong_alone(residuals, g):
    x, y, _, needs_y = residuals
    return g * y * (1 if needs_y else 2), g * x


def value_wrong_alone(x, y):
    return x.value * y.value * (1 if y.perturbed else 2), (x.value, y.value, True, True)


def of_outputs(x):
    return x**2, jnp.sin(x)


def summed(x, g):
    parts = zip(g, (2 * x, jnp.cos(x)), strict=True)
    used = [a * slope for a, slope in parts if type(a) is not SymbolicZero]
    return (sum(used, jnp.zeros_like(x)),)


def forgetful(x, g):
    return summed(x, g) if type(g[0]) is not SymbolicZero else (jnp.zeros_like(x),)


def split(x):
    return of_outputs(x.value), x.value


@jax.custom_jvp
def forward_mode(x, y):
    return x * y


def _tangents(primals, tangents):
    (x, y), (a, b) = primals, tangents
    is_alone = type(a) is SymbolicZero
    parts = [] if is_alone else [a * y]
    parts += [] if type(b) is SymbolicZero else [b * x * (2 if is_alone else 1)]
    return x * y, sum(parts, jnp.zeros_like(x))


forward_mode.defjvp(_tangents, symbolic_zeros=True)
RIGHT = told(multiplied, keeping, lazy)
WRONG = told(multiplied, keeping, wrong_alone)
OUTPUTS = told(of_outputs, split, summed)
FORGETFUL = told(of_outputs, split, forgetful)


@pytest.mark.parametrize(
    ("op", "count"),
    [(RIGHT, 2), (lambda x, y: jnp.sin(RIGHT(x, y)), 2), (OUTPUTS, 1), (jax.jit(OUTPUTS), 1)],
)
@pytest.mark.parametrize("order", [1, 2])
def test_right_rules_are_proved(op, count, order):
    proof = prove(op, *["n"] * count, order=order)
    assert proof, str(proof)


@pytest.mark.parametrize(
    ("op", "count", "name"),
    [
        (WRONG, 2, "x"),
        (lambda x, y: jnp.sin(WRONG(x, y)), 2, "x"),
        (lambda x: WRONG(x, jnp.ones_like(x)), 1, "x"),
        (told(multiplied, value_wrong_alone, lazy), 2, "value"),
        (FORGETFUL, 1, "x"),
        (lambda x: FORGETFUL(x)[1], 1, "x"),
        (forward_mode, 2, "y"),
    ],
)
def test_a_rule_that_is_wrong_for_one_choice_is_refuted(op, count, name):
    proof = prove(op, *["n"] * count)
    assert proof.witness.argument == name
    assert_prints_its_headline(proof, op)


def test_every_choice_is_a_problem_of_its_own():
    found = problems(RIGHT, ["n", "n"], {}, 1)
    assert [(p.alone, p.used) for p in found] == [(("x",), None), (("y",), None), ((), None)]
    assert [p.used for p in problems(OUTPUTS, ["n"], {}, 1)] == [0, 1, None]
    three = told(lambda *a: a[0], lambda *a: (a[0].value, None), lambda r, g: (g, None, None))
    assert len(problems(three, ["n"] * 3, {}, 1)) == 7


def test_a_rule_that_is_not_told_is_judged_once():
    op = jax.custom_vjp(multiplied)
    op.defvjp(lambda x, y: (x * y, (x, y)), lambda r, g: (g * r[1], g * r[0]))
    assert len(problems(op, ["n", "n"], {}, 1)) == 1


def test_static_floats_are_handed_on_as_they_are():
    op = jax.custom_vjp(lambda x, a, keep: x * a, nondiff_argnums=(1, 2))
    op.defvjp(
        lambda x, a, keep: (x.value * a, None), lambda a, keep, _, g: (g * a,), symbolic_zeros=True
    )
    for order in (1, 2):
        proof = prove(op, "n", static={"a": 3.0, "keep": True}, order=order)
        assert proof, str(proof)
