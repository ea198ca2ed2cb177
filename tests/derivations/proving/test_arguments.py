"""What users write for arguments, sizes and assumptions: it works, or gets one sentence."""

import functools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Bool, Float, Int, Num

from derivations.proving.arguments import UsageError, annotated, given, name_of
from derivations.proving.handwritten import NO_RULE
from derivations.proving.proof import prove
from derivations.proving.ranks import problems
from derivations.proving.sizes import parsed
from funcnet import ops


def rule(definition, backward):
    op = jax.custom_vjp(definition)
    op.defvjp(lambda *a: (definition(*a), a), lambda r, g: backward(g, *r))
    return op


square = rule(lambda x: x**2, lambda g, x: (2 * g * x,))
product = rule(lambda x, y: x * y, lambda g, x, y: (g * y, g * x))
labelled = rule(lambda x, i: x * i, lambda g, x, i: (g * i, None))


class Layer:
    def __call__(self, x):
        return square(x)

    def method(self, x):
        return square(x)


SIZES = ["lambda", "if else", "max mod", "_ __ lambda_ lambda", "i j k", "E I S N pi x", "N_1 n2"]


@pytest.mark.parametrize("sizes", [*SIZES, "λ ℓ", "n, d", " n  d ", "3 n", "2*n"])
def test_any_name_is_one_of_a_size(sizes):
    proof = prove(square, sizes)
    assert proof, str(proof)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("n d", ("float", ("n", "d"), ())),
        ("", ("float", (), ())),
        ("lambda lambda_", ("float", ("lambda_", "lambda__"), ())),
        ("n:float", ("float", ("n",), ())),
        (":bool", ("bool", (), ())),
        ("*batch n*m : int", ("int", ("*batch", "n*m"), ())),
        ("007", ("float", ("7",), ())),
    ],
)
def test_sizes_are_read(spec, expected):
    assert parsed(spec, "x") == expected


def test_labels_have_an_upper_end():
    assert [parsed(s, "i")[2][0].size for s in ("n:int<k", "n:int < 03", ":int<max")] == [
        "k",
        "3",
        "max_",
    ]


@pytest.mark.parametrize(
    "spec",
    ["n*", "*", "n-d", "2.5", "-1", "n::int", "n:int<", "(n d)", "n:complex", "#n", "n:int<2k"],
)
def test_what_is_no_size_gets_a_sentence(spec):
    with pytest.raises(UsageError, match=r"the (sizes|labels) .* of x are .*write names or"):
        parsed(spec, "x")


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: prove(labelled, "n", "n:int<0"), "are below 0, got none; write 1 or more"),
        (lambda: prove(labelled, "n", "n:bool<2"), "only labels have a bound"),
        (lambda: prove(square, ["n"]), "as a string, got list"),
        (lambda: prove(square, {"x": "n"}), "as a string, got dict"),
        (lambda: prove(square, 3), "as a string, got int"),
        (
            lambda: prove(square, "n", wrt="y"),
            "'y' is not a differentiable argument; choose",
        ),
        (lambda: prove(labelled, "n", "n:int", wrt="i"), "'i' is not a differentiable argument"),
        (lambda: prove(square, "n", wrt=[]), "wrt names no argument; choose from x"),
        (lambda: prove(square, "n", static={"a": 1}), "no argument a; static takes those of x"),
        (lambda: prove(lambda x, axis: x, "n", static={}), r"2 arguments \(x, axis\), got 1"),
        (lambda: prove(lambda i: i, "n:int"), "no argument of floats"),
        (lambda: prove(square, "n", seconds=-1), "seconds of at least 0, got -1"),
        (lambda: prove(square, "n", order=0), "order=1 or order=2, got 0"),
        (lambda: prove(len, "n", "n"), "needs sizes for 1 arguments"),
        (lambda: prove(np, "n"), "needs a function, got module"),
        (lambda: prove("square", "n"), "needs a function, got str"),
        (lambda: prove(None), "needs a function, got NoneType"),
        (lambda: prove(Layer, "n"), "needs a function, got the class Layer"),
        (lambda: prove(jax.custom_vjp(lambda x: x), "n"), "no backward rule; call .*defvjp first"),
        (lambda: prove(jax.custom_jvp(lambda x: x), "n"), "no rule; call .*defjvp first"),
    ],
)
def test_a_question_that_does_not_fit_gets_a_sentence(ask, sentence):
    with pytest.raises(UsageError, match=sentence):
        ask()


