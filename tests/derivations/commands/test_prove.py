"""`python -m derivations prove` over many ops: its rows, its exit status, its JSON, its end."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derivations import book
from derivations import commands as cli
from derivations.commands import prove as commands_prove
from derivations.proving.proof import ArgumentProof, Proof

SHOP = """
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def op_of(factor):
    @jax.custom_vjp
    def square(x: Float[Array, "n"]) -> Float[Array, "n"]:
        return x**2

    square.defvjp(lambda x: (x**2, x), lambda x, g: (factor * x * g,))
    return square


@jax.custom_vjp
def bare(x):
    return x


bare.defvjp(lambda x: (x, None), lambda _, g: (g,))
nowhere = jax.custom_vjp(lambda x: x)
"""
WORDS = {
    "right": "b_right = op_of(2)",
    "wrong": "a_wrong = op_of(3)",
    "wrong_nan": "a_wrong = op_of(jnp.nan)",
    "bare": "",
}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    def write(*lines, keep_bare=False):
        source = SHOP + "\n".join(WORDS[line] for line in lines)
        (tmp_path / "shop.py").write_text(source + ("" if keep_bare else "\ndel bare, nowhere\n"))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "shop", raising=False)

    yield write
    sys.modules.pop("shop", None)


def test_what_cannot_be_judged_is_a_row(shop, capsys):
    shop("right", keep_bare=True)
    assert cli.main(["prove", "shop"]) == 3
    out = capsys.readouterr().out
    assert "1 PROVED, 2 UNKNOWN" in out
    assert "give the sizes, such as prove(op, 'n d', 'd')" in out
    assert "has no backward rule" in out
    assert cli.main(["prove", "shop:bare"]) == 2
    assert "derivations prove: bare: bare needs an annotation" in capsys.readouterr().err


def test_what_raises_within_the_prover_is_a_row(shop, capsys, monkeypatch):
    def broken(*_, **__):
        raise IndexError("tuple index out of range")

    shop("right")
    monkeypatch.setattr(commands_prove, "prove", broken)
    assert cli.main(["prove", "shop:b_right"]) == 3
    assert "the prover raised IndexError: tuple index out of range; please report it" in (
        capsys.readouterr().out
    )


def proof_with(verdict):
    return Proof("op", (ArgumentProof("x", verdict),))


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["PROVED", "PROVED"], 0),
        (["REFUTED", "PROVED"], 1),
        (["UNKNOWN", "PROVED"], 3),
        (["PROVED", "UNKNOWN"], 3),
        (["REFUTED", "UNKNOWN", "PROVED"], 1),
    ],
)
def test_the_exit_status_is_that_of_all_ops(verdicts, status):
    assert commands_prove.status(map(proof_with, verdicts)) == status


def test_the_first_of_two_ops_counts_too(shop, capsys):
    shop("wrong", "right")
    assert cli.main(["prove", "shop"]) == 1
    assert "1 PROVED, 1 REFUTED" in capsys.readouterr().out


def told(verdict, *conditions):
    return Proof("op", (ArgumentProof("x", verdict, reason="why"),), conditions, seconds=0.5)


def test_a_row_of_what_is_proved_has_its_conditions():
    table = commands_prove.table([told("PROVED", "x > 0", "y ≠ 0"), told("UNKNOWN", "z > 0")])
    rows, explained = table.split("\n\n", 1)
    assert [line.split() for line in rows.splitlines()] == [
        ["op", "verdict", "seconds", "gradients"],
        ["op", "PROVED", "0.50", "x"],
        ["where", "x", ">", "0;", "y", "≠", "0"],
        ["op", "UNKNOWN", "0.50", "x"],
    ]
    assert explained == "op: UNKNOWN\n  x: UNKNOWN - why\n  where z > 0"


def test_json_has_all_that_is_printed():
    found = commands_prove.as_dict(told("UNKNOWN", "x > 0"))
    assert (found["name"], found["verdict"], found["seconds"]) == ("op", "UNKNOWN", 0.5)
    assert found["conditions"] == ["x > 0"]
    assert [(a["name"], a["verdict"], a["reason"]) for a in found["arguments"]] == [
        ("x", "UNKNOWN", "why")
    ]
    assert found["witness"] is None


def test_explained_are_the_proofs_of_many_ops(shop, capsys):
    shop("wrong", "right")
    for words, is_explained in (([], False), (["--explain"], True)):
        assert cli.main(["prove", "shop", *words]) == 1
        out = capsys.readouterr().out
        assert ("square: PROVED\n  value: PROVED\n  x: PROVED" in out) == is_explained
        assert ("verdict   seconds" in out) != is_explained


def test_json_has_no_numbers_of_its_own(shop, capsys):
    def refuse(constant):
        raise AssertionError(constant)

    shop("wrong_nan")
    assert cli.main(["prove", "shop:a_wrong", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert found["witness"]["by_hand"] == "nan"
    assert isinstance(found["witness"]["true"], float)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["shop", "n"], "sizes fit one op"),
        (["shop:b_right", "--wrt", "z"], "'z' is not a differentiable argument; choose from x"),
        (["shop:b_right", "--assuming", "z > 0"], "about z, which there is not"),
        (["shop:b_right", "--static", "=3"], "--static needs NAME=VALUE"),
        (["shop:b_right", "--order", "3"], "order=1 or order=2, got 3"),
        (["shop:b_right", "--seconds", "-1"], "seconds of at least 0"),
        (["shop:nothing"], "has no 'nothing'; choose one of a_wrong, b_right"),
        (["math:pi", "n"], "needs a function, got float"),
        (["math:nothing"], "math has no 'nothing'; it has no ops at all"),
    ],
)
def test_a_mistake_is_one_sentence(shop, capsys, words, sentence):
    shop("wrong", "right")
    assert cli.main(["prove", *words]) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("words", "module", "name"),
    [
        (["prove", "shop"], "derivations.commands.prove", "prove"),
        (["derive", "shop:b_right"], "derivations.commands.derive", "derive"),
        (["compare", "shop"], "derivations.commands", "compare"),
        (["book"], "derivations.book", "write"),
    ],
)
def test_an_interrupt_is_one_sentence(shop, capsys, monkeypatch, words, module, name):
    shop("right")
    monkeypatch.setattr(sys.modules[module], name, interrupted)
    assert cli.main(words) == 130
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip() == f"derivations {words[0]}: interrupted"


def test_an_interrupt_leaves_no_half_of_a_book(tmp_path, monkeypatch):
    monkeypatch.setattr(book.document, "latex", lambda _: "text")
    monkeypatch.setattr(Path, "write_bytes", interrupted)
    assert cli.main(["book", "--output", str(tmp_path / "book.tex")]) == 130
    assert list(tmp_path.iterdir()) == []


WITH_SIGNALS = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in background
sys.argv = ["derivations", "prove", "funcnet.ops"]
runpy.run_module("derivations", run_name="__main__")
"""


def test_a_signal_ends_it():
    command = [sys.executable, "-c", WITH_SIGNALS]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(4)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert (out, err.count("\n")) == ("", 1)
    assert "interrupted" in err


def test_trust_prints_what_a_verdict_rests_on(capsys):
    from derivations.algebra.trusted import rules
    from derivations.reading.rules import RULES

    assert cli.main(["trust"]) == 0
    out = capsys.readouterr().out
    assert f"{len(RULES)} primitives by {len(set(RULES.values()))} rules" in out
    assert f"{len(rules())} rules, " in out
    for sentence in ("PROVED claims", "JAX's tracing", "float64", "A false PROVED needs"):
        assert sentence in out
    for rule in rules():
        assert rule.statement in out
