"""What the evaluator refuses, by name; what goes in; roundings; loops and calls."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from derivations.algebra.session import OutOfTime, session
from derivations.witness import MP, CannotEvaluate, coarsest, more_digits, real, reals, run
from derivations.witness.conversions import rounded

inf, nan = float("inf"), float("nan")


def traced(program, *args):
    with jax.enable_x64(True):
        return jax.make_jaxpr(program)(*args)


def ran(program, *args):
    args = [np.asarray(a) for a in args]
    given = [reals(a) if a.dtype.kind == "f" else a for a in args]
    (found, *_), _ = run(traced(program, *args), given, [None] * len(args))
    return found.value


def squared(x):
    return (x.astype(complex) ** 2).real


def ends_on_a_value(x):
    return lax.while_loop(lambda y: y.max() < 5, lambda y: y * 2 + 1, x)


def ends_on_a_sign(x):
    def body(s):
        return s[0] + (s[1] > 0).astype(int).sum(), s[1]

    return lax.while_loop(lambda s: s[0] < 3, body, (0, x))[1]


def ends_on_a_constant(x):
    return lax.while_loop(lambda s: s[0] < x[0], lambda s: (s[0] + 1.0, s[1] * 2), (0.0, x))[1]


def steps_by_a_value(x):
    def body(s):
        return s[0] + (x[0] > 0).astype(int), s[1]

    return lax.while_loop(lambda s: s[0] < 3, body, (0, x))[1]


def ends_never(x):
    return lax.while_loop(lambda s: s[0] >= 0, lambda s: (s[0] * 1, s[1]), (0, x))[1]


REFUSED = [
    ("complex numbers", lambda x: lax.complex(x, x).real),
    ("complex numbers", lambda x: jnp.abs(lax.complex(x, x))),
    ("complex numbers", lambda x: lax.conj(lax.complex(x, x)).real),
    ("complex numbers", squared),
    ("complex numbers", lambda x: jnp.fft.fft(x).real),
    ("complex numbers", lambda x: (jnp.array([1j, 2.0]) * x.astype(complex)).imag),
    ("the primitive eigh", lambda x: jnp.linalg.eigh(jnp.outer(x, x))[0]),
    ("the bits of a real number", lambda x: lax.bitcast_convert_type(x, np.uint64)),
    ("bits between types", lambda x: lax.bitcast_convert_type(x.astype(int), np.int32)),
    ("a loop that ends on a real number", ends_on_a_value),
    ("a loop that ends on a real number", ends_on_a_sign),
    ("a loop that ends on a real number", ends_on_a_constant),
    ("a loop that ends on a real number", steps_by_a_value),
    ("a loop of more than 10000 turns", ends_never),
    ("a sine of a number with a million digits", lambda x: jnp.sin(jnp.exp(jnp.exp(20 + x)))),
    (
        "windows of integers",
        lambda x: lax.reduce_window(x.astype(int), 0, lax.add, (2,), (1,), "VALID"),
    ),
]


@pytest.mark.parametrize(("reason", "program"), REFUSED)
def test_refusals(reason, program):
    with pytest.raises(CannotEvaluate, match=reason):
        ran(program, np.array([0.3, 1.2]))


def test_complex_arguments_are_refused():
    program = traced(lambda x: x, np.array([1j]))
    with pytest.raises(CannotEvaluate, match="complex numbers"):
        run(program, [np.array([1j])], [None])


def test_arguments_are_held_to_their_shapes():
    with pytest.raises(CannotEvaluate, match="an argument of shape"):
        run(traced(jnp.sin, np.ones(3)), [reals(np.ones(2))], [None])


def test_integers_come_in_any_type_and_wrap_in_their_own():
    program = traced(lambda k: k * k, np.ones(2, np.int8))
    (found,), _ = run(program, [np.array([100, -3])], [None])
    assert found.value.dtype == np.int8
    assert found.value.tolist() == [16, 9]
    (found,), _ = run(program, [reals([5.0, 2.0])], [None])
    assert found.value.tolist() == [25, 4]


def test_plain_numbers_are_made_real():
    (found,), _ = run(traced(lambda x: x / 3, np.ones(2)), [np.array([1, 2])], [None])
    assert MP.almosteq(found.value[0] * 3, 1)


def test_integers_of_four_bits_wrap():
    values = np.arange(-8, 8)
    found = ran(lambda k: lax.mul(k.astype("int4"), k.astype("int4")).astype(int), values)
    assert found.tolist() == [(k * k + 8) % 16 - 8 for k in values.tolist()]


def test_truth_values_are_multiplied_by_any():
    assert ran(lambda x: lax.dot(x > 0, x > 0).astype(int), np.array([1.0, 2.0])) == 1


def test_keys_go_through():
    def program(x):
        keys = jax.random.split(jax.random.key(3), 2)
        return jax.random.uniform(keys[1], (2,)) * x

    with jax.enable_x64(True):
        expected = program(jnp.array([1.0, 2.0]))
    assert np.allclose(ran(program, np.array([1.0, 2.0])).astype(float), expected)


def test_no_gradient_type_is_zero():
    zero = np.zeros(2, jax.dtypes.float0)
    program = traced(lambda x: x, np.ones(2))
    assert run(program, [reals(np.zeros(zero.shape))], [None])[0][0].value.tolist() == [0, 0]


# --- roundings ---

COARSEST = {
    "double": (lambda x: jnp.sin(x) * 0.1, 0.0),
    "integers": (lambda x: x * x.astype(np.int8).astype(float), 0.0),
    "float32": (lambda x: x.astype(np.float32).astype(float), 2.0**-23),
    "bfloat16": (lambda x: x.astype(np.float32).astype(jnp.bfloat16).astype(float), 2.0**-7),
    "inside": (lambda x: jax.jit(lambda y: y.astype(np.float16) * 2)(x), 2.0**-10),
    "in a branch": (
        lambda x: lax.cond(x > 0, lambda y: y, lambda y: y.astype(np.float32).astype(float), x),
        2.0**-23,
    ),
    "by bits": (lambda x: lax.reduce_precision(x, 8, 7), 2.0**-7),
    "by no fewer bits": (lambda x: lax.reduce_precision(x, 11, 52), 0.0),
}


@pytest.mark.parametrize("name", COARSEST)
def test_coarsest(name):
    program, eps = COARSEST[name]
    assert coarsest(traced(program, 1.0)) == eps


def test_coarsest_of_arguments():
    assert coarsest(traced(lambda x: x, np.float32(1))) == 2.0**-23


def test_a_rounding_is_to_the_nearest_of_more_digits_than_double_precision_has():
    above = traced(lambda x: x.astype(np.float32).astype(float) - 1, 1.0)
    x = MP.mpf(1) + MP.mpf(2) ** -24
    (found,), _ = run(above, [np.asarray(x, dtype=object)], [reals(np.asarray(3.0))])
    assert found.value[()] == 0  # halves go to even
    assert found.tangent[()] == 3
    assert rounded(x + MP.mpf(2) ** -80, 8, 23) == 1 + MP.mpf(2) ** -23


def test_no_rounding_without_need():
    narrow = traced(lambda x: lax.reduce_precision(x.astype(np.float32), 8, 23), np.float32(1))
    (found,), _ = run(narrow, [np.asarray(MP.mpf(1) / 3, dtype=object)], [None])
    assert found.value[()] == MP.mpf(1) / 3


def test_more_digits():
    before = MP.dps
    with more_digits():
        assert MP.dps == 3 * before
    assert MP.dps == before
    assert real(np.int64(2**60 + 1)) == 2**60 + 1


# --- loops ---


def test_a_program_is_stopped_by_its_deadline():
    with session(seconds=1e-9), pytest.raises(OutOfTime):
        ran(lambda x: x + 1, 1.0)


def test_a_printing_program():
    def program(x):
        jax.debug.print("{}", x)
        return x * 2

    assert ran(program, 1.5) == 3


def test_a_scan_of_no_turns_has_rows_of_each_kind():
    def program(x):
        return lax.scan(lambda c, _: (c, (c, 1, c > 0)), x, None, length=0)

    outputs, _ = run(traced(program, 1.5), [reals(1.5)], [None])
    assert [o.value.shape for o in outputs] == [(), (0,), (0,), (0,)]


def test_failures_are_named():
    program = traced(lambda x: lax.reshape(x, (6,)), np.ones((2, 3)))
    program.eqns[0].params["new_sizes"] = (7,)
    with pytest.raises(CannotEvaluate, match="reshape could not be evaluated"):
        run(program, [reals(np.ones((2, 3)))], [None])


# --- without poles, and without roundings ---


@pytest.mark.parametrize(
    ("program", "is_pole"),
    [
        (lambda x: 1 / (x - 1), True),
        (lambda x: jnp.log(x - 1), True),
        (lambda x: 1 / (1 + 1 / (x - 1)), True),
        (lambda x: x - inf, False),
        (lambda x: jnp.exp(x - inf), False),
        (lambda x: x / 3, False),
        (lambda x: (x.astype(int) // 2).astype(float), False),
    ],
)
def test_where_finite_numbers_make_an_infinite_one_there_is_no_value(program, is_pole):
    (found,), near = run(traced(program, 1.0), [reals(1.0)], [None], poles=False)
    assert (bool(MP.isnan(found.value[()])), near) == (is_pole, is_pole)


def test_a_root_begins_at_zero():
    assert run(traced(jnp.sqrt, 1.0), [reals(0.0)], [None], poles=False)[1]
    assert not run(traced(jnp.sqrt, 1.0), [reals(2.0)], [None], poles=False)[1]


@pytest.mark.parametrize(
    "program",
    [
        lambda x: x.astype(np.float32).astype(float),
        lambda x: lax.reduce_precision(x, 8, 23),
    ],
)
def test_digits_may_be_kept(program):
    third = np.asarray(MP.mpf(1) / 3, dtype=object)
    (rounded_off,), _ = run(traced(program, 1.0), [third], [None])
    (kept,), _ = run(traced(program, 1.0), [third], [None], keeps_digits=True)
    assert rounded_off.value[()] == MP.mpf(float(np.float32(1 / 3)))
    assert kept.value[()] == third[()]
