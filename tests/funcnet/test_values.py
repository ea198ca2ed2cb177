"""Values and gradients held against scipy, jax.nn and optax."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.special as special
from numpy.testing import assert_allclose

from funcnet import example_weights, ops

RNG = np.random.default_rng(0)
X = jnp.asarray(np.concatenate([RNG.normal(size=40) * 3, [0.0, 30.0, -30.0, 700.0, -700.0]]))
SCORES, LABELS = jnp.asarray(RNG.normal(size=(7, 4))), jnp.asarray(RNG.integers(0, 4, 7))
SHARES = jax.nn.softmax(jnp.asarray(RNG.normal(size=(7, 4))))
ACTIVATIONS = {
    "sigmoid": (ops.sigmoid, special.expit, jax.nn.sigmoid),
    "tanh": (ops.tanh, np.tanh, jnp.tanh),
    "softplus": (ops.softplus, lambda x: np.logaddexp(x, 0), jax.nn.softplus),
    "relu": (ops.relu, lambda x: np.maximum(x, 0), jax.nn.relu),
    "silu": (ops.silu, lambda x: x * special.expit(x), jax.nn.silu),
    "gelu": (ops.gelu, lambda x: x * special.ndtr(x), lambda x: jax.nn.gelu(x, False)),
    "elu": (ops.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), jax.nn.elu),
    "log_softmax": (ops.log_softmax, special.log_softmax, jax.nn.log_softmax),
    "softmax": (ops.softmax, special.softmax, jax.nn.softmax),
}


@pytest.mark.parametrize(("op", "scipy", "peer"), ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activations(op, scipy, peer):
    assert_allclose(op(X), scipy(np.asarray(X)), rtol=1e-12, atol=1e-300)
    x = X[X != 0]  # relu's own derivative at 0 is a convention
    _, ours = jax.vjp(op, x)
    _, theirs = jax.vjp(peer, x)
    assert_allclose(ours(jnp.cos(x))[0], theirs(jnp.cos(x))[0], rtol=1e-9, atol=1e-15)


def mean_of(loss):
    return lambda *given: loss(*given).sum() / len(given[0])


ONE_HOT = jax.nn.one_hot(LABELS, 4, dtype=float)
LOSSES = {
    "squared": (ops.squared_error, mean_of(optax.losses.squared_error), SCORES, SHARES),
    "huber": (ops.huber, mean_of(optax.losses.huber_loss), 3 * SCORES, SHARES),
    "binary": (
        ops.sigmoid_binary_cross_entropy,
        mean_of(optax.losses.sigmoid_binary_cross_entropy),
        SCORES,
        SHARES,
    ),
    "soft rows": (
        ops.softmax_cross_entropy,
        mean_of(optax.losses.softmax_cross_entropy),
        SCORES,
        SHARES,
    ),
    "kl": (ops.kl_divergence, mean_of(optax.losses.kl_divergence), SCORES, SHARES),
    "focal": (
        ops.focal_loss,
        mean_of(lambda x, y: optax.losses.sigmoid_focal_loss(x, y, gamma=2.0)),
        SCORES,
        ONE_HOT,
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "x", "y"), LOSSES.values(), ids=LOSSES)
def test_losses(ours, theirs, x, y):
    value, gradient = jax.value_and_grad(ours)(x, y)
    with jax.numpy_dtype_promotion("standard"):
        expected, other = jax.value_and_grad(theirs)(x, y)
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(gradient, other, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_weights_and_smoothing(smoothing):
    classes, examples = jnp.array([1.0, 2.0, 0.5, 1.0]), jnp.asarray(RNG.uniform(size=7))
    labels = LABELS.at[2].set(-1)
    kept, weights = example_weights(labels, classes, examples, ignore=-1)
    counted = np.asarray(labels) >= 0
    assert_allclose(weights, np.where(counted, examples * classes[labels], 0))
    smooth = optax.smooth_labels(jax.nn.one_hot(kept, 4, dtype=float), smoothing)
    each = optax.softmax_cross_entropy(SCORES, smooth)[counted]
    expected = (weights[counted] * each).sum() / weights[counted].sum()
    value, gradient = jax.value_and_grad(ops.weighted_softmax_cross_entropy)(
        SCORES, kept, weights, smoothing
    )
    assert_allclose(value, expected, rtol=1e-12)
    assert not gradient[2].any()
    assert gradient[:2].any()


def test_weights_of_one_are_the_plain_loss_and_of_none_no_loss():
    labels, weights = example_weights(LABELS)
    plain = ops.softmax_cross_entropy_with_integer_labels(SCORES, LABELS)
    assert_allclose(ops.weighted_softmax_cross_entropy(SCORES, labels, weights), plain, rtol=1e-13)
    _, nothing = example_weights(LABELS, examples=jnp.zeros(7))
    assert ops.weighted_softmax_cross_entropy(SCORES, LABELS, nothing) == 0


def test_divergence_is_not_hidden():
    """nan stays nan, and what is infinite does not become nan."""
    assert jnp.isnan(ops.relu(jnp.array(jnp.nan)))
    assert ops.softplus(jnp.array(-jnp.inf)) == 0
    assert ops.softplus(jnp.array(1e308)) == 1e308


def test_norms():
    x, gamma, beta = SCORES, jnp.arange(4.0), jnp.ones(4)
    hat = (x - x.mean(1, keepdims=True)) / jnp.sqrt(x.var(1, keepdims=True) + 1e-5)
    assert_allclose(ops.layer_norm(x, gamma, beta), hat * gamma[None] + 1, rtol=1e-12)
    root = jnp.sqrt((x**2).mean(1, keepdims=True) + 1e-6)
    assert_allclose(ops.rms_norm(x, gamma), x / root * gamma[None], rtol=1e-12)


@pytest.mark.parametrize("op", [ops.sigmoid, ops.tanh, ops.softplus, ops.silu])
def test_derivatives_of_every_order_hold_at_0(op):
    ours, plain = op, op.fun
    for _ in range(3):
        ours, plain = jax.grad(ours), jax.grad(plain)
        assert_allclose(ours(0.0), plain(0.0), atol=1e-15)
