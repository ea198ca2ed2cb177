"""The choice of the second recipe: cross-validation inside the 1500 training images.

Five contiguous blocks of 300, since neighbours share a writer; the last 297 images take no part.

    python -m benchmarks.cross_validation
    python -m benchmarks.cross_validation --images      for the convolutional network, slower
"""

import argparse

import jax
import numpy as np
import optax

from benchmarks.digits import trained
from funcnet import data
from funcnet.data import Split, Table
from funcnet.layers import Layer
from funcnet.recipes import (
    CONVOLUTIONAL,
    DEFORMED,
    SOURCE,
    Recipe,
    convolutional,
    deformed,
    perceptron,
)

BLOCKS, SEEDS = 5, range(2)


def noisy(key, images):
    """Noise alone, without deformation."""
    return images + 0.25 * jax.random.normal(key, images.shape)


def deformed_without_noise(key, images):
    """The deformation alone: the noise of `deformed` drawn again and taken off."""
    noise_key = jax.random.split(key)[1]
    return deformed(key, images) - 0.15 * jax.random.normal(noise_key, images.shape)


def with_weight_decay(steps: int) -> optax.GradientTransformation:
    """AdamW on the same schedule."""
    schedule = optax.warmup_cosine_decay_schedule(0.0, 0.01, 100, steps)
    return optax.adamw(schedule, weight_decay=0.1)


CANDIDATES = {
    "the source's protocol": SOURCE,
    "minibatches and cosine alone": DEFORMED._replace(transform=None),
    "noise of 0.25": DEFORMED._replace(transform=noisy),
    "deformation": DEFORMED._replace(transform=deformed_without_noise),
    "deformation, noise of 0.15": DEFORMED,
    "the same with weight decay": DEFORMED._replace(make_optimiser=with_weight_decay),
}
OF_IMAGES = {
    "images as they are": CONVOLUTIONAL._replace(transform=None),
    "noise of 0.25": CONVOLUTIONAL._replace(transform=noisy),
    "deformation, noise of 0.15": CONVOLUTIONAL,
}


def cross_validated(recipe: Recipe, table: Table, network: Layer) -> float:
    """Mean accuracy in % over the blocks and seeds, by running averages."""
    scores = []
    for block in np.array_split(np.arange(len(table.x)), BLOCKS):
        kept = np.setdiff1d(np.arange(len(table.x)), block)
        parts = (table._replace(x=table.x[i], targets=table.targets[i]) for i in (kept, block))
        scores.append(trained(recipe, Split(*parts), SEEDS, network)[:, 0])
    return float(np.mean(scores))


def main() -> None:
    """Print one line a candidate."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", action="store_true")
    of_images = parser.parse_args().images
    network = convolutional(10) if of_images else perceptron((32, 16), 10)
    table = data.digits().train
    for name, recipe in (OF_IMAGES if of_images else CANDIDATES).items():
        print(f"{name:<30} {cross_validated(recipe, table, network):6.2f} %", flush=True)


if __name__ == "__main__":
    main()
