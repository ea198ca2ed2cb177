"""Layers for images, examples of shape (h, w, c)."""

from collections.abc import Callable
from typing import Annotated, Literal

import jax.numpy as jnp
from jaxtyping import Array

from funcnet import ops
from funcnet.contract import Between, checked
from funcnet.layers.dense import DenseParams, Width
from funcnet.layers.initialisers import Initialiser, initialiser
from funcnet.layers.layer import Layer, push_by_rows, without_params

Window = Annotated[int, Between(1, remedy="pass the side of a square window, such as 3")]


@checked
def conv(
    width: Width,
    window: Window = 3,
    stride: Window = 1,
    padding: Literal["same", "valid"] = "same",
    bias: bool = True,
    weights: Initialiser = None,
) -> Layer:
    """Convolution of images onto `width` channels, `linear` of the window at every place.

    Args:
        window: the side of the square window.
        stride: from each window to the next.
        padding: "same" continues an image by 0, so that with stride 1 it keeps its size, and needs
            an odd window; "valid" takes the windows that lie inside.
        bias: False before a normalisation.
        weights: an initialiser by its name in `jax.nn.initializers`.
    """
    edge = window // 2 if padding == "same" else 0
    if padding == "same" and window % 2 == 0:
        raise ValueError(
            f'conv needs an odd window for padding="same", got {window}; pass padding="valid"'
        )
    draw = initialiser(weights)

    def init(key, shape):
        require_image("conv", shape)
        w = draw(key, (window * window * shape[-1], width))
        return DenseParams(w, jnp.zeros(width) if bias else None), ()

    def apply(params, state, x, train):
        del train
        cut = ops.patches(x, (window, window), (stride, stride), (edge, edge))
        rows = cut.reshape(-1, params.w.shape[0])
        y = ops.dense(rows, *params) if bias else ops.linear(rows, params.w)
        return y.reshape(*cut.shape[:3], width), state

    settings = "" if bias else ", bias=False"
    return Layer(f"conv({width}, {window}{settings})", init, apply, push_by_rows(apply))


@checked
def max_pool(window: Window = 2) -> Layer:
    """The greatest entry of each window of a channel; what is left over at the end is cut off."""

    def pool(x: Array) -> Array:
        n, a, r, b, s, c = (cut := _windows("max_pool", x, window)).shape
        across = ops.max_pool(cut.reshape(n * a * r * b, s, c))
        return ops.max_pool(across.reshape(n * a, r, b * c)).reshape(n, a, b, c)

    return without_params(f"max_pool({window})", pool, push_by_rows)


@checked
def average_pool(window: Window = 2) -> Layer:
    """The mean of each window of a channel; what is left over at the end is cut off."""

    def pool(x: Array) -> Array:
        return ops.mean(_windows("average_pool", x, window), (2, 4))

    return without_params(f"average_pool({window})", pool, push_by_rows)


def reshape(*shape: int) -> Layer:
    """Each example in another shape: `reshape(8, 8, 1)` makes images of rows of 64 numbers."""

    def turned(x: Array) -> Array:
        return x.reshape(x.shape[0], *shape)

    def push(apply: Callable) -> Callable:
        return lambda params, state, x, jacobian: (apply(params, state, x, False)[0], jacobian)

    return without_params(f"reshape{shape}", turned, push)


def require_image(name: str, shape: tuple[int, ...]) -> None:
    """One sentence where examples are no images."""
    if len(shape) != 3:
        raise ValueError(
            f"{name} needs examples of shape (height, width, channels), got {tuple(shape)}; "
            "put reshape(height, width, channels) before it"
        )


def _windows(name: str, x: Array, window: int) -> Array:
    require_image(name, x.shape[1:])
    n, h, w, c = x.shape
    a, b = h // window, w // window
    if not a or not b:
        raise ValueError(
            f"{name} needs images of at least {window} by {window}, got {h} by {w}; "
            "pass a smaller window"
        )
    return x[:, : a * window, : b * window].reshape(n, a, window, b, window, c)
