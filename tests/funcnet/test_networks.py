"""Layers, Jacobians by the input, training, optimisers, checkpoints."""

import os
import signal
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from funcnet import (
    accuracy,
    checkpoint,
    fit,
    input_jacobian,
    layers,
    ops,
    optimisers,
    parameter_table,
    serial,
    squared_error,
    train_step,
)
from funcnet.recipes import DEFORMED, SOURCE, deformed, perceptron


def with_ones(network, shape):
    """The network with all weights and biases 1."""
    params, state = network.init(jax.random.key(0), shape)
    return jax.tree.map(jnp.ones_like, params), state


def test_first_worked_example_of_the_jacobian():
    """One sigmoid layer 2→2 and a linear unit, all ones: J = 2a / (1 + a)² (1, 1), a = e^(-3)."""
    network = serial(layers.dense(2), layers.activation(ops.sigmoid), layers.dense(1))
    _, jacobian = input_jacobian(network, *with_ones(network, (2,)), jnp.ones((1, 2)))
    a = np.exp(-3.0)
    assert_allclose(jacobian[0, 0], 2 * a / (1 + a) ** 2 * np.ones(2), rtol=1e-13)
    assert_allclose(jacobian[0, 0], [0.0903533, 0.0903533], atol=5e-8)


def test_second_worked_example_of_the_jacobian():
    """2→2 sigmoid, 2→2 sigmoid, 2→1 linear with bias 0, all ones, by the chain of three factors."""
    sigmoid = layers.activation(ops.sigmoid)
    network = serial(layers.dense(2), sigmoid, layers.dense(2), sigmoid, layers.dense(1))
    params, state = with_ones(network, (2,))
    params = (*params[:-1], params[-1]._replace(b=jnp.zeros(1)))
    y, jacobian = input_jacobian(network, params, state, jnp.ones((1, 2)))
    s1 = 1 / (1 + np.exp(-3.0))
    s2 = 1 / (1 + np.exp(-(2 * s1 + 1)))
    w = np.ones((2, 2))
    expected = np.ones((1, 2)) @ (s2 * (1 - s2) * w) @ (s1 * (1 - s1) * w)
    assert_allclose(y[0], [2 * s2], rtol=1e-13)
    assert_allclose(jacobian[0], expected, rtol=1e-13)


@pytest.mark.parametrize("last", [(), (layers.softmax(),), (layers.activation(ops.elu, 0.1),)])
def test_jacobian_is_that_of_autodiff(last):
    network = serial(
        layers.dense(5), layers.batch_norm(), layers.activation(ops.tanh), layers.dense(3), *last
    )
    params, state = network.init(jax.random.key(1), (4,))
    x = jax.random.normal(jax.random.key(2), (6, 4))
    y, jacobian = input_jacobian(network, params, state, x)
    expected = jax.vmap(
        jax.jacrev(lambda row: network.apply(params, state, row[None], False)[0][0])
    )(x)
    assert_allclose(jacobian, expected, rtol=1e-10, atol=1e-13)
    assert_allclose(y, network.apply(params, state, x, False)[0], rtol=1e-12)
    slopes = jax.grad(lambda p: (input_jacobian(network, p, state, x)[1] ** 2).sum())(params)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))


def test_parameter_counts_of_the_source():
    network = perceptron((32, 16), 10)
    params, _ = network.init(jax.random.key(0), (64,))
    counts = [int(line.split()[-1]) for line in parameter_table(network, params).splitlines()]
    assert counts == [2080, 64, 528, 32, 170, 20, 2894]
    bound = 1 / 8
    assert jnp.abs(params[0].w).max() <= bound
    assert jnp.abs(params[0].w).max() > 0.95 * bound
    assert not params[0].b.any()


def test_running_averages():
    layer = layers.batch_norm(momentum=0.9, warm=False)
    params, state = layer.init(jax.random.key(0), (3,))
    x = jax.random.normal(jax.random.key(1), (8, 3))
    _, after = layer.apply(params, state, x, True)
    assert_allclose(after.mean, 0.1 * x.mean(0), rtol=1e-12)
    assert_allclose(after.variance, 0.9 + 0.1 * x.var(0), rtol=1e-12)
    _, same = layer.apply(params, after, x, False)
    assert same is after


