"""Right rules by autodiff of indices, integers and conversions, which are hard to read."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .cases import by_autodiff, entrywise, right, rule, square

X = np.array([0.7, -1.2, 2.3])
ROWS = np.array([[0.3, -1.2, 2.0], [1.1, 0.4, -0.7]])
FIVE = np.array([3.0, 1.0, 2.0, 7.0, 5.0])
FOUR = np.arange(4.0)
LABELS = np.array([0, 2, 2])


def _auto(definition, *at, sizes="n", **rest):
    return right(by_autodiff(definition), *at, sizes=sizes, **rest)


def _rounded_to(dtype, x):
    return x.astype(dtype).astype(x.dtype)


def _through(dtype, tolerance):
    return right(entrywise(lambda x: _rounded_to(dtype, x), jnp.ones_like), X, tolerance=tolerance)


def _clipped_by_hand(g, x, i):
    return jnp.zeros_like(x).at[jnp.minimum(i + 1, x.shape[0] - 1)].add(g), None


def _but_for_ignored(x, i):
    picked = jnp.take_along_axis(x, jnp.maximum(i, 0)[:, None], 1)[:, 0]
    return jnp.where(i >= 0, picked, 0.0).sum()


def _hashed(i):
    return ((i.astype(jnp.uint32) * jnp.uint32(2654435761)) >> 16).astype(float)


def _square_or_not(x, i):
    return lax.switch(i, [lambda x: x, square], x)


INDICES = {
    "zeros for labels by JAX": right(
        rule(lambda x, i: x[i] ** 2, lambda g, x, i: jax.vjp(lambda x, i: x[i] ** 2, x, i)[1](g)),
        X,
        LABELS,
        sizes="k,n:int<k",
    ),
    "clipped labels": _auto(
        lambda x, i: x.at[i + 1].get(mode="clip"), X, LABELS, sizes="k,n:int<k"
    ),
    "clipped labels, by hand": right(
        rule(lambda x, i: x.at[i + 1].get(mode="clip"), _clipped_by_hand),
        X,
        LABELS,
        sizes="k,n:int<k",
    ),
    "a label of each row": _auto(
        lambda x, i: x[jnp.arange(x.shape[0]), i], ROWS, [2, 0], sizes="n k,n:int<k"
    ),
    "a label of each row by vmap": _auto(
        lambda x, i: jax.vmap(lambda a, b: a[b])(x, i), ROWS, [2, 0], sizes="n k,n:int<k"
    ),
    "ignored labels": _auto(_but_for_ignored, ROWS, [2, -1], sizes="n k,n:int"),
    "a slice at a label": _auto(
        lambda x, i: lax.dynamic_slice(x**2, (i,), (1,)), FIVE, 3, sizes="5,:int<5"
    ),
    "a slice that is moved": _auto(
        lambda x, i: lax.dynamic_slice(x**2, (i,), (2,)), FIVE, 4, sizes="5,:int<5"
    ),
    "interior and negative padding": _auto(lambda x: lax.pad(x**2, 0.0, [(-1, 2, 2)]), X),
    "roll": _auto(lambda x: jnp.roll(x**2, 1), X),
    "tile": _auto(lambda x: jnp.tile(x**2, 2), X, needs="tile"),
    "repeat": _auto(lambda x: jnp.repeat(x**2, 2), X),
    "einsum": _auto(
        lambda x, y: jnp.einsum("ijb,kbj->kib", x, y),
        np.arange(12.0).reshape(2, 3, 2),
        np.arange(24.0).reshape(4, 2, 3),
        sizes="n m b,k b m",
    ),
    "kron": _auto(
        lambda x, y: jnp.kron(x, y), FOUR.reshape(2, 2), FOUR.reshape(2, 2) + 1, sizes="2 2,2 2"
    ),
    "median of five": _auto(
        lambda x: jnp.median(x), FIVE, sizes="5", needs="places computed from reals"
    ),
    "the two greatest of five": _auto(lambda x: lax.top_k(x, 2)[0], FIVE, sizes="5", needs="top_k"),
}
INTEGERS = {
    "labels that wrap by intent": _auto(
        lambda x, i: x * (i.astype(jnp.int64) + 2**32).astype(jnp.int32), X, LABELS, sizes="n,n:int"
    ),
    "a hash": _auto(
        lambda x, i: x * _hashed(i), X, LABELS, sizes="n,n:int<9", needs="unsigned products"
    ),
    "an image of bytes": _auto(
        lambda x, i: x * (i.astype(jnp.uint8) / 255.0), X, LABELS, sizes="n,n:int<256"
    ),
    "signs that alternate": _auto(
        lambda x: x * jnp.where(jnp.arange(x.shape[0]) % 2 == 0, 1.0, -1.0),
        X,
        needs="integer division of indices",
    ),
    "pairs": _auto(
        lambda x: x * (jnp.arange(x.shape[0]) // 2), X, needs="integer division of indices"
    ),
    "a choice of two": _auto(
        lambda x, i: lax.select_n(i, x, x**2), X, [0, 1, 1], sizes="n,n:int<2"
    ),
    "a switch that is clamped": _auto(_square_or_not, X, 5, sizes="n,:int"),
    "four bits": right(
        entrywise(lambda x: x.astype(jnp.int4).astype(float) + x, jnp.ones_like),
        X,
        needs="integers of four bits",
    ),
    "float8": right(
        entrywise(lambda x: _rounded_to(jnp.float8_e4m3fn, x), jnp.ones_like), X, tolerance=0.1
    ),
    "bfloat16": _through(jnp.bfloat16, 1e-2),
    "a product in mixed precision": _auto(
        lambda x, y: _rounded_to(jnp.bfloat16, x) @ _rounded_to(jnp.bfloat16, y),
        ROWS,
        ROWS.T.copy(),
        sizes="n m,m k",
    ),
}
RIGHT = INDICES | INTEGERS
