"""Handwritten digits with batch normalisation: the digits document's network, trained in seconds.

1500 images train it; 297 by other writers judge it. Normalised by the running averages of training,
each image is judged by itself, as a deployed network does it; normalised by the statistics of the
297 together, its judgement depends on the others. Averages follow the weights slowly, so `fit`
takes them anew over the training images where it reports.

    pip install 'funcnet[demo]'
    python examples/digits.py
"""

import jax
import jax.numpy as jnp

from funcnet import accuracy, data, fit, layers, optimisers, parameter_table, relu, serial, sigmoid
from funcnet import softmax_cross_entropy_with_integer_labels as loss

NETWORK = serial(
    layers.dense(32),
    layers.batch_norm(eps=0.01),
    layers.activation(sigmoid),
    layers.dense(16),
    layers.batch_norm(eps=0.01),
    layers.activation(relu),
    layers.dense(10),
    layers.batch_norm(eps=0.01),  # its softmax is fused into the loss
)


def main(seed: int = 0) -> None:
    train, validation = data.digits()
    x, labels = jnp.asarray(train.x), jnp.asarray(train.targets)
    params, state = NETWORK.init(jax.random.key(seed), x.shape[1:])
    print(parameter_table(NETWORK, params), end="\n\n")

    def measure(params, state) -> tuple[float, ...]:
        return tuple(
            accuracy(NETWORK, params, state, validation.x, validation.targets, by_batch=by_batch)
            for by_batch in (False, True)
        )

    def report(step, params, state):
        by_running, by_batch = (100 * share for share in measure(params, state))
        print(
            f"step {step:>4}   accuracy {by_running:5.1f} % by running averages, "
            f"{by_batch:5.1f} % by batch statistics"
        )

    trained, losses = fit(
        NETWORK,
        loss,
        optimisers.adam(0.005),
        params,
        state,
        x,
        labels,
        1000,
        report=report,
        every=250,
    )
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.4f}")

    by_running, by_batch = measure(trained.params, trained.state)
    assert by_running > 0.88
    assert by_batch > 0.88


if __name__ == "__main__":
    main()
