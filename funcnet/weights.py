"""How much each example counts: by its class, by itself, or not at all."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from funcnet.contract import checked


@checked
def example_weights(
    labels: Integer[Array, "n"],
    classes: Float[Array, "k"] | None = None,
    examples: Float[Array, "n"] | None = None,
    ignore: int | None = None,
) -> tuple[Integer[Array, "n"], Float[Array, "n"]]:
    """Labels and weights for `weighted_softmax_cross_entropy`.

    Args:
        classes: the weight of each class; None for 1.
        examples: the weight of each example; None for 1.
        ignore: a label whose examples do not count, such as -1; it becomes 0, with weight 0.

    Returns:
        The labels, those to ignore replaced, and the product of the weights.
    """
    dtype = next((a.dtype for a in (classes, examples) if a is not None), jnp.result_type(float))
    weights = jnp.ones(labels.shape, dtype) if examples is None else examples
    if ignore is not None:
        counts = labels != ignore
        labels, weights = jnp.where(counts, labels, 0), jnp.where(counts, weights, 0)
    return labels, weights if classes is None else weights * classes[labels]
