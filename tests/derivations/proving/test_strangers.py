"""Ops that are not ours: the right rule is proved, each wrong one refuted with a witness."""

import pytest
from strangers import STRANGERS, rule, variant

from derivations.proving.proof import prove

WRONG = [(name, change) for name, (*_, changes) in STRANGERS.items() for change in changes]


def judged(name, change):
    definition, backward, sizes, _ = STRANGERS[name]
    assuming = ["p > 0", "q > 0"] if name == "kl" else ()
    return prove(rule(definition, variant(backward, **change)), *sizes, assuming=assuming)


@pytest.mark.parametrize("name", STRANGERS)
def test_the_right_rule_is_proved(name):
    proof = judged(name, {})

    assert proof, str(proof)


@pytest.mark.parametrize(("name", "change"), WRONG, ids=str)
def test_a_wrong_rule_is_refuted_with_a_witness(name, change):
    proof = judged(name, change)

    assert proof.verdict == "REFUTED"
    witness = proof.witness
    assert abs(witness.by_hand - witness.true) > 1e-9 * (abs(witness.by_hand) + abs(witness.true))
