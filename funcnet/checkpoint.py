"""Saving and loading of arrays: a checkpoint is written whole or not at all, and read with care.

A checkpoint is an .npz file. Its entry `about` is JSON: the version of the format, the path, dtype
and shape of every leaf, and whatever the caller describes; the others are the leaves' numbers. The
zip's comment is a digest of all that stands before it, so that no changed bit goes unnoticed.
Nothing in it is code, and nothing is unpickled.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from funcnet.files import written_whole

VERSION = 1
DIGEST = 64  # letters


class DamagedError(ValueError):
    """The file cannot be used: it is cut short, changed, of another kind or from the future."""


def save(path: str | os.PathLike, tree: Any, about: Mapping | None = None) -> None:
    """Write the arrays of a tree to an .npz file, with a description that JSON can hold.

    Raises:
        OSError: the folder is missing, full, or cannot be written.
        TypeError: the description holds what JSON cannot.
    """
    leaves = _leaves(tree)
    head = {
        "format": "funcnet",
        "version": VERSION,
        "written_by": _own_version(),
        "leaves": [[path, *_kind(leaf)] for path, leaf in leaves],
        "keys": {path: str(jax.random.key_impl(leaf)) for path, leaf in leaves if _is_key(leaf)},
        "about": dict(about or {}),
    }
    arrays: dict[str, Any] = {f"leaf_{i}": _plain(leaf) for i, (_, leaf) in enumerate(leaves)}
    memory = io.BytesIO()
    np.savez(memory, about=json.dumps(head), **arrays)
    with zipfile.ZipFile(memory, "a") as archive:
        archive.comment = b"0" * DIGEST
    contents = memory.getbuffer()
    contents[-DIGEST:] = _digest(contents[:-DIGEST])
    with written_whole(path) as temporary, temporary.open("wb") as file:
        file.write(contents)


def about(path: str | os.PathLike) -> dict:
    """The description that was saved with a checkpoint.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, of another kind, or from the future.
    """
    return _read(path)[0]["about"]


def load(path: str | os.PathLike, like: Any) -> Any:
    """Read a checkpoint into a tree of the same structure, shapes and dtypes as `like`.

    Of `like` only shapes and dtypes matter; `jax.eval_shape` gives them without any arrays. Where
    `like` has NumPy arrays, NumPy arrays are returned.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, of another kind, from the future, or holds other leaves.
    """
    head, contents = _read(path)
    wanted = _leaves(like)
    _require_alike(path, {name: _kind(leaf) for name, leaf in wanted}, _stored(head))
    numbers = {name: contents[f"leaf_{i}"] for i, name in enumerate(_stored(head))}
    restored = [_as_before(leaf, numbers[name], head["keys"].get(name)) for name, leaf in wanted]
    return jax.tree.unflatten(jax.tree.structure(like), restored)


def _require_alike(path: str | os.PathLike, wanted: Mapping, stored: Mapping) -> None:
    """Every leaf has its template's shape and dtype; the first that has not is named."""
    remedy = "pass what was saved: the same network and optimiser"
    for name in (*wanted, *stored):
        if name not in stored:
            raise ValueError(f"load needs {name or 'one array'} in {path}, got none; {remedy}")
        if name not in wanted:
            raise ValueError(
                f"load needs a place for {name or 'the array'} of {path}, got none; {remedy}"
            )
        for word, want, came in zip(("dtype", "shape"), wanted[name], stored[name], strict=True):
            if want != came:
                raise ValueError(
                    f"load needs {name or 'the array'} of {word} {_shown(want)}, got "
                    f"{_shown(came)} in {path}; {remedy}"
                )


def _shown(value: Any) -> str:
    return str(tuple(value)) if isinstance(value, list) else str(value)


def _stored(head: Mapping) -> dict[str, list]:
    return {name: [dtype, shape] for name, dtype, shape in head["leaves"]}


def _leaves(tree: Any) -> list[tuple[str, Any]]:
    """Each leaf with its path, such as `params[0].w`."""
    found, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [(_name(path), leaf) for path, leaf in found]


def _name(path: tuple) -> str:
    """`['params'][0].w` as one writes it: `params[0].w`."""
    first, rest = path[:1], path[1:]
    key = getattr(first[0], "key", None) if first else None
    start = key if isinstance(key, str) else jax.tree_util.keystr(first)
    return (start + jax.tree_util.keystr(rest)).removeprefix(".")


def _kind(leaf: Any) -> list:
    """Dtype and shape; those of a number are what JAX makes of it."""
    dtype = getattr(leaf, "dtype", None)
    return [str(jnp.asarray(leaf).dtype if dtype is None else dtype), list(np.shape(leaf))]


def _is_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _plain(leaf: Any) -> np.ndarray:
    """An array that NumPy can store: keys as their data, bfloat16 and its like as their bits."""
    if _is_key(leaf):
        return np.asarray(jax.random.key_data(leaf))
    array = np.asarray(leaf if hasattr(leaf, "dtype") else jnp.asarray(leaf))
    return array.view(f"u{array.itemsize}") if array.dtype.kind == "V" else array


def _as_before(old: Any, stored: np.ndarray, impl: str | None) -> Any:
    if isinstance(old, np.ndarray):
        return stored
    if _is_key(old):
        return jax.random.wrap_key_data(jnp.asarray(stored), impl=impl)
    dtype = np.dtype(getattr(old, "dtype", None) or jnp.asarray(old).dtype)
    return jnp.asarray(stored.view(dtype) if dtype.kind == "V" else stored)


def _read(path: str | os.PathLike) -> tuple[dict, dict[str, np.ndarray]]:
    """Head and arrays of a checkpoint, once its digest is right."""
    with open(path, "rb") as file:
        contents = file.read()
    if not contents.startswith(b"PK"):
        raise DamagedError(f"load needs a checkpoint, got {path} of another kind; name another")
    if _digest(memoryview(contents)[:-DIGEST]) != contents[-DIGEST:]:
        raise DamagedError(_why_not(path, contents))
    with np.load(io.BytesIO(contents)) as file:
        arrays = {name: file[name] for name in file.files}
    head = json.loads(str(arrays.pop("about")))
    if head["version"] > VERSION:
        raise DamagedError(
            f"load needs a checkpoint of version {VERSION} or less, got version {head['version']} "
            f"in {path}, written by funcnet {head['written_by']}; install that one"
        )
    return head, arrays


def _why_not(path: str | os.PathLike, contents: bytes) -> str:
    """The sentence for a zip file without the right digest: cut short, changed, or a stranger's."""
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as archive:
            if len(archive.comment) != DIGEST:
                return f"load needs a checkpoint, got {path} of another kind; name another"
    except Exception:  # zipfile raises whatever it stumbles over in damaged bytes
        return f"load needs a whole checkpoint, got {path} cut short or damaged; use another"
    return f"load needs a checkpoint as it was written, got {path} with changed bytes; use another"


def _digest(contents: memoryview) -> bytes:
    return hashlib.blake2b(contents, digest_size=DIGEST // 2).hexdigest().encode()


def _own_version() -> str:
    try:
        return version("funcnet")
    except PackageNotFoundError:
        return "unknown"
