"""Saving and loading of parameters: a checkpoint is written whole or not at all."""

import json
import os
import zipfile
import zlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from funcnet.files import written_whole


def save(path: str | os.PathLike, tree: Any, about: dict | None = None) -> None:
    """Write the arrays of a tree to an .npz file, with a description that JSON can hold.

    Raises:
        OSError: the folder is missing or cannot be written.
    """
    leaves: dict[str, Any] = {
        f"leaf_{i}": _plain(leaf) for i, leaf in enumerate(jax.tree.leaves(tree))
    }
    with written_whole(path) as temporary, temporary.open("wb") as file:
        np.savez(file, about=json.dumps(about or {}), **leaves)


def about(path: str | os.PathLike) -> dict:
    """The description that was saved with a checkpoint.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged.
    """
    return json.loads(str(_read(path)["about"]))


def load(path: str | os.PathLike, like: Any) -> Any:
    """Read a checkpoint into a tree of the same structure, shapes and dtypes as `like`.

    Of `like` only shapes and dtypes matter; `jax.eval_shape` gives them without any arrays.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged or holds other shapes.
    """
    leaves, structure = jax.tree.flatten(like)
    contents = _read(path)
    stored = [contents[f"leaf_{i}"] for i in range(len(contents) - 1)]
    expected, found = [_stored_shape(leaf) for leaf in leaves], [leaf.shape for leaf in stored]
    if expected != found:
        raise ValueError(
            f"load needs arrays of shapes {expected}, got {found}; pass the network that was saved"
        )
    restored = [_as_before(old, new) for old, new in zip(leaves, stored, strict=True)]
    return jax.tree.unflatten(structure, restored)


def _plain(leaf: jax.Array) -> np.ndarray:
    """An array that NumPy can store: keys as their data, bfloat16 as its bits."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return np.asarray(jax.random.key_data(leaf))
    array = np.asarray(leaf)
    return array.view(np.uint16) if array.dtype == jnp.bfloat16 else array


def _stored_shape(leaf: jax.Array | jax.ShapeDtypeStruct) -> tuple[int, ...]:
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.eval_shape(jax.random.key_data, leaf).shape
    return leaf.shape


def _as_before(old: jax.Array | jax.ShapeDtypeStruct, stored: np.ndarray) -> jax.Array:
    if jnp.issubdtype(old.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(jnp.asarray(stored))
    if old.dtype == jnp.bfloat16:
        return jnp.asarray(stored.view(jnp.bfloat16))
    return jnp.asarray(stored, dtype=old.dtype)


def _read(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """All arrays of a checkpoint; zip's checksums notice flipped bits."""
    try:
        with np.load(path) as file:
            contents = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError, AttributeError, zlib.error) as error:
        raise ValueError(f"load needs a checkpoint, got {path} ({error}); save it anew") from None
    if "about" not in contents:
        raise ValueError(f"load needs a checkpoint, got {path} of another kind; save it anew")
    return contents