def test_warm_running_averages_are_plain_averages_at_first():
    layer = layers.batch_norm(momentum=0.75)
    params, state = layer.init(jax.random.key(0), (3,))
    batches = jax.random.normal(jax.random.key(1), (6, 8, 3))
    for t, x in enumerate(batches, 1):
        old = state
        _, state = layer.apply(params, state, x, True)
        if t <= 4:
            assert_allclose(state.mean, batches[:t].mean(axis=(0, 1)), rtol=1e-12)
            assert_allclose(state.variance, batches[:t].var(axis=1).mean(axis=0), rtol=1e-12)
        else:
            assert_allclose(state.mean, 0.75 * old.mean + 0.25 * x.mean(0), rtol=1e-12)


@pytest.fixture
def adam_promotes():
    """optax's Adam multiplies integers and floats."""
    with jax.numpy_dtype_promotion("standard"):
        yield


def line(n=64):
    x = jax.random.normal(jax.random.key(0), (n, 2))
    return x, x @ jnp.array([[1.0], [-2.0]]) + 0.5


@pytest.mark.usefixtures("adam_promotes")
def test_fit_finds_a_line_and_reports_on_the_way():
    network, (x, y) = layers.dense(1), line()
    params, state = network.init(jax.random.key(0), (2,))
    seen = []
    trained, losses = fit(
        network, squared_error, optimisers.adam(0.1), params, state, x, y, 250,
        report=lambda step, *_: seen.append(step), every=100,
    )  # fmt: skip
    assert seen == [0, 100, 200, 250]
    assert losses.shape == (250,)
    assert_allclose(trained.params.w[:, 0], [1, -2], atol=1e-3)
    assert_allclose(trained.params.b, [0.5], atol=1e-3)
    assert jnp.isfinite(params.w).all(), "the caller's arrays were donated"


@pytest.mark.usefixtures("adam_promotes")
def test_fit_in_chunks_is_fit_at_once_and_the_step_is_pure():
    network, (x, y) = layers.dense(1), line()
    params, state = network.init(jax.random.key(0), (2,))
    arguments = (network, squared_error, optimisers.adam(0.1), params, state, x, y, 7)
    options = {"batch_size": 16, "key": jax.random.key(3)}
    first, a = fit(*arguments, **options, every=7)
    second, b = fit(*arguments, **options, every=2)
    assert_allclose(a, b, rtol=1e-12)
    assert_allclose(first.params.w, second.params.w, rtol=1e-12)

    optimiser = optax.sgd(0.1)
    step = train_step(network, squared_error, optimiser)
    once, _, _, value = step(params, state, optimiser.init(params), (x, y))
    again, *_ = jax.jit(step)(params, state, optimiser.init(params), (x, y))
    assert_allclose(once.w, again.w, rtol=1e-12)
    assert value.shape == ()


@pytest.mark.usefixtures("adam_promotes")
def test_a_penalty_shrinks_the_weights():
    network, (x, y) = layers.dense(1), line()
    params, state = network.init(jax.random.key(0), 2)
    arguments = (network, squared_error, optimisers.adam(0.1), params, state, x, np.asarray(y), 200)
    free, _ = fit(*arguments)
    shrunk, _ = fit(*arguments, penalty=lambda p: ops.l2_penalty(p.w, 1.0))
    assert_allclose(shrunk.params.w, 0.5 * free.params.w, atol=0.2)


def test_fit_says_that_a_label_is_out_of_range_before_it_starts():
    network, (x, _) = layers.dense(3), line(4)
    params, state = network.init(jax.random.key(0), (2,))
    loss, labels = ops.softmax_cross_entropy_with_integer_labels, np.array([0, 1, 2, 3])
    with pytest.raises(ValueError, match=r"needs labels to satisfy 0 <= label < k, got 3 with k=3"):
        fit(network, loss, optax.sgd(0.1), params, state, x, labels, 5)
    with pytest.raises(TypeError, match=r"fit needs targets .* where n=4"):
        fit(network, loss, optax.sgd(0.1), params, state, x, labels[:3], 5)


