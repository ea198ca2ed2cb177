"""What follows from what is known, and what does not."""

import pytest
from letters import A, B, I, J, K, i, j, x, y

from derivations.algebra.brackets import at_least, delta, positive
from derivations.algebra.sums import total
from derivations.algebra.terms import ONE
from derivations.reading.domains import excluded, follows, is_certain, is_same
from derivations.reading.notes import Condition, Guard, noted
from derivations.reading.reader import Reader


def where(p):
    return (Guard("holds", p),)


def needed(kind, p, *guards):
    return Condition(kind, p, guards)


# what is asked, what is known, and whether the one follows from the other
FOLLOWS = {
    "itself": (needed("positive", A), needed("positive", A), True),
    "a multiple": (needed("positive", 2 * A), needed("positive", A), True),
    "the opposite": (needed("positive", -A), needed("positive", A), False),
    "not 0 from the opposite": (needed("nonzero", -A), needed("nonzero", A), True),
    "not negative from positive": (needed("nonneg", A), needed("positive", A), True),
    "not 0 from positive": (needed("nonzero", A), needed("positive", A), True),
    "positive from not negative": (needed("positive", A), needed("nonneg", A), False),
    "not 0 from not negative": (needed("nonzero", A), needed("nonneg", A), False),
    "positive from not 0": (needed("positive", A), needed("nonzero", A), False),
    "another number": (needed("positive", A), needed("positive", B), False),
    "a factor that is not 0": (needed("nonzero", A), needed("nonzero", A * B), True),
    "a product of which one factor is": (needed("nonzero", A * B), needed("nonzero", A), False),
    "a greater number": (needed("positive", A + 1), needed("positive", A), True),
    "a smaller number": (needed("positive", A - 1), needed("positive", A), False),
    "more than what is not negative": (needed("nonneg", A + 1), needed("nonneg", A), True),
    "more, but perhaps not enough": (needed("nonneg", A + B), needed("nonneg", A), False),
    "an entry from all": (needed("positive", x(0)), needed("positive", x(I)), True),
    "all from an entry": (needed("positive", x(J)), needed("positive", x(0)), False),
    "another index": (needed("positive", x(J)), needed("positive", x(I)), True),
    "a diagonal from all": (needed("positive", y(J, J)), needed("positive", y(I, J)), True),
    "all from a diagonal": (needed("positive", y(I, J)), needed("positive", y(K, K)), False),
    "a sum from all": (needed("positive", total((J,), x(J))), needed("positive", x(I)), True),
    "a sum from one": (needed("positive", total((J,), x(J))), needed("positive", x(0)), False),
    "a row from a diagonal": (
        needed("positive", total((J,), y(I, J))),
        needed("positive", y(K, K)),
        False,
    ),
    "a row from some cases": (
        needed("positive", total((J,), x(J))),
        needed("positive", x(I), *where(positive(A))),
        False,
    ),
    "a case from all": (
        needed("positive", A, *where(positive(B))),
        needed("positive", A),
        True,
    ),
    "all from a case": (needed("positive", A), needed("positive", A, *where(positive(B))), False),
    "a smaller case": (
        needed("nonzero", A, *where(positive(B - 1))),
        needed("nonzero", A, *where(positive(B))),
        True,
    ),
    "a greater case": (
        needed("nonzero", A, *where(positive(B))),
        needed("nonzero", A, *where(positive(B - 1))),
        False,
    ),
    "the other case": (
        needed("nonzero", A, *where(ONE - positive(B))),
        needed("nonzero", A, *where(positive(B))),
        False,
    ),
    "a bracket of a product": (
        needed("holds", positive(A)),
        needed("holds", positive(A) * positive(B)),
        True,
    ),
    "a product of a bracket": (
        needed("holds", positive(A) * positive(B)),
        needed("holds", positive(A)),
        False,
    ),
    "a sentence": (needed("literal", "π"), needed("literal", "π"), True),
    "another sentence": (needed("literal", "π"), needed("literal", "e"), False),
    "a number from a sentence": (needed("positive", A), needed("positive", "A > 0"), False),
}


