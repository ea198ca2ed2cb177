"""Tables of strangers: what `python -m funcnet` does with good and with bad ones."""

import re

import numpy as np
import pytest

from funcnet import cli
from funcnet.data import load_table, split

RNG = np.random.default_rng(0)


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def flowers(folder):
    """Two clouds with names for classes."""
    rows = ["width,length,species"]
    for i in range(60):
        species, centre = ("rose", 1.0) if i % 2 else ("iris", -1.0)
        a, b = RNG.normal(centre, 0.3, 2)
        rows.append(f"{a:.3f},{b:.3f},{species}")
    return write(folder, "flowers.csv", "\n".join(rows) + "\n")


def test_words_are_classes(tmp_path):
    table = load_table(flowers(tmp_path), "species")
    assert table.classes == ("iris", "rose")
    assert table.x.shape == (60, 2)
    assert set(table.targets) == {0, 1}


@pytest.mark.parametrize(
    ("text", "target", "classes"),
    [
        ("a,b,y\n1,2,0\n3,4,1\n", None, ("0", "1")),
        ("1,2,5\n3,4,7\n", None, ("5", "7")),
        ("1;2;0.5\n3;4;1.5\n", None, None),
        ("price,a\n1.5,2\n2.5,3\n", "price", None),
        ("\ufeffa\ty\n1\t3\n2\t4\n\n", None, ("3", "4")),
    ],
)
def test_kinds_of_tables(tmp_path, text, target, classes):
    table = load_table(write(tmp_path, "t.csv", text), target)
    assert table.classes == classes
    assert len(table.x) == 2


def test_npz_and_the_split(tmp_path):
    np.savez(tmp_path / "t.npz", x=RNG.normal(size=(10, 2, 3)), y=np.arange(10) % 2)
    table = load_table(tmp_path / "t.npz")
    assert table.x.shape == (10, 6)
    train, validation = split(table, 0.3, seed=1)
    assert (len(train.x), len(validation.x)) == (7, 3)
    together = np.sort(np.concatenate([train.x, validation.x])[:, 0])
    np.testing.assert_array_equal(together, np.sort(table.x[:, 0]))


BAD = {
    "ragged": ("t.csv", "a,y\n1,2\n3\n", r"rows of one length in .*t.csv, got 1 entries in row 3"),
    "no target": ("t.csv", "a,b\n1,2\n", r"needs a target column called target or .*, got a, b"),
    "one column": ("t.csv", "y\n1\n2\n", r"needs a target column beside the features"),
    "words": ("t.csv", "a,y\n1,0\nx,1\n", r"finite numbers in .*, got 'x' in row 3, column a"),
    "missing": ("t.csv", "a,y\n,0\n?,1\n", r"entries in every column, got none in a; .*--drop a"),
    "infinite": ("t.csv", "a,y\n1,0\ninf,1\n2,1\n", r"finite features, got inf .* in column a"),
    "no class": ("t.csv", "a,y\n1,\n2,b\n", r"a target in every row"),
    "infinite target": ("t.csv", "a,y\n1,inf\n2,1\n", r"finite targets"),
    "empty": ("t.csv", "", r"at least one row, got none"),
    "only a header": ("t.csv", "a,y\n", r"at least one row, got none"),
    "huge targets": ("t.csv", "a,y\n1,1e200\n2,3e200\n", r"finite targets"),
    "one value": ("t.csv", "a,y\n1,0.5\n2,0.5\n", r"targets that differ in .*, got only 0.5"),
    "trailing commas": ("t.csv", "1,2,\n3,4,\n", r"a target in every row"),
    "one class": ("t.csv", "a,y\n1,0\n2,0\n3,0\n", r"at least 2 classes"),
    "another kind": ("t.xlsx", "x", r"needs a .csv or .npz file"),
    "not a zip": ("t.npz", "hello", r"needs an .npz file of numbers"),
}


