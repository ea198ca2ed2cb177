"""`fit`: what it measures, when it stops, what it says, and that it goes on bit for bit."""

import os
import signal
import subprocess
import sys
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import funcnet
from funcnet import Fitted, Interrupted, NotFinite, fit, layers, ops, serial, squared_error
from funcnet.batches import batches
from funcnet.history import numbered
from funcnet.interrupts import deferred
from funcnet.settling import BLOCK, settling

NETWORK = serial(layers.dense(4), layers.batch_norm(), layers.activation(ops.tanh), layers.dense(1))
X = jax.random.normal(jax.random.key(0), (40, 3))
Y = X[:, :1] * X[:, 1:2]
KEY = jax.random.key(5)
OPTIMISER = optax.chain(
    optax.clip_by_global_norm(1.0), optax.sgd(optax.cosine_decay_schedule(0.1, 100), momentum=0.9)
)


@pytest.fixture(autouse=True)
def optax_promotes():
    """optax's schedules mix integers and floats."""
    with jax.numpy_dtype_promotion("standard"):
        yield


def started(network=NETWORK):
    return network.init(jax.random.key(1), (3,))


def fitted_by(steps=None, network=NETWORK, **options):
    given = {"batch_size": 8, "key": KEY, "every": 5, **options}
    return fit(network, squared_error, OPTIMISER, *started(network), X, Y, steps, **given)


def same(a, b):
    """Two trees have the same bits."""
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all((np.asarray(p) == np.asarray(q)).all() for p, q in leaves)


def parts(fitted):
    best = None if fitted.best is None else tuple(fitted.best)
    return fitted.last, best, fitted.step, fitted.history


