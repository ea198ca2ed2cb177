"""What is undefined, infinite or constant, and the slopes that go through it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from derivations.witness import MP, reals, run

inf, nan = float("inf"), float("nan")


def ran(program, x, direction=None):
    """The entries and slopes of the first output, and whether a kink was near."""
    x = np.asarray(x, dtype=float)
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(program)(x)
    direction = np.cos(np.arange(x.size) + 1.0).reshape(x.shape) if direction is None else direction
    (found, *_), near = run(traced, [reals(x)], [reals(np.asarray(direction, dtype=float))])
    slopes = np.zeros(found.value.shape) if found.tangent is None else found.tangent.astype(float)
    return found.value.astype(float), slopes, near


def softmax(x):
    e = jnp.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


MASKED = {
    "softmax": lambda x: softmax(jnp.where(jnp.arange(4) < 2, x, -inf)),
    "softmax by a sum": lambda x: softmax(x + jnp.where(jnp.arange(4) < 2, 0.0, -inf)),
    "logsumexp": lambda x: jax.nn.logsumexp(jnp.where(jnp.arange(4) < 2, x, -inf), keepdims=True),
    "log softmax": lambda x: jax.nn.log_softmax(jnp.where(jnp.arange(4) < 2, x, -inf))[:2],
    "max": lambda x: jnp.where(jnp.arange(4) < 2, x, -inf).max(keepdims=True),
    "sort": lambda x: jnp.sort(jnp.where(jnp.arange(4) < 2, x, inf))[:2],
    "cumlogsumexp": lambda x: lax.cumlogsumexp(jnp.where(jnp.arange(4) < 2, x, -inf)),
    "times -inf": lambda x: jnp.exp(jnp.abs(x) * -inf) + x,
    "over inf": lambda x: x + x / inf,
}


@pytest.mark.parametrize("name", MASKED)
def test_a_constant_infinity_leaves_finite_slopes(name):
    x, step = np.array([0.3, -1.2, 2.0, 0.7]), 1e-6
    way = np.cos(np.arange(4) + 1.0)
    value, slope, near = ran(MASKED[name], x, way)
    before, after = (ran(MASKED[name], x + s * way)[0] for s in (-step, step))
    assert not near
    assert np.isfinite(value).all()
    assert np.allclose(slope, (after - before) / (2 * step), atol=1e-8)


def test_a_row_that_is_masked_throughout_is_undefined():
    value, _, _ = ran(lambda x: softmax(x - inf), [0.3, -1.2])
    assert np.isnan(value).all()
    value, slope, near = ran(lambda x: jax.nn.logsumexp(x - inf), [0.3, -1.2])
    assert (value, slope, near) == (-inf, 0, False)


UNPICKED = {
    "a root": lambda x: jnp.where(x > 0, x, jnp.sqrt(x - 5)),
    "a logarithm": lambda x: jnp.where(x > 0, x, jnp.log(x * 0)),
    "a quotient": lambda x: jnp.where(x > 0, x, x / (x - x)),
    "a selected minimum": lambda x: jnp.where(x > 0, x, jnp.minimum(x, nan)),
    "an overwritten entry": lambda x: jnp.log(x - 5).at[0].set(x[0]),
}


@pytest.mark.parametrize("name", UNPICKED)
def test_what_is_not_picked_does_not_leak(name):
    value, slope, near = ran(UNPICKED[name], [0.7], [2.0])
    assert (value[0], slope[0], near) == (0.7, 2.0, False)


# program, value at 0 and slope along 1 there
AT_ZERO = {
    "a root is not smooth": (lambda x: jnp.sqrt(x), 0, nan),
    "nor is a root of a square": (lambda x: jnp.sqrt(x * x), 0, nan),
    "nor its square, as far as is seen": (lambda x: jnp.sqrt(x * x) ** 2, 0, nan),
    "a constant root": (lambda x: jnp.sqrt(x * 0) + x, 0, 1),
    "the root of a constant": (lambda x: jnp.sqrt(jnp.zeros_like(x)) * x + x, 0, 1),
    "1/0": (lambda x: 1 / x, inf, nan),
    "-1/0": (lambda x: -1 / x, -inf, nan),
    "0/0": (lambda x: x / x, nan, nan),
    "1/0 of a constant": (lambda x: 1 / (0 * x) + x, inf, 1),
    "log 0": (jnp.log, -inf, nan),
    "1/(1 + 1/0)": (lambda x: 1 / (1 + 1 / x), 0, nan),
    "exp(-1/0²)": (lambda x: jnp.exp(-1 / x**2), 0, nan),
    "0^0": (lambda x: x**0 + x, 1, 1),
    "0^3": (lambda x: lax.pow(x, 3.0), 0, 0),
    "0^1": (lambda x: lax.pow(x, 1.0), 0, 1),
    "0^0.5": (lambda x: lax.pow(x, 0.5), 0, nan),
    "2^0": (lambda x: lax.pow(2.0 + 0 * x, x), 1, float(np.log(2))),
    "0 to what moves": (lambda x: lax.pow(0 * x, x + 2), 0, 0),
    "rsqrt": (lax.rsqrt, inf, nan),
    "cbrt": (lax.cbrt, 0, nan),
    "cbrt of a constant": (lambda x: lax.cbrt(0 * x) + x, 0, 1),
    "atanh 1": (lambda x: lax.atanh(x + 1), inf, nan),
    "acos 1": (lambda x: lax.acos(x + 1), 0, nan),
    "nan": (lambda x: x + nan, nan, nan),
    "∞ - ∞": (lambda x: (x + inf) - (x + inf), nan, nan),
    "0 ∞": (lambda x: x * inf, nan, nan),
    "a constant ∞": (lambda x: x + inf, inf, 1),
    "tanh ∞": (lambda x: jnp.tanh(x + inf) + x, 1, 1),
    "logistic -∞": (lambda x: jax.nn.sigmoid(x - inf) + x, 0, 1),
    "erf ∞": (lambda x: lax.erf(x + inf) + x, 1, 1),
    "min with ∞": (lambda x: jnp.minimum(x, inf), 0, 1),
    "max with nan": (lambda x: jnp.maximum(x, nan), nan, nan),
    "product with a zero all around": (lambda x: (0 * x) * jnp.sin(x) + x, 0, 1),
    "atan2(0, 1)": (lambda x: lax.atan2(x, 1 + x), 0, 1),
    "atan2(0, 0)": (lambda x: lax.atan2(x, x), 0, nan),
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_at_zero(name):
    program, value, slope = AT_ZERO[name]
    found = ran(program, 0.0, 1.0)
    assert np.allclose(found[0], value, equal_nan=True)
    assert np.allclose(found[1], slope, equal_nan=True)


NEAR = {
    "|x| at 0": (jnp.abs, True),
    "sign at 0": (jnp.sign, True),
    "|x²| at 0": (lambda x: jnp.where(x * x == 0, 0.0, x), True),
    "a guarded norm": (lambda x: jnp.where(x * x > 0, jnp.sqrt(x * x), 0.0), True),
    "floor at 0": (jnp.floor, True),
    "round at 1/2": (lambda x: jnp.round(x + 0.5), True),
    "to an integer at 1": (lambda x: (x + 1).astype(int).astype(float), True),
    "to an integer at 1/2": (lambda x: (x + 0.5).astype(int).astype(float) + x, False),
    "to a truth value at 0": (lambda x: jnp.where(x.astype(bool), x, 0.0), True),
    "remainder at 0": (lambda x: lax.rem(x, 2.0), True),
    "clamp at its bound": (lambda x: jnp.clip(x, 0.0, 1.0), True),
    "max of a tie": (lambda x: jnp.stack([x, 2 * x]).max(), True),
    "sort of a tie": (lambda x: jnp.sort(jnp.stack([x, 2 * x])), True),
    "top of a tie": (lambda x: lax.top_k(jnp.stack([x, 2 * x]), 1)[0], True),
    "argmax of a tie": (lambda x: jnp.stack([x, 2 * x]).argmax().astype(float) * x, True),
    "nearly": (lambda x: jnp.abs(x + 1e-11), True),
    "far enough": (lambda x: jnp.abs(x + 1e-9), False),
    "max of the same": (lambda x: jnp.stack([x, x]).max(), False),
    "floor of a constant": (lambda x: jnp.floor(0 * x) + x, False),
    "an entry minus itself": (lambda x: jnp.where(x - x == 0, x, 0.0), False),
    "its own maximum": (lambda x: jnp.where(jnp.stack([x, x - 3]) - x < 0, 0.0, x), False),
    "of constants": (lambda x: jnp.where(0 * x == 0, x, 0.0), False),
    "-∞ and -∞": (lambda x: jnp.maximum(-inf, 0 * x - inf), False),
}


@pytest.mark.parametrize("name", NEAR)
def test_kinks_are_noted(name):
    program, is_near = NEAR[name]
    assert ran(program, 0.0, 1.0)[2] is is_near


def test_far_out():
    assert ran(jnp.exp, 1e300)[0] == inf
    assert ran(lambda x: jnp.exp(-(x**2)), 1e200)[0] == 0
    assert ran(jnp.exp, 1e6)[0] == inf  # in double precision; here a number of 434,295 digits
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(lambda x: jnp.log(jnp.exp(x)))(1.0)
    (found,), _ = run(traced, [reals(1e6)], [None])
    assert MP.almosteq(found.value[()], 10**6)
