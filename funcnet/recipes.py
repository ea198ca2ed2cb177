"""Networks and recipes for training them: the digits document's protocol, and a better one.

The second recipe was chosen by cross-validation inside the 1500 training images, in contiguous
blocks, since neighbours share a writer; `python -m benchmarks.cross_validation` repeats the choice.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from funcnet import layers, ops, optimisers
from funcnet.training import Loss, Transform


class Recipe(NamedTuple):
    """How to train: `make_optimiser` takes the number of steps, which its schedule may need."""

    name: str
    steps: int
    make_optimiser: Callable[[int], optax.GradientTransformation]
    loss: Loss
    batch_size: int | None = None
    transform: Transform | None = None


def summed_cross_entropy(scores: Float[Array, "n k"], labels: Int[Array, "n"]) -> Float[Array, ""]:
    """Softmax cross entropy summed over the examples, whose derivative by the scores is p - y.

    A network's last transposition, of columns to rows, cancels against this one.
    """
    mean = ops.softmax_cross_entropy_with_integer_labels_columns(scores.T, labels)
    return scores.shape[0] * mean


def printed_loss(scores: Float[Array, "n k"], labels: Int[Array, "n"]) -> Float[Array, ""]:
    """The sum that the digits document prints, the element-wise binary cross entropy of softmax.

    It is not what is trained: see the errata, `python -m derivations book`.
    """
    one_hot = jax.nn.one_hot(labels, scores.shape[1], dtype=scores.dtype)
    return scores.shape[0] * ops.binary_cross_entropy(ops.softmax(scores), one_hot)


def deformed(key: PRNGKeyArray, images: Float[Array, "n 64"]) -> Float[Array, "n 64"]:
    """Each 8x8 image under its own small affine map about its centre, with a little noise.

    Rotation up to ±0.2 rad, scales 1 ± 0.15 along the axes, shear ±0.2, shifts of half a pixel,
    linear interpolation with 0 outside; then normal noise of 0.15 in every pixel.
    """
    map_key, noise_key = jax.random.split(key)
    angle, wide, high, shear, right, down = jax.random.uniform(
        map_key, (6, images.shape[0], 1), minval=-1.0, maxval=1.0
    )
    along, across = jnp.tile(jnp.arange(8.0) - 3.5, 8), jnp.repeat(jnp.arange(8.0) - 3.5, 8)
    u = (1 + 0.15 * wide) * (along[None] + 0.2 * shear * across[None])
    v = (1 + 0.15 * high) * across[None]
    cos, sin = jnp.cos(0.2 * angle), jnp.sin(0.2 * angle)
    column = _weights(cos * u - sin * v + 3.5 + 0.5 * right)
    row = _weights(sin * u + cos * v + 3.5 + 0.5 * down)
    rows = jnp.einsum("noi,nij->noj", row, images.reshape(-1, 8, 8))
    moved = (rows * column).sum(axis=-1)
    return moved + 0.15 * jax.random.normal(noise_key, images.shape)


def _weights(position: Float[Array, "n o"]) -> Float[Array, "n o 8"]:
    """Linear interpolation: the weight of each of 8 pixels at a position between them."""
    pixels = jnp.arange(8.0)[None, None]
    return jnp.maximum(0.0, 1 - jnp.abs(position[..., None] - pixels))


def _warm_then_cosine(steps: int) -> optax.GradientTransformation:
    warm = min(100, steps // 2)
    return optax.adam(optax.warmup_cosine_decay_schedule(0.0, 0.01, warm, max(steps, 2)))


SOURCE = Recipe("source", 5000, lambda _: optimisers.adam_as_printed(0.001), summed_cross_entropy)
DEFORMED = Recipe(
    "deformed",
    6000,
    _warm_then_cosine,
    ops.softmax_cross_entropy_with_integer_labels,
    batch_size=256,
    transform=deformed,
)
CONVOLUTIONAL = DEFORMED._replace(name="convolutional", steps=1500, batch_size=128)
RECIPES = {recipe.name: recipe for recipe in (SOURCE, DEFORMED)}


def perceptron(
    hidden: Sequence[int],
    outputs: int,
    eps: float = 0.01,
    momentum: float = 0.99,
    last_norm: bool = True,
    bias: bool = True,
    warm: bool = False,
) -> layers.Layer:
    """Dense layers, each batch-normalised: sigmoid after the first, ReLU after the others.

    The last one gives scores; its softmax is fused into the loss. `perceptron((32, 16), 10)` is
    the digits document's network, its running averages as they are there unless `warm`. Without
    the last normalisation the outputs are free values. Without `bias` the layers before a
    normalisation have none: it would be taken away again.
    """
    parts = []
    for position, width in enumerate(hidden):
        op = ops.sigmoid if position == 0 else ops.relu
        norm = layers.batch_norm(eps, momentum, warm)
        parts += [layers.dense(width, bias), norm, layers.activation(op)]
    last = [layers.batch_norm(eps, momentum, warm)] if last_norm else []
    return layers.serial(*parts, layers.dense(outputs, bias or not last_norm), *last)


def convolutional(outputs: int, momentum: float = 0.95, rate: float = 0.3) -> layers.Layer:
    """Three convolutions of images of 8 by 8, each normalised; two of them pooled; 64 channels."""

    def block(width: int, *pool: layers.Layer) -> tuple[layers.Layer, ...]:
        conv = layers.conv(width, bias=False, weights="he_normal")
        return conv, layers.batch_norm(momentum=momentum), layers.activation(ops.relu), *pool

    return layers.serial(
        layers.reshape(8, 8, 1),
        *block(16),
        *block(32, layers.max_pool(2)),
        *block(64, layers.max_pool(2)),
        layers.dropout(rate),
        layers.dense(outputs),
    )
