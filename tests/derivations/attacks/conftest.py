"""The rules of strangers promote types and ranks, as JAX allows by default."""

import jax
import pytest


@pytest.fixture(autouse=True)
def as_strangers_write():
    """Lift the strictness that our own code keeps."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield
