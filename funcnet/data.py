"""Data: the digits of scikit-learn, and anybody's table from a .csv or .npz file."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from funcnet.columns import Column, encode, encode_target, learn_columns, learn_target
from funcnet.tables import TARGET_NAMES, Columns, found_name, read

DIGIT_NAMES = tuple(f"pixel {row},{column}" for row in range(8) for column in range(8))


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
    kept, held = parted(len(table.x), share, seed)
    return Split(
        Table(table.x[kept], table.targets[kept], table.classes),
        Table(table.x[held], table.targets[held], table.classes),
    )


def parted(n: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows to train on and those held out.

    Raises:
        ValueError: share outside (0, 1), or fewer than 2 rows left to train on.
    """
    if not 0 < share < 1:
        raise ValueError(f"split needs 0 < share < 1, got {share}; pass a share such as 0.2")
    held = max(1, round(share * n))
    if n - held < 2:
        raise ValueError(f"split needs at least 2 rows to train on, got {n} in all; add rows")
    order = np.random.default_rng(seed).permutation(n)
    return order[held:], order[:held]


def load_table(
    path: str | os.PathLike,
    target: str | None = None,
    drop: Sequence[str] = (),
    task: str | None = None,
) -> Table:
    """Read a .csv (with or without a header) or an .npz file (arrays x and y).

    Args:
        target: the target's column or array; without it one called target, label, class or y is
            taken, and in a file without a header the last column.
        drop: columns to leave out.
        task: "classes" or "values"; without it a target of words or of few integers means classes.

    Returns:
        Numbers as they are, the mean where one is missing; a column for each category of words.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such a table; the message says where.
    """
    features, name, entries = features_and_target(read(path, target), path, target, drop)
    learnt = learn_columns(features)
    goal = learn_target(name, entries, task)
    plain = [replace(column, centre=0.0, scale=1.0) for column in learnt]
    filled = {c.name: _filled(c, features[c.name]) for c in learnt}
    unscaled = replace(goal, centre=0.0, scale=1.0)
    return Table(encode(plain, filled), encode_target(unscaled, entries), goal.classes)


def features_and_target(
    columns: Columns, path: Any, target: str | None, drop: Sequence[str] = ()
) -> tuple[Columns, str, np.ndarray]:
    """The features, and name and entries of the target.

    Raises:
        ValueError: a name is not there, or nothing is left.
    """
    for name in drop:
        found_name((name,), columns, path, "dropped")
    names = list(columns)
    unnamed = names == [str(number) for number in range(len(names))]
    wanted = (target,) if target else (names[-1],) if unnamed else TARGET_NAMES
    name = found_name(wanted, columns, path, "target")
    features = {key: c for key, c in columns.items() if key != name and key not in drop}
    if not features or name in drop:
        raise ValueError(
            f"load_table needs a target and features beside it in {path}, got --drop of "
            f"{', '.join(drop)} and the target {name}; drop fewer"
        )
    return features, name, columns[name]


def _filled(column: Column, entries: np.ndarray) -> np.ndarray:
    if column.categories is not None:
        return entries
    return np.where(np.isnan(entries), column.centre, entries)
