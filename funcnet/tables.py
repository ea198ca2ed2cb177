"""Reading tables: named columns of numbers or words from a .csv or .npz file, or a data frame.

A column is an array of floats, nan where nothing stands, or of words, "" where nothing stands. An
empty entry, NA, N/A, nan, null, None and ? mean that nothing stands there; a row of nothing else is
left out.
"""

import csv
import io
import os
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Columns = dict[str, np.ndarray]
MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?")
FEATURE_NAMES = ("x", "X", "features", "data")
TARGET_NAMES = ("target", "label", "labels", "class", "y")


def read(path: str | os.PathLike, target: str | None = None) -> Columns:
    """The columns of a .csv file, with or without a header, or of an .npz file, in their order.

    Without a header the columns are called 0, 1, …; a first row of numbers is a header only where
    it counts its columns, or where `target` is one of them. pandas reads where it is installed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a table: ragged rows, a name twice, dates, numbers mixed with words.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load_table needs an existing file, got {path}; check the path")
    if path.suffix == ".npz":
        return _from_npz(path, target)
    if path.suffix in (".csv", ".tsv", ".txt"):
        return _from_text(path, target)
    raise ValueError(
        f"load_table needs a .csv or .npz file, got {path}; convert it to one of these"
    )


def columns_of(frame: Any) -> Columns:
    """The columns of a data frame, or of any mapping from names to sequences.

    Raises:
        ValueError: a column holds dates, or numbers mixed with words.
    """
    found = {}
    for name in frame:
        entries = np.asarray(frame[name])
        if entries.dtype.kind in "mM":
            raise ValueError(_no_dates(str(name), entries[0]))
        if entries.dtype.kind in "fiu":
            found[str(name)] = entries.astype(float)
        else:
            found[str(name)] = typed(str(name), ["" if e is None else str(e) for e in entries])
    return found


def found_name(
    wanted: Sequence[str], present: Sequence[str] | Mapping, path: Any, what: str
) -> str:
    """The first of these names that is there.

    Raises:
        ValueError: none is.
    """
    for name in wanted:
        if name in present:
            return name
    raise ValueError(
        f"load_table needs a {what} column called {' or '.join(wanted)} in {path}, got "
        f"{', '.join(present) or 'none'}; name the target with --target (target=...)"
    )


def _from_npz(path: Path, target: str | None) -> Columns:
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ValueError(f"load_table needs an .npz file of numbers, got {path}: {error}") from None
    features = found_name(FEATURE_NAMES, arrays, path, "features")
    name = found_name((target,) if target else TARGET_NAMES, arrays, path, "target")
    x, targets = arrays[features], arrays[name]
    if x.ndim == 0 or targets.shape not in ((len(x),), (len(x), 1)):
        raise ValueError(
            f"load_table needs one target for each row of {features}, got {name} of shape "
            f"{targets.shape} for {x.shape}; save {name} with shape (n,)"
        )
    if x.dtype.kind not in "fiub":
        raise ValueError(f"load_table needs numbers in {features}, got {x.dtype}; encode them")
    flat = x.reshape(len(x), -1).astype(float)
    found = {f"{features}{i}": column for i, column in enumerate(flat.T)}
    return found | columns_of({name: targets.reshape(len(x))})


def _from_text(path: Path, target: str | None) -> Columns:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"load_table needs text in UTF-8, got {path}: {error}") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    start = [
        row for row in csv.reader(io.StringIO(text[:100_000]), delimiter=delimiter) if any(row)
    ]
    if not start:
        raise ValueError(f"load_table needs at least one row, got none in {path}; fill the file")
    _require_even(path, text, delimiter, len(start[0]))
    header = _header(path, start, target)
    names = header or [str(number) for number in range(len(start[0]))]
    if len(names) < 2:
        raise ValueError(
            f"load_table needs a target column beside the features in {path}, got one column; "
            "separate the columns by commas"
        )
    comma = delimiter == ";" and re.search(r"(^|;)\s*-?\d+,\d+\s*(;|$)", text[:100_000], re.M)
    columns = _parsed(text, delimiter, "," if comma else ".", len(names), bool(header))
    if not len(columns[0]):
        raise ValueError(f"load_table needs at least one row, got none in {path}; fill the file")
    offset = 2 if header else 1
    return {
        name: column if column.dtype.kind == "f" else typed(name, column, path, offset)
        for name, column in zip(names, columns, strict=True)
    }


def _require_even(path: Path, text: str, delimiter: str, width: int) -> None:
    """Every row has as many entries as the first; without quotes, commas can be counted."""
    lines = text.splitlines()
    if '"' in text:
        widths = [len(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    else:
        widths = [line.count(delimiter) + 1 for line in lines if line.strip()]
    for number, found in enumerate(widths, 1):
        if found != width:
            raise ValueError(
                f"load_table needs rows of one length in {path}, got {found} entries in row "
                f"{number} and {width} in row 1; mend that row"
            )


def _header(path: Path, start: list[list[str]], target: str | None) -> list[str] | None:
    """The first row if it names the columns: without numbers, or counting them."""
    first = [entry.strip() for entry in start[0]]
    numeric = [entry for entry in first if is_number(entry)]
    counts = first in ([str(i + k) for i in range(len(first))] for k in (0, 1)) and len(start) > 1
    named = target in first and target not in map(str, range(len(first)))
    if numeric and not (counts and len(first) > 2) and not named:
        return None
    twice = sorted({name for name in first if first.count(name) > 1})
    if twice:
        raise ValueError(
            f"load_table needs columns of different names in {path}, got {', '.join(twice)} more "
            "than once; rename them"
        )
    return first


def _parsed(text: str, delimiter: str, decimal: str, width: int, header: bool) -> list[np.ndarray]:
    """The columns as floats where all entries are numbers or missing, else as text."""
    try:
        import pandas as pd
    except ModuleNotFoundError:
        every = list(csv.reader(io.StringIO(text), delimiter=delimiter))
        rows = [row for row in every if any(e.strip().lower() not in MISSING for e in row)][header:]
        return [_texts([row[i] for row in rows], decimal) for i in range(width)]
    frame = pd.read_csv(
        io.StringIO(text), sep=delimiter, decimal=decimal, header=None, skiprows=int(header),
        names=list(range(width)), keep_default_na=False, skipinitialspace=True,
        na_values=sorted(MISSING | {m.upper() for m in MISSING} | {"NaN", "None", "Null"}),
        low_memory=False, index_col=False,
    )  # fmt: skip
    frame = frame.dropna(how="all")
    return [_of_series(frame[i]) for i in range(width)]


def _of_series(series: Any) -> np.ndarray:
    if series.dtype.kind in "fiu":
        return series.to_numpy(float)
    return _texts(series.fillna("").astype(str).tolist(), ".")


def _texts(entries: list[str], decimal: str) -> np.ndarray:
    plain = [entry.strip() for entry in entries]
    if decimal == "," and all(re.fullmatch(r"-?[\d.,eE+-]*", entry) for entry in plain):
        plain = [entry.replace(",", ".") for entry in plain]
    return np.array(plain, dtype=object)


def typed(
    name: str, entries: Iterable[str], where: Any = "the table", offset: int = 0
) -> np.ndarray:
    """Entries as numbers, or as words if fewer than half are numbers.

    Raises:
        ValueError: numbers with a few words between them, or dates.
    """
    texts = np.array(["" if e.strip().lower() in MISSING else e.strip() for e in entries], object)
    present = np.flatnonzero(texts != "")
    numeric = np.array([is_number(texts[i]) for i in present], dtype=bool)
    if numeric.all():
        return np.array([float(e) if e else np.nan for e in texts])
    row = present[np.flatnonzero(~numeric)[0]]
    if 2 * numeric.sum() >= len(present):
        raise ValueError(
            f"load_table needs finite numbers in {where}, got {texts[row]!r} in row "
            f"{row + offset}, column {name}; mend it, or leave the column out: --drop {name}"
        )
    if all(DATE.fullmatch(texts[i]) for i in present):
        raise ValueError(_no_dates(name, texts[row]))
    return texts


def _no_dates(name: str, example: Any) -> str:
    return (
        f"load_table needs numbers or words, got dates in column {name}, such as {example}; make "
        f"numbers of them (a year, a weekday, days since), or leave the column out: --drop {name}"
    )


def is_number(entry: str) -> bool:
    """Whether `float` reads it."""
    try:
        float(entry)
    except ValueError:
        return False
    return True
