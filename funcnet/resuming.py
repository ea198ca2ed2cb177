"""Where a training starts: anew, or from what an earlier one left."""

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from funcnet import history
from funcnet.checkpoint import DamagedError
from funcnet.history import Fitted, TrainingState


def resumed(
    resume: Any, folder: Path | None, like: TrainingState, key: PRNGKeyArray, about: Mapping
) -> Fitted | None:
    """The training to go on from, or None for the start.

    Args:
        resume: False for the start, True for the newest in `folder` if there is one; a `Fitted`, a
            checkpoint, or a folder of them.

    Raises:
        FileNotFoundError: there is no such file or folder, or nothing in it.
        ValueError: it is damaged, or of another training; or checkpoints would be written over.
    """
    if isinstance(resume, Fitted):
        _require_key(resume, key)
        return replace(resume, stopped="")
    if resume is False or resume is None:
        _require_empty(folder)
        return None
    if resume is True:
        if folder is None:
            raise ValueError(
                "fit needs checkpoints to resume from, got None; pass their folder, or resume=path"
            )
        return newest(folder, like, key, about) if history.numbered(folder) else None
    return newest(Path(os.fspath(resume)), like, key, about)


def newest(path: Path, like: TrainingState, key: PRNGKeyArray, about: Mapping) -> Fitted:
    """The training of a file, or of the newest whole file in a folder; a damaged one is told."""
    files = history.numbered(path) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise FileNotFoundError(
            f"fit needs a checkpoint to resume from, got none at {path}; check the path"
        )
    for i, file in enumerate(files):
        try:
            fitted, settings = history.restore(file, like, key)
        except DamagedError as error:
            if i + 1 == len(files):
                raise
            warnings.warn(f"{error}; {files[i + 1]} is used", stacklevel=2)
        else:
            _require_same(file, settings, about)
            _require_key(fitted, key)
            return replace(fitted, stopped="")
    raise AssertionError


def _require_same(path: Path, stored: Mapping, given: Mapping) -> None:
    """The same examples, batches and whatever else the caller said, or it is another training."""
    given = json.loads(json.dumps(given))  # a tuple is read as a list
    for name in (*given, *stored):
        if stored.get(name) != given.get(name):
            raise ValueError(
                f"fit needs {name}={stored.get(name)} as in {path}, got {given.get(name)}; pass "
                "that, or start anew in another folder"
            )


def _require_key(fitted: Fitted, key: PRNGKeyArray) -> None:
    if not (jax.random.key_data(fitted.key) == jax.random.key_data(key)).all():
        raise ValueError(
            f"fit needs the key that the training began with, {jax.random.key_data(fitted.key)}, "
            f"got {jax.random.key_data(key)}; pass that, or start anew"
        )


def _require_empty(folder: Path | None) -> None:
    found = history.numbered(folder) if folder is not None else []
    if found:
        raise ValueError(
            f"fit needs an empty folder of checkpoints to start anew, got {found[0]}; pass "
            "resume=True to go on, or another folder"
        )