def test_images_are_flattened_for_the_jacobian():
    network = serial(layers.dense(3))
    params, state = network.init(jax.random.key(0), (2, 4))
    y, jacobian = input_jacobian(network, params, state, jnp.ones((5, 2, 4)))
    assert (y.shape, jacobian.shape) == ((5, 3), (5, 3, 8))


def test_an_epoch_of_batches_meets_every_example_once():
    network = layers.activation(ops.relu)
    x = jnp.arange(12.0)[:, None] + 1
    _, losses = fit(
        network, lambda y, _: y.sum(), optax.sgd(0.0), (), (), x, x, 6,
        batch_size=4, key=jax.random.key(0),
    )  # fmt: skip
    assert_allclose(losses.reshape(2, 3).sum(axis=1), [78, 78])
    assert not jnp.array_equal(losses[:3], losses[3:]), "another order in the second epoch"


def test_step_works_on_a_sharded_batch():
    """Batch statistics are those of the whole batch, with no change of the code."""
    program = """
import jax, numpy as np, jax.numpy as jnp, optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
jax.config.update("jax_num_cpu_devices", 2)
from funcnet import serial, layers, squared_error, train_step
network = serial(layers.dense(3), layers.batch_norm(), layers.dense(1))
params, state = network.init(jax.random.key(0), (2,))
x = jax.random.normal(jax.random.key(1), (8, 2)); y = x[:, :1]
optimiser = optax.sgd(0.1)
step = jax.jit(train_step(network, squared_error, optimiser))
rows = NamedSharding(Mesh(np.array(jax.devices()), ("data",)), PartitionSpec("data"))
one = step(params, state, optimiser.init(params), (x, y))
two = step(params, state, optimiser.init(params), jax.device_put((x, y), rows))
assert len(jax.devices()) == 2
for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two)):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def trajectory(optimiser, steps=6):
    """Parameters after each step on a fixed non-quadratic valley."""

    def gradient(w):
        return jnp.array([w[0] ** 3, 10 * w[1] + jnp.sin(w[0])])

    w = jnp.array([1.0, -2.0])
    opt_state, path = optimiser.init(w), []
    for _ in range(steps):
        updates, opt_state = optimiser.update(gradient(w), opt_state, w)
        w = optax.apply_updates(w, updates)
        path.append(np.asarray(w))
    return np.array(path)


def gradient(w):
    return np.array([w[0] ** 3, 10 * w[1] + np.sin(w[0])])


def test_momentum_follows_its_recurrence():
    w, v, path = np.array([1.0, -2.0]), np.zeros(2), []
    for _ in range(6):
        v = 0.9 * v + 0.01 * gradient(w)
        w = w - v
        path.append(w)
    assert_allclose(trajectory(optimisers.momentum(0.01)), path, rtol=1e-12)


def test_nesterov_follows_its_recurrence_at_the_look_ahead_point():
    w, v, path = np.array([1.0, -2.0]), np.zeros(2), []
    for _ in range(6):
        v = 0.9 * v + 0.01 * np.clip(gradient(w - 0.9 * v), -1, 1)
        w = w - v
        path.append(w - 0.9 * v)
    assert_allclose(trajectory(optimisers.nesterov(0.01)), path, rtol=1e-12)


def test_adagrad_follows_its_recurrence():
    w, s, path = np.array([1.0, -2.0]), np.zeros(2), []
    for _ in range(6):
        s = s + gradient(w) ** 2
        w = w - 0.1 * gradient(w) / np.sqrt(s + 1e-8)
        path.append(w)
    assert_allclose(trajectory(optimisers.adagrad(0.1)), path, rtol=1e-12)


def test_rmsprop_follows_its_recurrence():
    w, s, path = np.array([1.0, -2.0]), np.zeros(2), []
    for _ in range(6):
        s = 0.9 * s + 0.1 * gradient(w) ** 2
        w = w - 0.1 * gradient(w) / np.sqrt(s + 1e-8)
        path.append(w)
    assert_allclose(trajectory(optimisers.rmsprop(0.1)), path, rtol=1e-12)


@pytest.mark.usefixtures("adam_promotes")
@pytest.mark.parametrize(
    ("optimiser", "power"), [(optimisers.adam(0.1), True), (optimisers.adam_as_printed(0.1), False)]
)
def test_adam_follows_its_recurrence_right_and_as_printed(optimiser, power):
    w, m, s, path = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2), []
    for step in range(1, 7):
        m = 0.9 * m + 0.1 * gradient(w)
        s = 0.999 * s + 0.001 * gradient(w) ** 2
        t = step if power else 1
        w = w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        path.append(w)
    assert_allclose(trajectory(optimiser), path, rtol=1e-6)


def test_deformed_images_stay_images_and_differ():
    with jax.numpy_dtype_promotion("standard"), jax.enable_x64(False):
        images = jnp.zeros((3, 64), jnp.float32).at[:, 27].set(1)
        moved = deformed(jax.random.key(0), images)
    assert moved.shape == (3, 64)
    assert jnp.isfinite(moved).all()
    assert not jnp.allclose(moved[0], moved[1])
    assert_allclose(moved.sum(axis=1), np.ones(3), atol=4)  # noise of 64 pixels, mass kept


@pytest.mark.slow
def test_recipes_train_the_digits_network():
    """A few hundred steps of each lift it far above chance; the full figures are a benchmark's."""
    program = """
from funcnet.data import digits
from funcnet.recipes import RECIPES, perceptron
from funcnet.runs import train
for recipe in RECIPES.values():
    run = train(perceptron((32, 16), 10), recipe._replace(steps=400), digits(), say=lambda _: None)
    assert run.history[0].by_running < 0.3
    assert run.history[-1].by_running > 0.85, (recipe.name, run.history[-1])
    assert len(run.history) == 11
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert {SOURCE.steps, DEFORMED.steps} == {5000, 6000}


def test_accuracy_by_both_statistics():
    network = serial(layers.batch_norm())
    params, state = network.init(jax.random.key(0), (2,))
    x = jnp.array([[1.0, 0.0], [3.0, 2.9]])
    assert accuracy(network, params, state, x, jnp.array([0, 1])) == 0.5
    assert accuracy(network, params, state, x, jnp.array([0, 1]), by_batch=True) == 1


def test_checkpoint_restores_every_kind_of_leaf(tmp_path):
    tree = {
        "half": jnp.arange(3, dtype=jnp.bfloat16),
        "key": jax.random.key(7),
        "state": (jnp.ones((2, 3)), jnp.array(4)),
    }
    checkpoint.save(tmp_path / "model.npz", tree, {"classes": ["a", "b"]})
    restored = checkpoint.load(tmp_path / "model.npz", jax.eval_shape(lambda: tree))
    assert checkpoint.about(tmp_path / "model.npz") == {"classes": ["a", "b"]}
    for old, new in zip(jax.tree.leaves(tree), jax.tree.leaves(restored), strict=True):
        assert old.dtype == new.dtype
        assert (old == new).all()


def test_checkpoint_refuses_what_it_cannot_use(tmp_path):
    path = tmp_path / "model.npz"
    checkpoint.save(path, {"w": jnp.ones(3)})
    with pytest.raises(ValueError, match=r"load needs w of shape \(4,\), got \(3,\) in .*model"):
        checkpoint.load(path, {"w": jnp.ones(4)})
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 3] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="load needs a checkpoint"):
        checkpoint.load(path, {"w": jnp.ones(3)})
    np.savez(path, other=np.ones(3))
    with pytest.raises(ValueError, match="of another kind"):
        checkpoint.load(path, {"w": jnp.ones(3)})


def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path):
    path = tmp_path / "model.npz"
    checkpoint.save(path, {"w": jnp.zeros(200_000)})
    program = (
        "import sys, jax.numpy as jnp; from funcnet import checkpoint\n"
        "while True: checkpoint.save(sys.argv[1], {'w': jnp.ones(200_000)}); print('x', flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
    restored = checkpoint.load(path, {"w": jnp.zeros(200_000, jnp.float32)})
    assert (restored["w"] == 1).all()


def test_import_is_light():
    program = (
        "import sys, funcnet; "
        "assert not {'sympy', 'sklearn', 'matplotlib', 'tqdm', 'derivations'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
