"""`prove` from annotations and from sizes, the words of its verdicts, its command and helpers."""

import argparse
import itertools
import json

import jax
import jax.numpy as jnp
import pytest
import sympy as sp

import funcnet.ops
from derivations.commands import main
from derivations.commands import prove as commands_prove
from derivations.proving.arguments import UsageError
from derivations.proving.derive import derive
from derivations.proving.proof import prove
from derivations.testing import assert_proved

pytest_plugins = ["pytester"]


@jax.custom_vjp
def wrong_mean(x):
    return x.sum(0) / x.shape[0]


wrong_mean.defvjp(
    lambda x: (wrong_mean.fun(x), x),
    lambda x, g: (jnp.broadcast_to(g / (x.shape[0] - 1), x.shape),),
)


@pytest.mark.proves("funcnet.ops")
def test_every_op_of_ours_is_proved(proof):
    assert proof, str(proof)
    assert {a.name for a in proof.arguments} > {"value"}


def test_the_marker_finds_every_rule_of_a_module(pytester):
    pytester.makepyfile(
        rules="""
        import jax

        @jax.custom_vjp
        def double(x):
            return 2 * x

        double.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * g,))

        @jax.custom_vjp
        def triple(x):
            return 3 * x

        triple.defvjp(lambda x: (3 * x, None), lambda _, g: (2 * g,))
        """,
        test_rules="""
        import pytest

        @pytest.mark.proves("rules", sizes={"double": "n", "triple": ["n d"]})
        def test_rules(proof):
            assert proof
        """,
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*test_rules[[]triple[]]*"])


def test_the_marker_refuses_sizes_of_no_rule(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.proves("funcnet.ops", sizes={"sofmax": "n"})
        def test_rules(proof):
            assert proof
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.stdout.fnmatch_lines(["*funcnet.ops has no rule called sofmax; remove its sizes*"])


def test_a_static_float_stands_for_all_its_values():
    assert "eps above 0" in prove(funcnet.ops.layer_norm).conditions
    assert "eps = 0.1" in prove(funcnet.ops.layer_norm, static={"eps": 0.1}).conditions


def test_static_arguments_can_be_chosen():
    for axis in (0, -1):
        proof = prove(funcnet.ops.variance, "n d", static={"axis": axis, "ddof": 1})
        assert proof, str(proof)


def test_the_second_order_is_proved():
    for op in (funcnet.ops.tanh, funcnet.ops.dense):
        proof = prove(op, order=2)
        assert proof, str(proof)


def test_a_function_that_calls_rules_is_judged_by_what_jax_returns():
    assert prove(lambda x: jax.nn.relu(x).sum(), "n")
    assert prove(lambda x: (wrong_mean(x) ** 2).sum(), "n d").verdict == "REFUTED"


def test_a_custom_jvp_is_judged():
    @jax.custom_jvp
    def square(x):
        return x**2

    square.defjvp(lambda p, t: (square(p[0]), 3 * p[0] * t[0]))

    assert prove(square, "n").verdict == "REFUTED"


def test_assumptions_count():
    op = jax.custom_vjp(lambda x, y: -(y * jax.nn.log_softmax(x)).sum())
    op.defvjp(
        lambda x, y: (op.fun(x, y), (x, y)),
        lambda r, g: (g * (jax.nn.softmax(r[0]) - r[1]), -g * jax.nn.log_softmax(r[0])),
    )

    assert prove(op, "n k", "n k").verdict == "REFUTED"
    assert prove(op, "n k", "n k", assuming=["sum(y, -1) == 1"])


def test_a_refutation_explains_itself():
    proof = prove(wrong_mean, "n d")

    assert not proof
    assert proof.witness.argument == "x"
    assert "too much" in str(proof)
    assert "a witness with n = " in str(proof)
    assert "jax.vjp" in proof.witness.script


def test_a_witness_re_evaluates_to_a_difference():
    proof = prove(wrong_mean, "n d")
    printed = {}
    script = proof.witness.script.replace("print(", "keep(")

    exec(
        script,
        {"keep": lambda label, value: printed.__setitem__(label, value), "wrong_mean": wrong_mean},
    )

    by_hand, true = printed["by hand:"], printed["in truth:"]
    assert not jnp.allclose(by_hand, true)


@pytest.mark.parametrize(
    ("function", "sizes", "reason"),
    [
        (lambda x: jax.lax.top_k(x, 2)[0], ["4"], "the primitive top_k"),
        (lambda x: x if x.shape[0] > 3 else 2 * x, ["n"], "a branch on a size"),
        (lambda x: x if x.sum() > 0 else 2 * x, ["n"], "a branch on a value"),
        (
            lambda x: jax.lax.while_loop(lambda c: c.sum() < 1, lambda c: 2 * c, x),
            ["n"],
            "while_loop",
        ),
    ],
)
def test_what_cannot_be_read_is_unknown_with_its_reason(function, sizes, reason):
    proof = prove(function, *sizes)

    assert proof.verdict == "UNKNOWN"
    assert reason in proof.reason


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: prove(jax.custom_vjp(lambda x: x), "n"), "has no backward rule"),
        (lambda: prove(wrong_mean), "give the sizes"),
        (lambda: prove(wrong_mean, "n", "d"), "needs sizes for 1 arguments"),
        (lambda: prove(wrong_mean, "n-d"), "are not names"),
        (lambda: prove(lambda x, i: x[i], "n", "m:int<k"), "no axis of any argument"),
        (lambda: prove(wrong_mean, "n d", wrt="y"), "not a differentiable argument"),
        (lambda: prove(wrong_mean, "n d", order=3), "order=1 or order=2"),
        (lambda: prove(wrong_mean, "n d", assuming=["x is nice"]), "cannot read the assumption"),
        (lambda: prove(funcnet.ops.elu, static={"beta": 1}), "no argument beta"),
    ],
)
def test_a_question_that_does_not_fit_gets_a_sentence(ask, sentence):
    with pytest.raises(UsageError, match=sentence):
        ask()


