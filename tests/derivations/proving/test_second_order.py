"""The second derivative of every op, and what may be asked of it."""

import jax
import jax.numpy as jnp
import pytest

from derivations.proving.arguments import name_of
from derivations.proving.proof import prove
from derivations.proving.ranks import problems
from tests.found import OPS
from tests.scripts import assert_prints_its_headline

# later versions of JAX compute erf, and so its derivatives, by bits, which are not read
BY_BITS = {"gelu"} if jax.__version_info__ >= (0, 12) else set()
# a scatter by one number is another program than one by several, and twice differentiated not read
NOT_PROVED = {"embedding", *BY_BITS}


@pytest.mark.parametrize("op", OPS.values(), ids=name_of)
def test_the_second_order_of_every_op_is_proved(op):
    proof = prove(op, order=2)
    assert proof.verdict == ("UNKNOWN" if name_of(op) in NOT_PROVED else "PROVED"), str(proof)
    assert {a.name for a in proof.arguments} > {"value"}


@pytest.mark.parametrize("op", OPS.values(), ids=name_of)
def test_a_static_float_stands_for_all_its_values_at_order_2_too(op):
    first, second = (problems(op, (), {}, order)[-1] for order in (1, 2))
    floats = [a.name for a in first.arguments if a.symbolic]
    assert [a.name for a in second.arguments if a.symbolic] == floats


def test_a_rule_that_is_right_once_and_wrong_twice():
    """The curvature is lost where a slope is kept from being differentiated."""
    op = jax.custom_vjp(lambda x, eps: jnp.sin(x) * eps, nondiff_argnums=(1,))
    op.defvjp(
        lambda x, eps: (jnp.sin(x) * eps, x),
        lambda eps, x, g: (g * eps * jax.lax.stop_gradient(jnp.cos(x)),),
    )

    assert prove(op, "n", static={"eps": 0.5})
    proof = prove(op, "n", static={"eps": 0.5}, order=2)
    assert_prints_its_headline(proof, op)


def test_sizes_that_jax_makes_are_evaluated():
    op = jax.custom_vjp(lambda x, y: jnp.concatenate([x, y]) ** 2)
    op.defvjp(
        lambda x, y: (op.fun(x, y), (x, y)),
        lambda r, g: (2 * g[: r[0].shape[0]] * r[0], 2 * g[r[0].shape[0] :] * r[1]),
    )
    assert prove(op, "n", "m", order=2).verdict in ("PROVED", "UNKNOWN")


def test_what_cannot_be_traced_is_unknown():
    assert "a branch on a value" in prove(lambda x: x if x > 0 else -x, "", order=2).reason
