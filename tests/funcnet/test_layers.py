"""Layers: both layouts, what they compute, what they are called, and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import lax
from numpy.testing import assert_allclose

from funcnet import fit, input_jacobian, layers, ops, parameter_table, residual, serial
from funcnet.layers.initialisers import initialiser, known
from funcnet.recipes import convolutional, perceptron

KEY = jax.random.key(0)
IMAGES = jax.random.normal(jax.random.key(1), (3, 6, 5, 2))
SEQUENCES = jax.random.normal(jax.random.key(2), (3, 4, 6))
ROWS = jax.random.normal(jax.random.key(3), (5, 6))
LAYERS = {
    "dense": (layers.dense(3), ROWS),
    "dense of images": (layers.dense(3), IMAGES),
    "dense without bias": (layers.dense(3, bias=False), ROWS),
    "batch_norm": (layers.batch_norm(), ROWS),
    "batch_norm of images": (layers.batch_norm(), IMAGES),
    "layer_norm": (layers.layer_norm(), SEQUENCES),
    "rms_norm": (layers.rms_norm(), SEQUENCES),
    "activation": (layers.activation(ops.gelu), IMAGES),
    "softmax": (layers.softmax(), ROWS),
    "dropout": (layers.dropout(0.3), ROWS),
    "conv": (layers.conv(4), IMAGES),
    "conv without bias": (layers.conv(4, 2, 2, "valid", bias=False), IMAGES),
    "max_pool": (layers.max_pool(2), IMAGES),
    "average_pool": (layers.average_pool(2), IMAGES),
    "reshape": (layers.reshape(3, 2), ROWS),
    "attention": (layers.attention(2), SEQUENCES),
    "causal attention": (layers.attention(3, causal=True), SEQUENCES),
    "residual": (residual(layers.dense(6), layers.activation(ops.tanh)), ROWS),
    "serial": (serial(layers.dense(4), layers.layer_norm(), layers.dense(3)), ROWS),
    "serial of either": (serial(layers.activation(ops.relu), layers.dropout(0.5)), ROWS),
}
every_layer = pytest.mark.parametrize(("layer", "x"), LAYERS.values(), ids=LAYERS)


@every_layer
def test_columns_are_the_rows_turned_over(layer, x):
    params, state = layer.init(KEY, x.shape[1:])
    for train in (False, True):
        if layer.columns is None or (train and "dropout" in repr(layer)):
            continue  # other noise for another shape
        rows, after = layer.apply(params, state, x, train)
        columns, also = layer.columns(params, state, jnp.moveaxis(x, 0, -1), train)
        assert_allclose(jnp.moveaxis(columns, -1, 0), rows, rtol=1e-12, atol=1e-13)
        for a, b in zip(jax.tree.leaves(after), jax.tree.leaves(also), strict=True):
            if not jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
                assert_allclose(a, b, rtol=1e-12)


@every_layer
def test_the_jacobian_is_pushed_as_autodiff_has_it(layer, x):
    params, state = layer.init(KEY, x.shape[1:])

    def of_one(row):
        return layer.apply(params, state, row[None], False)[0].ravel()

    width = int(np.prod(x.shape[1:]))
    identity = jnp.broadcast_to(jnp.eye(width), (len(x), width, width))
    y, jacobian = layer.push(params, state, x, identity)
    expected = jax.vmap(jax.jacrev(of_one))(x)
    assert_allclose(jacobian, expected.reshape(jacobian.shape), rtol=1e-10, atol=1e-12)
    assert_allclose(y, layer.apply(params, state, x, False)[0], rtol=1e-12)


def test_a_network_keeps_columns_inside_and_gives_rows():
    network = perceptron((4,), 3, bias=False)
    params, state = network.init(KEY, (6,))
    program = str(jax.make_jaxpr(lambda x: network.apply(params, state, x, True))(ROWS))
    assert program.count("f64[4,5]") > 3
    assert network.apply(params, state, ROWS, True)[0].shape == (5, 3)


def test_a_bias_before_a_normalisation_changes_nothing_in_training():
    with_bias, without = (
        serial(layers.dense(4, bias=bias), layers.batch_norm()) for bias in (True, False)
    )
    (dense, norm), state = with_bias.init(KEY, (6,))
    shifted = (dense._replace(b=jnp.arange(4.0)), norm)
    bare = (dense._replace(b=None), norm)
    y, _ = with_bias.apply(shifted, state, ROWS, True)
    assert_allclose(y, without.apply(bare, state, ROWS, True)[0], rtol=1e-9, atol=1e-12)
    assert jax.tree.structure(without.init(KEY, (6,))[0]) == jax.tree.structure(bare)


@pytest.mark.parametrize("window", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_convolution_is_that_of_jax(window, stride, padding):
    if padding == "same" and window == 2:
        return
    layer = layers.conv(4, window, stride, padding)
    params, _ = layer.init(KEY, IMAGES.shape[1:])
    edge = (window // 2,) * 2 if padding == "same" else (0, 0)

    def by_jax(x, w):
        kernel = w.reshape(window, window, 2, 4)
        names = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(
            x, kernel, (stride, stride), [edge, edge], dimension_numbers=names
        )

    def by_layer(x, w):
        return layer.apply(params._replace(w=w), (), x, True)[0]

    y, pull = jax.vjp(by_layer, IMAGES, params.w)
    expected, theirs = jax.vjp(by_jax, IMAGES, params.w)
    assert_allclose(y, expected, rtol=1e-11, atol=1e-13)
    for ours, other in zip(pull(y), theirs(y), strict=True):
        assert_allclose(ours, other, rtol=1e-10, atol=1e-12)


def test_pools_are_those_of_jax():
    x = IMAGES[:, :, :4]
    whole, zero = (1, 2, 2, 1), "VALID"
    largest = lax.reduce_window(x, -jnp.inf, lax.max, whole, whole, zero)
    mean = lax.reduce_window(x, 0.0, lax.add, whole, whole, zero) / 4
    for layer, expected in ((layers.max_pool(2), largest), (layers.average_pool(2), mean)):
        assert_allclose(layer.apply((), (), IMAGES, True)[0], expected, rtol=1e-13)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_that_of_jax(causal):
    q, k, v = (jax.random.normal(key, (2, 5, 3, 4)) for key in jax.random.split(KEY, 3))

    def ours(*given):
        return jnp.moveaxis(ops.attention(*(jnp.moveaxis(a, 2, 1) for a in given), causal), 1, 2)

    def theirs(*given):
        with jax.numpy_dtype_promotion("standard"):
            return jax.nn.dot_product_attention(*given, is_causal=causal)

    y, pull = jax.vjp(ours, q, k, v)
    expected, other = jax.vjp(theirs, q, k, v)
    assert_allclose(y, expected, rtol=1e-6)
    for a, b in zip(pull(y), other(y), strict=True):
        assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_dropout_keeps_the_mean_and_repeats_by_its_key():
    layer, x = layers.dropout(0.25), jnp.ones((400, 10))
    _, state = layer.init(KEY, (10,))
    y, after = layer.apply((), state, x, True)
    assert_allclose(y.mean(), 1, atol=0.05)
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert_allclose(layer.apply((), state, x, True)[0], y)
    assert not jnp.array_equal(layer.apply((), after, x, True)[0], y)
    same, unchanged = layer.apply((), state, x, False)
    assert same is x
    assert unchanged is state


def test_an_embedding_gathers_what_reaches_a_row():
    layer = layers.embedding(5, 3)
    table, _ = layer.init(KEY, (4,))
    tokens = jnp.array([[0, 1, 1, 4]])
    assert_allclose(layer.apply(table, (), tokens, True)[0], table[tokens])
    gradient = jax.grad(lambda t: layer.apply(t, (), tokens, True)[0].sum())(table)
    assert_allclose(gradient[:, 0], [1, 2, 0, 0, 1])
    assert jnp.isnan(jax.jit(ops.embedding)(table, jnp.array([5, -1]))).all()
    with pytest.raises(ValueError, match="embedding needs numbers of rows, by which nothing"):
        layer.push(table, (), tokens, jnp.eye(4)[None])


def test_a_network_shows_what_it_is_made_of():
    inner = residual(layers.dense(4, bias=False), layers.activation(ops.leaky_relu, 0.1))
    network = serial(layers.dense(4), inner, layers.dropout(0.5))
    shown = "residual(dense(4, bias=False), leaky_relu(0.1))"
    assert repr(network) == f"serial(dense(4), {shown}, dropout(0.5))"
    params, _ = network.init(KEY, (3,))
    assert parameter_table(network, params).split() == [
        "dense(4)",
        "16",
        "residual",
        "16",
        "total",
        "32",
    ]


@pytest.mark.parametrize("name", known())
def test_initialisers_are_those_of_jax(name):
    weights = initialiser(name)(KEY, (6, 4))
    made = getattr(jax.nn.initializers, name)
    assert_allclose(weights, (made if name in ("zeros", "ones") else made())(KEY, (6, 4)))
    params, _ = layers.dense(4, weights=name).init(KEY, (6,))
    assert_allclose(params.w, weights)


def test_a_convolutional_network_learns():
    with jax.numpy_dtype_promotion("standard"):
        network, x = convolutional(2), jax.random.normal(KEY, (24, 64))
        labels = (x[:, 27] > 0).astype(int)
        params, state = network.init(KEY, (64,))
        loss = ops.softmax_cross_entropy_with_integer_labels
        _, losses = fit(network, loss, optax.adam(0.01), params, state, x, labels, 30, every=30)
    assert losses[-1] < 0.2 * losses[0]
    assert input_jacobian(network, params, state, x[:2])[1].shape == (2, 2, 64)


MISTAKES = {
    "an even window": (
        lambda: layers.conv(3, 2),
        r"conv needs an odd window for padding=.same., g",
    ),
    "no window": (lambda: layers.max_pool(0), r"max_pool needs window at least 1, got 0"),
    "no images": (
        lambda: layers.conv(3).init(KEY, (64,)),
        r"conv needs examples of shape \(height, width, channels\), got \(64,\); put reshape",
    ),
    "images too small": (
        lambda: layers.max_pool(9).apply((), (), IMAGES, True),
        r"max_pool needs images of at least 9 by 9, got 6 by 5; pass a smaller window",
    ),
    "heads that do not divide": (
        lambda: layers.attention(4).init(KEY, (5, 6)),
        r"attention needs .* multiple of heads=4, got \(5, 6\); pass another number of heads",
    ),
    "a rate of 1": (
        lambda: layers.dropout(1.0),
        r"dropout needs rate in \[0, 0.999\], got 1; pass the fraction to drop, such as 0.1",
    ),
    "a residual of another width": (
        lambda: residual(layers.dense(3)).init(KEY, (4,)),
        r"residual needs layers that keep the shape \(4,\), got \(3,\); end them with a layer",
    ),
    "no such initialiser": (
        lambda: layers.dense(3, weights="xavier"),
        r"needs an initialiser of jax.nn.initializers, got 'xavier'; pass one of zeros, ones",
    ),
    "one column": (
        lambda: ops.batch_norm_columns(jnp.ones((3, 1)), jnp.ones(3), jnp.ones(3)),
        r"batch_norm_columns needs x of at least 2 columns, got 1; one column has no spread",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)
