"""False proofs that a naive engine gives. None of these may ever be PROVED."""

import jax
import jax.numpy as jnp
import pytest

from derivations.algebra.session import session
from derivations.algebra.terms import ZERO
from derivations.proving.assumptions import Assumptions
from derivations.proving.equality import by_algebra
from derivations.proving.proof import prove
from derivations.proving.ranks import problems
from derivations.reading.reader import Array, kind_of
from derivations.reading.rules import RULES


def rule(definition, backward):
    """An op whose residuals are its arguments."""
    op = jax.custom_vjp(definition)
    op.defvjp(lambda *args: (definition(*args), args), lambda res, g: backward(g, *res))
    return op


TRAPS = {
    "√(x²) is |x|, not x": (lambda x: jnp.sqrt(x**2), lambda g, x: (g,), ["n"]),
    "the maximum is no constant": (lambda x: x - x.max(), lambda g, x: (g,), ["n"]),
    "the maximum is no constant 2": (
        lambda x: x.max() * x.sum(),
        lambda g, x: (g * x.max() * jnp.ones_like(x),),
        ["n"],
    ),
    "indicators of other entries": (
        lambda x: jnp.maximum(x, 0).sum() * 1.0,
        lambda g, x: (g * jnp.where(x[::-1] > 0, 1.0, 0.0),),
        ["n"],
    ),
    "one indicator for all": (
        lambda x: jnp.where(x > 0, x, 0).sum(),
        lambda g, x: (g * jnp.broadcast_to(jnp.where(x[0] > 0, 1.0, 0.0), x.shape),),
        ["n"],
    ),
    "n - 1 for n": (
        lambda x: x.sum() / x.shape[0],
        lambda g, x: (jnp.broadcast_to(g / (x.shape[0] - 1), x.shape),),
        ["n"],
    ),
    "a captured index": (
        lambda x: (x * x.sum()).sum(),
        lambda g, x: (2 * g * x,),
        ["n"],
    ),
    "a nested sum that captures": (
        lambda x, y: (x[:, None] * y[None, :]).sum(1).sum(),
        lambda g, x, y: (g * y, g * x),
        ["n", "n"],
    ),
    "log(ab) for negative a": (
        lambda x, y: jnp.where(x * y > 0, jnp.log(jnp.abs(x * y)), 0),
        lambda g, x, y: (jnp.where((x > 0) & (y > 0), g / x, 0), jnp.where(x * y > 0, g / y, 0)),
        ["n", "n"],
    ),
    "a literal rounded": (
        lambda x: 0.1 * x,
        lambda g, x: (0.1000001 * g,),
        ["n"],
    ),
    "a straight-through estimator": (
        lambda x: jnp.round(x),
        lambda g, x: (g,),
        ["n"],
    ),
    "right for ones alone": (
        lambda x: jnp.sum(x**2),
        lambda g, x: (2 * x,),
        ["n"],
    ),
    "squared cotangent": (
        lambda x: jnp.sum(x**2),
        lambda g, x: (2 * x * g * g,),
        ["n"],
    ),
    "affine in the cotangent": (
        lambda x: jnp.sin(x),
        lambda g, x: (jnp.cos(x) * g + 1e-6,),
        ["n"],
    ),
    "square matrices alone": (
        lambda a, b: a @ b,
        lambda g, a, b: (g @ b, a.T @ g),
        ["n n", "n n"],
    ),
    "row sum for column sum": (
        lambda x: x.sum(0),
        lambda g, x: (jnp.broadcast_to(g[:, None], x.shape),),
        ["n n"],
    ),
    "repeated labels": (
        lambda x, i: x[i],
        lambda g, x, i: (jnp.zeros_like(x).at[i].set(g), None),
        ["k", "n:int<k"],
    ),
    "softmax without the sum": (
        lambda x: jax.nn.softmax(x),
        lambda g, x: (g * jax.nn.softmax(x) * (1 - jax.nn.softmax(x)),),
        ["n k"],
    ),
    "runner-up within 0.01": (
        lambda x: x.max(-1),
        lambda g, x: (g[:, None] * (x > x.max(-1, keepdims=True) - 0.01),),
        ["n k"],
    ),
    "softplus with a misplaced threshold": (
        lambda x: jnp.logaddexp(3 * x, 0.0) / 3,
        lambda g, x: (jnp.where(3 * x > 2.0, g, g * jax.nn.sigmoid(3 * x)),),
        ["n"],
    ),
    "the wrong branch at the other sign": (
        lambda x, y: jnp.where(y > 0, x, 2 * x),
        lambda g, x, y: (jnp.where(y > 0, 2 * g, g), jnp.zeros_like(y)),
        ["n", "n"],
    ),
    "ε inside and outside the root": (
        lambda x: x / jnp.sqrt((x**2).sum() + 1e-5),
        lambda g, x: (g / (jnp.sqrt((x**2).sum()) + 1e-5),),
        ["n"],
    ),
    "the derivative at one size only": (
        lambda x: x - x.sum() / 2,
        lambda g, x: (g - g.sum() / x.shape[0],),
        ["n"],
    ),
    "a power's other branch": (
        lambda x: jnp.abs(x) ** 3,
        lambda g, x: (3 * g * x**2,),
        ["n"],
    ),
    "a branch where a sum of rectified entries is 0": (
        lambda x: jnp.where(jnp.maximum(x, 0).sum() == 0, 3 * x.sum(), x.sum()),
        lambda g, x: (g * jnp.ones_like(x),),
        ["n"],
    ),
    "the sign of a deviation, for n = 1": (
        lambda x: (x * jnp.sign(x - x.mean())).sum(),
        lambda g, x: (g * (2 * jnp.where(x > x.mean(), 1.0, 0.0) - 1),),
        ["n"],
    ),
    "a branch on positions as floats": (
        lambda x: jnp.where(jnp.arange(x.shape[0], dtype=float) == 0.0, 3 * x, x).sum(),
        lambda g, x: (g * jnp.ones_like(x),),
        ["n"],
    ),
    "a branch on what vanishes at one size": (
        lambda x: jnp.where((x.shape[0] - 2) * x == 0, 3 * x, x).sum(),
        lambda g, x: (g * jnp.ones_like(x),),
        ["n"],
    ),
    "a branch on a step": (
        lambda x: jnp.where(jnp.floor(x) == 0, 3 * x, x).sum(),
        lambda g, x: (g * jnp.ones_like(x),),
        ["n"],
    ),
    "the value of the forward": (
        lambda x: jnp.exp(x),
        None,
        ["n"],
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_never_proved(trap):
    definition, backward, sizes = TRAPS[trap]
    if backward is None:
        op = jax.custom_vjp(definition)
        op.defvjp(lambda x: (jnp.exp(x) + x * 1e-3, x), lambda x, g: (g * jnp.exp(x),))
    else:
        op = rule(definition, backward)

    proof = prove(op, *sizes)

    assert proof.verdict != "PROVED"


def test_a_primitive_that_is_not_understood_is_named():
    def definition(x):
        return jax.lax.top_k(x, 2)[0]

    op = rule(definition, lambda g, x: jax.vjp(definition, x)[1](g))
    proof = prove(op, "4")

    assert proof.verdict == "UNKNOWN"
    assert "the primitive top_k" in proof.reason


APPROXIMATIONS = {
    "a polynomial for exp": (
        lambda x: 1 + x * (0.99999994 + x * (0.50000012 + x * 0.16666667)),
        lambda g, x: (g * (1 + x * (1 + x * 0.5)),),
    ),
    "Newton's square root": (
        lambda x: jax.lax.while_loop(
            lambda s: jnp.abs(s**2 - x).max() > 1e-9, lambda s: (s + x / s) / 2, jnp.ones_like(x)
        ),
        lambda g, x: (g / (2 * jnp.sqrt(jnp.abs(x))),),
    ),
}


@pytest.mark.parametrize("name", APPROXIMATIONS)
def test_an_approximation_is_no_refutation(name):
    definition, backward = APPROXIMATIONS[name]

    proof = prove(rule(definition, backward), "n")

    assert proof.verdict == "UNKNOWN", str(proof)


def test_points_without_a_value_refute_nothing():
    def definition(x):
        return jnp.where(x.sum() > 0, jnp.log(jnp.abs(x.sum())), jnp.nan)

    op = rule(definition, lambda g, x: (jnp.broadcast_to(g / x.sum(), x.shape),))
    assert prove(op, "n").verdict != "REFUTED"


RIGHT = {  # rules that rounding, or cancellation in any number of digits, makes look wrong
    "a product of literals": (lambda x: 0.3 * x, lambda g, x: (0.1 * 3 * g,), ["n"]),
    "a number next to 1": (
        lambda x: (1 + 2.0**-53) * x,
        lambda g, x: (g + 2.0**-53 * g,),
        ["n"],
    ),
    "the tail of a logistic": (
        lambda x: jnp.log(1 - jax.nn.sigmoid(32 * x)),
        lambda g, x: (-32 * g * jax.nn.sigmoid(32 * x),),
        ["n"],
    ),
}


RIGHT |= {
    "a dead zone narrower than any float step": (
        lambda x: jnp.where(jnp.abs(x) > 1e-12, x, 0.0),
        lambda g, x: (g * (jnp.abs(x) > 1e-12),),
        ["n"],
    ),
    "equal up to rounding": (
        lambda x, y: jnp.where(jnp.abs(x - y) < 1e-15, 0, x - y),
        lambda g, x, y: (g * (jnp.abs(x - y) >= 1e-15), -g * (jnp.abs(x - y) >= 1e-15)),
        ["n", "n"],
    ),
    "the filler of a pad": (
        lambda x, p: jax.lax.pad(x, p, [(1, 2, 1)]),
        lambda g, x, p: (g[1:-2:2], g.sum() - g[1:-2:2].sum()),
        ["n", ""],
    ),
    "entries that are filled": (
        lambda x: jnp.concatenate([jnp.zeros(1), x[:-1]]),
        lambda g, x: (g.at[jnp.arange(x.shape[0]) + 1].get(mode="fill", fill_value=0.0),),
        ["n"],
    ),
    "a start that is clamped": (
        lambda x: jax.lax.dynamic_slice(x, [7], [3]),
        lambda g, x: (jnp.pad(g, (6, 0)),),
        ["9"],
    ),
    "integers that wrap": (
        lambda x: x * (jnp.arange(x.shape[0]) - 1).astype(jnp.uint32).astype(float),
        lambda g, x: (g * (jnp.arange(x.shape[0]) - 1).astype(jnp.uint32).astype(float),),
        ["n"],
    ),
}


def odds(x):
    return jax.nn.relu(x) / (1 + jax.nn.relu(x))


def through_infinity(x):
    return 1 / (1 + 1 / jax.nn.relu(x))


def test_a_forward_that_goes_through_infinity_is_not_refuted():
    op = jax.custom_vjp(odds)
    op.defvjp(
        lambda x: (through_infinity(x), x),
        lambda x, g: (g * (x > 0) / (1 + jax.nn.relu(x)) ** 2,),
    )
    assert prove(op, "n").verdict != "REFUTED"


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_rule_is_not_refuted(name):
    definition, backward, sizes = RIGHT[name]

    assert prove(rule(definition, backward), *sizes).verdict != "REFUTED"


def rows(x):
    return 10 - 2 * jnp.arange(x.shape[0])[:, None] + jnp.arange(2)[None, :]


FALSE = {  # found by attacks on the prover
    "a quotient of integers below 0": (
        lambda x: x * jax.lax.div(rows(x), jnp.full_like(rows(x), 2)),
        lambda g, x: (g * (5.0 - jnp.arange(x.shape[0])[:, None]),),
        ["n 2"],
    ),
    "a remainder of integers below 0": (
        lambda x: x * jax.lax.rem(rows(x), jnp.full_like(rows(x), 2)),
        lambda g, x: (g * jnp.arange(2.0),),
        ["n 2"],
    ),
    "integers as reals": (
        lambda x, i: jnp.where(i.astype(float) == 5.0, 3 * x, x),
        lambda g, x, i: (g, None),
        ["n", "n:int"],
    ),
    "exponentials that are one for n = 1": (
        lambda x: jnp.where(jnp.exp(x.sum()) - jnp.exp(x) >= 0, x**2, 0),
        lambda g, x: (jnp.where(jnp.exp(x.sum()) - jnp.exp(x) > 0, 2 * x * g, 0),),
        ["n"],
    ),
    "a scatter that collides": (
        lambda v: jnp.zeros(30).at[sum_of_indices(v)].set(v),
        lambda g, v: (g[sum_of_indices(v)],),
        ["n m"],
    ),
}


FALSE |= {
    "integers that wrap": (
        lambda x: x * (jnp.arange(x.shape[0]) - 1).astype(jnp.uint32).astype(float),
        lambda g, x: (g * (jnp.arange(x.shape[0]) - 1.0),),
        ["n"],
    ),
    "an axis longer than its counter": (
        lambda x: x * jnp.arange(x.shape[0], dtype=jnp.int8).astype(float),
        lambda g, x: (g * jnp.arange(x.shape[0]).astype(float),),
        ["n"],
    ),
    "the largest of repeated entries": (
        lambda x, i: x[i].max(),
        lambda g, x, i: (jnp.zeros_like(x).at[i].add(g * (x[i] == x[i].max())), None),
        ["m", "n:int<m"],
    ),
    "a cotangent divided by itself": (
        lambda x: 2 * x,
        lambda g, x: (2 * g * g / g,),
        ["n"],
    ),
    "another rule for one cotangent": (
        lambda x: 2 * x,
        lambda g, x: (jnp.where(g == 0.5, 1.0, 2.0) * g,),
        ["n"],
    ),
    "what one branch needs": (
        lambda x, y: jnp.where(y > 0, jnp.log(x), 3 * x),
        lambda g, x, y: (
            jnp.where(x > 0, jnp.where(y > 0, g / x, 3 * g), 7 * g),
            jnp.zeros_like(y),
        ),
        ["n", "n"],
    ),
    "functions that are one another in disguise": (
        lambda x: jnp.where(disguised(x) >= 0, x**2, 0),
        lambda g, x: (jnp.where(disguised(x) > 0, 2 * x * g, 0),),
        ["n"],
    ),
    "a power that is one for n = 1": (
        lambda x: jnp.where(jnp.prod(x) - x >= 0, x**2, 0),
        lambda g, x: (jnp.where(jnp.prod(x) - x > 0, 2 * x * g, 0),),
        ["n"],
    ),
}


def disguised(x):
    return jnp.where(x > 300, jnp.cos(2 * x) - 1 + 2 * jnp.sin(x) ** 2, 1.0)


UNDONE = {
    "arccos(cos x)": lambda x: jnp.arccos(jnp.cos(x)) - x,
    "arctanh(tanh x)": lambda x: jnp.arctanh(jnp.tanh(x)) - x,
    "an angle": lambda x: jnp.arctan2(0 * x, x),
}


@pytest.mark.parametrize("name", UNDONE)
def test_a_function_of_a_function_may_undo_it(name):
    quantity = UNDONE[name]
    op = rule(
        lambda x: jnp.where(quantity(x) >= 0, x**2, 0),
        lambda g, x: (jnp.where(quantity(x) > 0, 2 * x * g, 0),),
    )
    assert prove(op, "n").verdict != "PROVED"


def test_that_integers_fit_their_type_is_a_condition():
    def definition(x):
        return x * (jnp.arange(x.shape[0], dtype=jnp.int32) * 1000 * 1000).astype(float)

    op = rule(definition, lambda g, x: (g * jnp.arange(x.shape[0]).astype(float) * 1e6,))
    proof = prove(op, "n")

    assert not proof or any("fits in int32" in condition for condition in proof.conditions)


def test_literals_that_cancel_are_no_contradiction():
    def definition(x):
        return (0.1 * x + 0.2 * x - 0.3 * x) * 1e16 + x

    op = rule(definition, lambda g, x: jax.vjp(definition, x)[1](g))
    assert prove(op, "n").verdict in ("PROVED", "UNKNOWN")


def test_ties_of_a_sort_are_a_condition():
    op = rule(
        lambda x: (jnp.sort(x) * jnp.arange(x.shape[0]).astype(float)).sum(),
        lambda g, x: (g * jnp.argsort(jnp.argsort(x)),),
    )
    proof = prove(op, "n")

    assert proof
    assert any("unique" in condition for condition in proof.conditions)


def sum_of_indices(v):
    return jnp.arange(v.shape[0])[:, None] + jnp.arange(v.shape[1])[None, :]


@pytest.mark.parametrize("name", FALSE)
def test_what_attacks_found_is_not_proved(name):
    definition, backward, sizes = FALSE[name]

    assert prove(rule(definition, backward), *sizes).verdict != "PROVED"


def wrong_counter(reader, equation, *_):
    """Reads 0, 1, 2, … as 0, 0, 0, …: right at the first entry alone."""
    shape = reader.shape(equation.outvars[0].aval.shape)
    return Array(shape, kind_of(equation.params["dtype"]), lambda _: ZERO)


@pytest.mark.parametrize("factor", [0.5, 0.1])
def test_a_reader_that_misreads_one_entry_proves_nothing(monkeypatch, factor):
    """Both sides are misread alike, so the algebra finds them equal; what runs is the guard."""
    monkeypatch.setitem(RULES, "iota", wrong_counter)

    def definition(x):
        return factor * x * jnp.arange(x.shape[0]).astype(float)

    op = rule(definition, lambda g, x: (factor * g * jnp.arange(x.shape[0]).astype(float),))
    proof = prove(op, "n")

    assert proof.verdict == "UNKNOWN"
    assert ("please report" in proof.reason) == (factor == 0.5)  # it can only be the reader


def test_what_rounding_leaves_of_zero_is_no_difference():
    """Equal cotangents make softmax's gradient 0, up to what float16 rounds of its own."""

    def backward(y, g):
        weight = jnp.where(y.astype(jnp.float16).astype(y.dtype) == y, 1.0, 1.0)
        return (weight * y * (g - jnp.sum(g * y, axis=-1, keepdims=True)),)

    op = jax.custom_vjp(lambda x: jax.nn.softmax(x))
    op.defvjp(lambda x: (jax.nn.softmax(x),) * 2, backward)
    assert prove(op, "n 2").verdict != "REFUTED"


def test_a_place_may_not_fit_a_narrow_type():
    """The 129th place is -128 in int8, so the rule is wrong for long arrays."""

    def backward(x, g):
        return (g * jax.lax.argmax(x, 0, jnp.int8).astype(x.dtype),)

    op = jax.custom_vjp(lambda x: x * jnp.argmax(x))
    op.defvjp(lambda x: (x * jnp.argmax(x), x), backward)
    assert prove(op, "n").verdict != "PROVED"


def test_that_a_root_exists_is_no_fact_where_isnan_asks_for_it():
    """The algebra must not take it for one, whatever the search finds."""

    def root_or_square(x):
        return jnp.where(jnp.isnan(jnp.sqrt(x + 50)), x**2, jnp.sqrt(x + 50))

    op = rule(
        root_or_square, lambda g, x: (jnp.where(x + 50 > 0, g * 0.5 / jnp.sqrt(x + 50), 7.0),)
    )
    (problem,) = problems(op, ("n",), {}, 1)
    with session():
        value, gradient = by_algebra(problem, ("x",), Assumptions.parsed(())).comparisons
    assert value.is_equal
    assert not gradient.is_equal
