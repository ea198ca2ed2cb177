"""Attacks made by chance are not proved, and their right twins not accused."""

import pytest

from .disturbed_programs import ALL_KINDS as KINDS
from .generated import complaints, generated, judged_pair
from .truth import agrees

pytestmark = pytest.mark.slow

FIRST = 1000
ROUNDS = 2  # attacks of every kind


def seeds_of(kind):
    place = list(KINDS).index(kind)
    return [s for s in range(FIRST, FIRST + ROUNDS * len(KINDS)) if s % len(KINDS) == place]


@pytest.mark.parametrize("kind", KINDS)
def test_attacks_of_a_kind(kind):
    attacks = [generated(seed) for seed in seeds_of(kind)]
    against = [c for attack in attacks for c in complaints(attack, *judged_pair(attack))]

    assert not against, "\n".join(against)


@pytest.mark.parametrize("kind", KINDS)
def test_twins_are_right(kind):
    assert all(agrees(generated(seed).twin) for seed in seeds_of(kind)[:1])
