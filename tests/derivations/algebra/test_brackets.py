"""Conditions as 0 and 1, the rules between them, and the rules that must not be applied."""

import numpy as np
import pytest
from letters import HALF, LABEL, A, B, C, E, I, J, K, M, N, P, Z, i, j, k, p, q, x, y

from derivations.algebra import functions as f
from derivations.algebra.brackets import (
    at_least,
    content,
    delta,
    in_range,
    may_vanish,
    off_boundaries,
    positive,
    settled,
    solve,
    split,
    zero,
)
from derivations.algebra.decide import is_zero
from derivations.algebra.maxima import maximum_against_entry
from derivations.algebra.numeric import Place, value
from derivations.algebra.sums import largest, maximiser, product_over, total
from derivations.algebra.terms import ONE, ZERO, Atom, Undecided, add, entry, number, poly, size
from derivations.limits import MOST_CASES

LARGEST = largest((I,), x(I))
(TOP,) = maximiser((I,), x(I))
RELU_SUM = total((I,), f.maximum(x(I), ZERO))
MEAN = total((I,), x(I)) * f.power(N, -1)
FLOOR = f.fn("floor", A)

EQUAL = [
    # [P > 0]
    (positive(ZERO), ZERO),
    (positive(number(2)), ONE),
    (positive(-ONE), ZERO),
    (positive(A * A + 1), ONE),
    (positive(-A * A), ZERO),
    (positive(A) * positive(A), positive(A)),
    (positive(-A), ONE - positive(A)),
    (positive(3 * A), positive(A)),
    (positive(E * A), positive(A)),
    (positive(A * N), positive(A)),
    (positive(A * f.exp(B) + f.exp(B)), positive(A + 1)),
    (positive(f.power(A, HALF)), positive(A)),
    (positive(f.power(A + B, HALF)), positive(A + B)),
    (positive(f.power(A + B, -HALF) * -2), ZERO),
    (positive(positive(A) * B), positive(A) * positive(B)),
    (positive(f.maximum(A, number(-1))), positive(A + 1) * positive(A)),
    # thresholds that imply one another
    (positive(A) * positive(A - E), positive(A - E)),
    (positive(A) * positive(2 * A + E), positive(A)),
    (positive(A - E) * positive(-A - E), ZERO),
    (positive(A + E) * positive(E - A), positive(A + E) + positive(E - A) - 1),
    (at_least(i - j) * at_least(i - j - 1), at_least(i - j - 1)),
    # the maximum against its entries
    (positive(LARGEST - x(K)), ONE - delta(TOP - k)),
    (positive(x(K) - LARGEST), ZERO),
    (zero(LARGEST - x(K)), delta(TOP - k)),
    (zero(2 * x(K) - 2 * LARGEST), delta(TOP - k)),
    # [P = 0]
    (zero(ZERO), ONE),
    (zero(number(2)), ZERO),
    (zero(E), ZERO),
    (zero(-E - 1), ZERO),
    (zero(2 * A), zero(A)),
    (zero(A - B), zero(B - A)),
    (zero(positive(A) * B), positive(A) * zero(B) + 1 - positive(A)),
    # [P = 0] of integers
    (delta(ZERO), ONE),
    (delta(number(2)), ZERO),
    (delta(i - j), delta(j - i)),
    (delta(2 * i - 2 * j), delta(i - j)),
    (delta(2 * i - 2 * j - 1), ZERO),
    (delta(i + 1), ZERO),
    (delta(i - N), ZERO),
    (delta(i * M + p - j * M - q), delta(i - j) * delta(p - q)),
    (delta(i * M + p - M - q), delta(i - 1) * delta(p - q)),
    (delta(LABEL - M), ZERO),
    # [P ≥ 0] of integers
    (at_least(i), ONE),
    (at_least(-i), delta(i)),
    (at_least(-i - 1), ZERO),
    (at_least(i - 1), ONE - delta(i)),
    (at_least(i - N), ZERO),
    (at_least(i - j) + at_least(j - i - 1), ONE),
    (at_least(number(-2)), ZERO),
    (at_least(ZERO), ONE),
    (in_range(i, N), ONE),
    (in_range(i, ONE), delta(i)),
    (in_range(i + 1, N), at_least(N - 2 - i)),
    # [i = e] f(i) = [i = e] f(e)
    (settled(delta(i - j) * x(I)), settled(delta(i - j) * x(J))),
    (settled(delta(i - j) * (x(I) - x(J))), ZERO),
    (settled(delta(i - j) * delta(j - k) * (x(I) - x(K))), ZERO),
    (settled(delta(i - LABEL) * A), delta(i - LABEL) * A),
]


