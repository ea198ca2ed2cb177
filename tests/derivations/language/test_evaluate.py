"""Index expressions on arrays: against loops, on both backends, at extremes."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from found import OPS, SIZES, arrays_of, complete, cotangent_of
from numpy.testing import assert_allclose

from derivations import chapter, chapters
from derivations.compare import sympy_cotangents
from derivations.language.checking import concretise
from derivations.language.evaluate import lambdify
from derivations.language.notation import (
    Max,
    Named,
    Rational,
    array,
    bracket,
    delta,
    erf,
    exp,
    expand_names,
    index,
    log,
    scalar,
    size,
    sqrt,
    total,
)
from funcnet.contract import parameters

n, d = size("n"), size("d")
i, h = index("i", n), index("h", n)
j, q = index("j", d), index("q", d)
x, w, labels, c = array("x"), array("w"), array("labels"), scalar("c")

EXPRESSIONS = {
    "matrix product": (total(j, x[i, j] * w[j]), (i,)),
    "transposed": (x[i, j] * c, (j, i)),
    "diagonal": (total(j, delta(j, q) * w[j]), (q,)),
    "sum without the index": (total(j, w[q]), (q,)),
    "sum of a sum": (total((i, j), x[i, j] * total(h, x[h, j])), ()),
    "powers": ((x[i, j] ** 2 + n) ** Rational(3, 2), (i, j)),
    "brackets": (bracket(x[i, j] > w[j]) * Max(x[i, j], c, 0), (i, j)),
    "exponentials": (log(total(j, exp(x[i, j]))) + erf(w[q]), (i, q)),
    "an index as a number": (total(i, i * x[i, j]), (j,)),
    "a constant": (sp.pi + sp.Integer(2), ()),
    "a root": (sqrt(total(i, x[i, j] ** 2)), (j,)),
    "both indices in a delta": (delta(i, h) * x[h, j], (i, h, j)),
    "piecewise": (sp.Piecewise((x[i, j], x[i, j] > 0), (c, w[j] < 0), (0, True)), (i, j)),
}


@pytest.mark.parametrize("module", ["numpy", "jax"])
@pytest.mark.parametrize(("expression", "output"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_vectorised_is_what_loops_give(expression, output, module):
    rng = np.random.default_rng(0)
    given = {"x": rng.normal(size=(3, 2)), "w": rng.normal(size=2), "c": 0.7}
    function = lambdify(expression, (), output, module, also=(x[i, j],))
    found = np.asarray(function(**given))
    sizes = {n: 3, d: 2}
    values = {sp.Symbol("c", real=True): 0.7}
    for name, base in (("x", x), ("w", w)):
        for at in itertools.product(*(range(1, s + 1) for s in given[name].shape)):
            symbol = concretise(base[tuple(map(sp.Integer, at))], {})
            values[symbol] = given[name][tuple(a - 1 for a in at)]
    shape = tuple(sizes[k.upper] for k in output)
    assert found.shape == shape
    for at in itertools.product(*(range(1, s + 1) for s in shape)):
        loop = concretise(expression, {**sizes, **dict(zip(output, at, strict=True))})
        expected = float(loop.subs(values).doit())
        assert_allclose(found[tuple(a - 1 for a in at)], expected, rtol=1e-12, atol=1e-12)


def test_labels_count_from_0():
    picked = lambdify(total(j, delta(labels[i], j) * x[i, j]), ("x", "labels"), (i,), "numpy")
    table = np.arange(6.0).reshape(3, 2)
    assert_allclose(picked(table, np.array([0, 1, 1])), [0, 3, 5])


def test_batch_axes_broadcast():
    a = array("a")
    softmax = lambdify(exp(a[i]) / total(h, exp(a[h])), ("a",), (i,), "numpy")
    values = np.random.default_rng(0).normal(size=(2, 5, 3))
    expected = np.exp(values) / np.exp(values).sum(-1, keepdims=True)
    assert_allclose(softmax(values), expected, rtol=1e-13)


@pytest.mark.parametrize("module", ["numpy", "jax"])
def test_exponentials_of_1000_do_not_overflow(module):
    a = array("a")
    values = np.array([1000.0, -1000.0, 999.0])
    softmax = lambdify(exp(a[i]) / total(h, exp(a[h])), ("a",), (i,), module)
    assert_allclose(softmax(values), [1 / (1 + np.exp(-1)), 0, 1 / (1 + np.e)], rtol=1e-12)
    softplus = lambdify(log(1 + exp(a[i])), ("a",), (i,), module)
    assert_allclose(softplus(values), [1000, 0, 999])
    elu = lambdify(
        a[i] * bracket(a[i] > 0) + (exp(a[i]) - 1) * (1 - bracket(a[i] > 0)), ("a",), (i,), module
    )
    assert_allclose(elu(values), [1000, -1, 999])


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_numpy_and_jax_agree_and_jax_can_be_compiled(op):
    arrays = arrays_of(op, SIZES[1])
    arguments = op, parameters(op), complete(op, arrays), cotangent_of(op, arrays), chapter(op)
    by_numpy = sympy_cotangents(arguments[0], *arguments[1:], module="numpy")
    by_jax = sympy_cotangents(arguments[0], *arguments[1:], module="jax")
    for name, values in by_numpy.items():
        assert_allclose(values, by_jax[name], rtol=1e-12, atol=1e-14)


def test_positional_arguments_are_the_ops_then_the_cotangents():
    gradient = chapter("sigmoid").lambdify("jax")
    values = jnp.linspace(-2.0, 2.0, 5)
    _, pull = jax.vjp(jax.nn.sigmoid, values)
    assert_allclose(jax.jit(gradient)(values, values), pull(values)[0], rtol=1e-13)
    x_bar, w_bar, b_bar = chapter("dense").lambdify("numpy")(
        np.ones((4, 3)), np.ones((3, 2)), np.ones(2), np.ones((4, 2))
    )
    assert (x_bar.shape, w_bar.shape, b_bar.shape) == ((4, 3), (3, 2), (2,))


def test_every_last_formula_of_an_op_can_be_evaluated():
    last = [expand_names(d.steps[-1].expression) for c in chapters() for d in c.derivations]
    assert last
    assert not any(expression.has(Named) for expression in last)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda f: f(x=np.ones((2, 3))), TypeError, "needs w, got x; pass it by name"),
        (lambda f: f(np.ones((2, 3)), np.ones(2)), ValueError, "needs d=.* got"),
        (lambda f: f(np.ones(3), np.ones(3)), ValueError, r"needs x with 2 axes, got \(3,\)"),
        (lambda _: lambdify(x[i, j], ("x",), (i, j), "torch"), ValueError, "'jax' or 'numpy'"),
        (
            lambda _: lambdify(sp.Derivative(c, c, evaluate=False), ("c",))(1.0),
            TypeError,
            "cannot evaluate Derivative",
        ),
    ],
)
def test_mistakes_get_a_sentence(call, kind, sentence):
    function = lambdify(total(j, x[i, j] * w[j]), ("x", "w"), (i,), "numpy")
    with pytest.raises(kind, match=sentence):
        call(function)
