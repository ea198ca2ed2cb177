"""Equality: what is meant to be decided is, and nothing that differs is ever proved equal."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from letters import HALF, A, B, C, E, I, J, K, M, N, P, i, j, k, x, y
from twins import POLYNOMIAL, Off, built, close, mistaken, otherwise, plainly, points, trees

from derivations.algebra import decide
from derivations.algebra import functions as f
from derivations.algebra.brackets import delta, positive, zero
from derivations.algebra.calculus import derivative
from derivations.algebra.decide import equal, is_zero, without_denominators
from derivations.algebra.functions import is_undefined
from derivations.algebra.search import Certificate
from derivations.algebra.sums import largest, product_over, total
from derivations.algebra.terms import ONE, ZERO, Undecided, entry, fresh, poly


def over(u):
    return f.power(u, -1)


S, S2 = total((I,), x(I)), total((I,), x(I) * x(I))
EXPS = total((J,), f.exp(x(J)))
SIGMOID = f.logistic(x(I))
MEAN = S * over(N)
VARIANCE = total((I,), (x(I) - MEAN) * (x(I) - MEAN)) * over(N)
DIFFERENCE = over(x(I) - x(J))

PROVED = [
    (A, A),
    (over(A + B) * A + over(A + B) * B, ONE),
    (over(A) + over(B), (A + B) * over(A) * over(B)),
    (over(A + B) + over(A - B), 2 * A * over(A * A - B * B)),
    (over(1 + over(A + 1)), (A + 1) * over(A + 2)),
    (over(1 + over(1 + over(A))), (A + 1) * over(2 * A + 1)),
    (f.power(A + B, HALF) * over(A + B), f.power(A + B, -HALF)),
    (f.power(A + B, -HALF) * A + f.power(A + B, -HALF) * B, f.power(A + B, HALF)),
    (f.logistic(A) + f.logistic(-A), ONE),
    (f.logistic(A) * (1 - f.logistic(A)), f.exp(A) * f.power(1 + f.exp(A), -2)),
    (f.tanh(2 * A), 2 * f.tanh(A) * over(1 + f.tanh(A) * f.tanh(A))),
    (1 - f.tanh(A) * f.tanh(A), f.power(f.cosh(A), -2)),
    # inside sums
    (total((I,), SIGMOID + f.logistic(-x(I))), N),
    (total((I,), SIGMOID), N - total((I,), f.logistic(-x(I)))),
    (total((I,), f.exp(x(I)) * over(1 + f.exp(x(I)))), total((I,), SIGMOID)),
    (A * total((I,), SIGMOID) + A * total((I,), f.logistic(-x(I))), A * N),
    (total((I,), over(1 + y(I) * y(I)) + y(I) * y(I) * over(1 + y(I) * y(I))) * B, N * B),
    (total((I, P), over(1 + f.exp(y(I, P))) + f.logistic(y(I, P))), N * M),
    (total((I,), f.exp(x(I)) * over(EXPS)), ONE),
    (VARIANCE * N, S2 - S * MEAN),
    (total((I,), x(I) - MEAN), ZERO),
    (derivative(VARIANCE, "x", (k,)), 2 * (x(K) - MEAN) * over(N)),
    # brackets
    (positive(A) * positive(A - E), positive(A - E)),
    (delta(i - j) * (x(I) - x(J)), ZERO),
    (delta(i - j) * over(1 + x(I) * x(I)), delta(i - j) * over(1 + x(J) * x(J))),
    (zero(A) * B, ZERO),
    (f.maximum(A, B), f.maximum(B - A, ZERO) + A),
    (f.absolute(A) * f.absolute(A), A * A),
    (DIFFERENCE * x(I) - DIFFERENCE * x(J), ONE),
    # products
    (derivative(product_over((I,), x(I)), "x", (k,)), product_over((I,), x(I)) * over(x(K))),
]


@pytest.mark.parametrize(("one", "other"), PROVED)
def test_what_is_decided(one, other):
    assert equal(one, other)
    assert not equal(one, other + C)
    assert not equal(one, 2 * other + C)


NEVER = [
    (S * S, S2),
    (S * over(N), S * over(N - 1)),
    (total((I,), SIGMOID), SIGMOID * N),
    (total((I,), SIGMOID), N),
    (total((I,), f.exp(x(I)) * over(EXPS)), N),
    (total((I, J), over(1 + f.exp(x(I) - x(J)))), N * N),
    (VARIANCE, S2 * over(N)),
    (total((I,), over(1 + f.exp(y(I, P)))), total((P,), over(1 + f.exp(y(I, P))))),
    (f.power(A * A, HALF), A),
    (f.log(A * B), f.log(A) + f.log(B)),
    (over(A + B), over(A) + over(B)),
    (largest((I,), x(I)), S),
    (positive(A) + positive(B), ONE),
    (delta(i - j) * x(I), x(J)),
    (f.symbolic_power(A, N), f.symbolic_power(A, N - 1)),
    (f.fn("sin", A), A),
    # a case that its own denominator would wipe out: [i = j] (x_i - x_j) is 0
    (5 * delta(i - j) + (1 - delta(i - j)) * (DIFFERENCE * x(I) - DIFFERENCE * x(J)), ONE),
    (5 * delta(i - j) + DIFFERENCE * x(I) - DIFFERENCE * x(J), ONE),
]


@pytest.mark.parametrize(("one", "other"), NEVER)
def test_what_differs_is_not_proved(one, other):
    assert not equal(one, other)
    assert not equal(other, one)


def test_a_guarded_denominator_is_cleared_where_no_case_is_lost():
    guarded = (1 - delta(i - j)) * (over(A + x(I)) * A + over(A + x(I)) * x(I) - 1)

    assert is_zero(guarded)
    assert without_denominators(A) == A
    assert without_denominators(over(A + B) * C - 1) == C - A - B


def test_sums_of_squares_with_the_identity():
    """Σ_ij (x_i - x_j)² = 2 n Σ x² - 2 (Σ x)²."""
    pairs = total((I, J), (x(I) - x(J)) * (x(I) - x(J)))

    assert equal(pairs, 2 * N * S2 - 2 * S * S)
    assert not equal(pairs, 2 * N * S2 - S * S)


def test_many_ways_to_match_are_cut_off_and_nothing_is_claimed():
    def term(n):
        a, b, c = fresh(N), fresh(N), fresh(N)
        inside = entry(f"u{n}", poly(a), poly(b), poly(c))
        return total((a, b, c), over(1 + f.exp(inside)))

    together = sum((term(n) for n in range(4)), ZERO)

    assert not is_zero(together - 3)


def test_nan_and_infinity_are_undecided():
    for p_ in (f.NAN, f.INFINITY - A, A * f.NAN):
        with pytest.raises(Undecided, match="a nan or an infinity"):
            is_zero(p_)


def test_softmax_by_hand_and_in_truth():
    g = entry("g", i)
    soft = f.exp(x(I)) * over(EXPS)
    true = total((I,), g * derivative(soft, "x", (k,)))
    at_k = f.exp(x(K)) * over(EXPS)
    hand = at_k * (entry("g", k) - total((I,), g * soft))

    assert equal(true, hand)
    assert not equal(true, hand + at_k)
    assert not equal(true, at_k * (entry("g", k) - total((I,), g)))


def test_layer_norm_by_hand_and_in_truth():
    root = f.power(VARIANCE + E, -HALF)
    g = entry("g", i)
    true = total((I,), g * derivative((x(I) - MEAN) * root, "x", (k,)))
    mean_g = total((I,), g) * over(N)
    mean_gx = total((I,), g * (x(I) - MEAN)) * over(N)
    hand = root * (entry("g", k) - mean_g) - root * root * root * (x(K) - MEAN) * mean_gx

    assert equal(true, hand)
    assert not equal(true, hand - root * mean_g)


# --- by random expressions ---


def as_far_as_read(t):
    """The normal form, where there is one."""
    try:
        return built(t)
    except Undecided:
        assume(False)


def differ(t, other) -> bool:
    """Whether two trees differ in value at a point where both are defined."""
    for point in points(3):
        try:
            a, b = plainly(t, point), plainly(other, point)
        except (Off, OverflowError):
            continue
        if not close(a, b, 1e-12):
            return True
    return False


def is_proved_zero(p) -> bool:
    try:
        return is_zero(p)
    except Undecided:
        return False


@settings(max_examples=150)
@given(trees(), st.randoms(use_true_random=False))
def test_the_same_written_otherwise_is_proved_equal(t, rng):
    p = as_far_as_read(t)
    assume(not is_undefined(p))

    assert equal(p, as_far_as_read(otherwise(t, rng)))


@settings(max_examples=400)
@given(trees(), st.randoms(use_true_random=False))
def test_a_mistake_that_changes_a_value_is_never_proved_equal(t, rng):
    other = mistaken(t, rng)
    assume(differ(t, other))

    assert not is_proved_zero(as_far_as_read(t) - as_far_as_read(otherwise(other, rng)))


@settings(max_examples=200)
@given(trees(2), trees(2))
def test_what_is_proved_zero_has_no_other_value(t, other):
    product_ = ("mul", t, ("sub", ("mul", other, ("positive", t)), ("mul", ("positive", t), other)))
    for zero_or_not in (product_, ("sub", t, other), ("mul", t, ("zero", other))):
        if differ(zero_or_not, ("number", 0)):
            assert not is_proved_zero(as_far_as_read(zero_or_not))


@settings(max_examples=100)
@given(trees(3, POLYNOMIAL), trees(2, POLYNOMIAL), trees(1, POLYNOMIAL))
def test_common_denominators_are_found(t, other, denominator):
    """u/d + v/d' = (u d' + v d) / (d d') for composite denominators."""
    u, v, d = map(as_far_as_read, (t, other, denominator))
    first, second = 1 + d * d, E + d * d

    assert equal(
        u * over(first) + v * over(second), (u * second + v * first) * over(first * second)
    )
    assert not is_proved_zero(
        u * over(first) + v * over(second) - u * over(first) - v * over(first) - C
    )


# --- what a proof by cases and by gathering needs ---


def above(a, b):
    return positive(x(a) - x(b))


def below_or_equal(a, b):
    return 1 - above(a, b)


def test_three_numbers_in_a_circle_are_not_each_less_than_the_next_but_may_be_equal():
    assert is_zero(above(I, J) * above(J, K) * above(K, I))
    assert is_zero(above(I, J) * below_or_equal(I, K) * below_or_equal(K, J))
    assert not is_zero(below_or_equal(I, J) * below_or_equal(J, K) * below_or_equal(K, I))


def test_a_claim_that_terms_belong_together_is_checked(monkeypatch):
    p = S - total((I,), y(I, I))
    claims = [
        Certificate((), (I,), ZERO, frozenset(p.terms)),
        Certificate((), (I,), x(I) - x(I), frozenset(p.terms)),
    ]
    monkeypatch.setattr(decide, "certificates", lambda _: iter(claims))
    assert not is_zero(p)
