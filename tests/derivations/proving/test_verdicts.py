"""No opinion is left out: what must meet before PROVED, and be seen before REFUTED."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float, Int

from benchmarks.historical import op_of
from derivations.algebra.terms import scale
from derivations.limits import MOST_UNREAD
from derivations.proving import case, counterexample, other_programs
from derivations.proving.proof import ArgumentProof, Proof, prove
from derivations.reading.rules import RULES as READ
from derivations.witness.rules import RULES as RUN


def is_traced(x):
    return isinstance(x, jax.core.Tracer)


def square():
    return op_of(lambda x: x**2, lambda g, x: 2 * g * x)


# --- every rank ---


def double_but_at(rank, otherwise):
    @jax.custom_vjp
    def double(x: Float[Array, "*batch k"]) -> Float[Array, "*batch k"]:
        return 2 * x

    double.defvjp(
        lambda x: (2 * x, x), lambda x, g: (otherwise(g) if x.ndim == rank + 1 else 2 * g,)
    )
    return double


@pytest.mark.parametrize("rank", range(5))
def test_a_rule_that_is_wrong_at_one_rank_alone_is_refuted(rank):
    proof = prove(double_but_at(rank, lambda g: 3 * g))

    assert proof.verdict == "REFUTED"
    assert f"*batch of rank {rank}" in str(proof)


@pytest.mark.parametrize("rank", [0, 1, 3, 4])
def test_a_rule_that_is_not_read_at_one_rank_alone_is_unknown(rank):
    proof = prove(double_but_at(rank, lambda g: 2 * jax.lax.top_k(g, g.shape[-1])[0]))

    assert proof.verdict != "PROVED"


# --- what PROVED needs ---


def test_without_a_sample_nothing_is_proved(monkeypatch):
    monkeypatch.setattr(case, "sample", lambda *_: None)
    proof = prove(square(), "n")

    assert proof.verdict == "UNKNOWN"
    assert "could not be checked by evaluation" in proof.reason


def test_what_was_not_looked_around_at_is_not_proved(monkeypatch):
    """Thousands of points of many numbers would take all memory."""
    assert prove(square(), "3 4").verdict == "PROVED"
    monkeypatch.setattr(counterexample, "WIDEST", 20)
    assert "more than is looked around at" in prove(square(), "3 4").reason


def test_code_that_is_not_read_is_looked_at_at_a_few_sizes(monkeypatch):
    looked = []
    monkeypatch.setattr(other_programs, "_by_itself", lambda *given: looked.append(given[2].what))
    unread = op_of(lambda x: jax.lax.nextafter(x, x) ** 2, lambda g, x: 2 * g * x)
    assert prove(unread, "n d m").verdict == "UNKNOWN"
    assert 0 < len(looked) <= MOST_UNREAD


@pytest.mark.parametrize("factor", [2, 1 + Fraction(1, 2**20)])
def test_what_was_read_is_held_against_what_runs(monkeypatch, factor):
    """A misreading that cancels: the rule is right whatever the sine is."""
    true = READ["sin"]

    def misread(reader, equation, x):
        found = true(reader, equation, x)
        entries = found._entries
        found._entries = lambda at: scale(entries(at), factor)
        return found

    op = op_of(lambda x: x * jnp.sin(1.0 + 0 * x), lambda g, x: g * jnp.sin(1.0 + 0 * x))
    assert prove(op, "n")
    monkeypatch.setitem(READ, "sin", misread)
    proof = prove(op, "n")

    assert proof.verdict == "UNKNOWN"
    assert "what was read of the code has other values than the code" in proof.reason


@pytest.mark.parametrize("gap", [2.0, 1e-4])
def test_code_that_runs_otherwise_than_it_is_traced_is_not_proved(gap):
    def slope(x):
        return 2 * x if is_traced(x) else (2 + gap) * x

    by_backward = op_of(lambda x: x**2, lambda g, x: g * slope(x))
    assert prove(by_backward, "n").verdict != "PROVED"


def test_code_that_raises_when_it_runs_is_not_proved():
    def backward(g, x):
        if not is_traced(x):
            raise RuntimeError("not under jit")
        return 2 * g * x

    proof = prove(op_of(lambda x: x**2, backward), "n")
    assert proof.verdict == "UNKNOWN"
    assert "running it raised RuntimeError: not under jit" in proof.reason


def test_integers_that_may_wrap_around_are_not_proved():
    @jax.custom_vjp
    def scaled(x: Float[Array, ""], i: Int[Array, ""]) -> Float[Array, ""]:
        return x * (i * i * i).astype(float)

    scaled.defvjp(
        lambda x, i: (scaled.fun(x, i), i), lambda i, g: (g * (i * i * i).astype(float), None)
    )
    proof = prove(scaled)

    assert proof.verdict == "UNKNOWN"
    assert "integers may wrap around: equal where i² fits in int32" in proof.reason


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_another_program_in_a_narrower_type_is_not_proved(dtype):
    op = op_of(lambda x: x**2, lambda g, x: (3 if x.dtype == dtype else 2) * g * x)
    proof = prove(op, "n")

    assert proof.verdict != "PROVED"
    assert f"in {dtype} the code is another program" in str(proof)


@pytest.mark.parametrize("size", [1, 2, 7, 128])
@pytest.mark.parametrize("gap", [1.0, 1e-4])
def test_another_program_at_a_size_is_not_proved(size, gap):
    op = op_of(lambda x: x**2, lambda g, x: (2 + gap * (str(x.shape) == f"({size},)")) * g * x)

    assert prove(op, "n").verdict != "PROVED"


def test_other_programs_are_all_looked_at():
    def factor(x):
        return {"(1,)": 2.0 + 0 * x.sum(), "(3,)": 3.0}.get(str(x.shape), 2.0)

    assert prove(op_of(lambda x: x**2, lambda g, x: factor(x) * g * x), "n").verdict != "PROVED"


@pytest.mark.parametrize("kept", [{0: 0}, [0], np.zeros(1)], ids=["dict", "list", "array"])
def test_code_that_reads_what_it_changes_is_not_proved(kept):
    calls = kept

    def tired(x):
        calls[0] += 1
        return x**2 if calls[0] < 10**6 else x

    proof = prove(op_of(tired, lambda g, x: 2 * g * x), "n")
    assert proof.verdict == "UNKNOWN"
    assert "the code changes what it reads (test_verdicts.calls)" in proof.reason


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("PROVED", "PROVED"), "PROVED"),
        (("PROVED", "UNKNOWN"), "UNKNOWN"),
        (("UNKNOWN", "REFUTED"), "REFUTED"),
        (("REFUTED", "PROVED", "UNKNOWN"), "REFUTED"),
    ],
)
def test_the_verdict_is_that_of_the_worst_argument(verdicts, expected):
    proof = Proof("op", tuple(ArgumentProof("x", v, reason="why") for v in verdicts))

    assert proof.verdict == expected
    assert bool(proof) == (expected == "PROVED")
    assert proof.reason == ("why" if "UNKNOWN" in verdicts else "")


def test_a_divisor_of_the_rule_alone_is_no_footnote():
    """It is nowhere 0, but neither the algebra nor any point that was looked at tells."""
    op = op_of(lambda x: x**2, lambda g, x: 2 * g * x * (2 + jnp.sin(x)) / (2 + jnp.sin(x)))
    proof = prove(op, "n")

    assert proof.verdict == "UNKNOWN"
    assert "which the rule alone needs; where that fails was not seen" in proof.reason


# --- what REFUTED needs ---


def test_a_rule_is_not_accused_by_a_misreading_of_it(monkeypatch):
    """The code runs to what is right, whatever the evaluator takes it for."""
    op = op_of(jnp.tanh, lambda g, x: g / jnp.cosh(x) ** 2)
    assert prove(op, "n")
    monkeypatch.setitem(RUN, "cosh", RUN["sinh"])
    proof = prove(op, "n")

    assert proof.verdict == "UNKNOWN"
    assert "the evaluator finds a difference that the code does not show" in proof.reason


# --- what is told of kinks ---

BOTH = {  # what max(x, y) returns for either on a tie, and whether a subgradient is that
    "the first": ((1, 0), True),
    "halves": ((0.5, 0.5), True),
    "both": ((1, 1), False),
    "neither": ((0, 0), False),
    "more than one": ((2, -1), False),
}


@pytest.mark.parametrize("name", BOTH)
def test_what_is_no_subgradient_is_told_to_be_none(name):
    (a, b), is_inside = BOTH[name]
    op = jax.custom_vjp(jnp.maximum)
    op.defvjp(
        lambda x, y: (jnp.maximum(x, y), (x, y)),
        lambda r, g: (
            g * jnp.where(r[0] == r[1], a, jnp.where(r[0] > r[1], 1.0, 0.0)),
            g * jnp.where(r[0] == r[1], b, jnp.where(r[0] < r[1], 1.0, 0.0)),
        ),
    )
    told = str(prove(op, "n", "n"))

    assert "on it the backward returns" in told
    assert ("outside the subdifferential" not in told) == is_inside
