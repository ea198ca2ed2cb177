"""What is true of every op: three sources of its gradient agree, also at special values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from found import (
    OPS,
    SIZES,
    SPECIAL,
    arrays_of,
    complete,
    cotangent_of,
    of_kind,
    pullback,
    special_arrays,
    three_sources,
)
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from funcnet import ops

every_op = pytest.mark.parametrize("op", OPS.values(), ids=OPS.keys())
EXACT = {"rtol": 1e-12, "atol": 1e-14}


def assert_sources_agree(op, arrays, y_bar, scale=1.0):
    by_hand, by_jax, by_sympy = three_sources(op)(arrays, y_bar)
    assert by_hand.keys() == by_jax.keys() == by_sympy.keys(), "a chapter for every argument"
    for name, ours in by_hand.items():
        assert np.isfinite(ours).all(), name
        tolerance = {"rtol": 1e-12, "atol": 1e-14 * scale}
        assert_allclose(ours, by_jax[name], **tolerance, err_msg=f"{name}, against jax.vjp")
        assert_allclose(ours, by_sympy[name], **tolerance, err_msg=f"{name}, against SymPy")


@every_op
@given(sizes=st.sampled_from(SIZES), seed=st.integers(0, 2**32 - 1))
def test_three_sources_agree(op, sizes, seed):
    arrays = arrays_of(op, sizes, seed)
    assert_sources_agree(op, arrays, cotangent_of(op, arrays, seed))


@every_op
@pytest.mark.parametrize("pattern", SPECIAL)
def test_three_sources_agree_at_special_values(op, pattern):
    sizes = SIZES[1]
    arrays = special_arrays(op, pattern, sizes)
    largest = max(1.0, *(float(jnp.abs(array).max()) for array in arrays))
    assert_sources_agree(op, arrays, cotangent_of(op, arrays), scale=largest**2)


@every_op
@given(data=st.data())
def test_three_sources_agree_at_any_values(op, data):
    """Values drawn by hypothesis, which likes 0, ties and extremes."""
    arrays = arrays_of(op, SIZES[1])
    values = st.floats(-30, 30, allow_subnormal=False, width=32)
    for position, parameter in enumerate(of_kind(op, "float", "int")):
        if parameter.kind == "float" and not parameter.domains:
            shape = arrays[position].shape
            count = int(np.prod(shape, dtype=int))
            drawn = data.draw(st.lists(values, min_size=count, max_size=count))
            arrays[position] = jnp.asarray(np.reshape(drawn, shape), jnp.float64)
    by_hand, by_jax, _ = three_sources(op)(arrays, cotangent_of(op, arrays))
    for name, ours in by_hand.items():
        assert_allclose(ours, by_jax[name], rtol=1e-9, atol=1e-9, err_msg=name)


@every_op
def test_forward_returns_the_value_of_the_definition(op):
    arrays = arrays_of(op, SIZES[0])
    values = complete(op, arrays).values()
    forward, _ = op.fwd(*values)
    for ours, plain in zip(jax.tree.leaves(forward), jax.tree.leaves(op.fun(*values)), strict=True):
        assert_allclose(ours, plain, **EXACT)


@pytest.mark.slow
@every_op
def test_second_derivatives_agree_with_autodiff_twice(op):
    """Grad of grad, and forward over reverse (the hessian), through the hand-written rule."""
    arrays = arrays_of(op, SIZES[1], seed=3)
    y_bar = cotangent_of(op, arrays)
    position = [p.kind for p in of_kind(op, "float", "int")].index("float")

    def value(function):
        def of_one(x):
            given = [*arrays[:position], x, *arrays[position + 1 :]]
            y = function(*complete(op, given).values())
            return jax.tree.reduce(jnp.add, jax.tree.map(lambda a, b: (a * b).sum(), y, y_bar))

        return of_one

    x = arrays[position]
    by_hand, by_jax = (jax.hessian(value(function))(x) for function in (op, op.fun))
    assert_allclose(by_hand, by_jax, rtol=1e-9, atol=1e-11)
    twice = jax.grad(lambda x: (jax.grad(value(op))(x) ** 2).sum())(x)
    assert_allclose(
        twice, jax.grad(lambda x: (jax.grad(value(op.fun))(x) ** 2).sum())(x), rtol=1e-9, atol=1e-9
    )


@every_op
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_value_and_cotangents_keep_the_dtype(op, dtype):
    arrays = [
        array.astype(dtype) if jnp.issubdtype(array.dtype, jnp.floating) else array
        for array in arrays_of(op, SIZES[0])
    ]
    y = op(*complete(op, arrays).values())
    cotangents = pullback(op, op, arrays, jax.tree.map(jnp.ones_like, y))
    for leaf in (*jax.tree.leaves(y), *cotangents.values()):
        assert leaf.dtype == dtype
        assert jnp.isfinite(leaf.astype("float32")).all()


@pytest.mark.slow
@every_op
def test_vmap_jit_and_scan_do_what_a_loop_does(op):
    examples = [arrays_of(op, SIZES[1], seed) for seed in range(3)]
    y_bar = cotangent_of(op, examples[0])
    stacked = [jnp.stack(parts) for parts in zip(*examples, strict=True)]

    def gradient(arrays):
        return pullback(op, op, arrays, y_bar)

    loop = [gradient(arrays) for arrays in examples]
    mapped = jax.vmap(gradient)(stacked)
    _, scanned = jax.jit(lambda s: jax.lax.scan(lambda c, a: (c, gradient(a)), 0, s))(stacked)
    for name, values in mapped.items():
        expected = np.stack([one[name] for one in loop])
        assert_allclose(values, expected, **EXACT)
        assert_allclose(scanned[name], expected, **EXACT)


@every_op
def test_pullback_is_linear_in_the_cotangent(op):
    arrays = arrays_of(op, SIZES[0])
    first, second = (cotangent_of(op, arrays, seed) for seed in (1, 2))
    together = jax.tree.map(lambda a, b: 2 * a - b, first, second)
    parts = [pullback(op, op, arrays, y_bar) for y_bar in (first, second, together)]
    for name in parts[0]:
        assert_allclose(2 * parts[0][name] - parts[1][name], parts[2][name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "loss",
    [
        lambda s: ops.softmax_cross_entropy(s, jnp.eye(3)),
        lambda s: ops.softmax_cross_entropy_with_integer_labels(s, jnp.arange(3)),
        lambda s: ops.cross_entropy(ops.softmax(s), jnp.eye(3)),
        lambda s: ops.binary_cross_entropy(ops.sigmoid(s), jnp.eye(3)),
        lambda s: ops.sigmoid_binary_cross_entropy(s, jnp.eye(3)),
        lambda s: ops.svm_hinge(s, jnp.arange(3)),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_losses_of_scores_of_1000_are_finite(loss, dtype):
    scores = jnp.asarray([[1000.0, -1000.0, 0.0], [1000.0, -1000.0, 3.0], [0, 0, -1000.0]], dtype)
    with jax.numpy_dtype_promotion("standard"):
        if dtype == "float32":
            with jax.enable_x64(False):
                value, gradient = jax.value_and_grad(loss)(scores)
        else:
            value, gradient = jax.value_and_grad(loss)(scores)
    assert jnp.isfinite(value)
    assert jnp.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("op", "x", "slope"),
    [
        (ops.sigmoid, 30.0, 9.357622968839299e-14),
        (ops.sigmoid, -30.0, 9.357622968839299e-14),
        (ops.tanh, 15.0, 3.743048e-13),
        (ops.tanh, -15.0, 3.743048e-13),
    ],
)
def test_tails_keep_their_digits(op, x, slope, dtype):
    """1 - y would round to 0, or lose most digits, out there."""
    assert_allclose(jax.grad(op)(jnp.asarray(x, dtype)), slope, rtol=3e-6)


def test_a_constant_column_is_normalised_to_0_and_not_to_noise():
    """The rounded mean of equal numbers may differ from them, and ε is small beside its square."""
    x = jnp.full((7, 1), 1e8 / 3, "float32")
    one, zero = jnp.ones(1, "float32"), jnp.zeros(1, "float32")
    y, _, variance = ops.batch_norm(x, one, zero)
    assert not y.any()
    assert not variance.any()
    row = jnp.full((1, 7), 123456.7, "float32")
    assert not ops.layer_norm(row, jnp.ones(7, "float32"), jnp.zeros(7, "float32")).any()