@pytest.mark.parametrize(
    ("sizes", "assuming", "sentence"),
    [
        (("n", "n:int"), "z > 0", "about z, which there is not; choose from i, x, and the sizes n"),
        (("n", "n:int"), "i > 0", "i holds integers"),
        (("", ":int"), "sum(x, -1) == 1", "needs an array of floats with an axis; x is none"),
        (("n", "n:int"), "x is nice", "cannot read the assumption 'x is nice'"),
        (("n", "n:int"), 3, "cannot read the assumption 3"),
        (("x", "x:int"), "x > 0", "x is both an argument and a size"),
    ],
)
def test_an_assumption_about_nothing_gets_a_sentence(sizes, assuming, sentence):
    with pytest.raises(UsageError, match=sentence):
        prove(labelled, *sizes, assuming=[assuming])


def test_an_assumption_about_a_static_value_must_be_true():
    def scaled(x, a):
        return square(x) * a

    assert prove(scaled, "n", static={"a": 2.0}, assuming="a > 0")
    with pytest.raises(UsageError, match=r"a is -2\.0, and not above 0"):
        prove(scaled, "n", static={"a": -2.0}, assuming="a > 0")


@pytest.mark.parametrize("op", [ops.batch_norm, ops.batch_norm_columns], ids=name_of)
def test_the_least_number_of_examples_reaches_the_problem(op):
    (problem,) = problems(op, (), {}, 1)
    assert dict(problem.minimal) == {"n": 2}


def test_assumptions_reach_the_problem():
    from derivations.proving.assumptions import Assumptions

    told = Assumptions.parsed(["lambda >= 2", "lambda > 2.5", "x > -1e2", "sum(x, -1) == 1"])
    (problem,) = told.applied_to(problems(square, ["m lambda"], {}, 1))

    assert dict(problem.minimal) == {"lambda_": 3}
    assert str(problem.arguments[0].domains[0]) == "above -100"
    assert problem.sums == (("x", 1),)


# --- targets ---

