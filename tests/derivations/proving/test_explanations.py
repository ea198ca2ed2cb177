"""What a refutation says: the term, the size, the sign, the line, a gradient that is cut."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks.historical import op_of
from derivations.proving.proof import prove


def by_one_less(g, x):
    scale = g / (x.shape[0] - 1)  # the mistake
    return jnp.broadcast_to(scale, x.shape)


WRONG = {
    "n - 1 for n": (lambda x: x.mean(), by_one_less, "a division by n - 1 where one by n belongs"),
    "the sign": (lambda x: x**2, lambda g, x: -2 * g * x, "the sign is wrong"),
    "a factor": (lambda x: x**2, lambda g, x: 6 * g * x, "factor 3 too much"),
    "a term": (
        lambda x: jax.nn.softmax(x),
        lambda g, x: g * jax.nn.softmax(x),
        "missing: -y_bar[j]",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_difference_is_said_in_words(name):
    definition, backward, said = WRONG[name]
    proof = prove(op_of(definition, backward), "n")

    assert proof.verdict == "REFUTED"
    found = " ".join(a.difference for a in proof.arguments)
    assert said in found or ("missing:" in said and "missing: " in found), found


def test_the_line_of_the_backward_is_named():
    (_, gradient) = prove(op_of(lambda x: x.mean(), by_one_less), "n").arguments

    assert gradient.line.startswith("test_explanations.py, line ")
    assert gradient.line.endswith("return jnp.broadcast_to(scale, x.shape)")


def cut(x):
    return x * jax.lax.stop_gradient(jnp.exp(x))


def test_a_straight_through_estimator_is_refuted_and_named():
    proof = prove(op_of(cut, lambda g, x: g * jnp.exp(x)), "n")

    assert proof.verdict == "REFUTED"
    assert "it is the derivative with stop_gradient taken for a constant" in str(proof)


def test_the_derivative_of_the_value_is_proved_and_told_apart_from_the_cut_one():
    proof = prove(op_of(cut, lambda g, x: g * (1 + x) * jnp.exp(x)), "n")

    assert proof
    assert "with stop_gradient taken for a constant the derivative would be another" in str(proof)


def test_a_cut_that_cancels_is_not_mentioned():
    def logsumexp(x):
        shift = jax.lax.stop_gradient(x.max())
        return jnp.log(jnp.exp(x - shift).sum()) + shift

    proof = prove(op_of(logsumexp, lambda g, x: g * jax.nn.softmax(x)), "n")

    assert proof
    assert not any(a.note for a in proof.arguments)