@pytest.mark.parametrize("name", FOLLOWS)
def test_what_follows_from_what(name):
    asked, known, expected = FOLLOWS[name]

    assert follows(asked, [known]) == expected


def test_a_product_follows_from_its_factors():
    ends = [needed("positive", ONE - A), needed("positive", ONE + A)]
    assert follows(needed("positive", ONE - A * A), ends)
    assert not follows(needed("positive", A * A - 1), ends)
    assert follows(needed("nonzero", A * A - 1), ends)
    assert not follows(needed("positive", ONE - A * A), ends[:1])


CERTAIN = {
    "a sign": (needed("positive", A * A + 1), True),
    "a square, but for 0": (needed("positive", A * A), False),
    "a square": (needed("nonneg", A * A), True),
    "a negative number": (needed("nonzero", -A * A - 1), True),
    "above a threshold": (needed("positive", A, *where(positive(A - 1))), True),
    "above a lower one": (needed("positive", A, *where(positive(A + 1))), False),
    "below one": (needed("nonneg", -A, *where(ONE - positive(A))), True),
    "on the wrong side": (needed("nonneg", A, *where(ONE - positive(A))), False),
    "off 0 on a side": (needed("nonzero", A, *where(positive(-A))), True),
    "off 0 on neither": (needed("nonzero", A, *where(positive(B))), False),
    "no kink on a side of it": (needed("edge", A, *where(positive(A))), True),
    "a case that never occurs": (
        needed("positive", A, *where(positive(B) * positive(-B - 1))),
        True,
    ),
    "where a number is not 0": (needed("nonzero", A, Guard("nonzero", -2 * A)), True),
    "where another is not": (needed("nonzero", A, Guard("nonzero", B)), False),
    "positive where not 0": (needed("positive", A, Guard("nonzero", A)), False),
    "what holds": (needed("holds", ONE), True),
    "what the case says": (needed("holds", positive(A), *where(positive(A - 1))), True),
    "what it does not say": (needed("holds", positive(A), *where(positive(B))), False),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_by_itself(name):
    condition, expected = CERTAIN[name]

    assert is_certain(condition) == expected


def test_conditions_that_begin_to_fail_on_the_same_set():
    assert is_same(needed("boundary", x(I) - A), needed("edge", 2 * A - 2 * x(J)))
    assert not is_same(needed("boundary", x(I) - A), needed("edge", x(J) - B))
    assert not is_same(needed("boundary", x(I)), needed("literal", "x"))


def test_a_case_that_is_excluded_at_all_indices():
    """Where x[i] > 0 implies x[0] > 0, the case in which one holds and not the other is none."""
    known = needed("holds", ONE - positive(x(I)) * (ONE - positive(x(0))))
    fails = positive(x(J)) * (ONE - positive(x(0)))
    assert not fails * excluded([known], fails.free) - fails * excluded([known], fails.free)
    assert excluded([known], frozenset({J})) == ONE - fails
    assert excluded([], frozenset({J})) == ONE


@pytest.mark.parametrize(
    ("kind", "p", "needs"),
    [
        ("positive", A, [("positive", A)]),
        ("nonzero", A * B, [("nonzero", A), ("nonzero", B)]),
        ("nonneg", A * A, []),
        ("nonzero", delta(i - j) * A + 1, [("nonzero", A + 1)]),
        (
            "positive",
            at_least(i - 1) * A + (ONE - at_least(i - 1)) * B,
            [("positive", A), ("positive", B)],
        ),
    ],
)
def test_a_need_is_noted_case_by_case(kind, p, needs):
    with noted() as notes:
        Reader().needs(kind, p)

    assert {(c.kind, c.expression) for c in notes} == set(needs)


def test_a_need_of_one_case_is_guarded_by_it():
    case = at_least(i - 1)
    with noted() as notes:
        Reader().needs("positive", case * A + 1 - case)

    (condition,) = notes
    assert condition == needed("positive", A, *where(case))
