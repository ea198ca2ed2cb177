"""What class numbers pick out of rows of scores."""

import jax.numpy as jnp


def is_label(labels, scores):
    """True at each row's label."""
    classes = jnp.arange(scores.shape[-1])  # of full width: int8 ends at 127
    return labels.astype(classes.dtype)[:, None] == classes[None, :]


def one_hot(labels, scores):
    """Rows of 0 and a single 1; of nan, not of 0, where a label is out of range."""
    here = is_label(labels, scores)
    valid = here.any(axis=-1, keepdims=True)
    return jnp.where(valid, here.astype(scores.dtype), jnp.nan)


def at_label(scores, labels):
    """Each row's entry at its label; nan, not a wrong number, where it is out of range."""
    here = is_label(labels, scores)
    picked = jnp.where(here, scores, 0).sum(axis=-1)
    return jnp.where(here.any(axis=-1), picked, jnp.nan)
