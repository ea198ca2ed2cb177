"""Windows of images: their entries side by side, for a convolution, and the greatest of them."""

from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from funcnet.contract import Rows, checked
from funcnet.ops.shapes import Shape

Window = tuple[int, int]


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
@checked
def patches(
    x: Annotated[Float[Array, "n h w c"], Rows(1)],
    window: Window = (3, 3),
    stride: Window = (1, 1),
    padding: Window = (1, 1),
) -> Float[Array, "n a b r s c"]:
    r"""The window at every place of an image, $y_{nabrsc} = x_{n, a + r - p, b + s - q, c}$.

    The image is continued by p rows and q columns of 0 on each side; with strides the places are
    those of every such row and column. A convolution is `linear` of the patches. The pullback adds
    up the copies of a pixel, $\bar x_{nuvc} = \sum_{a + r - p = u, b + s - q = v} \bar
    y_{nabrsc}$.
    """
    wide = lax.pad(x, jnp.zeros((), x.dtype), _edges(padding))
    cut = partial(_cut, wide, window, stride)
    rows = [jnp.stack([cut(r, s) for s in range(window[1])], axis=3) for r in range(window[0])]
    return jnp.stack(rows, axis=3)


def patches_forward(x, window, stride, padding):
    return patches.fun(x, window, stride, padding), Shape(x.shape)


def patches_backward(window, stride, padding, shape, y_bar):
    n, h, w, c = shape.axes
    size = (h + 2 * padding[0], w + 2 * padding[1])
    total = jnp.zeros((n, *size, c), y_bar.dtype)
    for r in range(window[0]):
        for s in range(window[1]):
            total = total + _put(y_bar[:, :, :, r, s], (r, s), size, stride)
    return (lax.slice(total, (0, *padding, 0), (n, h + padding[0], w + padding[1], c)),)


patches.defvjp(patches_forward, patches_backward)


@jax.custom_vjp
@checked
def max_pool(x: Annotated[Float[Array, "n s c"], Rows(1)]) -> Float[Array, "n c"]:
    r"""The greatest entry of each window of each channel, $y_{nc} = \max_s x_{nsc}$.

    An image is pooled along its rows and then along its columns, as reshapes cut both into windows.
    The entry that is greatest gets the cotangent; among equal ones it is shared out evenly.
    """
    return x.max(1)


def max_pool_forward(x):
    y = max_pool.fun(x)
    return y, x == y[:, None]


def max_pool_backward(greatest, y_bar):
    share = y_bar / greatest.sum(1).astype(y_bar.dtype)
    return (jnp.where(greatest, share[:, None], 0),)


max_pool.defvjp(max_pool_forward, max_pool_backward)


def _edges(padding):
    return [(0, 0, 0), *((edge, edge, 0) for edge in padding), (0, 0, 0)]


def _cut(x, window, stride, r, s):
    """The entries at (r, s) of all windows."""
    n, h, w, c = x.shape
    reach = (h - window[0]) // stride[0] * stride[0], (w - window[1]) // stride[1] * stride[1]
    return lax.slice(x, (0, r, s, 0), (n, r + reach[0] + 1, s + reach[1] + 1, c), (1, *stride, 1))


def _put(y, at, size, stride):
    """The transpose of `_cut`: entries back at their places, and 0 elsewhere."""
    edges = [(0, 0, 0)]
    for first, whole, step, count in zip(at, size, stride, y.shape[1:3], strict=True):
        edges.append((first, whole - first - (count - 1) * step - 1, step - 1))
    return lax.pad(y, jnp.zeros((), y.dtype), [*edges, (0, 0, 0)])
