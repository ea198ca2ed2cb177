"""Forty gradient bugs of public projects: the wrong rule refuted, the right one proved."""

import pytest

from benchmarks.historical import BUGS, op_of
from derivations.proving.proof import prove

ROUNDING = {name for name, bug in BUGS.items() if bug.kind == "extreme"} - {
    "standardize_eps_chainer"  # wrong for real numbers too
}
SHOWN = {name for name, bug in BUGS.items() if bug.kind not in ("kink", "second")} - ROUNDING


def proof_of(name, which, order=1):
    bug = BUGS[name]
    return prove(op_of(bug.definition, getattr(bug, which)), *bug.sizes, order=order)


@pytest.mark.parametrize("name", BUGS)
def test_the_right_rule_is_proved(name):
    proof = proof_of(name, "right")

    assert proof, str(proof)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_the_wrong_rule_is_refuted_with_a_witness(name):
    proof = proof_of(name, "wrong")

    assert proof.verdict == "REFUTED", str(proof)
    assert proof.witness is not None
    assert proof.witness.by_hand != proof.witness.true


@pytest.mark.parametrize("name", sorted(n for n, bug in BUGS.items() if bug.kind == "second"))
def test_a_wrong_second_derivative_shows_at_order_2_alone(name):
    assert proof_of(name, "wrong")
    assert proof_of(name, "wrong", order=2).verdict == "REFUTED"


@pytest.mark.parametrize("name", sorted(ROUNDING))
def test_what_only_rounding_makes_wrong_is_right_for_real_numbers(name):
    assert proof_of(name, "wrong")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hardswish_ends_pytorch", "on it the backward returns 1.5, the sides give 1.5 and 1"),
        ("max_ties_mxnet", "returns 1, the sides give 0 and 1: outside the subdifferential"),
        ("maximum_ties_theano", "returns 1, the sides give 0 and 1: outside the subdifferential"),
    ],
)
def test_what_a_rule_returns_on_a_kink_is_told(name, told):
    proof = proof_of(name, "wrong")

    assert proof
    assert any(told in condition for condition in proof.conditions), str(proof)
