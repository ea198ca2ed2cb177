"""What class numbers 0..k-1 pick out of scores; classes stand on an axis: -1 in rows, 0 in columns.

A label out of range picks nan, not a wrong number: under `jit`, where it cannot raise.
"""

import jax.numpy as jnp


def is_label(labels, k, axis=-1):
    """True at each example's label."""
    classes = jnp.arange(k)  # of full width: int8 ends at 127
    wide = jnp.expand_dims(labels.astype(classes.dtype), axis)
    return wide == (classes[None, :] if axis == -1 else classes[:, None])


def at_label(scores, labels, axis=-1):
    """Each example's entry at its label."""
    each = jnp.arange(labels.shape[0])
    at = (each, labels) if axis == -1 else (labels, each)
    picked = scores.at[at].get(mode="clip")
    return picked * one_or_nan(labels, scores.shape[axis])


def masked_sum(scores, labels, axis=-1):
    """The same by a mask, which is fused with what makes the scores where a gather is not."""
    k = scores.shape[axis]
    picked = jnp.where(is_label(labels, k, axis), scores, 0).sum(axis)
    return picked * one_or_nan(labels, k)


def one_or_nan(labels, k):
    """1 for each example, and nan where its label is out of range."""
    wide = labels.astype(jnp.arange(k).dtype)
    return jnp.where((wide >= 0) & (wide < k), 1.0, jnp.nan)
