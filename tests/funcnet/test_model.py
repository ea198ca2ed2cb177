"""A model as its user meets it: trained, saved, loaded, asked; by command and in Python."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import funcnet
from funcnet import cli
from funcnet.columns import Column, Target
from funcnet.layers import dense
from funcnet.model import Model, load, save
from funcnet.scores import class_scores, value_scores

RNG = np.random.default_rng(0)


@contextmanager
def as_users_have_it():
    """JAX's default configuration."""
    with (
        jax.enable_x64(False),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
    ):
        yield


@pytest.fixture(autouse=True)
def loose():
    with as_users_have_it():
        yield


def houses(path, rows=300):
    """Values in thousands, by size in m², age with gaps, and a district."""
    lines = ["size,age,district,price"]
    for _ in range(rows):
        size, age = RNG.uniform(30, 200), RNG.uniform(0, 80)
        district = RNG.choice(["north", "south", ""])
        price = 3000 * size - 500 * age + 50_000 * (district == "south")
        lines.append(f"{size:.1f},{age:.0f},{district},{price:.0f}")
        if RNG.random() < 0.1:
            lines[-1] = f"{size:.1f},,{district},{price:.0f}"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """A table of values and the model trained on it."""
    folder = tmp_path_factory.mktemp("values")
    table = houses(folder / "houses.csv")
    arguments = ["--target", "price", "--steps", "600", "--rate", "0.01", "--hidden", "16"]
    with as_users_have_it():
        assert cli.main(["train", "--data", str(table), *arguments, "--output", str(folder)]) == 0
    return folder, table


def use(command, folder, table, *arguments):
    model = ["--model", str(folder / "model.npz"), "--data", str(table)]
    return cli.main([command, *model, *map(str, arguments)])


def test_evaluate_tells_how_good_values_are(values, capsys):
    assert use("evaluate", *values) == 0
    said = capsys.readouterr().out
    assert float(re.search(r"R² ([\d.]+)", said)[1]) > 0.9
    assert "mean absolute error" in said


def test_predict_writes_values_in_the_tables_units(values):
    folder, table = values
    output = folder / "predictions.csv"
    assert use("predict", folder, table, "--output", output) == 0
    lines = output.read_text().splitlines()
    assert lines[0] == "price"
    wanted = load(folder / "model.npz").predict(table).labels
    assert_allclose(np.array(lines[1:], float), wanted, rtol=1e-6)
    assert 1e5 < wanted.mean() < 1e6


def test_the_order_of_columns_is_free_and_others_are_left_aside(values):
    model = load(values[0] / "model.npz")
    columns = {"size": [100.0, 50.0], "age": [10.0, np.nan], "district": ["south", ""]}
    turned = {"other": [0, 0], **dict(reversed(columns.items()))}
    assert_array_equal(model.predict(columns).labels, model.predict(turned).labels)
    with pytest.raises(ValueError, match=r"needs the columns size, age, district, got none called"):
        model.predict({"size": [1.0], "age": [1.0]})
    with pytest.raises(
        ValueError, match=r"needs rows of 3 entries, got an array of shape \(2, 2\)"
    ):
        model.predict(np.ones((2, 2)))


def test_a_data_frame_is_a_table(values):
    pandas = pytest.importorskip("pandas")
    folder, table = values
    model = load(folder / "model.npz")
    assert_array_equal(model.predict(pandas.read_csv(table)).labels, model.predict(table).labels)


def test_slopes_are_differences_in_the_tables_own_units(values):
    folder, table = values
    model = load(folder / "model.npz")
    slopes = model.slopes(table)
    assert slopes.columns == ("size", "age")
    assert slopes.jacobian.shape == (300, 1, 2)
    columns = {"size": np.array([100.0, 60]), "age": np.array([20.0, 5]), "district": ["south", ""]}
    for i, (name, step) in enumerate((("size", 4.0), ("age", 4.0))):
        up, down = ({**columns, name: columns[name] + sign * step} for sign in (1, -1))
        change = (model.predict(up).labels - model.predict(down).labels) / (2 * step)
        assert_allclose(model.slopes(columns).jacobian[:, 0, i], change, rtol=0.05)


