"""Primitives are read as what they do: JAX's own derivative of each function is proved.

`prove` holds every entry that was read against the code run in 40 digits, so a misreading raises.
"""

from fractions import Fraction

import jax
import jax.numpy as jnp
import pytest
from jax.scipy import special

from derivations.algebra.terms import scale
from derivations.algebra.text import text
from derivations.proving.proof import prove
from derivations.reading import Reader, literal, noted
from derivations.reading.literals import CONSTANTS


def kept(x, y):
    masked = jnp.where(y > 0, x, -jnp.inf)
    return jnp.where(masked == masked.max(), 1.0, 0.0)


FUNCTIONS = {
    "arithmetic": (lambda x, y: (x + y) * (x - y) / (1 + y**2) - (-x) ** 3, "n", "n"),
    "powers": (lambda x: jnp.sqrt(x**2 + 1) + jax.lax.rsqrt(x**2 + 2) + jnp.cbrt(x), "n"),
    "exponentials": (lambda x: jnp.exp(x) + jnp.expm1(x) + jnp.exp2(x) + jnp.log1p(x**2), "n"),
    "hyperbolic": (lambda x: jnp.tanh(x) * jnp.sinh(x) + jnp.cosh(x), "n"),
    "trigonometric": (lambda x: jnp.sin(x) * jnp.cos(x) + jnp.arctan(x) + jnp.tan(x), "n"),
    "inverse hyperbolic": (lambda x: jnp.arcsinh(x) + jnp.arctan2(x, 2.0), "n"),
    "erf": (lambda x: special.erf(x) + jax.lax.erfc(x), "n"),
    "abs and sign": (lambda x: x * jnp.abs(x) + jnp.sign(x), "n"),
    "remainders": (lambda x: jax.nn.relu(x) % 2 + x // 3, "n"),
    "rounding": (lambda x: x * jnp.round(x) - jnp.ceil(x), "n"),
    "sorting": (lambda x: jnp.sort(x)[::-1] * x, "n"),
    "the order of entries": (lambda x, y: y[jnp.argsort(x)], "n", "n"),
    "the sum of sorted entries": (lambda x: (jnp.sort(x) ** 2).sum(), "n"),
    "a set entry": (lambda x, y: x.at[1].set(y), "3", ""),
    "an added entry": (lambda x, y: x.at[0].add(y), "n", ""),
    "stacks": (lambda x: jnp.stack([x, 2 * x], 1), "n"),
    "products": (lambda x: jnp.prod(x), "3"),
    "cumulative products": (jnp.cumprod, "3"),
    "few turns of a loop": (
        lambda x: jax.lax.scan(lambda c, _: (jnp.sin(c), c), x, None, length=3)[0],
        "n",
    ),
    "a loop with a counter": (lambda x: jax.lax.fori_loop(0, 3, lambda i, x: x * x + i, x), "n"),
    "a choice of a branch": (
        lambda x: jax.lax.cond(x.sum() > 0, lambda x: 2 * x, lambda x: x**2, x),
        "n",
    ),
    "known sizes": (lambda x: jax.nn.softmax(x), "n 3"),
    "polynomials": (jnp.polyval, "3", "n"),
    "positive parts beside entries": (lambda x: jnp.concatenate([x, jax.nn.relu(x)]), "n"),
    "a rotation": (lambda x: jnp.roll(x, 1), "n"),
    "attention": (
        lambda q, k, v: jax.nn.dot_product_attention(q, k, v),
        "b t h 4",
        "b s h 4",
        "b s h 4",
    ),
    "max and min": (lambda x, y: jnp.maximum(x, y) - jnp.minimum(x, 2 * y), "n", "n"),
    "clip": (lambda x: jnp.clip(x, -1, 1), "n"),
    "comparisons": (
        lambda x, y: jnp.where((x > y) | ~(x <= 1), x, jnp.where(x >= 0, y, 0)),
        "n",
        "n",
    ),
    "differences of all pairs": (lambda x: jnp.abs(x[:, None] - x[None, :]).sum(), "n"),
    "sums": (lambda x: x.sum(0) + x.mean(), "n d"),
    "variances": (lambda x: jnp.var(x, axis=0), "n d"),
    "extremes": (lambda x: x.max(1) - x.min(1), "n d"),
    "argmax": (lambda x: x[jnp.argmax(x)] ** 2, "n"),
    "matrices": (lambda a, b: jnp.einsum("bij,bjk->bik", a, b), "b i j", "b j k"),
    "transposes": (lambda x: x.T * 2, "n d"),
    "merged axes": (lambda x: (x.reshape(-1) ** 2).sum() + x.reshape(-1), "n d"),
    "slices": (lambda x: x[1:] - x[:-1], "n"),
    "reversal": (lambda x: x[::-1] * x, "n"),
    "concatenation": (lambda x, y: (jnp.concatenate([x, y]) ** 2).sum(), "n", "m"),
    "padding": (lambda x: jnp.pad(x, (1, 1)).sum() * x, "n"),
    "stacking": (lambda x, y: (jnp.concatenate([x[None], y[None]]) ** 2).sum(0), "n", "n"),
    "cumulative sums": (jnp.cumsum, "n"),
    "labels": (lambda x, i: x[i], "n d", "m:int<n"),
    "taking along an axis": (
        lambda x, i: jnp.take_along_axis(x, i[:, None], 1)[:, 0],
        "n d",
        "n:int<d",
    ),
    "one-hot": (lambda x, i: (jax.nn.one_hot(i, x.shape[1]) * x).sum(1), "n d", "n:int<d"),
    "triangles": (jnp.tril, "n n"),
    "masked softmax": (
        lambda s: jax.nn.softmax(jnp.where(jnp.tril(jnp.ones_like(s)) > 0, s, -jnp.inf)),
        "n n",
    ),
    "the greatest that a mask keeps": (lambda x: jnp.where(x > 0, x, -jnp.inf).max(), "n"),
    "where it is the greatest that a mask keeps": (lambda x, y: kept(x, y) * x, "n", "n"),
    "custom rules inside": (lambda x: jax.nn.logsumexp(jax.nn.silu(x), axis=-1), "n d"),
    "remat and jit": (jax.checkpoint(jax.jit(lambda x: jnp.tanh(x) ** 2)), "n"),
    "stop_gradient of a shift": (lambda x: x - 0 * jax.lax.stop_gradient(x), "n"),
    "gelu by tanh": (lambda x: jax.nn.gelu(x, approximate=True), "n"),
}


# later versions of JAX compute these by bits, or with clamps at the largest number
BY_BITS = {"erf", "inverse hyperbolic"} if jax.__version_info__ >= (0, 12) else set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jax_s_own_derivative_is_proved(name):
    function, *sizes = FUNCTIONS[name]

    proof = prove(function, *sizes)

    assert proof.verdict == ("UNKNOWN" if name in BY_BITS else "PROVED"), str(proof)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.1, "1 / 10"), (1e-5, "1 / 100000"), (1 / 3, "1 / 3"), (2**0.5, "√(2)"), (3, "3")],
)
def test_literals_are_read_exactly(value, expected):
    assert text(literal(Reader(), value)) == expected