TURNS = itertools.count()


def counted(x):
    return x * (1 + next(TURNS))


def test_code_that_is_another_each_time_is_unknown_and_no_contradiction_of_ours():
    op = jax.custom_vjp(counted)
    op.defvjp(lambda x: (counted(x), x), lambda x, g: (g * counted(1.0),))
    proof = prove(op, "n")

    assert proof.verdict == "UNKNOWN"
    assert "a side effect, or chance" in proof.reason


def test_what_is_printed_or_kept_on_the_way_is_no_obstacle():
    kept = []

    def square(x):
        kept.append(x.shape)
        jax.debug.print("x = {}", x)
        return x**2

    op = jax.custom_vjp(square)
    op.defvjp(lambda x: (square(x), x), lambda x, g: (2 * g * x,))
    assert prove(op, "n")


def test_a_callback_is_named():
    def outside(x):
        return jax.pure_callback(lambda x: x, jax.ShapeDtypeStruct(x.shape, x.dtype), x)

    op = jax.custom_vjp(outside)
    op.defvjp(lambda x: (outside(x), x), lambda x, g: (g,))
    assert "the primitive pure_callback" in prove(op, "n").reason


def test_a_loop_with_an_end_of_its_own_is_unknown_or_refuted_never_proved():
    def doubled(x):
        return jax.lax.while_loop(lambda c: c.sum() < 100, lambda c: 2 * c, x)

    op = jax.custom_vjp(doubled)
    op.defvjp(lambda x: (doubled(x), x), lambda x, g: (g,))
    assert prove(op, "n").verdict in ("UNKNOWN", "REFUTED")


def test_a_gradient_is_derived_without_a_rule():
    (gradient,) = derive(lambda x: jnp.log(jnp.exp(x).sum()), "n")

    assert str(gradient) == "x_bar[i] = y_bar·exp(x[i]) / Σ_j exp(x[j])"
    assert r"\sum" in gradient.latex()
    assert gradient.sympy().has(sp.Sum)


def run(*arguments):
    parser = argparse.ArgumentParser()
    commands_prove.add_arguments(parser)
    return commands_prove.run(parser.parse_args(arguments))


def test_the_command_line_prints_a_table(capsys):
    assert run("funcnet.ops.softmax") == commands_prove.ALL_PROVED

    out = capsys.readouterr().out
    assert "log_softmax  PROVED" in out
    assert "2 PROVED in" in out


def test_the_command_line_speaks_json_and_latex(capsys):
    assert run("funcnet.ops:softmax", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "PROVED"
    assert run("funcnet.ops:softmax", "--latex") == 0
    assert r"\begin{aligned}" in capsys.readouterr().out


def test_the_command_line_has_an_exit_status_for_each_verdict(capsys):
    assert run(f"{__name__}:wrong_mean", "n d") == commands_prove.SOME_REFUTED
    assert run("jax.numpy:diag", "n n") == commands_prove.SOME_UNKNOWN
    assert "the primitive platform_index" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["no_such_module", "funcnet.ops:nothing", "math"])
def test_a_target_that_is_none_gets_a_sentence(target):
    with pytest.raises(ValueError, match=r"can be imported|has no"):
        run(target)


def test_the_helper_fails_with_the_whole_proof():
    with pytest.raises(AssertionError, match="REFUTED"):
        assert_proved(wrong_mean, "n d")


def test_the_command_line_derives(capsys):
    assert main(["derive", "jax.nn:softmax", "n"]) == 0
    assert "x_bar[i] = y_bar[i]·exp(x[i]) / Σ_j exp(x[j])" in capsys.readouterr().out
    assert main(["derive", "jax.numpy:var", "n d", "--static", "axis=0", "--latex"]) == 0
    assert r"\bar{a}_{i, j} = " in capsys.readouterr().out
    assert main(["derive", "jax.numpy:diag", "n n"]) == commands_prove.SOME_UNKNOWN
    assert main(["derive", "jax.numpy", "n"]) == commands_prove.USAGE
    assert "write module:name" in capsys.readouterr().err


def test_static_values_are_given_on_the_command_line(capsys):
    assert run("funcnet.ops:variance", "n d", "--static", "axis=0", "--static", "ddof=1") == 0
    assert "axis = 0" in capsys.readouterr().out
    with pytest.raises(UsageError, match="NAME=VALUE"):
        run("funcnet.ops:variance", "n d", "--static", "axis")