def test_epochs_are_counted_and_measured():
    fitted, losses = fitted_by(
        epochs=3, validation=0.2, metrics={"double": lambda y, t: 2 * ((y - t) ** 2).mean()}
    )
    assert fitted.step == 3 * (32 // 8) == len(losses)
    assert fitted.stopped == "steps"
    assert_array_equal(fitted.history.step, [0, 4, 8, 12])
    measures = fitted.history.measures
    assert_allclose(measures["double"], 2 * measures["loss"], rtol=1e-12)
    assert isinstance(fitted, Fitted)


def test_a_pair_to_validate_on_is_measured_by_running_averages():
    fitted, _ = fitted_by(10, validation=(X[:7], Y[:7]))
    y, _ = NETWORK.apply(fitted.params, fitted.state, X[:7], False)
    assert_allclose(fitted.history.measures["loss"][-1], squared_error(y, Y[:7]), rtol=1e-12)


@pytest.mark.parametrize(("monitor", "sign"), [("loss", -1), ("score", 1)])
def test_patience_keeps_the_best_and_stops(monitor, sign):
    fitted, _ = fitted_by(
        400, validation=(X[:3], -5 * Y[:3]), patience=3, monitor=monitor, measure_every=5,
        metrics={"score": lambda y, t: -((y - t) ** 2).mean()},
    )  # fmt: skip
    values = sign * fitted.history.measures[monitor]
    assert fitted.stopped == "patience"
    assert fitted.best.step == fitted.history.step[values.argmax()]
    assert (fitted.history.step > fitted.best.step).sum() == 3
    assert fitted.params is fitted.best.params
    assert fitted.step == fitted.history.step[-1] < 400


@pytest.mark.parametrize("n", [40, 1500])
def test_the_state_at_the_end_has_the_statistics_of_the_examples(n):
    """Not averages that lag; in blocks of up to 1024 examples, taken from all over them."""
    network = serial(layers.dense(4), layers.batch_norm())
    x = jnp.sort(jax.random.normal(jax.random.key(0), (n, 3)), axis=0)
    fitted, _ = fit(network, lambda y, _: (y**3).mean(), OPTIMISER, *started(network), x, x, 30)
    y, _ = network.parts[0].apply(fitted.params[0], (), x, True)
    tolerance = 1e-12 if n < 1024 else 0.02
    assert_allclose(fitted.state[1].mean, y.mean(axis=0), atol=tolerance)
    assert_allclose(fitted.state[1].variance, y.var(axis=0), atol=tolerance)
    assert fitted.state[1].seen == 30


def test_statistics_as_the_source_has_them_are_left_as_they_are():
    network = serial(layers.dense(4), layers.batch_norm(momentum=0.9, warm=False))
    params, state = started(network)
    fitted, _ = fit(network, lambda y, _: (y**3).mean(), OPTIMISER, params, state, X, X, 1)
    mean = network.parts[0].apply(params[0], (), X, True)[0].mean(axis=0)
    assert_allclose(fitted.state[1].mean, 0.1 * mean, rtol=1e-9)


def test_callbacks_see_the_training_and_can_end_it():
    seen = []

    def callback(fitted):
        seen.append((fitted.step, len(fitted.history.loss)))
        return fitted.step >= 10

    fitted, _ = fitted_by(100, callbacks=[callback])
    assert seen == [(0, 0), (5, 5), (10, 10)]
    assert (fitted.stopped, fitted.step) == ("callback", 10)


def test_own_measures_are_kept():
    fitted, _ = fitted_by(10, measure=lambda params, state: {"size": jnp.abs(params[0].w).sum()})
    assert fitted.history.measures["size"].shape == (3,)
    assert_allclose(fitted.history.measures["size"][-1], jnp.abs(fitted.params[0].w).sum())


@pytest.mark.parametrize("batch_size", [None, 8, 40, 100])
def test_a_training_cut_anywhere_has_the_same_bits(tmp_path, batch_size):
    options = {"batch_size": batch_size, "validation": (X, Y), "patience": 50}
    whole, losses = fitted_by(33, **options)
    part, _ = fitted_by(12, **options)
    on, _ = fitted_by(33, resume=part, **options)
    assert_array_equal(on.history.loss, losses)
    assert same(on.last, whole.last)
    first, _ = fitted_by(12, checkpoints=tmp_path, **options)
    again, _ = fitted_by(33, checkpoints=tmp_path, resume=True, **options)
    assert same(again.last, whole.last)
    assert same(first.last, part.last)


def test_a_checkpoint_holds_everything(tmp_path):
    options = {"validation": 0.25, "patience": 50, "metrics": {"again": squared_error}}
    whole, _ = fitted_by(30, checkpoints=tmp_path / "a", **options)
    fitted_by(15, checkpoints=tmp_path / "b", **options)
    on, _ = fitted_by(30, resume=tmp_path / "b", checkpoints=tmp_path / "c", **options)
    assert same(parts(on), parts(whole))
    assert [path.name for path in numbered(tmp_path / "a")] == [
        f"step-{step:010}.npz" for step in (30, 25, 20)
    ]
    a, c = (tmp_path / name / "step-0000000030.npz" for name in "ac")
    assert a.read_bytes() == c.read_bytes()


def test_rows_are_those_of_the_epoch_however_they_are_asked_for():
    rows = batches(KEY, 10, 3, 7)
    epochs = np.stack(
        [jax.random.permutation(jax.random.fold_in(KEY, e), 10)[:9] for e in range(8)]
    )
    wanted = epochs.reshape(-1, 3)
    assert_array_equal(rows(0, 7), wanted[:7])
    assert_array_equal(rows(5, 9), [*wanted[5:9], *np.zeros((3, 3))])
    large = batches(KEY, 70_000, 1000, 4)
    assert_array_equal(large(69, 73)[1], batches(KEY, 70_000, 1000, 1)(70, 71)[0])
    assert len(np.unique(np.concatenate([large(s, s + 1)[0] for s in range(70)]))) == 70_000


@jax.custom_vjp
def odd(x):
    """Its gradient is infinite."""
    return x


odd.defvjp(lambda x: (x, None), lambda _, y_bar: (y_bar / 0.0,))
BROKEN = {
    "the loss": (NETWORK, lambda y, t: jnp.log(-((y - t) ** 2)).mean(),
        r"loss, got nan at step 0, first in log of the loss"),
    "an op": (
        serial(layers.dense(2), layers.activation(ops.softplus), layers.dense(1)),
        lambda y, t: (1e308 * (1 + y**2)).sum(),
        r"loss, got inf at step 0, first in mul of the loss",
    ),
    "a gradient": (
        serial(layers.dense(2), layers.activation(odd), layers.dense(1)),
        squared_error,
        r"gradient, got nan or inf at step 0, first in the gradient of odd of layer 2 \(odd\)",
    ),
    "a gradient of the loss": (
        NETWORK,
        lambda y, t: jnp.sqrt(jnp.abs(y - y)).sum(),
        r"gradient, got .* first in the gradient of sqrt of the loss",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("network", "loss", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_finite_is_named(network, loss, sentence):
    with pytest.raises(NotFinite, match=sentence) as stop:
        fit(network, loss, OPTIMISER, *started(network), X, Y, 20)
    assert stop.value.fitted.step == 0


def test_the_training_before_a_step_that_is_not_finite_is_kept(tmp_path):
    optimiser = optax.sgd(lambda count: jnp.where(count == 7, 1e300, 0.01))
    arguments = (NETWORK, squared_error, optimiser, *started(), X, Y)
    where = r"at step 8, first in \w+ of layer \d \(.*\); lower the rate"
    with pytest.raises(NotFinite, match=where) as stop:
        fit(*arguments, 20, every=10, checkpoints=tmp_path)
    kept = stop.value.fitted
    whole, losses = fit(*arguments, 8, every=10)
    assert kept.step == 8
    assert_array_equal(kept.history.loss, losses)
    assert same((kept.params, kept.opt_state), (whole.params, whole.opt_state))
    assert numbered(tmp_path)[0].name == "step-0000000008.npz"


def ctrl_c(times=1):
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_at_a_chunk_and_keeps_what_there_is(tmp_path):
    def report(step, params, state):
        if step == 10:
            ctrl_c()

    with pytest.raises(Interrupted) as stop:
        fitted_by(50, report=report, checkpoints=tmp_path)
    kept = stop.value.fitted
    assert (kept.step, len(kept.history.loss)) == (10, 10)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    on, _ = fitted_by(50, checkpoints=tmp_path, resume=True)
    whole, _ = fitted_by(50)
    assert same(on.last, whole.last)


def test_no_ctrl_c_is_swallowed():
    with pytest.raises(Interrupted):
        fitted_by(10, report=lambda step, *_: step == 10 and ctrl_c())
    with pytest.raises(KeyboardInterrupt), deferred():
        ctrl_c()
    with pytest.raises(KeyboardInterrupt), deferred():
        ctrl_c(times=2)  # the second one does not wait


def test_a_handler_of_ones_own_and_other_threads_are_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        fitted_by(5, report=lambda *_: ctrl_c())
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(seen) == 2
    arguments = (NETWORK, squared_error, optax.sgd(0.1), *started(), X, Y, 5)
    thread = threading.Thread(target=lambda: seen.append(fit(*arguments)[0].step))
    thread.start()
    thread.join()
    assert seen[-1] == 5


LABELS = jnp.arange(40) % 3
BAD = {
    "both": (lambda: fitted_by(5, epochs=1), r"either steps or epochs, got steps=5 and epochs=1"),
    "neither": (lambda: fitted_by(), r"either steps or epochs, got steps=None"),
    "no epochs": (lambda: fitted_by(epochs=0), r"fit needs epochs at least 1, got 0"),
    "no patience": (lambda: fitted_by(5, patience=0), r"fit needs patience at least 1, got 0"),
    "nothing to be patient with": (lambda: fitted_by(5, patience=2),
        r"needs validation to be patient"),
    "metrics of nothing": (lambda: fitted_by(5, metrics={"a": squared_error}),
        r"needs validation for metrics"),
    "monitor": (lambda: fitted_by(5, validation=0.2, monitor="f1"),
        r"needs monitor among loss, got f1"),
    "share": (lambda: fitted_by(5, validation=1.5),
        r"needs a share 0 < validation < 1 .*, got 1.5"),
    "no key": (lambda: fitted_by(5, validation=0.5, key=None, batch_size=None),
        r"needs key for random validation"),
    "pair": (lambda: fitted_by(5, validation=7),
        r"needs validation as a pair \(x, targets\) or a share, got int"),
    "widths": (lambda: fitted_by(5, validation=(X[:, :2], Y)),
        r"examples of shape \(3,\) .*, got x \(40, 2\)"),
    "nan": (lambda: fit(NETWORK, squared_error, OPTIMISER, *started(), X.at[3, 1].set(jnp.nan),
        Y, 5),
        r"needs finite numbers in x, got nan or inf in 1 of 40 rows, the first of them row 3"),
    "nan target": (lambda: fit(NETWORK, squared_error, OPTIMISER, *started(), X,
        Y.at[4].set(jnp.inf), 5),
        r"needs finite numbers in targets, .* row 4"),
    "no rows": (lambda: fit(NETWORK, squared_error, OPTIMISER, *started(), X[:0], Y[:0], 5),
        r"at least one row in x"),
    "broadcast": (lambda: fit(NETWORK, lambda y, t: ((y - t) ** 2).mean(), OPTIMISER, *started(),
        X, Y[:, 0], 5),
        r"needs targets of the outputs' shape \(40, 1\), got \(40,\), which"),
    "no scalar": (lambda: fit(NETWORK, lambda y, t: (y - t) ** 2, OPTIMISER, *started(), X, Y, 5),
        r"needs a loss that gives one number, got shape \(40, 1\)"),
    "resume from nowhere": (lambda: fitted_by(5, resume=True),
        r"needs checkpoints to resume from, got None"),
    "another key": (lambda: fitted_by(9, key=jax.random.key(6), resume=fitted_by(5)[0]),
        r"key that the training began"),
    "callbacks": (lambda: fitted_by(5, callbacks=[3]), r"functions as callbacks, got 3"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "sentence"), BAD.values(), ids=BAD.keys())
@pytest.mark.usefixtures("loose_ranks")
def test_a_mistake_gets_a_sentence(call, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        call()


@pytest.fixture
def loose_ranks():
    """What a user has."""
    with jax.numpy_rank_promotion("allow"):
        yield


def test_a_bar_shows_rate_and_time_left(capsys):
    fitted_by(20, bar=True)
    said = capsys.readouterr().err
    assert "/20" in said
    assert "step/s" in said


def test_fit_works_on_a_sharded_batch():
    program = """
import jax, numpy as np, optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
jax.config.update("jax_num_cpu_devices", 2)
from funcnet import fit, serial, layers, squared_error
network = serial(layers.dense(3), layers.batch_norm(), layers.dense(1))
params, state = network.init(jax.random.key(0), (2,))
x = jax.random.normal(jax.random.key(1), (8, 2)); y = x[:, :1]
rows = NamedSharding(Mesh(np.array(jax.devices()), ("data",)), PartitionSpec("data"))
one, _ = fit(network, squared_error, optax.sgd(0.1), params, state, x, y, 20)
x, y = jax.device_put((x, y), rows)
two, _ = fit(network, squared_error, optax.sgd(0.1), params, state, x, y, 20)
for a, b in zip(jax.tree.leaves(one.last), jax.tree.leaves(two.last)):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def killed_and_resumed(folder, how, after):
    """A training in its own process, signalled once the checkpoint of step `after` is there."""
    command = [sys.executable, "-m", "benchmarks.survival", "--child", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        while child.poll() is None and not (folder / f"step-{after:010}.npz").exists():
            time.sleep(0.001)
        child.send_signal(how)
        said = child.stderr.read().decode()
    status = child.returncode
    subprocess.run(command, check=True)
    return status, said


@pytest.mark.slow
def test_a_killed_training_ends_with_the_same_bytes_and_an_interrupted_one_cleanly(tmp_path):
    from benchmarks.survival import contents

    killed_and_resumed(tmp_path / "whole", signal.SIGCONT, 0)
    for how, after, statuses in ((signal.SIGKILL, 0, {-9}), (signal.SIGINT, 10, {0, 130})):
        folder = tmp_path / f"{how}-{after}"
        status, said = killed_and_resumed(folder, how, after)
        assert status in statuses, said
        assert "Traceback" not in said
        assert contents(folder) == contents(tmp_path / "whole")


def test_the_public_names_are_there():
    assert {"fit", "load", "save", "Model", "Fitted", "Interrupted", "NotFinite"} <= set(
        funcnet.__all__
    )


def test_statistics_are_those_of_all_blocks_of_examples():
    """The second thousand lies elsewhere, so that one block alone would tell another mean."""
    x = jnp.asarray(np.linspace(0, 1, 2 * BLOCK)[:, None] ** 2)
    network = layers.batch_norm()
    params, state = network.init(jax.random.key(0), (1,))
    settled = settling(network, state, x)(params, state)
    assert_allclose(settled.mean, x.mean(0), rtol=1e-12)
    assert_array_equal(settled.seen, state.seen)
