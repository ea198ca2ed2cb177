"""What is said of the points on which the code switches, and of bands beside them."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks.historical import op_of
from derivations.proving.proof import prove

IDENTITY = lambda x: 1.0 * x  # noqa: E731


def conditions(op, *sizes):
    return "; ".join(prove(op, *sizes).conditions)


def test_the_value_on_a_kink_is_told_beside_those_of_its_sides():
    relu = op_of(lambda x: jnp.maximum(x, 0), lambda g, x: g * (x > 0))
    told = "x[i] ≠ 0 (a switch); on it the backward returns 0, the sides give 0 and 1"
    assert told in conditions(relu, "n")


def test_a_switch_of_the_code_alone_is_no_condition():
    softplus = op_of(lambda x: jax.nn.softplus(x), lambda g, x: g * jax.nn.sigmoid(x))
    assert not conditions(softplus, "n")


@pytest.mark.parametrize("point", [0.0, 0.5, -3.0, 12345.0, 1e-3])
def test_one_wrong_point_of_a_smooth_function_is_found(point):
    op = op_of(IDENTITY, lambda g, x: jnp.where(x == point, 0.0, g))
    proof = prove(op, "n")

    assert proof.verdict == "REFUTED"
    assert point in jax.tree.leaves(dict(proof.witness.inputs))
    scope = {"op": op}
    exec(proof.witness.script.replace("from", "#"), scope)  # the script runs as it stands


def test_a_divisor_that_the_definition_lacks_is_found():
    op = op_of(lambda x: x**2, lambda g, x: g * 2 * x**2 / x)
    proof = prove(op, "n")

    assert proof.verdict == "REFUTED"
    assert proof.witness.true == 0
    assert str(proof.witness.by_hand) == "nan"


BANDS = {
    "far out": lambda x: x > 12345,
    "far below": lambda x: x < -98765.5,
    "narrow": lambda x: (x > 0) & (x < 1e-7),
    "between two sums": lambda x: (x.sum() > 1000) & (x.sum() < 1001),
    "beside a floor": lambda x: jnp.floor(x) == 4000,
}


@pytest.mark.parametrize("name", BANDS)
def test_a_mistake_in_a_band_is_found_wherever_it_lies(name):
    band = BANDS[name]
    op = op_of(IDENTITY, lambda g, x: jnp.where(band(x), 2 * g, g))

    assert prove(op, "n").verdict == "REFUTED"


@pytest.mark.parametrize("factor", [1 + 2.0**-30, 1 + 2.0**-15])
def test_a_small_relative_mistake_is_a_mistake(factor):
    op = op_of(lambda x: x**2, lambda g, x: 2 * factor * g * x)

    assert prove(op, "n").verdict == "REFUTED"


def test_ties_that_happen_to_lie_elsewhere_refute_nothing():
    def definition(x):
        return jnp.stack([x[0:3].max(), x[2:5].max()])

    def backward(g, x):
        first = (x[0:3] == x[0:3].max()) * g[0]
        second = (x[2:5] == x[2:5].max()) * g[1]
        return jnp.pad(first, (0, 2)) + jnp.pad(second, (2, 0))

    assert prove(op_of(definition, backward), "5")
