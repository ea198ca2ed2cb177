"""A rule that branches on a size is never proved, however it asks for the size."""

import jax
import jax.numpy as jnp
import pytest

from derivations import prove

WRONG_SOMEWHERE = {
    "equal": lambda x: 3 if x.shape[0] == 4 else 2,
    "not equal": lambda x: 2 if x.shape[0] != 4 else 3,
    "equal, from the other side": lambda x: 3 if 4 == x.shape[0] else 2,  # noqa: SIM300
    "a shape": lambda x: 3 if x.shape == (4,) else 2,
    "one of several": lambda x: 3 if x.shape[0] in (4, 6) else 2,
    "one of a set": lambda x: 3 if x.shape[0] in {4, 6} else 2,
    "a table": lambda x: {4: 3}.get(x.shape[0], 2),
    "odd": lambda x: 2 if x.shape[0] % 2 else 3,
    "ordered": lambda x: 3 if x.shape[0] > 4 else 2,
    "the number of entries": lambda x: 3 if x.size == 4 else 2,
    "length": lambda x: 3 if len(x) == 4 else 2,
    "the text of a size": lambda x: 3 if str(x.shape[0]) == "200" else 2,
    "the text of a shape": lambda x: 3 if "200" in f"{x.shape}" else 2,
    "the text of a type": lambda x: 3 if "200" in str(jax.typeof(x)) else 2,
}


@pytest.mark.parametrize("factor", WRONG_SOMEWHERE.values(), ids=WRONG_SOMEWHERE)
def test_a_branch_on_a_size_is_not_proved(factor):
    op = jax.custom_vjp(lambda x: x**2)
    op.defvjp(lambda x: (x**2, x), lambda x, g: (factor(x) * g * x,))
    assert prove(op, "n").verdict != "PROVED"


def test_a_rule_for_square_matrices_is_not_proved():
    def backward(residuals, g):
        a, b = residuals
        square = a.shape[0] == a.shape[1]
        return jnp.outer(b, g) if square else jnp.outer(g, b), a.T @ g

    op = jax.custom_vjp(jnp.matmul)
    op.defvjp(lambda a, b: (a @ b, (a, b)), backward)
    assert prove(op, "n d", "d").verdict != "PROVED"


def test_questions_with_one_answer_are_allowed():
    """A size that is at least 1 is not 0, and a size equals itself."""

    def backward(x, g):
        assert x.shape == g.shape
        return (2 * g * x if x.shape[0] != 0 else g,)

    op = jax.custom_vjp(lambda x: x**2)
    op.defvjp(lambda x: (x**2, x), backward)
    assert prove(op, "n", assuming=["n >= 1"])


def test_what_is_noted_where_a_function_is_not_smooth():
    def proof(f, slope):
        op = jax.custom_vjp(f)
        op.defvjp(lambda x: (f(x), x), lambda x, g: (g * slope(x),))
        return prove(op, "n")

    floor = proof(lambda x: x * jnp.floor(x), jnp.floor)
    assert floor
    assert "x[i] is no integer (a switch)" in floor.conditions
    arcsin = proof(jnp.arcsin, lambda x: 1 / jnp.sqrt(1 - x * x))
    assert any(c.startswith("1 - x[i]² > 0") for c in arcsin.conditions)
    gammaln = proof(jax.scipy.special.gammaln, jax.scipy.special.digamma)
    assert "x[i] is not 0, -1, -2, …" in gammaln.conditions
    cut = proof(lambda x: x * jax.lax.stop_gradient(x), lambda x: 2 * x)
    assert any("stop_gradient" in condition for condition in cut.conditions)
