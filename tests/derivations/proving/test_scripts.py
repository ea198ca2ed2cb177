"""Every script that is printed runs as pasted, and prints what the headline says."""

import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derivations.proving.points import Point
from derivations.proving.proof import prove
from derivations.proving.ranks import problems
from derivations.proving.script import Witness, witness_at
from derivations.proving.written import apart, array_text, listed, number_text, static_text
from derivations.witness import MP
from tests.scripts import assert_prints_its_headline


def rule(definition, backward, forward=None):
    op = jax.custom_vjp(definition)
    op.defvjp(lambda *a: ((forward or definition)(*a), a), lambda r, g: backward(g, *r))
    return op


square = rule(lambda x: x**2, lambda g, x: (3 * g * x,))
Pair = namedtuple("Pair", ["first", "second"])


def no_second(x):
    return g_cos(x)


def g_cos(x):
    return jax.lax.stop_gradient(jnp.cos(x))


@jax.custom_jvp
def cube(x):
    return x**3


cube.defjvp(lambda p, t: (p[0] ** 3, 2 * p[0] ** 2 * t[0]))

EIGHT = rule(
    lambda jax, jnp, op, bar, value, step, up, y_bar: (
        jax * jnp * op * bar * value * step * up + y_bar
    ),
    lambda g, *x: (*(g * x[0] for _ in range(7)), g),
)

