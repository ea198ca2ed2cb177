"""Right rules by autodiff of masks, loops, calls and the protocol, which are hard to read."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .cases import by_autodiff, right, rule, square
from .protocol import wrong_square

X = np.array([0.7, -1.2, 2.3])
ROWS = np.array([[0.3, -1.2, 2.0], [1.1, 0.4, -0.7]])
FOUR = np.arange(4.0)
TENS = np.random.default_rng(0).standard_normal((10, 10))
right_square = rule(square, lambda g, x: (2 * x * g,))


def _auto(definition, *at, sizes="n", **rest):
    return right(by_autodiff(definition), *at, sizes=sizes, **rest)


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


def _of_outputs(g, x):
    return (g["b"] + 2 * x * g["a"],)


def _product_backward(g, x, y):
    return g * y, g * x


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
    "a constant matrix": _auto(
        lambda x: TENS @ x, np.arange(10.0), sizes="10", needs="constants of many numbers"
    ),
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
BITS = np.array([True, False, True])


def _kept(x, m):
    return jnp.where(m, x, -jnp.inf)


def _attention(q, k, v):
    """Of what came before, by a mask of -∞."""
    i, j = jnp.arange(q.shape[0])[:, None], jnp.arange(k.shape[0])[None, :]
    return jax.nn.softmax(jnp.where(i >= j, q @ k.T, -jnp.inf), axis=-1) @ v


MASKS = {
    "softmax of what is kept": _auto(
        lambda x, m: jax.nn.softmax(_kept(x, m)), X, BITS, sizes="n,n:bool"
    ),
    "softmax of the positive": _auto(lambda x: jax.nn.softmax(_kept(x, x > 0)), X),
    "softmax by its own mask": _auto(lambda x: jax.nn.softmax(x, where=x > 0), X),
    "logsumexp of what is kept": _auto(
        lambda x, m: jax.nn.logsumexp(_kept(x, m)), X, BITS, sizes="n,n:bool"
    ),
    "logsumexp of the positive": _auto(lambda x: jax.nn.logsumexp(_kept(x, x > 0)), X),
    "the greatest of the positive": _auto(lambda x: _kept(x, x > 0).max(-1), ROWS, sizes="m n"),
    "causal attention": _auto(_attention, ROWS, ROWS + 1, ROWS, sizes="n d,n d,n e"),
}
CALLS = {
    "a scan of twenty": _auto(_sum_of_squares, np.arange(20.0), sizes="20"),
    "a scan turned round": _auto(_products_from_the_end, FOUR, sizes="4"),
    "a fixed number of turns": _auto(lambda x: lax.fori_loop(0, 3, lambda _, c: c * x, x), X),
    "a debug print": _auto(_printed, X),
    "one of several platforms": _auto(_on_every_platform, X, needs="platform_index"),
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
RIGHT = VALUES | MASKS | CALLS
