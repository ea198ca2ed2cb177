"""The comparison of sources, the document, and `python -m derivations`."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from found import OPS
from jaxtyping import Array, Float

from derivations import book, chapter_of, compare
from derivations import commands as cli
from derivations.language.notation import Derivative, array, index, size, sqrt, total
from derivations.language.printing import latex, name_latex


def squared(factor):
    """An op with a rule that is right for a factor of 2."""

    @jax.custom_vjp
    def square(x: Float[Array, "n"]) -> Float[Array, "n"]:
        return x**2

    square.defvjp(lambda x: (square.fun(x), x), lambda x, y_bar: (factor * x * y_bar,))
    return square


@pytest.mark.slow
def test_comparison_of_every_op_agrees():
    for op in OPS.values():
        table = compare(op)
        assert table, str(table)
        assert all(row.central < 1e-5 for row in table.rows)


def test_a_wrong_rule_differs():
    assert compare(squared(2.0))
    wrong = compare(squared(2.0001))
    assert not wrong
    assert "DIFFER" in str(wrong)
    assert "no chapter" in str(wrong)


def test_a_derivation_of_ones_own_takes_part():
    n = size("n")
    i, p = index("i", n), index("p", n)
    x, y_bar = array("x"), array("y_bar")

    def written(factor):
        @chapter_of("square(x)", wrt=x[p])
        def square():
            yield "definition", total(i, y_bar[i] * Derivative(x[i] ** 2, x[p]))
            yield "power rule", factor * x[p] * y_bar[p]

        return square

    assert compare(squared(2.0), np.ones(3), derivation=written(2))
    assert not compare(squared(2.0), np.ones(3), derivation=written(3))


def test_mistakes_in_a_comparison_get_a_sentence():
    n = size("n")
    i, p = index("i", n), index("p", n)
    z, y_bar = array("z"), array("y_bar")

    @chapter_of("square(z)", wrt=z[p])
    def of_another_name():
        yield "definition", total(i, y_bar[i] * Derivative(z[i] ** 2, z[p]))

    with pytest.raises(ValueError, match=r"needs the op's arguments x, got z; give them"):
        compare(squared(2.0), np.ones(3), derivation=of_another_name)
    with pytest.raises(TypeError, match=r"leaky_relu has the static arguments alpha, got alhpa"):
        compare(OPS["leaky_relu"], np.ones(3), alhpa=0.3)

    @jax.custom_vjp
    def bare(x):
        return x

    bare.defvjp(lambda x: (x, None), lambda _, g: (g,))
    with pytest.raises(TypeError, match=r"bare needs an annotation on its argument x, got none"):
        compare(bare, np.ones(3))


def test_single_precision_is_compared_in_its_own_units():
    x = np.linspace(-1, 1, 5, dtype=np.float32)
    table = compare(OPS["sigmoid"], x)
    assert table
    assert table.rows[0].central < 1e-3


def test_nan_on_one_side_differs():
    @jax.custom_vjp
    def root(x: Float[Array, "n"]) -> Float[Array, "n"]:
        return jnp.sqrt(x)

    root.defvjp(lambda x: (jnp.sqrt(x), x), lambda x, g: (g * jnp.nan * x,))
    assert not compare(root, np.ones(3))


def test_mistakes_get_a_sentence():
    with pytest.raises(TypeError, match=r"compare needs a jax.custom_vjp function, got"):
        compare(jnp.tanh, np.ones(3))
    with pytest.raises(TypeError, match=r"compare needs x, w, b for dense, got 1 arrays"):
        compare(OPS["dense"], np.ones(3))


def run(*arguments):
    command = [sys.executable, "-m", "derivations", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_command_line():
    agrees = run("compare", "funcnet.ops:softmax")
    assert agrees.returncode == 0
    assert "agree" in agrees.stdout
    for arguments, sentence in (
        (["nope"], "No module named 'nope'"),
        (["funcnet.ops:nope"], "funcnet.ops has no 'nope'; choose one of"),
        (["funcnet.data"], "funcnet.data has no jax.custom_vjp functions"),
    ):
        failed = run("compare", *arguments)
        assert failed.returncode == 2
        assert sentence in failed.stderr
        assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize("line", ["1 / 0", "raise SystemExit(0)", "nothing_of_that_name", "def"])
def test_a_module_that_cannot_be_imported_is_a_usage_error(tmp_path, monkeypatch, capsys, line):
    (tmp_path / "broken_module.py").write_text(line)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "broken_module", raising=False)
    for command in ("compare", "prove"):
        assert cli.main([command, "broken_module"]) == 2
        assert "TARGET needs a module that can be imported" in capsys.readouterr().err


def test_a_difference_is_exit_status_1(monkeypatch, capsys):
    monkeypatch.setattr(cli, "targets", lambda *_: {"square": squared(3.0)})
    assert cli.main(["compare", "anything"]) == 1
    assert "DIFFER" in capsys.readouterr().out


@pytest.mark.slow
def test_the_book_is_written_whole(tmp_path):
    path = tmp_path / "folder" / "book.tex"
    seen = []
    book.write(path, seen.append)
    text = path.read_text()
    assert text.startswith(r"\documentclass")
    assert text.rstrip().endswith(r"\end{document}")
    assert text.isascii()
    assert all(rf"\subsection{{{name.replace('_', ' ')}}}" in text for name in OPS)
    assert len(seen) == text.count(r"\subsection{") + 7
    with pytest.raises(ValueError, match=r"book needs a .tex or .pdf file"):
        book.write(tmp_path / "book.doc")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("x_bar", r"\bar{x}"),
        ("x_hat", r"\hat{x}"),
        ("gamma", r"\gamma"),
        ("variance_bar", r"\bar{v}"),
        ("f_3", "f_{3}"),
        ("y", "y"),
    ],
)
def test_names_are_set_as_in_a_textbook(name, printed):
    assert name_latex(name) == printed


def test_signs_roots_and_what_an_operator_acts_on():
    n = size("n")
    i, h = index("i", n), index("h", n)
    x, g = array("x"), array("g")
    squares = total(h, x[h] ** 2)
    assert latex(sqrt(squares / n)) == rf"\sqrt{{\frac{{1}}{{n}} {latex(squares)}}}"
    assert latex(x[i] - array("mu")[i]) == r"x_{i} - \mu_{i}"
    assert latex(g[i] * Derivative(x[i] ** 2, x[h])).startswith(r"g_{i} \frac{\partial}")
    assert r"\left(" in latex(Derivative(x[i] ** 2, x[h]))
