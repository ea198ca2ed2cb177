"""An equality that holds on a whole region is not a boundary: ≥ and > are then two things."""

import jax
import jax.numpy as jnp
import pytest

from benchmarks.historical import op_of
from derivations.proving.proof import prove

LEVELS = {  # quantities that are equal to the threshold on a region, for some sizes
    "a count": (lambda x: jnp.sum((x > 0).astype(float)), 7),
    "a count far out": (lambda x: jnp.sum((x > 300).astype(float)), 1),
    "a sum of floors": (lambda x: jnp.sum(jnp.floor(x)), 300),
    "a sum of rounded": (lambda x: jnp.sum(jnp.round(x)), 300),
    "a place": (lambda x: jnp.argmax(x).astype(float), 5),
    "a sum of signs": (lambda x: jnp.sum(jnp.sign(x)), 6),
    "a sum of positive parts": (lambda x: jnp.sum(jax.nn.relu(x)), 0),
    "inside an exponential": (lambda x: jnp.exp(jnp.sum(jax.nn.relu(x))), 1),
    "a mean of truths": (lambda x: jnp.mean((x > 0).astype(float)), 1),
    "positive parts far out": (lambda x: jnp.sum(jax.nn.relu(x - 300)), 0),
    "a product": (lambda x: jnp.prod(jax.nn.relu(x)), 0),
    "a maximum": (lambda x: jax.nn.relu(x).max(), 0),
    "a sorted entry": (lambda x: jnp.sort(jax.nn.relu(x))[0], 0),
    "a spread, which is 0 for n = 1": (lambda x: jnp.sum((x - x.mean()) ** 2), 0),
    "a range, which is 0 for n = 1": (lambda x: x.max() - x.min(), 0),
    "a size": (lambda x: jnp.asarray(x.shape[0], float), 3),
    "a root of a size": (lambda x: jnp.sqrt(jnp.asarray(x.shape[0] + 1, float)), 2),
}


@pytest.mark.parametrize("name", LEVELS)
def test_at_least_is_not_more_than(name):
    quantity, level = LEVELS[name]

    def definition(x):
        return jnp.where(quantity(x) >= level, jnp.sum(x**2), 0.0)

    right = op_of(definition, lambda g, x: jnp.where(quantity(x) >= level, 2 * x * g, 0.0))
    wrong = op_of(definition, lambda g, x: jnp.where(quantity(x) > level, 2 * x * g, 0.0))

    assert prove(right, "n"), str(prove(right, "n"))
    assert prove(wrong, "n").verdict != "PROVED"


ENTRIES = {
    "a floor": lambda x: jnp.floor(x) - 300,
    "a rounded entry": lambda x: jnp.round(x) - 2,
    "an index": lambda x: jnp.arange(x.shape[0]) - 7.0,
    "an index times an entry": lambda x: jnp.arange(x.shape[0]) * x,
    "a sum without the entry": lambda x: jnp.cumsum(x) - x,
    "a positive part": lambda x: -jax.nn.relu(x - 300),
    "the distance from the maximum": lambda x: x.max() - x,
}


@pytest.mark.parametrize("name", ENTRIES)
def test_at_least_is_not_more_than_for_entries(name):
    quantity = ENTRIES[name]
    definition = lambda x: jnp.where(quantity(x) >= 0, x, 0.0)  # noqa: E731
    wrong = op_of(definition, lambda g, x: jnp.where(quantity(x) > 0, g, 0.0))

    assert prove(wrong, "n").verdict != "PROVED"
