"""What the caller assumes of an array's sums over its last axis, and where it does not hold."""

import pytest
from letters import A, I, J, K, M, N, P, Q, i, x, y

from derivations.algebra import functions as f
from derivations.algebra.assumed import with_positive, with_sums
from derivations.algebra.brackets import positive
from derivations.algebra.sums import total
from derivations.algebra.terms import ONE, ZERO, entry, fresh, poly

KNOWN = {"y": (M, 1), "t": (N, 0), "w": (N + M, 1)}


def row(at):
    return total((P,), y(at, P))


SAME = [
    (row(I), ONE),
    (A * row(I) + 2, A + 2),
    (row(I) * row(J), ONE),
    (f.power(row(I), 2), ONE),
    (f.power(row(I), 3) * A, A),
    (total((I,), x(I) * row(I)), total((I,), x(I))),
    (total((I, P), y(I, P)), N),
    (total((I, J), x(I) * x(J) * total((P, Q), y(I, P) * y(J, Q))), total((I, J), x(I) * x(J))),
    (total((I,), entry("t", i)), ZERO),
    (total((I, P), y(I, P) * entry("t", i)), ZERO),
    (row(0), ONE),
]


@pytest.mark.parametrize(("expression", "expected"), SAME)
def test_a_sum_over_the_whole_axis_is_its_value(expression, expected):
    assert with_sums(expression, KNOWN) == expected


SHORT = fresh(M - 1)

UNTOUCHED = [
    total((P,), y(I, P) * y(I, P)),  # a square
    total((P,), y(I, P) * y(J, P)),
    total((P,), y(I, P) * x(P)),  # the index occurs elsewhere
    total((I,), y(I, P)),  # not the last axis
    total((K,), y(K, K)),  # the diagonal
    total((K,), y(I, K)),  # another size
    total((SHORT,), y(I, SHORT)),  # y[:, :-1]
    total((SHORT,), y(I, poly(SHORT) + 1)),  # y[:, 1:]
    total((K,), entry("w", poly(K))),  # a part of a longer axis
    f.power(row(I), -1),
    f.exp(row(I)),
    total((P,), x(I, P)),  # another array
    y(I, P),
]


@pytest.mark.parametrize("expression", UNTOUCHED)
def test_nothing_else_is_replaced(expression):
    assert with_sums(expression, KNOWN) == expression


def test_without_assumptions_nothing_is_done():
    assert with_sums(row(I), {}) is not ONE
    assert with_sums(row(J), {}) == row(J)


FACTS = [x(I) - 1, x(I) * x(J)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (positive(x(K) - 1) * x(K), x(K)),
        (positive(2 * x(K) - 2) * x(K), x(K)),
        (positive(1 - x(K)) * x(K), ZERO),
        (positive(x(K) - 2) * x(K), positive(x(K) - 2) * x(K)),
        (positive(x(K) * x(J)), ONE),
        (x(K), x(K)),
    ],
)
def test_what_must_be_positive_is(expression, expected):
    assert with_positive(expression, FACTS) == expected
