"""The numbers of [std], and the spread of equal entries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from derivations import compare
from funcnet import mean, standard_deviation, variance

A = np.array([3.0, 3.0, 2.0, 4.9, 100.2, -8.9])


def test_vector_of_the_source():
    """The formula (a - mean) / (N std), and central differences with the source's step 1e-5."""
    gradient = jax.grad(standard_deviation)(A)
    assert_allclose(gradient, (A - A.mean()) / (len(A) * A.std()), rtol=1e-13)
    steps = 1e-5 * np.eye(len(A))
    central = [(np.std(A + h) - np.std(A - h)) / 2e-5 for h in steps]
    assert_allclose(gradient, central, rtol=1e-6)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("ddof", [0, 1])
def test_values_are_those_of_numpy(axis, ddof):
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    assert_allclose(mean(x, axis), x.mean(axis), rtol=1e-13)
    assert_allclose(variance(x, axis, ddof), x.var(axis, ddof=ddof), rtol=1e-13)
    assert_allclose(standard_deviation(x, axis, ddof), x.std(axis, ddof=ddof), rtol=1e-13)


@pytest.mark.parametrize("axis", [0, 1, (0, 2), (2, 0), (-1,)])
def test_sources_agree_along_axes(axis):
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    assert compare(mean, x, axis=axis)
    assert compare(variance, x, axis=axis, ddof=1)
    assert compare(standard_deviation, x, axis=axis, ddof=1)


@pytest.mark.parametrize("entry", [0.0, 0.1, 1e-300, 1 / 3, 1e8])
@pytest.mark.parametrize("n", [1, 3, 7])
def test_gradient_of_the_spread_of_equal_entries_is_0(entry, n):
    """0/0 in the formula; a mean that is off by its last digit would give ±1/√n instead."""
    x = jnp.full(n, entry)
    assert standard_deviation(x) == 0
    assert_allclose(jax.grad(standard_deviation)(x), np.zeros(n), atol=0)
    assert_allclose(jax.hessian(standard_deviation)(x), np.zeros((n, n)), atol=0)


def test_nan_is_not_taken_for_a_spread_of_0():
    assert jnp.isnan(standard_deviation(jnp.array([1.0, jnp.nan])))
    assert jnp.isnan(jax.grad(standard_deviation)(jnp.array([1.0, jnp.nan]))).all()
