"""What each trick of a fast step gives: the step of `benchmarks.steps` with one of them undone.

All take turns in one run; medians of ratios to the step with every trick.

    python -m benchmarks.tricks
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import jax
import jax.numpy as jnp

from benchmarks.steps import ROUNDS, compiled, ours, products
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
        "transposed small factors": compiled(ours(bare), params, state, x, labels),
        "the matrix products alone": products(params, x),
    }
    for name, run in runs.items():
        with as_jax_has_it() if name == "transposed small factors" else nothing():
            run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            steps = run()[1]
            times[name].append((time.perf_counter() - start) / steps)
    for name, values in times.items():
        pairs = zip(values, times["every trick"], strict=True)
        print(f"{name:<32} {statistics.median(a / b for a, b in pairs):.2f}")


def in_rows(network: Layer) -> Layer:
    """The same network without its columns."""
    return serial(*(part._replace(columns=None) for part in network.parts))


def by_rows(scores: jax.Array, labels: jax.Array) -> jax.Array:
    """The summed loss of rows."""
    return scores.shape[0] * ops.softmax_cross_entropy_with_integer_labels(scores, labels)


@contextmanager
def nothing() -> Iterator[None]:
    """No change."""
    yield


@contextmanager
def as_jax_has_it() -> Iterator[None]:
    """Products of transposed weights as XLA arranges them, while a step is traced."""
    from funcnet.ops import dense

    kept, dense._laid_out = dense._laid_out, lambda small: small
    try:
        yield
    finally:
        dense._laid_out = kept


if __name__ == "__main__":
    main()