WRONG = {
    "an op": (square, ["n"], {}),
    "a custom_jvp": (cube, ["n d"], {}),
    "a rule inside": (lambda x: (square(x) ** 2).sum(), ["n d"], {}),
    "a jitted one inside": (jax.jit(lambda x: square(x).sum()), ["n d"], {}),
    "vmap": (jax.vmap(square), ["n d"], {}),
    "order 2": (rule(jnp.sin, lambda g, x: (g * g_cos(x),)), ["n"], {"order": 2}),
    "order 2 of a tuple": (
        rule(lambda x: (x**3, x), lambda g, x: (3 * g[0] * jax.lax.stop_gradient(x**2) + g[1],)),
        ["n"],
        {"order": 2},
    ),
    "a tuple": (
        rule(lambda x, y: (x * y, x + y), lambda g, x, y: (g[0] * y + g[1], g[0] * x)),
        ["n", "n"],
        {},
    ),
    "a dict": (
        rule(lambda x: {"a": x**2, "b": x.sum()}, lambda g, x: (2 * g["a"] * x,)),
        ["n"],
        {},
    ),
    "a named tuple": (
        rule(lambda x: Pair(x**2, x), lambda g, x: (2 * g.first * x,)),
        ["n"],
        {},
    ),
    "float32": (
        rule(lambda x: (x**2).astype(jnp.float32), lambda g, x: (3 * g * x,)),
        ["n"],
        {},
    ),
    "float32 of a rule inside": (lambda x: square(x).astype(jnp.float32), ["n"], {}),
    "labels": (
        rule(lambda x, i: x[i], lambda g, x, i: (jnp.zeros_like(x).at[i].add(2 * g), None)),
        ["n", "m:int<n"],
        {},
    ),
    "integers": (
        rule(lambda x, i: x * i, lambda g, x, i: (g * i * i * 2, None)),
        ["n", "n:int<5"],
        {},
    ),
    "truth values": (
        rule(lambda x, m: jnp.where(m, x, 0.0), lambda g, x, m: (jnp.where(m, 2 * g, g), None)),
        ["n", "n:bool"],
        {},
    ),
    "names": (EIGHT, [""] * 8, {}),
    "a static argument": (lambda x, a=0, axis=0: square(x).sum(axis), ["n d"], {"axis": 1}),
    "a static tuple": (lambda x, axis: square(x).sum(axis), ["n d"], {"axis": (0, 1)}),
    "a static array": (lambda x, y: square(x) * y, ["3"], {"y": np.array([1.0, 2.0, 3.0])}),
    "a static function": (lambda x, f: f(square(x)), ["n"], {"f": jnp.sum}),
    "large": (rule(lambda x: x * 1e300, lambda g, x: (g * 2e300,)), ["n"], {}),
    "nan": (rule(lambda x: x * 1.0, lambda g, x: (g * jnp.nan,)), ["n"], {}),
    "inf": (rule(lambda x: x * 1.0, lambda g, x: (g * jnp.inf,)), ["n"], {}),
    "the value": (
        rule(lambda x, y: (x, y), lambda g, x, y: g, lambda x, y: (x, y * x)),
        ["n d", "n d"],
        {},
    ),
    "on a switch": (
        rule(
            lambda x: jnp.log1p(jnp.exp(x)),
            lambda g, x: (jnp.where(x == 0, 0, g * jax.nn.sigmoid(x)),),
        ),
        ["n"],
        {},
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_the_script_prints_its_headline(kind):
    op, sizes, options = WRONG[kind]
    order = options.get("order", 1)
    static = {name: value for name, value in options.items() if name != "order"}
    proof = prove(op, *sizes, static=static, order=order)
    namespace_op = None if f"from {__name__} import" in proof.witness.script else op

    if "static function" in kind:
        assert "# bind f to what was given for it" in proof.witness.script
        return
    assert_prints_its_headline(proof, namespace_op)


def test_the_script_prints_the_entry_that_is_wrong_in_double_precision():
    op = rule(
        lambda x: x**2,
        lambda g, x: (2 * g * x * jnp.where(jnp.arange(6).reshape(3, 2) == 5, 1.5, 1.0),),
    )
    proof = prove(op, "3 2")

    assert proof.witness.place == (2, 1)
    assert proof.witness.by_hand == 1.5 * proof.witness.true
    assert 'jax.config.update("jax_enable_x64", True)' in proof.witness.script
    assert_prints_its_headline(proof, op)


def test_the_script_of_an_importable_op_needs_nothing(tmp_path):
    (tmp_path / "shop.py").write_text(
        "import jax\n"
        "square = jax.custom_vjp(lambda x: x**2)\n"
        "square.__name__ = 'square'\n"
        "square.__module__ = 'shop'\n"
        "square.fun.__module__ = 'shop'\n"
        "square.defvjp(lambda x: (x**2, x), lambda x, g: (3 * g * x,))\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        import shop  # pyright: ignore

        witness = prove(shop.square, "n").witness
    finally:
        sys.path.remove(str(tmp_path))
    assert "from shop import square as op" in witness.script
    out = subprocess.run(
        [sys.executable, "-c", witness.script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout == f"by hand: {witness.by_hand}\nin truth: {witness.true}\n"


def test_a_function_that_cannot_be_imported_is_named_with_its_line():
    line = square.fun.__code__.co_firstlineno
    script = prove(rule(square.fun, lambda g, x: (g,)), "n").witness.script

    assert f"{__file__}, line {line} defines; bind it to this name first" in script


def witness(definition, backward, x, by_hand, true, **options):
    op = rule(definition, backward)
    (problem,) = problems(op, ["n"], {}, 1)
    point = Point({"n": 1}, (np.array([x], dtype=object),), (np.array([1], dtype=object),))
    return witness_at(problem, point, "x", (0,), by_hand, true, **options)


def test_tiny_numbers_are_not_taken_for_zero():
    found = witness(
        lambda x: x * 1e-300,
        lambda g, x: (g * 2e-300,),
        Fraction(1),
        MP.mpf(2e-300),
        MP.mpf(1e-300),
    )
    assert (found.by_hand, found.true) == (2e-300, 1e-300)
    assert found.is_seen
    assert "2e-300 by hand and 1e-300 in truth" in str(found)


def test_what_rounding_leaves_of_zero_is_zero():
    found = witness(lambda x: x * 0.0, lambda g, x: (g,), Fraction(1), MP.mpf(1), MP.mpf(10) ** -41)
    assert found.true == 0.0


def test_numbers_that_print_alike_are_shown_with_more_digits():
    assert apart(MP.mpf(1) / 3, MP.mpf(1), MP) == ("0.333333333333", "1")
    assert apart(1 + 2.0**-50, 1.0, MP) == ("1.0000000000000009", "1")
    small, large = apart(MP.mpf(1), MP.mpf(1) + MP.mpf(10) ** -25, MP)
    assert small != large
    assert large.endswith("1")


def test_a_difference_that_doubles_do_not_show_is_marked():
    found = witness(
        lambda x: x, lambda g, x: (g,), Fraction(1), MP.mpf(1) + MP.mpf(10) ** -25, MP.mpf(1)
    )
    assert not found.is_seen


def test_a_truth_that_no_difference_shows_is_printed_as_it_is():
    found = witness(
        lambda x: jnp.where(x > 0, x, x) + 1e20 * jnp.floor(x),
        lambda g, x: (3 * g,),
        Fraction(1),
        3,
        1,
        on_switch=True,
    )
    assert isinstance(found, Witness)
    assert found.is_seen


def test_values_are_written_so_that_they_come_back():
    for array in (
        np.array([[0.1, 1e-300], [np.inf, -np.nan]]),
        np.array([1, -2]),
        np.zeros((0, 2)),
    ):
        text = array_text(
            listed(array), array.shape, "int32" if array.dtype.kind == "i" else "float64"
        )
        assert np.array_equal(eval(text, {"jnp": jnp}), array, equal_nan=array.dtype.kind == "f")
    assert number_text(-float("inf")) == "-jnp.inf"
    assert static_text((0, 1)) == "(0, 1)"
    assert static_text(float("nan")) == "jnp.nan"
    assert static_text(jnp.sum) == ""
    assert static_text(jax.random.key(0)) == ""


def thrice():
    op = jax.custom_vjp(lambda x, y: x * x + y)
    op.defvjp(lambda x, y: (x * x + y, x), lambda x, g: (3 * g * x, g))
    return op


def test_where_the_lines_show_nothing_there_is_no_verdict(monkeypatch):
    """What was found ended the look at all else, so the other gradient is not proved either."""
    from derivations.proving import case

    smallest = case.smallest
    monkeypatch.setattr(case, "smallest", lambda *a: replace(smallest(*a), is_seen=False))
    proof = prove(thrice(), "n", "n")
    assert {a.verdict for a in proof.arguments} == {"UNKNOWN"}
    assert proof.witness is None


def test_a_difference_found_before_time_ran_out_is_shown(monkeypatch):
    from derivations.algebra import session
    from derivations.proving import case

    def stop(*_):
        monkeypatch.setattr(session.time, "monotonic", lambda: float("inf"))
        session.tick()

    monkeypatch.setattr(case, "search", stop)
    proof = prove(thrice(), "n", "n", seconds=1000)
    assert proof.verdict == "REFUTED"
    assert proof.witness.is_seen
    assert {a.verdict for a in proof.arguments} == {"REFUTED", "UNKNOWN"}
