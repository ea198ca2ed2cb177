"""`python -m derivations`: its output and its exit status."""

import subprocess
import sys

import jax
import pytest
from jaxtyping import Array, Float

from derivations import commands as cli
from derivations.compare import Comparison, Row
from derivations.language.checking import UnequalError


def squared(factor):
    """An op with a rule that is right for a factor of 2."""

    @jax.custom_vjp
    def square(x: Float[Array, "n"]) -> Float[Array, "n"]:
        return x**2

    square.defvjp(lambda x: (square.fun(x), x), lambda x, y_bar: (factor * x * y_bar,))
    return square


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


def test_a_seed_is_that_of_the_arrays_drawn(monkeypatch, capsys):
    seeds, table = [], Comparison((Row("softmax", "x", (3,), 0.0, 0.0, 0.0, 1e-12),))
    monkeypatch.setattr(cli, "compare", lambda _, seed: seeds.append(seed) or table)
    assert cli.main(["compare", "funcnet.ops:softmax", "--seed", "7"]) == 0
    assert seeds == [7]


def test_a_wrong_step_of_a_chapter_is_exit_status_1(monkeypatch, capsys):
    def unequal(*_):
        raise UnequalError("dense: the product rule: the two sides differ by 1")

    monkeypatch.setattr(cli.book, "write", unequal)
    assert cli.main(["book"]) == 1
    assert "derivations book: dense: the product rule" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ([], "a_bar[i, j] = y_bar\n"),
        (["--static", "axis=0"], "a_bar[i, j] = y_bar[j]\n"),
        (["--latex"], "\\bar{a}_{i, j} = \\bar{y}\n"),
    ],
)
def test_the_options_of_derive_count(capsys, words, printed):
    assert cli.main(["derive", "jax.numpy:sum", "n d", *words]) == 0
    assert capsys.readouterr().out == printed


def test_of_annotated_ranks_the_highest_is_derived(capsys):
    assert cli.main(["derive", "funcnet.ops:softmax"]) == 0
    assert "x_bar[i, j, l, m, o] = " in capsys.readouterr().out