@pytest.mark.parametrize(("name", "text", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_bad_table_gets_a_sentence_and_leaves_nothing(tmp_path, capsys, name, text, sentence):
    path = write(tmp_path, name, text)
    with pytest.raises(ValueError, match=sentence):
        load_table(path)
    output = tmp_path / "out"
    assert cli.main(["train", "--data", str(path), "--output", str(output)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("funcnet train: ")
    assert said.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"a": np.ones(3)}, r"features column called x"),
        ({"x": np.ones((3, 2))}, r"target column called target"),
        ({"x": np.ones((3, 2)), "y": np.ones(2)}, r"one target for each row of x, got y of shape"),
        ({"x": np.full((3, 2), np.inf), "y": np.arange(3)}, r"finite features"),
        ({"x": np.array([["a"], ["b"]]), "y": np.arange(2)}, r"numbers in x, got"),
        ({"x": np.array([{}, {}], dtype=object), "y": np.arange(2)}, r"an .npz file of numbers"),
        ({"x": np.full((3, 2), 1e35), "y": np.arange(3)}, r"finite features"),
    ],
)
def test_a_bad_npz_gets_a_sentence(tmp_path, arrays, sentence):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(ValueError, match=sentence):
        load_table(tmp_path / "t.npz")


def test_a_missing_file(tmp_path, capsys):
    assert cli.main(["jacobian", "--model", str(tmp_path / "no.npz")]) == 2
    assert "run `python -m funcnet train` first" in capsys.readouterr().err
    assert cli.main(["train", "--data", str(tmp_path / "no.csv")]) == 2
    assert "needs an existing file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--rate", "0"], "needs a number above 0, got '0'"),
        (["--steps", "0"], "needs an integer of at least 1, got '0'"),
        (["--validate", "1"], "needs a share between 0 and 1"),
        (["--hidden", "3,x"], "needs an integer of at least 1, got 'x'"),
        (["--rate", "nan"], "needs a number above 0, got 'nan'"),
    ],
)
def test_bad_options(capsys, option, sentence):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", *option])
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.fixture
def loose():
    """The command line runs in JAX's default configuration."""
    import jax

    with (
        jax.enable_x64(False),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
    ):
        yield


@pytest.mark.usefixtures("loose")
def test_train_then_jacobian(tmp_path, capsys):
    path, output = flowers(tmp_path), tmp_path / "out"
    arguments = ["--data", str(path), "--target", "species"]
    train = ["train", *arguments, "--steps", "60", "--rate", "0.02", "--output", str(output)]
    assert cli.main(train) == 0
    said = capsys.readouterr().out
    assert "48 examples to train on, 12 to validate; 2 classes; network 2-32-16-2" in said
    assert "100.00 % after the training" in said
    files = sorted(p.name for p in output.iterdir())
    assert files == ["checkpoints", "model.npz", "training-flowers.png"]
    model = ["--model", str(output / "model.npz"), "--output", str(output / "jacobian.npz")]
    assert cli.main(["jacobian", *arguments, *model]) == 0
    with np.load(output / "jacobian.npz") as file:
        assert file["jacobian"].shape == (60, 2, 2)


@pytest.mark.usefixtures("loose")
def test_values_are_fitted(tmp_path, capsys):
    x = RNG.normal(size=(200, 2))
    np.savez(tmp_path / "t.npz", x=x, y=1e3 + 50 * x[:, 0])
    train = ["train", "--data", str(tmp_path / "t.npz"), "--steps", "800", "--rate", "0.01"]
    assert cli.main([*train, "--output", str(tmp_path)]) == 0
    last = [line for line in capsys.readouterr().out.splitlines() if "R² by running" in line][-1]
    assert float(last.split("before, ")[1].split()[0]) > 0.9


@pytest.mark.usefixtures("loose")
def test_divergence_is_said(tmp_path, capsys):
    x = RNG.normal(size=(50, 2))
    np.savez(tmp_path / "t.npz", x=x, y=x[:, 0])
    arguments = ["--data", str(tmp_path / "t.npz"), "--rate", "1e38", "--steps", "20"]
    assert cli.main(["train", *arguments, "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert re.search(
        r"finite (loss|gradient), got .* at step \d+, first in .*; lower the rate", said
    )
    assert (tmp_path / "out" / "model.npz").exists(), "the training before that step is kept"
