"""Data: the digits of scikit-learn, and anybody's table from a .csv or .npz file."""

import csv
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

TARGET_NAMES = ("target", "label", "labels", "class", "y")
FEATURE_NAMES = ("x", "X", "features", "data")
LARGEST = 1e30  # far beyond it float32 ends
EXACT = 2.0**53  # beyond it not every integer is a float64
MOST_CLASSES = 50  # integer targets with more different values than this are read as values


class Table(NamedTuple):
    """Features (n, d) and one target each.

    `classes` names the classes that integer targets number, and is None where targets are values.
    """

    x: np.ndarray
    targets: np.ndarray
    classes: tuple[str, ...] | None


class Split(NamedTuple):
    """A part to train on and a part to validate on."""

    train: Table
    validation: Table


def digits() -> Split:
    """The 8x8 digits in [0, 1]: the first 1500 train, the last 297 validate (other writers).

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "digits needs scikit-learn, which is not installed; pip install 'funcnet[demo]'"
        ) from None
    images, labels = load_digits(return_X_y=True)
    x = (images / images.max()).astype(np.float32)
    classes = tuple(map(str, range(10)))
    return Split(
        Table(x[:1500], labels[:1500].astype(np.int32), classes),
        Table(x[1500:], labels[1500:].astype(np.int32), classes),
    )


def split(table: Table, share: float = 0.2, seed: int = 0) -> Split:
    """A random split of a table; `share` of the rows, at least one, validate.

    Raises:
        ValueError: share outside (0, 1), or fewer than 2 rows left to train on.
    """
    if not 0 < share < 1:
        raise ValueError(f"split needs 0 < share < 1, got {share}; pass a share such as 0.2")
    n = len(table.x)
    held = max(1, round(share * n))
    if n - held < 2:
        raise ValueError(f"split needs at least 2 rows to train on, got {n} in all; add rows")
    order = np.random.default_rng(seed).permutation(n)
    held_out, kept = order[:held], order[held:]
    return Split(
        Table(table.x[kept], table.targets[kept], table.classes),
        Table(table.x[held_out], table.targets[held_out], table.classes),
    )


def load_table(path: str | os.PathLike, target: str | None = None) -> Table:
    """Read a .csv (with or without a header) or an .npz file (arrays x and y).

    Args:
        target: the target's column or array; without it one called target, label, class or y is
            taken, and in a file without a header the last column. Features must be numbers; a
            target of words or of few integers means classes, any other means values.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no target column, ragged rows, entries that are no numbers, or no rows.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load_table needs an existing file, got {path}; check the path")
    if path.suffix == ".npz":
        return _from_npz(path, target)
    if path.suffix in (".csv", ".tsv", ".txt"):
        return _from_csv(path, target)
    raise ValueError(
        f"load_table needs a .csv or .npz file, got {path}; convert it to one of these"
    )


def _from_npz(path: Path, target: str | None) -> Table:
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ValueError(f"load_table needs an .npz file of numbers, got {path}: {error}") from None
    features = _found(FEATURE_NAMES, arrays, path, "features")
    name = _found((target,) if target else TARGET_NAMES, arrays, path, "target")
    x, targets = arrays[features], arrays[name]
    if x.ndim == 0 or targets.shape not in ((len(x),), (len(x), 1)):
        raise ValueError(
            f"load_table needs one target for each row of {features}, got {name} of shape "
            f"{targets.shape} for {x.shape}; save {name} with shape (n,)"
        )
    if x.dtype.kind not in "fiub":
        raise ValueError(f"load_table needs numbers in {features}, got {x.dtype}; encode them")
    return _table(path, x.reshape(len(x), -1), targets.reshape(len(x)))


def _found(wanted: Sequence[str], present: Sequence[str] | dict, path: Path, what: str) -> str:
    for name in wanted:
        if name in present:
            return name
    raise ValueError(
        f"load_table needs a {what} column called {' or '.join(wanted)} in {path}, got "
        f"{', '.join(present) or 'none'}; name the target with --target (target=...)"
    )


def _from_csv(path: Path, target: str | None) -> Table:
    rows = _rows(path)
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise ValueError(
                f"load_table needs rows of one length in {path}, got {len(row)} entries in row "
                f"{number} and {width} in row 1; mend that row"
            )
    if width < 2:
        raise ValueError(
            f"load_table needs a target column beside the features in {path}, got one column; "
            "separate the columns by commas"
        )
    header = None if any(_is_number(entry) for entry in rows[0]) else [e.strip() for e in rows[0]]
    names = header or [str(number) for number in range(width)]
    wanted = (target,) if target else TARGET_NAMES if header else (names[-1],)
    position = names.index(_found(wanted, names, path, "target"))
    body = rows[1:] if header else rows
    features = [i for i in range(width) if i != position]
    x = [
        [_number(path, number, names[i], row[i]) for i in features]
        for number, row in enumerate(body, 2 if header else 1)
    ]
    return _table(path, np.array(x, dtype=float), np.array([row[position].strip() for row in body]))


def _rows(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"load_table needs text in UTF-8, got {path}: {error}") from None
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    if not rows:
        raise ValueError(f"load_table needs at least one row, got none in {path}; fill the file")
    return rows


def _is_number(entry: str) -> bool:
    try:
        float(entry)
    except ValueError:
        return False
    return True


def _number(path: Path, row: int, column: str, entry: str) -> float:
    if not _is_number(entry) or not np.isfinite(float(entry)):
        raise ValueError(
            f"load_table needs finite numbers in {path}, got {entry!r} in row {row}, column "
            f"{column}; encode words as numbers and fill or drop what is missing"
        )
    return float(entry)


def _table(path: Path, x: np.ndarray, targets: np.ndarray) -> Table:
    """Decide whether the targets are classes or values."""
    if not len(x):
        raise ValueError(f"load_table needs at least one row, got none in {path}; fill the file")
    if not (np.abs(x.astype(float)) < LARGEST).all():
        raise ValueError(
            f"load_table needs finite features in {path}, got nan, inf or above {LARGEST:g}; "
            "fill or drop them"
        )
    x = x.astype(np.float32)
    if targets.dtype.kind in "US" and all(map(_is_number, targets)):
        targets = targets.astype(float)
    if targets.dtype.kind in "US":
        return _classes(path, x, targets)
    if targets.dtype.kind not in "fiub" or not (np.abs(targets.astype(float)) < LARGEST).all():
        raise ValueError(
            f"load_table needs finite targets in {path}, got nan, inf or above {LARGEST:g}; "
            "fill or drop them"
        )
    whole = (targets == np.round(targets)) & (np.abs(targets.astype(float)) < EXACT)
    if whole.all() and len(np.unique(targets)) <= MOST_CLASSES:
        return _classes(path, x, targets.astype(np.int64))
    if (targets == targets[0]).all():
        raise ValueError(f"load_table needs targets that differ in {path}, got only {targets[0]:g}")
    return Table(x, targets.astype(np.float32), None)


def _classes(path: Path, x: np.ndarray, targets: np.ndarray) -> Table:
    classes, labels = np.unique(targets, return_inverse=True)
    if "" in classes.astype(str):
        raise ValueError(f"load_table needs a target in every row of {path}, got an empty one")
    if len(classes) < 2:
        raise ValueError(f"load_table needs at least 2 classes in {path}, got only {classes[0]}")
    return Table(x, labels.astype(np.int32), tuple(map(str, classes)))
