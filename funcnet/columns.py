"""From columns to what a network takes, and from its outputs back; learnt from the training rows.

A number is shifted by its mean and divided by its standard deviation; where it is missing the mean
stands for it. A word becomes one column for each category that the training rows had, 1 at its own;
a missing word is a category too. A word that training never met is 0 in all of them.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from funcnet.tables import Columns

LARGEST = 1e30  # far beyond it float32 ends
EXACT = 2.0**53  # beyond it not every integer is a float64
MOST_CLASSES = 50  # integer targets with more different values than this are read as values
MOST_CATEGORIES = 100  # a column with more different words is a name, not a kind
FEW = 20  # so many different entries are no ids, however short the table


@dataclass(frozen=True)
class Column:
    """A feature: of numbers, with centre and scale; or of words, with its categories."""

    name: str
    centre: float = 0.0
    scale: float = 1.0
    categories: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """The number of network inputs."""
        return 1 if self.categories is None else len(self.categories)


@dataclass(frozen=True)
class Target:
    """What is predicted: one of the classes, or a value with its centre and scale."""

    name: str
    classes: tuple[str, ...] | None = None
    centre: float = 0.0
    scale: float = 1.0


def learn_columns(columns: Columns, rows: np.ndarray | None = None) -> tuple[Column, ...]:
    """How each column is encoded, learnt from some rows, or all; ids are looked for in all.

    Raises:
        ValueError: a column is empty, holds inf, or has too many different words.
    """
    names = [name for name, entries in columns.items() if _is_name(entries)]
    if names:
        raise ValueError(
            f"load_table needs words that come again, at most {MOST_CATEGORIES} in a column, got "
            f"names or ids in {', '.join(names)}; leave these out: --drop {','.join(names)}"
        )
    for name, entries in columns.items():
        if _counts_rows(entries):
            warnings.warn(
                f"column {name} counts the rows; unless that means something, leave it out: "
                f"--drop {name}",
                stacklevel=2,
            )
    taken = slice(None) if rows is None else rows
    return tuple(_learn(name, entries[taken]) for name, entries in columns.items())


def _is_name(entries: np.ndarray) -> bool:
    if entries.dtype.kind == "f":
        return False
    different = len(set(entries))
    return different > MOST_CATEGORIES or different > max(FEW, len(entries) // 2)


def _counts_rows(entries: np.ndarray) -> bool:
    """Whether the entries are successive integers, in any order, each once."""
    if entries.dtype.kind != "f" or len(entries) <= FEW:
        return False
    return bool((np.diff(np.sort(entries)) == 1).all())


def _learn(name: str, entries: np.ndarray) -> Column:
    if entries.dtype.kind != "f":
        return Column(name, categories=tuple(sorted(set(entries))))
    present = entries[~np.isnan(entries)]
    if not len(present):
        raise ValueError(
            f"load_table needs entries in every column, got none in {name}; leave it out: "
            f"--drop {name}"
        )
    _require_bounded(name, present)
    spread = float(present.std())
    return Column(name, float(present.mean()), spread if spread > 0 else 1.0)


def _require_bounded(name: str, present: np.ndarray) -> None:
    if not (np.abs(present) < LARGEST).all():
        raise ValueError(
            f"load_table needs finite features, got inf or above {LARGEST:g} in column {name}; "
            "mend or leave out these rows"
        )


def encode(learnt: Sequence[Column], columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """The inputs (n, width) of a network, columns found by their names, others left aside.

    Raises:
        ValueError: a column is missing, or has words in place of numbers.
    """
    missing = [column.name for column in learnt if column.name not in columns]
    if missing:
        raise ValueError(
            f"the model needs the columns {', '.join(c.name for c in learnt)}, got none called "
            f"{', '.join(missing)}; pass a table with the columns of the training"
        )
    parts = [_encoded(column, columns[column.name]) for column in learnt]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _encoded(column: Column, entries: np.ndarray) -> np.ndarray:
    if column.categories is not None:
        words = _words(entries)
        unknown = sorted(set(words) - set(column.categories))
        if unknown:
            warnings.warn(
                f"column {column.name} has words that training never met: "
                f"{', '.join(unknown[:5])}; they count as none of its categories",
                stacklevel=2,
            )
        return (words[:, None] == np.array(column.categories, dtype=object)).astype(float)
    if entries.dtype.kind != "f":
        if not (entries == "").all():
            word = next(e for e in entries if e)
            raise ValueError(
                f"the model needs numbers in column {column.name}, got {word!r}; mend that entry"
            )
        entries = np.full(len(entries), np.nan)
    _require_bounded(column.name, entries[~np.isnan(entries)])
    scaled = (entries - column.centre) / column.scale
    return np.where(np.isnan(scaled), 0.0, scaled)[:, None]


def _words(entries: np.ndarray) -> np.ndarray:
    """Words as they are, numbers as one would write them."""
    if entries.dtype.kind != "f":
        return entries
    return np.array(["" if math.isnan(e) else f"{e:.15g}" for e in entries], dtype=object)


def learn_target(name: str, entries: np.ndarray, task: str | None = None) -> Target:
    """Classes for words and few different integers, values for other numbers, or as `task` says.

    Raises:
        ValueError: an entry is missing, all are alike, or words shall be values.
    """
    whole = _require_target(name, entries)
    values, counts = np.unique(entries, return_counts=True)
    words = entries.dtype.kind != "f"
    if task == "values" and words:
        raise ValueError(f"--task values needs numbers in {name}, got words; pass --task classes")
    if words or task == "classes" or (task is None and whole and len(values) <= MOST_CLASSES):
        if len(counts) > max(FEW, len(entries) // 2):
            _warn_of_ids(name, f"{len(counts)} classes in {len(entries)} rows")
        if len(values) < 2:
            raise ValueError(
                f"load_table needs at least 2 classes in {name}, got only {_words(values)[0]}"
            )
        return Target(name, tuple(_words(values)))
    if len(values) < 2:
        raise ValueError(f"load_table needs targets that differ in {name}, got only {values[0]:g}")
    if _counts_rows(entries):
        _warn_of_ids(name, "successive integers")
    return Target(name, None, float(entries.mean()), float(entries.std()) or 1.0)


def _warn_of_ids(name: str, what: str) -> None:
    warnings.warn(
        f"the target {name} has {what}, which looks like ids; is it what is to be predicted?",
        stacklevel=3,
    )


def _require_target(name: str, entries: np.ndarray) -> bool:
    """Every row has a finite target; whether all are integers."""
    if entries.dtype.kind != "f":
        gone = np.flatnonzero(entries == "")
    else:
        gone = np.flatnonzero(np.isnan(entries))
    if len(gone):
        raise ValueError(
            f"load_table needs a target in every row, got nothing for {name} in {len(gone)} of "
            f"{len(entries)} rows; fill or leave out these rows"
        )
    if entries.dtype.kind != "f":
        return False
    if not (np.abs(entries) < LARGEST).all():
        raise ValueError(
            f"load_table needs finite targets, got inf or above {LARGEST:g} in {name}; fill or "
            "drop them"
        )
    return bool(((entries == np.round(entries)) & (np.abs(entries) < EXACT)).all())


def encode_target(target: Target, entries: np.ndarray) -> np.ndarray:
    """Class numbers (n) as integers, or scaled values (n) as floats.

    Raises:
        ValueError: a class that training did not have, a value that is none.
    """
    if target.classes is None:
        if entries.dtype.kind != "f":
            raise ValueError(f"the model needs numbers in {target.name}, got words; mend the table")
        _require_target(target.name, entries)
        return ((entries - target.centre) / target.scale).astype(np.float32)
    numbers = {name: number for number, name in enumerate(target.classes)}
    words = _words(entries)
    unknown = sorted(set(words) - set(numbers))
    if unknown:
        raise ValueError(
            f"the model needs classes among {', '.join(target.classes)} in {target.name}, got "
            f"{unknown[0]!r}; leave out these rows, or train anew"
        )
    return np.array([numbers[word] for word in words], dtype=np.int32)


def to_plain(learnt: Sequence[Column] | Target) -> Any:
    """What JSON can hold."""
    return asdict(learnt) if isinstance(learnt, Target) else [asdict(column) for column in learnt]


def columns_from(plain: Sequence[Mapping]) -> tuple[Column, ...]:
    """The columns of what `to_plain` gave."""
    return tuple(Column(**{**c, "categories": _tuple(c["categories"])}) for c in plain)


def target_from(plain: Mapping) -> Target:
    """The target of what `to_plain` gave."""
    return Target(**{**plain, "classes": _tuple(plain["classes"])})


def _tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
