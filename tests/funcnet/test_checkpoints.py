"""Checkpoints: whole or not at all, told apart leaf by leaf, never trusted further than read."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from funcnet import checkpoint, cli, fit, layers, serial, squared_error
from funcnet.files import _mark, clean, written_whole
from funcnet.history import numbered

NETWORK = serial(layers.dense(2), layers.batch_norm(), layers.dense(1))
X = jax.random.normal(jax.random.key(0), (12, 3))


def started(network=NETWORK):
    return network.init(jax.random.key(1), (3,))


def trained(folder, steps=6, network=NETWORK, optimiser=None, **options):
    given = {"every": 2, "checkpoints": folder, **options}
    optimiser = optimiser or optax.sgd(0.1, momentum=0.9)
    return fit(network, squared_error, optimiser, *started(network), X, X[:, :1], steps, **given)


def test_a_whole_training_is_restored_leaf_by_leaf(tmp_path):
    tree = {"a": (jnp.ones(2), np.arange(3)), "k": jax.random.key(3, impl="rbg"), "n": 2.5}
    checkpoint.save(tmp_path / "c.npz", tree, {"x": [1, None]})
    restored = checkpoint.load(tmp_path / "c.npz", tree)
    assert isinstance(restored["a"][1], np.ndarray)
    assert jax.random.key_impl(restored["k"]) == "rbg"
    assert (jax.random.key_data(restored["k"]) == jax.random.key_data(tree["k"])).all()
    assert restored["n"] == 2.5
    assert list(tmp_path.iterdir()) == [tmp_path / "c.npz"]


TREE = {"w": np.ones((2, 3), np.float32), "b": (np.zeros(2), np.zeros(1))}
OTHER = {
    "shape": ({**TREE, "w": np.ones((3, 2), np.float32)}, r"needs w of shape \(3, 2\), got"),
    "dtype": ({**TREE, "w": np.ones((2, 3))}, r"needs w of dtype float64, got float32 in .*c.npz"),
    "missing": ({**TREE, "c": np.ones(1)}, r"load needs c in .*c.npz, got none; pass what"),
    "extra": ({**TREE, "b": (np.zeros(2),)}, r"load needs a place for b\[1\] of .*c.npz, got none"),
    "key": ({**TREE, "w": jax.random.key(0)}, r"needs w of dtype key<fry>, got float32"),
}  # fmt: skip


@pytest.mark.parametrize(("like", "sentence"), OTHER.values(), ids=OTHER.keys())
def test_the_first_leaf_that_differs_is_named(tmp_path, like, sentence):
    checkpoint.save(tmp_path / "c.npz", TREE)
    with pytest.raises(ValueError, match=sentence):
        checkpoint.load(tmp_path / "c.npz", like)


def test_every_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "c.npz"
    checkpoint.save(path, TREE, {"step": 3})
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(checkpoint.DamagedError, match=r"load needs .* got .*c.npz"):
            checkpoint.load(path, TREE)


def test_every_shorter_file_is_noticed(tmp_path):
    path = tmp_path / "c.npz"
    checkpoint.save(path, TREE)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(checkpoint.DamagedError, match=r"load needs .* got .*c.npz"):
            checkpoint.load(path, TREE)


def of_version(path, version):
    """A file as a later funcnet would write it."""
    checkpoint.save(path, TREE)
    with np.load(path) as file:
        arrays = dict(file)
    head = json.loads(str(arrays["about"])) | {"version": version, "written_by": "9.9"}
    memory = io.BytesIO()
    np.savez(memory, **{**arrays, "about": json.dumps(head)})
    with zipfile.ZipFile(memory, "a") as archive:
        archive.comment = b"0" * checkpoint.DIGEST
    contents = memory.getbuffer()
    contents[-checkpoint.DIGEST :] = checkpoint._digest(contents[: -checkpoint.DIGEST])
    path.write_bytes(contents)


def test_files_of_the_future_and_of_strangers_get_a_sentence(tmp_path):
    path = tmp_path / "c.npz"
    of_version(path, 2)
    with pytest.raises(ValueError, match=r"version 1 or less, got version 2 .* by funcnet 9.9"):
        checkpoint.load(path, TREE)
    np.savez(path, other=np.ones(3))
    with pytest.raises(ValueError, match=r"of another kind"):
        checkpoint.about(path)
    path.write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"of another kind"):
        checkpoint.about(path)
    with pytest.raises(FileNotFoundError):
        checkpoint.about(tmp_path / "no.npz")


def test_nothing_is_unpickled(tmp_path):
    path = tmp_path / "c.npz"
    np.savez(path, about=np.array([{"a": print}], dtype=object))
    with pytest.raises(ValueError, match=r"of another kind"):
        checkpoint.load(path, TREE)


@pytest.mark.parametrize("harm", ["cut", "flipped", "future", "foreign"])
def test_the_one_before_a_damaged_checkpoint_is_used_and_said(tmp_path, harm):
    whole, _ = trained(tmp_path / "whole", 8)
    trained(tmp_path / "harmed")
    last, before = numbered(tmp_path / "harmed")[:2]
    contents = bytearray(last.read_bytes())
    contents[len(contents) // 2] ^= 1
    {
        "cut": lambda: last.write_bytes(contents[:-30]),
        "flipped": lambda: last.write_bytes(contents),
        "future": lambda: of_version(last, 7),
        "foreign": lambda: last.write_text("hello"),
    }[harm]()
    with pytest.warns(UserWarning, match=rf"{last.name}.*; .*{before.name} is used"):
        on, _ = trained(tmp_path / "harmed", 8, resume=True)
    for a, b in zip(jax.tree.leaves(on.last), jax.tree.leaves(whole.last), strict=True):
        assert (a == b).all()


def test_nothing_but_damaged_ones_is_an_error(tmp_path):
    trained(tmp_path)
    for path in numbered(tmp_path):
        path.write_text("hello")
    used = pytest.warns(UserWarning, match="of another kind; name another; .* is used")
    with pytest.raises(ValueError, match="of another kind"), used:
        trained(tmp_path, resume=True)
    with pytest.raises(FileNotFoundError, match="needs a checkpoint to resume from, got none at"):
        trained(tmp_path / "b", resume=tmp_path / "c")


def test_another_training_is_not_resumed(tmp_path):
    trained(tmp_path)
    wider = serial(layers.dense(3), layers.batch_norm(), layers.dense(1))
    with pytest.raises(
        ValueError, match=r"load needs last\.params\[0\]\.w of shape \(3, 3\), got \(3, 2"
    ):
        trained(tmp_path, network=wider, resume=True)
    with pytest.raises(ValueError, match=r"load needs a place for last\.opt_state\[0\]\.trace"):
        trained(tmp_path, optimiser=optax.sgd(0.1), resume=True)
    with pytest.raises(ValueError, match=r"fit needs batch_size=None as in .*, got 4; pass that"):
        trained(tmp_path, batch_size=4, key=jax.random.key(0), resume=True)
    with pytest.raises(ValueError, match=r"needs an empty folder of checkpoints to start anew"):
        trained(tmp_path)


def test_temporary_files_of_dead_runs_are_removed_and_no_others(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    dead = tmp_path / f"{_mark()}{child.pid}-00000000.npz"
    alive = tmp_path / f"{_mark()}{os.getpid()}-00000000.npz"
    strange = tmp_path / ".writing-elsewhere-1-00000000.npz"
    for path in (dead, alive, strange):
        path.touch()
    clean(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([alive, strange])


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def failing():
        with written_whole(path) as temporary:
            temporary.write_text("new")
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        failing()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


LITTLE = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))\n"
FULL = (
    "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    + LITTLE
    + """