def test_jacobian_is_written_by_names(values):
    folder, table = values
    assert use("jacobian", folder, table, "--output", folder / "j.csv") == 0
    lines = (folder / "j.csv").read_text().splitlines()
    assert lines[0] == "d(price)/d(size),d(price)/d(age)"
    assert use("jacobian", folder, table, "--output", folder / "j.npz") == 0
    with np.load(folder / "j.npz") as file:
        assert list(file["columns"]) == ["size", "age"]
        assert list(file["outputs"]) == ["price"]
        written = np.array([line.split(",") for line in lines[1:]], float)
        assert_allclose(written, file["jacobian"][:, 0], rtol=1e-7)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """Three species, told apart by two lengths."""
    folder = tmp_path_factory.mktemp("classes")
    species = RNG.choice(["iris", "rose", "tulip"], 150)
    centre = {"iris": (0, 0), "rose": (3, 0), "tulip": (0, 3)}
    places = [RNG.normal(centre[name]) for name in species]
    rows = [f"{i},{a:.3f},{b:.3f},{species[i]}" for i, (a, b) in enumerate(places)]
    table = folder / "flowers.csv"
    table.write_text("\n".join(["id,a,b,species", *rows]) + "\n")
    arguments = ["--target", "species", "--drop", "id", "--epochs", "60", "--patience", "40"]
    arguments += ["--clip", "1", "--decay", "0.01"]
    with as_users_have_it():
        assert cli.main(["train", "--data", str(table), *arguments, "--output", str(folder)]) == 0
    return folder, table


def test_predict_writes_classes_and_probabilities(classes):
    folder, table = classes
    output = folder / "p.csv"
    assert use("predict", folder, table, "--output", output) == 0
    header, *rows = (line.split(",") for line in output.read_text().splitlines())
    assert header == ["species", "p(iris)", "p(rose)", "p(tulip)"]
    probabilities = np.array([row[1:] for row in rows], float)
    assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    names = np.array(["iris", "rose", "tulip"])[probabilities.argmax(axis=1)]
    assert [row[0] for row in rows] == list(names)


def test_evaluate_tells_how_good_classes_are(classes, capsys):
    assert use("evaluate", *classes) == 0
    said = capsys.readouterr().out
    assert float(re.search(r"accuracy ([\d.]+) %", said)[1]) > 80
    assert "true class by row, predicted by column" in said


def test_no_bias_stands_before_a_normalisation(values, classes):
    of_values, of_classes = (
        str(load(folder / "model.npz").network) for folder, _ in (values, classes)
    )
    assert of_values == "serial(dense(16, bias=False), batch_norm, sigmoid, dense(1))"
    assert of_classes.count("dense(") == of_classes.count("bias=False")


