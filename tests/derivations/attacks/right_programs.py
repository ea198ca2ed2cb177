"""Right rules by autodiff, whose programs are hard to read: indices, integers, loops, calls."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .cases import by_autodiff, entrywise, right, rule, square
from .protocol import wrong_square

X = np.array([0.7, -1.2, 2.3])
ROWS = np.array([[0.3, -1.2, 2.0], [1.1, 0.4, -0.7]])
FIVE = np.array([3.0, 1.0, 2.0, 7.0, 5.0])
FOUR = np.arange(4.0)
LABELS = np.array([0, 2, 2])
TENS = np.random.default_rng(0).standard_normal((10, 10))
right_square = rule(square, lambda g, x: (2 * x * g,))


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


def _causal_softmax(x):
    k, j = jnp.arange(x.shape[0])[:, None], jnp.arange(x.shape[1])[None, :]
    return jax.nn.softmax(jnp.where(j <= k, x, -jnp.inf))


def _guarded_root(x):
    return jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0)


def _sum_of_squares(x):
    return lax.scan(lambda total, a: (total + a**2, total), 0.0, x)[0]


def _products_from_the_end(x):
    return lax.scan(lambda c, a: (c * a, c + a), 1.0, x, reverse=True)[1]


def _printed(x):
    jax.debug.callback(lambda _: None, x)
    return x**2


def _on_every_platform(x):
    return lax.platform_dependent(x, cpu=square, default=square)


def _square_or_not(x, i):
    return lax.switch(i, [lambda x: x, square], x)


def _of_outputs(g, x):
    return (g["b"] + 2 * x * g["a"],)


def _product_backward(g, x, y):
    return g * y, g * x


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
    "tile": _auto(lambda x: jnp.tile(x**2, 2), X),
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
    "median of five": _auto(lambda x: jnp.median(x), FIVE, sizes="5"),
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
        lambda x: x * jnp.where(jnp.arange(x.shape[0]) % 2 == 0, 1.0, -1.0), X
    ),
    "pairs": _auto(lambda x: x * (jnp.arange(x.shape[0]) // 2), X),
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
VALUES = {
    "nan_to_num": _auto(lambda x: jnp.nan_to_num(x) ** 2, X),
    "a safe root": _auto(_guarded_root, X),
    "a causal softmax": _auto(_causal_softmax, np.arange(9.0).reshape(3, 3) / 3, sizes="n n"),
    "max pooling": _auto(
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2,), (2,), "VALID"),
        FOUR,
        sizes="4",
        needs="windows",
    ),
    "cumlogsumexp": _auto(lambda x: lax.cumlogsumexp(x), FOUR, sizes="4", needs="cumlogsumexp"),
    "Cholesky": _auto(
        lambda x: jnp.linalg.cholesky(x),
        np.array([[2.0, 0.5], [0.5, 3.0]]),
        sizes="2 2",
        needs="Cholesky",
    ),
    "the square of a complex modulus": _auto(
        lambda x: jnp.abs(x + 1j) ** 2, X, needs="complex numbers"
    ),
    "a constant matrix": _auto(lambda x: TENS @ x, np.arange(10.0), sizes="10"),
    "the quantile of a Gaussian": right(
        jax.scipy.special.ndtri,
        [0.2, 0.7],
        definition=jax.scipy.special.ndtri,
        needs="polynomials of high degree",
    ),
    "the layer of digits": right(
        rule(lambda x, y: x @ y, lambda g, x, y: (g @ y.T, x.T @ g)),
        np.ones((8, 784)),
        np.ones((784, 10)),
        sizes="8 784,784 10",
    ),
}
CALLS = {
    "a scan of twenty": _auto(_sum_of_squares, np.arange(20.0), sizes="20"),
    "a scan turned round": _auto(_products_from_the_end, FOUR, sizes="4"),
    "a fixed number of turns": _auto(lambda x: lax.fori_loop(0, 3, lambda _, c: c * x, x), X),
    "a debug print": _auto(_printed, X),
    "one of several platforms": _auto(_on_every_platform, X),
    "vmap of a dot": _auto(jax.vmap(jnp.dot), ROWS, ROWS + 1, sizes="b n,b n"),
    "vmap of an op": right(jax.vmap(right_square), ROWS, sizes="b n", definition=square),
    "jit of an op": right(jax.jit(right_square), X, definition=square),
    "an argument given by partial": right(
        functools.partial(lambda a, x: right_square(x) * a, 2.0), X, definition=lambda x: 2 * x**2
    ),
    "a wrong rule inside a right one": right(
        rule(lambda x: wrong_square(x) * x, lambda g, x: (3 * x**2 * g,)),
        X,
        definition=lambda x: x**3,
    ),
    "symbolic zeros": right(
        rule(
            lambda x, y: x * y,
            _product_backward,
            lambda x, y: (x.value * y.value, (x.value, y.value)),
            symbolic_zeros=True,
        ),
        X,
        X + 1,
        sizes="n,n",
    ),
    "optimize_remat": right(
        rule(lambda x, y: x * y, _product_backward, optimize_remat=True), X, X + 1, sizes="n,n"
    ),
    "a dict of outputs": right(rule(lambda x: {"b": x, "a": x**2}, _of_outputs), X),
    "a size called lambda": right(right_square, X, sizes="lambda"),
}
RIGHT = INDICES | INTEGERS | VALUES | CALLS