import sys, warnings, jax, optax
from pathlib import Path
from funcnet import fit, layers, squared_error
folder = Path(sys.argv[1])
network = layers.dense(1)
params, state = network.init(jax.random.key(0), (3,))
x = jax.random.normal(jax.random.key(0), (12, 3))
fitted, losses = fit(
    network, squared_error, optax.sgd(0.1), params, state, x, x[:, :1], {1}, every=50,
    checkpoints=folder, keep=2,
)
print(fitted.step, len(losses), sorted(p.name for p in folder.iterdir()))
"""
)


def run(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_disk_that_is_full_at_the_start_is_said_before_training(tmp_path):
    done = run(FULL.format(100, 200), tmp_path)
    assert done.returncode == 1
    assert "File too large" in done.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_loses_nothing(tmp_path):
    done = run(FULL.format(5000, 600), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("600 600 ['step-")
    assert ".writing" not in done.stdout
    assert "could not write the checkpoint of step" in done.stderr
    assert "training goes on, step-" in done.stderr


def test_a_folder_that_is_a_file_is_said_before_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="fit's checkpoints needs a folder, got the file"):
        trained(tmp_path / "file")
    assert cli.main(["train", "--output", str(tmp_path / "file" / "deep")]) == 2


def test_a_folder_that_cannot_be_written_is_said_before_training(tmp_path, monkeypatch, capsys):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refused)
    with pytest.raises(PermissionError, match="needs a folder that can be written, got"):
        trained(tmp_path)
    assert cli.main(["train", "--output", str(tmp_path)]) == 2
    assert "--output needs a folder that can be written" in capsys.readouterr().err