def test_a_model_is_used_in_another_process(classes):
    folder, _table = classes
    program = (
        "import sys, funcnet; m = funcnet.load(sys.argv[1]); "
        "print(*m.predict({'a': [0, 3, 0], 'b': [0, 0, 3]}).labels)"
    )
    command = [sys.executable, "-c", program, str(folder / "model.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["iris", "rose", "tulip"]


def test_a_finished_training_goes_on_with_resume_alone(classes, capsys):
    folder, table = classes
    assert cli.main(["train", "--output", str(folder), "--resume", "--steps", "100"]) == 0
    assert "100 steps" in capsys.readouterr().out
    assert cli.main(["train", "--output", str(folder), "--resume", "--seed", "5"]) == 2
    assert "fit needs --seed=0 as in" in capsys.readouterr().err
    table.write_text(table.read_text().replace("tulip", "rose", 1))
    assert cli.main(["train", "--output", str(folder), "--resume"]) == 2
    assert "digest of the table" in capsys.readouterr().err


def test_an_unfinished_training_is_not_forgotten(tmp_path, monkeypatch, capsys):
    from funcnet import command_train
    from funcnet.runs import train

    table = houses(tmp_path / "t.csv", 60)
    arguments = ["train", "--data", str(table), "--target", "price", "--output", str(tmp_path)]

    def ctrl_c(*arguments, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return train(*arguments, **options)

    monkeypatch.setattr(command_train, "train", ctrl_c)
    assert cli.main([*arguments, "--steps", "50"]) == 130
    assert "interrupted after step 0; go on from there with --resume" in capsys.readouterr().out
    monkeypatch.undo()
    assert cli.main([*arguments, "--steps", "50"]) == 2
    assert "holds an unfinished training, which came to step 0; go on" in capsys.readouterr().err
    assert cli.main(["train", "--output", str(tmp_path), "--resume"]) == 0
    whole = (tmp_path / "model.npz").read_bytes()
    assert cli.main([*arguments, "--steps", "50", "--anew"]) == 0
    assert (tmp_path / "model.npz").read_bytes() == whole


def test_a_full_disk_does_not_lose_the_model(tmp_path, monkeypatch, capsys):
    from funcnet import command_train, model

    written = model.save

    def full(path, trained):
        if tmp_path in path.parents:
            raise OSError(28, "No space left on device")
        written(path, trained)

    monkeypatch.setattr(command_train.model, "save", full)
    monkeypatch.setattr(command_train.tempfile, "mkdtemp", lambda prefix: str(spare))
    spare = tmp_path.parent / f"{tmp_path.name}-spare"
    spare.mkdir()
    table = houses(tmp_path / "t.csv", 60)
    arguments = ["--target", "price", "--steps", "10", "--output", str(tmp_path / "out")]
    assert cli.main(["train", "--data", str(table), *arguments]) == 2
    assert f"No space left on device); the model is in {spare}" in capsys.readouterr().err
    assert load(spare / "model.npz").target.name == "price"


def test_a_network_of_ones_own_is_saved_and_given_back(tmp_path):
    network = dense(1)
    params, state = network.init(jax.random.key(0), (2,))
    columns = (Column("a", 1.0, 2.0), Column("b"))
    model = Model(network, params, state, columns, Target("y", None, 5.0, 10.0))
    save(tmp_path / "m.npz", model)
    with pytest.raises(ValueError, match=r"load needs the network of .*m.npz, got none; pass"):
        funcnet.load(tmp_path / "m.npz")
    x = np.array([[3.0, 4.0]])
    wanted = ((x - [1, 0]) / [2, 1]) @ np.asarray(params.w) * 10 + 5
    loaded = funcnet.load(tmp_path / "m.npz", network)
    assert_allclose(loaded.predict(x).labels, wanted[:, 0], rtol=1e-5)
    slopes = np.asarray(params.w)[:, 0] * 10 / [2, 1]
    assert_allclose(model.slopes(x).jacobian[0, 0], slopes, rtol=1e-5)


MISUSE = {
    "no model": (["predict", "--model", "no.npz", "--data", "t.csv"],
        r"needs a trained model, got no file no.npz; run"),
    "no table": (["predict", "--data", "no.csv"], r"needs an existing file, got no.csv"),
    "no target": (["evaluate", "--data", "t.csv"],
        r"evaluate needs the column price, got size, age, district; pass"),
    "no column": (["predict", "--data", "u.csv"],
        r"needs the columns size, age, district, got none called age"),
    "not the digits": (["predict"],
        r"predict needs a table for this model, got none; name one with --data"),
    "a checkpoint": (["predict", "--model", "checkpoint.npz", "--data", "t.csv"],
        r"load needs a model, got checkpoint.npz"),
    "a picture": (["predict", "--model", "t.csv", "--data", "t.csv"],
        r"load needs a checkpoint, got t.csv of another"),
    "a recipe": (["train", "--data", "t.csv", "--recipe", "source"], r"--recipe is for the digits"),
    "a rate": (["train", "--rate", "0.1"], r"--rate goes with --data"),
    "dropped": (["train", "--data", "t.csv", "--target", "size", "--drop", "no"],
        r"a dropped column called no"),
    "words as values": (["train", "--data", "t.csv", "--target", "district", "--task", "values"],
        r"--task values needs numbers"),
    "no folder": (["predict", "--data", "t.csv", "--output", "t.csv/deep/p.csv"],
        r"--output needs a folder, got the file"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), MISUSE.values(), ids=MISUSE.keys())
def test_a_mistake_gets_one_sentence(values, tmp_path, monkeypatch, capsys, arguments, sentence):
    from funcnet import checkpoint

    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("size,age,district\n100,5,north\n90,1,south\n")
    (tmp_path / "u.csv").write_text("size,district\n100,north\n")
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "model.npz").write_bytes((values[0] / "model.npz").read_bytes())
    checkpoint.save("checkpoint.npz", {"a": np.ones(1)})
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert re.search(sentence, said)
    assert said.startswith(f"funcnet {arguments[0]}: ")
    assert said.count("\n") == 1


def test_scores_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    truth, said = RNG.integers(0, 4, 50), RNG.integers(0, 4, 50)
    scores = class_scores(truth, said, 4)
    assert_array_equal(scores.confusion, metrics.confusion_matrix(truth, said))
    p, r, f, _ = metrics.precision_recall_fscore_support(truth, said)
    assert_allclose(np.stack([scores.precision, scores.recall, scores.f1]), [p, r, f])
    assert_allclose(scores.mean_f1, metrics.f1_score(truth, said, average="macro"))
    assert_allclose(scores.accuracy, metrics.accuracy_score(truth, said))
    a, b = RNG.normal(size=(2, 50))
    found = value_scores(a, b)
    assert_allclose(found.r2, metrics.r2_score(a, b))
    assert_allclose(found.root_mean_square, metrics.root_mean_squared_error(a, b))
    assert_allclose(found.mean_absolute, metrics.mean_absolute_error(a, b))
