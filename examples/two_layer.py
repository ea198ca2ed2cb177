"""The two-layer classifier of the CS231n course: affine, ReLU, affine, with either loss.

The data are 8x8 images of waves in three directions, each at a random phase, under noise. Every
class is zero on average, so a linear classifier can only guess; one hidden layer sees the waves.
`dense` flattens the images, and `l2_penalty` keeps the weights small.

    python examples/two_layer.py
"""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax

from funcnet import dense, l2_penalty, relu, softmax_cross_entropy_with_integer_labels, svm_hinge

NOISE, PENALTY = 1.25, 1e-3


def waves(n: int, seed: int = 0) -> tuple[jax.Array, jax.Array]:
    """Images (n, 8, 8) and labels: waves along the columns (0), the rows (1), the diagonal (2)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    direction = np.array([[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]])[labels]
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    distance = np.einsum("nc,cij->nij", direction, np.indices((8, 8)))
    images = np.sin(distance + phase) + NOISE * rng.normal(size=(n, 8, 8))
    return jnp.asarray(images, jnp.float32), jnp.asarray(labels)


def initial(key: jax.Array, *widths: int) -> list:
    """Weights and biases between layers of the given widths."""
    keys = jax.random.split(key, len(widths) - 1)
    return [
        (jax.random.normal(key, shape) / np.sqrt(shape[0]), jnp.zeros(shape[1]))
        for key, shape in zip(keys, pairwise(widths), strict=True)
    ]


def scores(params: list, x: jax.Array) -> jax.Array:
    first, *rest = params
    y = dense(x, *first)  # (n, 8, 8) -> (n, h)
    for layer in rest:
        y = dense(relu(y), *layer)
    return y


def trained(loss, params: list, x: jax.Array, labels: jax.Array, steps: int = 300) -> list:
    optimiser = optax.adam(0.01)

    def objective(params):
        return loss(scores(params, x), labels) + sum(l2_penalty(w, PENALTY) for w, _ in params)

    @jax.jit
    def step(params, memory):
        updates, memory = optimiser.update(jax.grad(objective)(params), memory)
        return optax.apply_updates(params, updates), memory

    memory = optimiser.init(params)
    for _ in range(steps):
        params, memory = step(params, memory)
    return params


def main(seed: int = 0) -> None:
    x, labels = waves(1000, seed)
    unseen, unseen_labels = waves(1000, seed + 1)
    for name, loss, widths, least in (
        ("linear, softmax", softmax_cross_entropy_with_integer_labels, (64, 3), 0.0),
        ("two layers, softmax", softmax_cross_entropy_with_integer_labels, (64, 50, 3), 0.95),
        ("two layers, hinge", svm_hinge, (64, 50, 3), 0.95),
    ):
        params = trained(loss, initial(jax.random.key(seed), *widths), x, labels)
        right = (scores(params, unseen).argmax(axis=1) == unseen_labels).mean()
        print(f"{name:<20} {100 * right:5.1f} % of 1000 unseen images")
        assert right >= least


if __name__ == "__main__":
    main()
