"""The comparison of sources."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from found import OPS
from jaxtyping import Array, Float

from derivations import chapter_of, compare
from derivations.compare import Comparison, Row
from derivations.language.notation import Derivative, array, index, size, total


def squared(factor):
    """An op with a rule that is right for a factor of 2."""

    @jax.custom_vjp
    def square(x: Float[Array, "n"]) -> Float[Array, "n"]:
        return x**2

    square.defvjp(lambda x: (square.fun(x), x), lambda x, y_bar: (factor * x * y_bar,))
    return square


@pytest.mark.slow
def test_comparison_of_every_op_agrees():
    for op in OPS.values():
        table = compare(op)
        assert table, str(table)
        assert all(row.central < 1e-5 for row in table.rows)


def test_a_wrong_rule_differs():
    assert compare(squared(2.0))
    wrong = compare(squared(2.0001))
    assert not wrong
    assert "DIFFER" in str(wrong)
    assert "no chapter" in str(wrong)


@pytest.mark.parametrize("factor", [2 + 1e-10, 2 - 1e-10])
def test_a_rule_that_is_nearly_right_differs(factor):
    assert not compare(squared(factor))


def test_a_static_argument_is_passed_on():
    @jax.custom_vjp
    def scaled(x: Float[Array, "n"], factor: float = 2.0) -> Float[Array, "n"]:
        return factor * x

    scaled.defvjp(lambda x, factor: (factor * x, factor), lambda factor, g: (2.0 * g, 0.0))
    assert compare(scaled, np.ones(3))
    assert not compare(scaled, np.ones(3), factor=3.0)


def test_each_source_can_differ_alone():
    row = Row("op", "x", (3,), jax=0.0, sympy=0.0, central=0.1, bound=1e-12)
    assert Comparison((row,))
    assert Comparison((replace(row, sympy=None),))
    for one in ({"jax": 1e-11}, {"sympy": 1e-11}):
        assert not Comparison((row, replace(row, **one), row))


def test_a_derivation_of_ones_own_takes_part():
    n = size("n")
    i, p = index("i", n), index("p", n)
    x, y_bar = array("x"), array("y_bar")

    def written(factor):
        @chapter_of("square(x)", wrt=x[p])
        def square():
            yield "definition", total(i, y_bar[i] * Derivative(x[i] ** 2, x[p]))
            yield "power rule", factor * x[p] * y_bar[p]

        return square

    assert compare(squared(2.0), np.ones(3), derivation=written(2))
    assert not compare(squared(2.0), np.ones(3), derivation=written(3))


def test_mistakes_in_a_comparison_get_a_sentence():
    n = size("n")
    i, p = index("i", n), index("p", n)
    z, y_bar = array("z"), array("y_bar")

    @chapter_of("square(z)", wrt=z[p])
    def of_another_name():
        yield "definition", total(i, y_bar[i] * Derivative(z[i] ** 2, z[p]))

    with pytest.raises(ValueError, match=r"needs the op's arguments x, got z; give them"):
        compare(squared(2.0), np.ones(3), derivation=of_another_name)
    with pytest.raises(TypeError, match=r"leaky_relu has the static arguments alpha, got alhpa"):
        compare(OPS["leaky_relu"], np.ones(3), alhpa=0.3)

    @jax.custom_vjp
    def bare(x):
        return x

    bare.defvjp(lambda x: (x, None), lambda _, g: (g,))
    with pytest.raises(TypeError, match=r"bare needs an annotation on its argument x, got none"):
        compare(bare, np.ones(3))


def test_single_precision_is_compared_in_its_own_units():
    x = np.linspace(-1, 1, 5, dtype=np.float32)
    table = compare(OPS["sigmoid"], x)
    assert table
    assert table.rows[0].central < 1e-3


def test_nan_on_one_side_differs():
    @jax.custom_vjp
    def root(x: Float[Array, "n"]) -> Float[Array, "n"]:
        return jnp.sqrt(x)

    root.defvjp(lambda x: (jnp.sqrt(x), x), lambda x, g: (g * jnp.nan * x,))
    assert not compare(root, np.ones(3))


def test_mistakes_get_a_sentence():
    with pytest.raises(TypeError, match=r"compare needs a jax.custom_vjp function, got"):
        compare(jnp.tanh, np.ones(3))
    with pytest.raises(TypeError, match=r"compare needs x, w, b for dense, got 1 arrays"):
        compare(OPS["dense"], np.ones(3))
