"""What `python -m funcnet` does with a trained network: predict, evaluate, jacobian."""

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from funcnet import data, model
from funcnet.columns import encode_target
from funcnet.files import require_writable, written_whole
from funcnet.model import Model, Slopes
from funcnet.scores import ClassScores, class_scores, value_scores
from funcnet.tables import Columns, read


def predict(options: argparse.Namespace) -> None:
    """Write a .csv with a row for each of the table: class and probabilities, or the value."""
    trained, columns = _opened(options)
    require_writable(options.output.parent, "--output")
    labels, probabilities = trained.predict(columns)
    names = [trained.target.name, *(f"p({name})" for name in trained.target.classes or ())]
    numbers = np.zeros((len(labels), 0)) if probabilities is None else probabilities
    written = labels if trained.target.classes else map(_short, labels)
    rows = ([label, *map(_short, row)] for label, row in zip(written, numbers, strict=True))
    _write_csv(options.output, names, rows)
    print(f"wrote {options.output}: {len(labels)} rows of {', '.join(names)}")


def evaluate(options: argparse.Namespace) -> None:
    """Print how good the predictions of a table are that has the target."""
    trained, columns = _opened(options)
    target = trained.target
    if target.name not in columns:
        raise ValueError(
            f"evaluate needs the column {target.name}, got {', '.join(columns)}; pass a table that "
            "has it, or use predict"
        )
    truth = encode_target(target, columns[target.name])
    outputs = trained.outputs(columns)
    if target.classes is not None:
        print(
            _class_report(
                class_scores(truth, outputs.argmax(axis=1), len(target.classes)), target.classes
            )
        )
        return
    scores = value_scores(columns[target.name], model.predicted(target, outputs).labels)
    print(f"R² {scores.r2:.4f}")
    print(f"root of the mean squared error {scores.root_mean_square:.6g}")
    print(f"mean absolute error {scores.mean_absolute:.6g}")


def jacobian(options: argparse.Namespace) -> None:
    """Write the derivatives of the outputs by the columns, to .npz or .csv by its name."""
    trained, columns = _opened(options)
    require_writable(options.output.parent, "--output")
    slopes = trained.slopes(columns)
    if not slopes.columns:
        raise ValueError("jacobian needs columns of numbers, got words alone; they have no slopes")
    if options.output.suffix == ".csv":
        names = [f"d({y})/d({x})" for y in slopes.outputs for x in slopes.columns]
        rows = slopes.jacobian.reshape(len(slopes.value), -1)
        _write_csv(options.output, names, (map(_short, row) for row in rows))
    else:
        _write_npz(options.output, slopes)
    shape = slopes.jacobian.shape
    print(f"wrote {options.output}: jacobian {shape} (row, output, column), in the table's units")
    sensitivity = np.abs(slopes.jacobian).mean(axis=(0, 1))
    for i in np.argsort(-sensitivity)[:5]:
        print(f"{slopes.columns[i]}: mean |derivative| {sensitivity[i]:.4g}")


def _opened(options: argparse.Namespace) -> tuple[Model, Columns]:
    """The model and the table, or the held-out digits."""
    if not options.model.is_file():
        raise FileNotFoundError(
            f"{options.command} needs a trained model, got no file {options.model}; "
            "run `python -m funcnet train` first, or name one with --model"
        )
    trained = model.load(options.model)
    if options.data is not None:
        return trained, read(options.data, trained.target.name)
    if [column.name for column in trained.columns] != list(data.DIGIT_NAMES):
        raise ValueError(
            f"{options.command} needs a table for this model, got none; name one with --data"
        )
    held_out = data.digits().validation
    columns = dict(zip(data.DIGIT_NAMES, held_out.x.T.astype(float), strict=True))
    return trained, columns | {trained.target.name: held_out.targets.astype(float)}


def _class_report(scores: ClassScores, classes: Sequence[str]) -> str:
    width = max(9, *(len(name) for name in classes))
    lines = [f"accuracy {100 * scores.accuracy:.2f} %, mean F1 {scores.mean_f1:.4f}", ""]
    lines += [f"{'class':<{width}} {'precision':>9} {'recall':>9} {'F1':>9} {'rows':>7}"]
    columns = (scores.precision, scores.recall, scores.f1, scores.confusion.sum(axis=1))
    for name, p, r, f, n in zip(classes, *columns, strict=True):
        lines.append(f"{name:<{width}} {p:>9.4f} {r:>9.4f} {f:>9.4f} {n:>7}")
    cell = max(5, len(str(scores.confusion.max())), *(len(name) for name in classes)) + 1
    lines += ["", "true class by row, predicted by column"]
    lines += [" " * width + "".join(f"{name:>{cell}}" for name in classes)]
    for name, row in zip(classes, scores.confusion, strict=True):
        lines.append(f"{name:<{width}}" + "".join(f"{count:>{cell}}" for count in row))
    return "\n".join(lines)


def _write_csv(path: Path, names: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        written_whole(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def _write_npz(path: Path, slopes: Slopes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {key: np.array(entry) for key, entry in slopes._asdict().items()}
    with written_whole(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _short(number: float) -> str:
    """Nine digits tell all float32 apart."""
    return f"{number:.9g}"
