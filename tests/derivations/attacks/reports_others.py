"""Splatting, complex products, saved values and documentation, of public reports."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .cases import by_autodiff, entrywise, right, rule, wrong
from .reports_norms import normal, positive

everywhere = partial(wrong, where="everywhere")


def _splat(a, b, c, dx, dy):
    return jnp.exp(-0.5 * (a * dx**2 + c * dy**2) - b * dx * dy)


def _splat_backward(factor):
    def backward(g, a, b, c, dx, dy):
        q = g * _splat(a, b, c, dx, dy)
        of_conic = (
            jnp.sum(-0.5 * q * dx**2),
            jnp.sum(-factor * q * dx * dy),
            jnp.sum(-0.5 * q * dy**2),
        )
        return *of_conic, -q * (a * dx + b * dy), -q * (c * dy + b * dx)

    return backward


def _splat_of_covariance(a, b, c, dx, dy):
    d = a * c - b * b
    return _splat(c / d, -b / d, a / d, dx, dy)


def _splat_mended_on_one_side(g, a, b, c, dx, dy):
    d = a * c - b * b
    conic = (c / d, -b / d, a / d)
    x_bar, y_bar, z_bar, dx_bar, dy_bar = _splat_backward(1.0)(g, *conic, dx, dy)
    a_bar = (-c * c * x_bar + 2 * b * c * y_bar + (d - a * c) * z_bar) / d**2
    c_bar = (-a * a * z_bar + 2 * a * b * y_bar + (d - a * c) * x_bar) / d**2
    b_bar = 2 * (b * c * x_bar - (d + 2 * b * b) * y_bar + a * b * z_bar) / d**2
    return a_bar, b_bar, c_bar, dx_bar, dy_bar


def _real_product(a, b):
    z = a + 1j * b
    return jnp.real(z[0] * z[1] * z[2])


def _product_backward(part):
    def backward(g, a, b):
        z = a + 1j * b
        others = part(jnp.stack([z[1] * z[2], z[0] * z[2], z[0] * z[1]]))
        return g * jnp.real(others), g * jnp.imag(others)

    return backward


def _modulus(x):
    return jnp.abs(x * (3 + 4j))


def _twice_then_thrice(keep):
    def forward(x):
        doubled = 2.0 * x
        return 3.0 * doubled, (x, keep(doubled))

    return rule(lambda x: 6.0 * x, lambda g, x, doubled: (g * 3.0 * doubled / x,), forward)


def _silu(x):
    return x * jax.nn.sigmoid(x)


def _silu_by_an_exponential(x):
    e = jnp.exp(-x)
    s = 1 / (1 + e)
    return s + x * e * s * s


def _by_frequency(g, w, index):
    count = jnp.zeros(w.shape[0]).at[index].add(1.0)[index]
    return jnp.zeros_like(w).at[index].add(g / count[:, None]), None


_CONIC = (0.8, 0.2, 0.6, normal(4), normal(4))
_CONIC_SIZES = ",,,n,n"
_COMPLEX = (normal(3), normal(3))

FALSE = {
    "half of the conic's corner (gaussian-splatting #551)": everywhere(
        rule(_splat, _splat_backward(0.5)), *_CONIC, sizes=_CONIC_SIZES, why="½ where 1 is due"
    ),
    "one of two halves mended (gsplat #139)": everywhere(
        rule(_splat_of_covariance, _splat_mended_on_one_side),
        0.8,
        0.2,
        0.6,
        normal(4),
        normal(4),
        sizes=_CONIC_SIZES,
        why="two mistakes that cancelled",
    ),
    "a complex product without the conjugate (MLX #3433)": everywhere(
        rule(_real_product, _product_backward(lambda z: z)),
        *_COMPLEX,
        sizes="3,3",
        why="the sign of the imaginary part",
    ),
    "a complex factor's imaginary part lost (MLX #2178)": everywhere(
        rule(_modulus, lambda g, x: (3 * g * jnp.sign(x),)), normal(4), why="3 for |3 + 4i|"
    ),
    "a saved value that is cut (PyTorch #76185)": everywhere(
        _twice_then_thrice(jax.lax.stop_gradient),
        positive(4),
        options={"order": 2},
        why="its derivative misses a part",
    ),
    "a saved value divided by the argument": wrong(
        _twice_then_thrice(lambda x: x), [0.0], where="points", why="2x/x is nan at 0"
    ),
    "a sign in the documentation (JAX #3213)": everywhere(
        rule(
            lambda x, y: jnp.sin(x) * y,
            lambda g, x, y: (jnp.cos(x) * g * y, -jnp.sin(x) * g),
        ),
        normal(4),
        normal(4),
        sizes="n,n",
        why="a minus too much",
    ),
    "divided by the frequency of a row (PyTorch #190063)": everywhere(
        rule(lambda w, index: w[index], _by_frequency),
        normal(3, 2),
        np.array([0, 2, 2]),
        sizes="v d,n:int<v",
        why="intended, and no derivative",
    ),
    "SiLU by an exponential (lightning-thunder #2624)": wrong(
        entrywise(_silu, _silu_by_an_exponential),
        [-800.0],
        where="extreme",
        why="∞ · 0 far below 0",
    ),
}
RIGHT = {
    "a splat": right(rule(_splat, _splat_backward(1.0)), *_CONIC, sizes=_CONIC_SIZES),
    "a splat of a covariance": right(
        by_autodiff(_splat_of_covariance), *_CONIC, sizes=_CONIC_SIZES
    ),
    "a product of complex numbers": right(
        rule(_real_product, _product_backward(jnp.conj)),
        *_COMPLEX,
        sizes="3,3",
        needs="complex numbers",
    ),
    "the modulus of a complex multiple": right(
        entrywise(_modulus, lambda x: 5 * jnp.sign(x)), normal(4), needs="complex numbers"
    ),
    "a multiple, its second derivative": right(
        entrywise(lambda x: 6.0 * x, lambda _: 6.0), positive(4), options={"order": 2}
    ),
    "sin x times y": right(
        rule(
            lambda x, y: jnp.sin(x) * y,
            lambda g, x, y: (jnp.cos(x) * g * y, jnp.sin(x) * g),
        ),
        normal(4),
        normal(4),
        sizes="n,n",
    ),
    "SiLU": right(
        entrywise(_silu, lambda x: jax.nn.sigmoid(x) * (1 + x * (1 - jax.nn.sigmoid(x)))),
        normal(4),
    ),
}