MULTIPLES = (Fraction(1), Fraction(1, 2), Fraction(2), Fraction(1, 4), Fraction(4))


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_known_constant_is_read_and_its_neighbours_are_not(name):
    known, expression = CONSTANTS[name]
    for factor in (*MULTIPLES, Fraction(1, 3), Fraction(2, 3)):
        for near in (1, 1 + 1e-13, 1 - 1e-9):
            with noted() as notes:
                found = literal(Reader(), -near * float(factor) * known)
            assert (found == scale(expression, -factor)) == (near == 1), text(found)
            assert bool(notes) == (near == 1)


def test_a_constant_read_as_such_is_a_condition():
    reader = Reader()
    with noted() as notes:
        literal(reader, 0.7071067811865476)

    (condition,) = notes
    assert "0.7071067811865476 is read as" in condition.expression


def test_what_jax_makes_of_a_kink_that_cancels_is_wrong_on_one_point():
    """|x| sign(x) is x, whose derivative at 0 is 1; jax.grad gives 0 there."""
    proof = prove(lambda x: jnp.abs(x) * jnp.sign(x), "n")

    assert proof.verdict == "REFUTED"
    assert (proof.witness.by_hand == 0) != (proof.witness.true == 0)


def test_a_straight_through_estimator_is_no_derivative_of_its_value():
    def through(x):
        return x + jax.lax.stop_gradient(jnp.floor(x) - x)

    assert prove(through, "n").verdict == "REFUTED"
