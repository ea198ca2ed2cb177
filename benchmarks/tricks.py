"""What each trick of a fast step gives: the step of `benchmarks.steps` with one of them undone.

All take turns in one run; medians of ratios to the step with every trick.

    python -m benchmarks.tricks
"""

import jax
import jax.numpy as jnp

from benchmarks.steps import compiled, ours, products, ratio, timed
from funcnet import data, ops, train_step
from funcnet.layers import Layer, serial
from funcnet.optimisers import adam
from funcnet.recipes import perceptron


def main() -> None:
    """Print the table."""
    train = data.digits().train
    x, labels = jnp.asarray(train.x), jnp.asarray(train.targets)
    bare, source = perceptron((32, 16), 10, bias=False), perceptron((32, 16), 10)
    params, state = bare.init(jax.random.key(0), (64,))
    biased, _ = source.init(jax.random.key(0), (64,))
    rows = train_step(bare, by_rows, adam(0.001))
    runs = {
        "every trick": compiled(ours(bare), params, state, x, labels),
        "rows inside the network": compiled(ours(in_rows(bare)), params, state, x, labels),
        "the loss by rows": compiled(rows, params, state, x, labels),
        "biases before normalisations": compiled(ours(source), biased, state, x, labels),
        "products as XLA arranges them": compiled(
            ours(by_autodiff(bare)), params, state, x, labels
        ),
        "the matrix products alone": products(params, x),
    }
    for run in runs.values():
        run()  # compiles it
    times = timed(runs)
    for name, values in times.items():
        print(f"{name:<32} {ratio(values, times['every trick']):.2f}")


def in_rows(network: Layer) -> Layer:
    """The same network without its columns."""
    return serial(*(part._replace(columns=None) for part in network.parts))


def by_rows(scores: jax.Array, labels: jax.Array) -> jax.Array:
    """The summed loss of rows."""
    return scores.shape[0] * ops.softmax_cross_entropy_with_integer_labels(scores, labels)


def by_autodiff(network: Layer) -> Layer:
    """The same network with its products of columns, and their gradients, as XLA arranges them."""

    def product(params, state, x, train):
        del train
        return params.w.T @ x, state

    dense = (part.name.startswith("dense") for part in network.parts)
    pairs = zip(network.parts, dense, strict=True)
    return serial(
        *(part._replace(columns=product) if is_dense else part for part, is_dense in pairs)
    )


if __name__ == "__main__":
    main()
