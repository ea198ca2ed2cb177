"""A mistake of the user's gets one sentence: op, argument, what must hold, what came."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from funcnet import (
    batch_norm,
    cross_entropy,
    dense,
    elu,
    fit,
    input_jacobian,
    l2_penalty,
    layers,
    mean,
    optimisers,
    relu,
    serial,
    sigmoid,
    softmax,
    softmax_cross_entropy_with_integer_labels,
    squared_error,
    standard_deviation,
    svm_hinge,
    tanh,
)

x23, w42, ones = jnp.ones((2, 3)), jnp.ones((4, 2)), jnp.ones

MISTAKES = {
    "wrong shape": (
        lambda: dense(x23, w42, ones(2)),
        ValueError,
        r"dense needs w with k = the product of the axes \*d, got k=4 with \*d=\(3,\)",
    ),
    "wrong shape under grad": (
        lambda: jax.grad(lambda x: dense(x, w42, ones(2)).sum())(x23),
        ValueError,
        r"dense needs w with k",
    ),
    "wrong shape under jit": (
        lambda: jax.jit(batch_norm)(x23, ones(2), ones(3)),
        TypeError,
        r"batch_norm needs gamma .* of floats of shape \(d\), got float64\[2\] where d=3",
    ),
    "targets of another rank": (
        lambda: squared_error(ones(4), ones((4, 1))),
        TypeError,
        r"squared_error needs targets .* got float64\[4, 1\] where d=\(\), n=4; transpose",
    ),
    "a scalar for rows": (lambda: softmax(1.0), TypeError, r"softmax needs x .* got float64\[\]"),
    "integers": (
        lambda: sigmoid(np.arange(3)),
        TypeError,
        r"got int64\[3\]; convert it with .astype",
    ),
    "an integer": (lambda: sigmoid(1), TypeError, r"got the integer 1; pass .* such as 1.0 for 1"),
    "complex": (lambda: tanh(np.ones(2) + 0j), TypeError, r"got complex128\[2\].* with .real"),
    "a list": (lambda: relu([1.0]), TypeError, r"relu needs x .* got list; pass an array"),
    "mixed dtypes": (
        lambda: squared_error(ones(3), ones(3, "float32")),
        TypeError,
        r"squared_error needs arrays of one float dtype, got float32 and float64; convert",
    ),
    "negative labels": (
        lambda: svm_hinge(x23, np.array([0, -1])),
        ValueError,
        r"svm_hinge needs labels to satisfy 0 <= label < k, got -1 with k=3; number the classes",
    ),
    "labels too large": (
        lambda: softmax_cross_entropy_with_integer_labels(x23, np.array([0, 3])),
        ValueError,
        r"got 3 with k=3",
    ),
    "labels too large, under grad": (
        lambda: jax.grad(softmax_cross_entropy_with_integer_labels)(x23, np.array([3, 0])),
        ValueError,
        r"got 3 with k=3",
    ),
    "labels that are floats": (
        lambda: svm_hinge(x23, np.array([0.0, 1.0])),
        TypeError,
        r"labels to be an array of integers .* got float64\[2\]; convert it with .astype",
    ),
    "too few labels": (
        lambda: svm_hinge(x23, np.array([0])),
        TypeError,
        r"svm_hinge needs labels .* got int64\[1\] where n=2",
    ),
    "an empty batch": (
        lambda: squared_error(ones((0, 3)), ones((0, 3))),
        ValueError,
        r"squared_error needs predictions of at least 1 row, got 0; pass a batch that is not empty",
    ),
    "one row in training": (
        lambda: batch_norm(ones((1, 3)), ones(3), ones(3)),
        ValueError,
        r"batch_norm needs x of at least 2 rows, got 1; .* use batch_norm_evaluation",
    ),
    "probabilities above 1": (
        lambda: cross_entropy(2 * x23, x23),
        ValueError,
        r"cross_entropy needs probabilities in \[0, 1\], got 2; apply sigmoid or softmax first",
    ),
    "nan for a probability": (
        lambda: cross_entropy(x23 * jnp.nan, x23),
        ValueError,
        r"cross_entropy needs probabilities in \[0, 1\], got nan",
    ),
    "epsilon of 0": (
        lambda: batch_norm(x23, ones(3), ones(3), 0.0),
        ValueError,
        r"batch_norm needs eps above 0, got 0; pass a small positive float",
    ),
    "an infinite epsilon": (
        lambda: batch_norm(x23, ones(3), ones(3), float("inf")),
        ValueError,
        r"batch_norm needs eps above 0, got inf",
    ),
    "a probability just above 1": (
        lambda: cross_entropy(x23 + 1e-7, x23),
        ValueError,
        r"in \[0, 1\], got 1.0000001; apply",
    ),
    "a negative penalty": (lambda: l2_penalty(x23, -1.0), ValueError, r"rate at least 0, got -1"),
    "a negative level": (lambda: elu(x23, -0.1), ValueError, r"elu needs alpha at least 0"),
    "an axis out of range": (lambda: mean(x23, 2), ValueError, r"mean needs -2 <= axis < 2, got"),
    "an axis that is no integer": (
        lambda: mean(x23, 0.5),
        TypeError,
        r"mean needs axis .* got 0.5",
    ),
    "too few entries": (
        lambda: standard_deviation(ones(1), None, 1),
        ValueError,
        r"standard_deviation needs more than ddof=1 entries, got 1; pass a longer axis",
    ),
    "a rate of 0": (lambda: optimisers.adam(0.0), ValueError, r"adam needs rate above 0, got 0"),
    "a decay above 1": (
        lambda: optimisers.rmsprop(0.1, 1.5),
        ValueError,
        r"rmsprop needs rho in \[0, 1\], got 1.5",
    ),
    "no units": (lambda: layers.dense(0), ValueError, r"dense needs width at least 1, got 0"),
    "a momentum above 1": (
        lambda: layers.batch_norm(momentum=2),
        ValueError,
        r"batch_norm needs momentum in \[0, 1\], got 2",
    ),
    "no inputs": (
        lambda: input_jacobian(serial(), (), (), ones((0, 2))),
        ValueError,
        r"input_jacobian needs x of at least 1 row",
    ),
    "random batches without a key": (
        lambda: fit(
            serial(), squared_error, optimisers.adam(0.1), (), (), x23, x23, 1, batch_size=2
        ),
        ValueError,
        r"fit needs key for random batches, got None; pass jax.random.key",
    ),
    "no steps": (
        lambda: fit(serial(), squared_error, optimisers.adam(0.1), (), (), x23, x23, 0),
        ValueError,
        r"fit needs steps at least 1, got 0",
    ),
}


@pytest.mark.parametrize(("call", "kind", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_gets_a_sentence(call, kind, sentence):
    with pytest.raises(kind, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_numpy_arrays_and_floats_are_welcome():
    assert sigmoid(np.zeros(2)).shape == (2,)
    assert float(jax.grad(sigmoid)(0.0)) == 0.25
    assert elu(np.zeros(2), 1).shape == (2,)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_labels_of_any_width(dtype):
    """The classes must not be numbered in a type that ends before they do."""
    scores, labels = jnp.zeros((2, 300)).at[1, 100].set(5.0), np.array([0, 100])
    wanted = jax.grad(softmax_cross_entropy_with_integer_labels)(scores, labels)
    found = jax.grad(softmax_cross_entropy_with_integer_labels)(scores, labels.astype(dtype))
    np.testing.assert_array_equal(found, wanted)


def test_a_label_out_of_range_is_nan_where_it_cannot_raise():
    labels = jnp.array([0, 7])
    assert jnp.isnan(jax.jit(softmax_cross_entropy_with_integer_labels)(x23, labels))
    assert jnp.isnan(jax.jit(svm_hinge)(x23, -labels))
    for op in (softmax_cross_entropy_with_integer_labels, svm_hinge):
        gradient = jax.grad(jax.jit(op))(x23, labels)
        assert jnp.isfinite(gradient[0]).all()
        assert jnp.isnan(gradient[1]).all()
