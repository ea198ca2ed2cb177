"""Each option of `prove`, by every way to ask, on an op whose verdict it changes."""

import importlib
import sys

import pytest

from derivations import commands as cli
from derivations.proving.proof import prove
from derivations.testing import assert_proved, name_of, ops_of

pytest_plugins = ["pytester"]

PRELUDE = """
import jax
import jax.numpy as jnp


def rule(definition, backward, **options):
    op = jax.custom_vjp(definition, **options)
    op.defvjp(lambda *a: (definition(*a), a), backward)
    return op

"""
SOURCES = {
    "assuming": """
def cross_entropy(x, y):
    return -(y * jax.nn.log_softmax(x)).sum()


op = rule(
    cross_entropy,
    lambda r, g: (g * (jax.nn.softmax(r[0]) - r[1]), -g * jax.nn.log_softmax(r[0])),
)
""",
    "wrt": "op = rule(lambda x, y: x * y, lambda r, g: (g * r[1], 2 * g * r[0]))",
    "static": """
op = jax.custom_vjp(lambda x, a: a * x, nondiff_argnums=(1,))
op.defvjp(lambda x, a: (a * x, None), lambda a, r, g: (2.0 * g,))
""",
    "order": """
op = rule(jnp.sin, lambda r, g: (g * jax.lax.stop_gradient(jnp.cos(r[0])),))
""",
    "sizes": """
op = rule(lambda x: x.sum(), lambda r, g: (g * r[0].shape[0] * jnp.ones_like(r[0]),))
""",
    "seconds": "op = rule(lambda x: x**2, lambda r, g: (2 * g * r[0],))",
}
# for each option what to ask without it, and with it; and the verdicts
QUESTIONS = {
    "assuming": (["n k", "n k"], {}, {"assuming": ["sum(y, -1) == 1"]}, "REFUTED", "PROVED"),
    "wrt": (["n", "n"], {}, {"wrt": ["x"]}, "REFUTED", "PROVED"),
    "static": (["n"], {"static": {"a": 2.0}}, {"static": {"a": 3.0}}, "PROVED", "REFUTED"),
    "order": (["n"], {}, {"order": 2}, "PROVED", "REFUTED"),
    "seconds": (["n"], {}, {"seconds": 1e-9}, "PROVED", "UNKNOWN"),
}
STATUS = {"PROVED": 0, "REFUTED": 1, "UNKNOWN": 3}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Write a module of one op, and give its name and the op."""

    def write(option):
        name = f"shop_of_{option}"
        (tmp_path / f"{name}.py").write_text(PRELUDE + SOURCES[option])
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name, importlib.import_module(name).op

    return write


def on_the_command_line(options):
    """The options as words."""
    words = []
    for name, value in options.items():
        values = [f"{k}={v}" for k, v in value.items()] if isinstance(value, dict) else value
        for one in values if isinstance(values, list) else [values]:
            words += [f"--{name}", str(one)]
    return words


@pytest.mark.parametrize("option", QUESTIONS)
def test_an_option_counts_however_it_is_given(option, shop, capsys):
    name, op = shop(option)
    sizes, without, added, *verdicts = QUESTIONS[option]
    for options, verdict in zip((without, without | added), verdicts, strict=True):
        assert prove(op, *sizes, **options).verdict == verdict
        words = ["prove", f"{name}:op", *sizes, *on_the_command_line(options)]
        assert cli.main(words) == STATUS[verdict]
        assert f"op: {verdict}" in capsys.readouterr().out.replace("<lambda>", "op").replace(
            "cross_entropy", "op"
        ).replace("_reduce_sum", "op").replace("sin", "op")
        if verdict == "PROVED":
            assert assert_proved(op, *sizes, **options)
        else:
            with pytest.raises(AssertionError, match=verdict):
                assert_proved(op, *sizes, **options)


def test_sizes_count_however_they_are_given(shop, capsys):
    name, op = shop("sizes")
    for size, verdict in (("1", "PROVED"), ("n", "REFUTED")):
        assert prove(op, size).verdict == verdict
        assert cli.main(["prove", f"{name}:op", size]) == STATUS[verdict]
        assert verdict in capsys.readouterr().out
    assert assert_proved(op, "1")
    with pytest.raises(AssertionError, match="REFUTED"):
        assert_proved(op, "n")


def test_options_reach_prove_through_the_marker(pytester):
    for option, source in SOURCES.items():
        pytester.makepyfile(**{f"marked_{option}": PRELUDE + source})
    tests, expected = ["import pytest"], {"passed": 0, "failed": 0}
    for option, (sizes, without, added, *verdicts) in QUESTIONS.items():
        for k, verdict in enumerate(verdicts):
            options = {"sizes": {"op": tuple(sizes)}, **without, **(added if k else {})}
            tests.append(
                f"@pytest.mark.proves('marked_{option}', **{options!r})\n"
                f"def test_{option}_{k}(proof):\n    assert proof, str(proof)\n"
            )
            expected["passed" if verdict == "PROVED" else "failed"] += 1
    pytester.makepyfile(test_marked="\n\n".join(tests))

    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.assert_outcomes(**expected)
    assert all(f"test_{option}_0[op]" in result.stdout.str() for option in ("assuming", "wrt"))


def test_out_of_time_says_so(shop):
    _, op = shop("seconds")
    assert "stopped after" in prove(op, "n", seconds=1e-9).reason
    assert prove(op, "n", seconds=0)


def test_the_ops_of_a_module_are_found(shop):
    name, op = shop("wrt")
    assert ops_of(name) == [op]
    assert name_of(op) == "<lambda>"
