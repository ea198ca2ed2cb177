"""Accuracy on the last 297 digits, over seeds: the source's protocol, ours, and a convolution.

The first recipe is trained with 16 seeds, the others with 8:

    python -m benchmarks.digits
    python -m benchmarks.digits --svm        the mark to beat, too
"""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

from funcnet import accuracy, data, fit
from funcnet.data import Split
from funcnet.layers import Layer
from funcnet.recipes import CONVOLUTIONAL, DEFORMED, SOURCE, Recipe, convolutional, perceptron

NETWORK = perceptron((32, 16), 10)
IMAGES = convolutional(10)
RUNS = (
    (SOURCE, NETWORK, range(16)),
    (DEFORMED, NETWORK, range(8)),
    (CONVOLUTIONAL, IMAGES, range(8)),
)


def trained(recipe: Recipe, split: Split, seeds: range, network: Layer = NETWORK) -> np.ndarray:
    """Accuracy in % for each seed, by running averages and by batch statistics."""
    init = jax.jit(network.init, static_argnums=1)
    optimiser = recipe.make_optimiser(recipe.steps)  # one for all seeds, so that it compiles once
    x, labels = jnp.asarray(split.train.x), jnp.asarray(split.train.targets)
    rows = []
    for seed in tqdm(seeds, desc=recipe.name, leave=False):
        init_key, key = jax.random.split(jax.random.key(seed))
        params, state = init(init_key, (64,))
        run, _ = fit(
            network, recipe.loss, optimiser, params, state, x, labels, recipe.steps,
            batch_size=recipe.batch_size, transform=recipe.transform, key=key, every=recipe.steps,
        )  # fmt: skip
        held_out = (split.validation.x, split.validation.targets)
        rows.append(
            [
                100 * accuracy(network, run.params, run.state, *held_out, by_batch=by_batch)
                for by_batch in (False, True)
            ]
        )
    return np.array(rows)


def main() -> None:
    """Print medians and ranges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--svm", action="store_true")
    options = parser.parse_args()
    split = data.digits()
    print("accuracy in % on the last 297 digits: median (least to greatest)")
    for recipe, network, seeds in RUNS:
        for values, statistics in zip(
            trained(recipe, split, seeds, network).T,
            ("running averages", "batch statistics"),
            strict=True,
        ):
            spread = f"{np.median(values):.2f} ({values.min():.2f} to {values.max():.2f})"
            print(f"{recipe.name:<13} {len(seeds):>2} seeds, by {statistics}: {spread}")
    if options.svm:
        from sklearn.svm import SVC

        machine = SVC(kernel="rbf", C=10).fit(split.train.x, split.train.targets)
        score = machine.score(split.validation.x, split.validation.targets)
        print(f"support vector machine, RBF kernel, C = 10: {100 * score:.2f}")


if __name__ == "__main__":
    main()