TARGETS = {
    "an instance": (Layer(), ["n"]),
    "a method": (Layer().method, ["n"]),
    "a partial function": (functools.partial(product, jnp.ones(3)), ["3"]),
    "an early argument by name": (
        functools.partial(lambda x, y: product(x * jnp.ones_like(y), y), x=2.0),
        ["n"],
    ),
    "jit": (jax.jit(square), ["n"]),
    "vmap": (jax.vmap(product), ["n d", "n d"]),
    "grad": (jax.grad(lambda x: square(x).sum()), ["n"]),
    "a ufunc": (jnp.add, ["n", "n"]),
    "many": (lambda *x: product(x[0], x[1]) + x[2], ["n"] * 3),
    "many after some": (lambda x, a=1.0, *y: product(x, y[0]) * a, ["n", "", "n"]),
    "keywords": (lambda x, *, w, a=2.0: product(x, w) * a, ["n", "n"]),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_whatever_can_be_called_is_judged(kind):
    op, sizes = TARGETS[kind]
    proof = prove(op, *sizes)
    assert proof, str(proof)


def test_a_default_that_is_skipped_keeps_its_value():
    def f(x, a=3.0, axis=-1):
        return square(x).sum(axis) * a

    (problem,) = problems(f, ["n d"], {"axis": 0}, 1)
    assert [(a.name, a.keyword) for a in problem.arguments] == [("x", ""), ("axis", "axis")]
    assert np.array_equal(problem.value(np.ones((2, 3))), np.full(3, 6.0))


def test_a_function_without_a_signature_gets_a_sentence():
    class Odd:
        __signature__ = "none"

        def __call__(self, x):
            return x

    with pytest.raises(UsageError, match="does not say what its arguments are"):
        prove(Odd(), "n")


def test_everything_has_a_name():
    nameless = types.SimpleNamespace()
    assert name_of(square) == "<lambda>"
    assert name_of(functools.partial(len)) == "len"
    assert name_of(Layer()) == "the Layer"
    assert name_of(nameless) == "the function"


@pytest.mark.parametrize(
    "function",
    [lambda p: p["a"], lambda p: p.a, lambda p: p[0]["b"]],
)
def test_dicts_and_the_like_as_arguments_are_unknown(function):
    assert prove(function, "n").verdict == "UNKNOWN"


def test_a_random_key_is_unknown_by_name():
    def dropped(key, x):
        return square(x) * jax.random.bernoulli(key, 0.5, x.shape)

    proof = prove(dropped, "n", static={"key": jax.random.key(0)})
    assert proof.verdict == "UNKNOWN"
    assert "a random key" in proof.reason
    assert "tracing it raised" in prove(dropped, "", "n").reason


# --- names ---


@pytest.mark.parametrize(
    "name", ["value", "op", "jax", "jnp", "bar", "step", "first", "y_bar", "up"]
)
def test_an_argument_may_have_any_name(name):
    scope = {"product": product}
    exec(f"def f({name}, y): return product({name}, y)", scope)
    for order in (1, 2):
        proof = prove(scope["f"], "n", "n", order=order)
        assert proof, str(proof)
    assert prove(scope["f"], "n", "n", wrt=name)


def test_cotangents_have_names_of_their_own():
    def f(y_bar, z_bar, cotangent_of_y_bar):
        return y_bar * z_bar * cotangent_of_y_bar

    assert prove(f, "n", "n", "n", order=2)


# --- integers and truth values ---


def of_integers(cotangent):
    op = jax.custom_vjp(lambda x, i: x * i)
    op.defvjp(lambda x, i: (x * i, i), lambda i, g: (g * i, cotangent(i)))
    return op


COTANGENTS = {
    "None": lambda i: None,
    "float0": lambda i: np.zeros(i.shape, jax.dtypes.float0),
    "like float0": lambda i: np.zeros_like(i, dtype=jax.dtypes.float0),
    "zeros": lambda i: jnp.zeros_like(i),
}


@pytest.mark.parametrize("spec", ["n:int", "n:int<4", "n:int<n", "n:bool"])
@pytest.mark.parametrize("kind", COTANGENTS)
def test_integers_have_no_cotangent(kind, spec):
    op = of_integers(COTANGENTS[kind])
    for f, order in ((op, 1), (lambda x, i: op(x, i) + 1, 1), (op, 2)):
        proof = prove(f, "n", spec, order=order)
        assert proof, str(proof)
        assert "i" not in {a.name for a in proof.arguments}


def test_numpy_is_itself_again_after_a_trace():
    before = np.zeros, np.zeros_like
    prove(of_integers(COTANGENTS["float0"]), "n", "n:int")
    assert (np.zeros, np.zeros_like) == before
    assert np.zeros(3, jax.dtypes.float0).shape == (3,)


def test_truth_values_are_given_as_such():
    def f(x, m):
        assert m.dtype == bool
        return jnp.where(m, square(x), 0.0)

    assert prove(f, "n", "n:bool")
    assert prove(f, "n", ":bool")


def typed(
    x: Float[Array, "n k"],
    i: Int[Array, "n"],
    m: Bool[Array, "n"],
    y: Num[Array, "n"],
    *,
    a: float,
    b: int = 3,
):
    return x


def test_annotations_say_the_kinds():
    found = annotated(typed, {})
    assert [(p.name, p.kind, p.is_truth, p.symbolic, p.keyword) for p in found] == [
        ("x", "float", False, False, ""),
        ("i", "int", False, False, ""),
        ("m", "int", True, False, ""),
        ("y", "float", False, False, ""),
        ("a", "static", False, True, "a"),
        ("b", "static", False, False, "b"),
    ]


def test_an_axis_without_a_name_gets_a_sentence():
    def f(x: Float[Array, "_ n"]):
        return x

    with pytest.raises(UsageError, match="an axis of x has no name"):
        annotated(f, {})


def test_sizes_go_to_what_needs_them_first():
    def f(x, a=1.0, *, y):
        return x

    assert [p.name for p in given(f, ["n", "d"], {})] == ["x", "y"]
    assert [p.name for p in given(f, ["n", "", "d"], {})] == ["x", "a", "y"]


def test_the_axes_of_a_star_are_no_other_size():
    for problem in problems(product, ["*n", "*n"], {}, 1)[:3]:
        assert set(problem.sizes) <= {"n1", "n2"}
    problem = problems(lambda x, y: x, ["*n", "n1"], {}, 1)[2]
    assert problem.sizes == ("n_1", "n_2", "n1")


# --- what is hand-written ---


def test_a_function_without_a_rule_says_so():
    assert NO_RULE in prove(lambda x: jax.nn.softplus(jax.nn.relu(x) + 1).sum(), "n").conditions
    assert NO_RULE in prove(lambda x: jnp.sin(x), "n", order=2).conditions
    for f in (square, lambda x: jnp.sin(square(x)), jax.vmap(square), jax.jit(square)):
        for order in (1, 2):
            assert NO_RULE not in prove(f, "n", order=order).conditions


def test_a_rule_for_a_function_of_jax_is_hand_written():
    own = jax.custom_jvp(jnp.sin)
    own.defjvp(lambda p, t: (jnp.sin(p[0]), jnp.cos(p[0]) * t[0]))
    assert NO_RULE not in prove(lambda x: own(x) + 1, "n").conditions