@pytest.mark.parametrize(("found", "expected"), EQUAL)
def test_what_brackets_say(found, expected):
    assert settled(found) == settled(expected)


DIFFERENT = [
    (positive(A), positive(B)),
    (positive(A), positive(A - 1)),
    (positive(A), positive(A * A)),
    (positive(A * B), positive(A) * positive(B)),
    (positive(x(I)), positive(x(J))),
    (positive(A) * positive(A + B), positive(A)),
    (positive(A - Z) * positive(Z - A), ONE),
    (positive(LARGEST - x(K)), ONE),
    (positive(LARGEST - y(K)), ONE - delta(TOP - k)),
    (positive(LARGEST - x(K) - E), ONE - delta(TOP - k)),
    (delta(i - j), delta(i - k)),
    (delta(i * M + p - j * M - q), delta(i - j)),
    (delta(i * M + k - j * M - q), delta(i - j) * delta(k - q)),  # k may be beyond m
    (delta(i - 1), ZERO),
    (delta(i - N + 1), ZERO),
    (at_least(i - j), at_least(j - i)),
    (at_least(i - 1), ONE),
    (at_least(N - 2 - i), ONE),
    (in_range(i, M), ONE),
    (delta(i - j) * x(I), x(J)),
    (zero(x(I) - x(J)), ZERO),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_brackets_do_not_say(one, other):
    assert not is_zero(settled(one) - settled(other))


VANISHING = [
    (x(I) - x(J), "where the indices meet"),
    (x(I) - LARGEST, "at the maximum"),
    (x(I) - MEAN, "for n = 1"),
    ((N - 1) * A, "for n = 1"),
    ((N - 2) * A, "for n = 2"),
    (N - 2, "for n = 2"),
    (f.log(N) * A, "for n = 1"),
    (RELU_SUM, "where no entry is positive"),
    (RELU_SUM * A - RELU_SUM * B, "where no entry is positive"),
    (FLOOR, "from 0 to 1"),
    (f.fn("round", A) - 2, "about 2"),
    (i - j, "where the indices meet"),
    ((i - j) * A, "where the indices meet"),
    (LABEL - 2, "for one class"),
    (LABEL * A, "for one class"),
    (total((I,), i * x(I)), "for n = 1"),
    (total((I,), LABEL * x(I)), "for one class"),
    (product_over((I,), LABEL), "for one class"),
    (f.fn("sin", i * A), "for i = 0"),
]


@pytest.mark.parametrize(("expression", "where"), VANISHING)
def test_what_may_vanish_on_more_than_a_boundary_is_not_turned_round(expression, where):
    assert may_vanish(expression), where
    assert not is_zero(zero(expression)), where
    assert not is_zero(positive(expression) + positive(-expression) - 1), where
    assert off_boundaries(zero(expression)) == zero(expression)


@pytest.mark.parametrize(
    "expression",
    [
        *(A, A - B, x(I) - 1, x(I) - y(I), N * A, 2 * A - N, A * x(I), MEAN - A, x(I) + x(J)),
        *(f.exp(x(I)) + f.exp(x(J)) - 1, f.log(1 + x(I) * x(I)) - f.log(1 + x(J) * x(J)) + B),
        f.power(1 + x(I) * x(I), HALF) - 2 * f.power(1 + x(J) * x(J), HALF),
        f.power(x(I) - x(J), HALF) + 1,
        f.fn("erf", x(I)) - x(J),
    ],
)
def test_what_vanishes_on_a_boundary_alone_is_turned_round(expression):
    assert not may_vanish(expression)
    assert is_zero(zero(expression))
    assert is_zero(positive(expression) + positive(-expression) - 1)
    assert off_boundaries(zero(expression) * B + A) == A


def test_one_of_two_holds_only_where_neither_is_on_its_boundary_for_good():
    first, second = positive(x(I) - x(J) + k), positive(x(J) - x(I))

    assert settled(first * second) != settled(first + second - 1)  # for i = j, k = 0
    assert settled(positive(A + Z) * positive(-A)) == settled(positive(A + Z) + positive(-A) - 1)


def test_a_maximum_of_brackets_is_no_endless_loop():
    greatest = largest((I,), f.minimum(f.maximum(x(I), ZERO), number(6)))

    assert greatest == largest((J,), f.minimum(f.maximum(x(J), ZERO), number(6)))
    assert positive(greatest - x(K)) != ZERO


def test_the_maximum_over_two_axes_and_over_two_arrays():
    both = largest((I, P), x(I, P))
    rows, columns = maximiser((I, P), x(I, P))

    assert zero(both - x(k, q)) == delta(rows - k) * delta(columns - q)
    assert zero(both - LARGEST) != ONE
    square = largest((I, J), x(I, J))
    assert zero(square - x(k, k)) != ONE  # which index is which cannot be told


def test_split_gives_the_two_cases():
    bracket = Atom("positive", A)

    assert split(positive(A) * B + C, bracket) == (B + C, C)


def test_too_many_cases_are_refused():
    parts = add(positive(entry(f"a{n}")) * (n + 1) for n in range(MOST_CASES + 1))

    with pytest.raises(Undecided, match=f"more than {MOST_CASES} conditions"):
        f.exp(parts)


@pytest.mark.parametrize(
    ("expression", "among", "expected"),
    [
        (i - j, frozenset({I}), (I, j)),
        (i - j, frozenset({K}), None),
        (2 * i - j, frozenset({I}), None),
        (2 * i - j, frozenset({J}), (J, 2 * i)),
        (LABEL - i, frozenset({I}), None),  # the label depends on i
        (entry("label", j, upper=N) - i, frozenset({I}), (I, entry("label", j, upper=N))),
        (i * j, frozenset({I}), None),
    ],
)
def test_solve(expression, among, expected):
    assert solve(expression, among) == expected


def test_a_product_with_a_bracket_is_a_case_distinction():
    safe = positive(A) * A + (ONE - positive(A))

    assert positive(A) * f.power(safe, -1) == positive(A) * f.power(A, -1)


def test_content_leaves_coprime_integers():
    p_ = A * 6 + B * 4 * HALF
    left = p_ * (1 / content(p_))

    assert sorted(left.terms.values()) == [1, 3]
    assert poly(size("n")) * content(N) == N


SYMMETRIC = [
    (largest((I, J), y(I, J) + y(J, I)), y(k, j) + y(j, k)),
    (largest((I,), x(I) + x(N - 1 - i)), x(k) + x(N - 1 - k)),
    (largest((I,), x(I) * x(N - 1 - i)), x(k) * x(N - 1 - k)),
]


@pytest.mark.parametrize(("greatest", "one"), SYMMETRIC)
def test_a_maximum_that_is_taken_twice_names_no_maximiser(greatest, one):
    """Both [0, 1] and [1, 0] have the greatest value: it is not that of one maximiser alone."""
    rows = np.array([[0, 5], [3, 1]], dtype=object)
    arrays = {"y": rows, "x": np.array([2, 4, 3, 1], dtype=object)}
    at = Place({"n": 2 if "'y'" in one.key else 4}, arrays, {})

    for first, second in ((0, 1), (1, 0)) if "'y'" in one.key else ((1, 0), (2, 0)):
        place = at.at({K: first, J: second})
        equal = value(one, place) == value(greatest, place)
        assert value(zero(greatest - one), place) == equal
        assert value(positive(greatest - one), place) == (not equal)


def test_the_root_of_a_product_is_0_where_a_label_is():
    """√(l b) is there for l = 0 and b < 0, where √b is not."""
    root = f.power(LABEL * B, HALF)
    arrays = {"label": np.array([0]), "b": np.array(-1, dtype=object)}

    assert value(root, Place({"n": 1, "m": 2}, arrays, {I: 0})) == 0
    assert root * root == LABEL * B
    assert f.power(LABEL * LABEL, HALF) == LABEL


def test_a_root_is_compared_by_squares_with_what_is_not_negative_alone():
    root = f.power(E, HALF)
    assert positive(root - Z) == positive(E - Z * Z)
    assert positive(root - A) != positive(E - A * A)
    assert positive(A - root) != positive(A * A - E)


def test_a_maximum_exceeds_what_it_is_taken_of_and_nothing_else():
    top, place = largest((J,), x(J)), maximiser((J,), x(J))[0]
    assert maximum_against_entry(top - x(I)) == 1 - delta(place - i)
    assert maximum_against_entry(x(I) - top) == ZERO
    assert maximum_against_entry(top - entry("x", i + 1)) is None
    assert maximum_against_entry(top - y(I, I)) is None
