"""Signs and ranges: what is claimed holds at every admissible point."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from letters import HALF, LABEL, A, B, E, I, M, N, P, Z, i, j, p, q, x
from twins import NAMES, Off, built, in_kernel, plainly, points, trees

from derivations.algebra import functions as f
from derivations.algebra.brackets import delta, positive
from derivations.algebra.ranges import (
    NONNEGATIVE,
    POSITIVE,
    UNKNOWN,
    at_least_zero,
    bounds,
    certainly_below,
    divided,
    sign,
)
from derivations.algebra.sums import maximiser, product_over, total
from derivations.algebra.terms import ONE, ZERO, Undecided, fresh, number, poly, size

AT_LEAST_2, MAYBE_0 = poly(size("k", 2)), poly(size("k0", 0))


def over(n, summand):
    return total((I if n is N else P,), summand)


SIGNS = [
    (ZERO, NONNEGATIVE),
    (ONE, POSITIVE),
    (-ONE, UNKNOWN),
    (A, UNKNOWN),
    (E, POSITIVE),
    (-E, UNKNOWN),
    (Z, NONNEGATIVE),
    (E + Z, POSITIVE),
    (E - Z, UNKNOWN),
    (E * Z, NONNEGATIVE),
    (E * A, UNKNOWN),
    (A * A, NONNEGATIVE),
    (A * A + 1, POSITIVE),
    (A * A * A, UNKNOWN),
    (f.power(A, -2), POSITIVE),  # defined where a ≠ 0
    (f.power(A, HALF), NONNEGATIVE),
    (f.power(A, -HALF), POSITIVE),
    (f.power(A, Fraction(1, 3)), UNKNOWN),
    (f.power(Z, -1), POSITIVE),
    (f.power(A + B, HALF), NONNEGATIVE),
    (f.power(1 + A * A, -3), POSITIVE),
    (f.power(A + B, -1), UNKNOWN),
    (f.exp(A), POSITIVE),
    (f.log(E), UNKNOWN),
    (f.PI, POSITIVE),
    (f.INFINITY, UNKNOWN),
    (f.NAN, UNKNOWN),
    (f.power(number(2), HALF), POSITIVE),
    (positive(A), NONNEGATIVE),
    (delta(i - j), NONNEGATIVE),
    (LABEL, NONNEGATIVE),
    (i, NONNEGATIVE),
    (maximiser((I,), x(I))[0], NONNEGATIVE),
    (over(N, x(I) * x(I)), NONNEGATIVE),
    (over(N, f.exp(x(I))), POSITIVE),
    (over(N, x(I)), UNKNOWN),
    (product_over((I,), f.exp(x(I)) + 1), UNKNOWN),
    (f.fn("erf", A), UNKNOWN),
    # sizes are integers of at least their minimum
    (N, POSITIVE),
    (N - 1, NONNEGATIVE),
    (N - 2, UNKNOWN),
    (1 - N, UNKNOWN),
    (AT_LEAST_2 - 1, POSITIVE),
    (AT_LEAST_2 - 2, NONNEGATIVE),
    (N * M - 1, NONNEGATIVE),
    (N * M - N, NONNEGATIVE),
    (N * M - N - M, UNKNOWN),
    (MAYBE_0, NONNEGATIVE),
    (MAYBE_0 + 1, POSITIVE),
    (f.power(N, -1) - 1, UNKNOWN),
    # Cauchy and Schwarz
    (N * over(N, x(I) * x(I)) - over(N, x(I)) * over(N, x(I)), NONNEGATIVE),
    (N * over(N, x(I) * x(I)) - over(N, x(I)) * over(N, x(I)) + E, POSITIVE),
    (N * over(N, x(I) * x(I)) - 2 * over(N, x(I)) * over(N, x(I)), UNKNOWN),
    (over(N, x(I) * x(I)) - over(N, x(I)) * over(N, x(I)), UNKNOWN),
    (A * (N * over(N, x(I) * x(I)) - over(N, x(I)) * over(N, x(I))), UNKNOWN),
    (M * over(N, x(I) * x(I)) - over(N, x(I)) * over(N, x(I)), UNKNOWN),
    (HALF * over(N, x(I)) * over(N, x(I)) - HALF * N * over(N, x(I) * x(I)), UNKNOWN),
    # of angles between 0 and π / 2, and sines up to π
    (f.fn("sin", number(2)), POSITIVE),
    (f.fn("cos", ONE), POSITIVE),
    (f.fn("cos", number(2)), UNKNOWN),
    (f.fn("sin", number(4)), UNKNOWN),
]


@pytest.mark.parametrize(("expression", "expected"), SIGNS)
def test_signs(expression, expected):
    assert sign(expression) == expected
    assert at_least_zero(expression) == (expected >= NONNEGATIVE)


def test_a_sum_that_may_be_empty_is_not_positive():
    index = fresh(MAYBE_0)

    assert sign(total((index,), f.exp(x(index)))) == NONNEGATIVE


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (ZERO, (ZERO, ZERO)),
        (number(3), (number(3), number(3))),
        (i, (ZERO, N - 1)),
        (i + 1, (ONE, N)),
        (-i, (1 - N, ZERO)),
        (i - j, (1 - N, N - 1)),
        (2 * i - p, (1 - M, 2 * N - 2)),
        (i * M + p, (ZERO, N * M - 1)),
        (LABEL, (ZERO, M - 1)),
        (positive(A), (ZERO, ONE)),
        (maximiser((I,), x(I))[0], (ZERO, N - 1)),
        (maximiser((I, P), x(I, P))[1], (ZERO, M - 1)),
        (N, (N, N)),
        (A, None),
        (f.PI, None),
        (i * j, None),
        (i * i, None),
        (i * f.PI, None),
    ],
)
def test_bounds(expression, expected):
    assert bounds(expression) == expected


@pytest.mark.parametrize(
    ("expression", "n", "expected"),
    [
        (i, N, True),
        (i + 1, N, False),
        (i - 1, N, False),
        (N - 1 - i, N, True),
        (i, M, False),
        (i, N + M, True),
        (i * M + p, N * M, True),
        (p * N + p, N * M, False),
        (A, N, False),
        (ZERO, N, True),
        (ZERO, MAYBE_0, False),
    ],
)
def test_certainly_below(expression, n, expected):
    assert certainly_below(expression, n) == expected


@pytest.mark.parametrize(
    ("expression", "m", "expected"),
    [
        (i * M + p, M, (i, p)),
        (i, ONE, (i, ZERO)),
        (i * M, M, (i, ZERO)),
        (p, M, (ZERO, p)),
        (i, M, None),
        (i * M + p + 1, M, None),
        (i * M + p - q, M, None),
        (i * M * HALF, M, None),
        (2 * i * M + 3 * M, M, (2 * i + 3, ZERO)),
        (i * M + p, N + M, None),
        (3 * i + 2, number(3), (i, number(2))),
        (3 * i + 3, number(3), (i + 1, ZERO)),
        (4 * i, number(3), None),
    ],
)
def test_divided(expression, m, expected):
    assert divided(expression, m) == expected


# --- at random ---

POSITIVE_TREES = (
    *("add", "mul", "square", "composite", "sum", "function", "switch", "same", "root", "sub"),
)


@settings(max_examples=250)
@given(trees(3, POSITIVE_TREES))
def test_a_sign_is_never_wrong(t):
    try:
        claimed = sign(built(t))
    except Undecided:
        assume(False)
    assume(claimed != UNKNOWN)
    for point in points(7):
        try:
            value = plainly(t, point)
        except (Off, OverflowError):
            continue
        assert value > 0 if claimed == POSITIVE else value > -1e-25


@st.composite
def of_indices(draw):
    """Integer expressions linear in the indices, in the kernel."""
    parts = [*NAMES.values()]
    one = st.tuples(st.integers(-3, 3), st.sampled_from([ONE, N, M]), st.sampled_from(parts))
    chosen = draw(st.lists(one, max_size=3))
    rest = draw(st.integers(-3, 3)) + draw(st.integers(-1, 1)) * M
    return sum((c * n * poly(index) for c, n, index in chosen), rest)


def all_points():
    for point in points(2):
        for a in range(point.sizes["n"]):
            for r in range(point.sizes["m"]):
                yield point.at(p=a, q=point.sizes["n"] - 1 - a, r=r)


@settings(max_examples=100)
@given(of_indices())
def test_bounds_hold_every_value(expression):
    low, high = bounds(expression)

    for point in all_points():
        assert in_kernel(low, point) <= in_kernel(expression, point) <= in_kernel(high, point)


@settings(max_examples=200)
@given(of_indices(), of_indices(), st.sampled_from([M, N, number(2), number(3)]))
def test_quotient_and_remainder_recompose(whole, part, m):
    expression = whole * m + part
    found = divided(expression, m)
    if found is None:
        return

    quotient, rest = found
    assert quotient * m + rest == expression
    for point in all_points():
        assert 0 <= in_kernel(rest, point) < in_kernel(m, point)
