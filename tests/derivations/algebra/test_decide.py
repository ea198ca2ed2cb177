"""The kernel by itself.

Normal form, derivative, equality, and the rules that must not be applied.
"""

from fractions import Fraction

import pytest
import sympy as sp

from derivations.algebra import functions as f
from derivations.algebra.border import equal as equal_in_sympy
from derivations.algebra.border import from_sympy, to_sympy
from derivations.algebra.brackets import at_least, delta, positive, zero
from derivations.algebra.calculus import derivative
from derivations.algebra.decide import equal, is_zero
from derivations.algebra.ranges import NONNEGATIVE, POSITIVE, UNKNOWN, bounds, divided, sign
from derivations.algebra.sums import largest, product_over, total
from derivations.algebra.terms import ONE, ZERO, Undecided, entry, fresh, number, poly, size
from derivations.algebra.text import text
from derivations.notation import Derivative, Max, array, index
from derivations.notation import size as size_in_sympy
from derivations.notation import total as total_in_sympy

N, M = poly(size("n")), poly(size("m"))
HALF = Fraction(1, 2)


def x(i):
    return entry("x", poly(i))


def sum_x(power=1):
    i = fresh(N)
    return total((i,), f.power(x(i), power))


def test_sums_that_differ_by_names_alone_are_the_same():
    i, j = fresh(N), fresh(N)

    assert total((i, j), x(i) * f.exp(x(i) * x(j))) == total((j, i), x(j) * f.exp(x(i) * x(j)))


def test_a_nested_sum_is_flattened_without_capture():
    i = fresh(N)
    inner = sum_x()

    assert total((i,), x(i) * inner) == inner * inner
    assert total((i,), x(i) * inner) != sum_x(2)


def test_a_sum_of_ones_is_the_size():
    assert total((fresh(N), fresh(M)), ONE) == N * M


def test_a_delta_contracts_where_the_value_is_in_range():
    i, j = fresh(N), fresh(N)

    assert total((i,), delta(poly(i) - poly(j)) * x(i)) == x(j)
    assert total((i,), delta(poly(i) - poly(j) - 1) * x(i)) != x(j)


def test_joined_and_short_axes_are_summed_part_by_part():
    i = fresh(N + M)
    three = fresh(number(3))

    assert total((i,), ONE) == N + M
    assert total((three,), x(three)) == entry("x", ZERO) + entry("x", ONE) + entry("x", number(2))


@pytest.mark.parametrize("q", [HALF, Fraction(3, 2), Fraction(1, 4)])
def test_an_even_root_of_a_square_is_an_absolute_value(q):
    a = entry("a")

    assert f.power(a * a, q) != f.power(a, 2 * q)
    assert f.power(a * a, q) == f.power(f.absolute(a), 2 * q)


def test_roots_multiply_and_lose_square_factors():
    assert f.power(number(8), HALF) == 2 * f.power(number(2), HALF)
    assert f.power(number(2), HALF) * f.power(number(2), HALF) == number(2)
    a, b = entry("a"), entry("b")
    assert f.power(a + b, HALF) * f.power(a + b, HALF) == a + b
    assert f.power(a * b, HALF) != f.power(a, HALF) * f.power(b, HALF)  # both may be negative


def test_a_logarithm_is_split_over_positive_factors_alone():
    a, b, e = entry("a"), entry("b"), entry("e", sign="+")

    assert f.log(e * a) == f.log(e) + f.log(a)
    assert f.log(a * b) != f.log(a) + f.log(b)
    assert f.log(f.exp(a)) == a
    assert f.exp(f.log(a)) == a


def test_brackets_are_idempotent_and_complementary():
    a = entry("a")

    assert positive(a) * positive(a) == positive(a)
    assert positive(a) + positive(-a) == ONE
    assert f.maximum(a, ZERO) - f.maximum(-a, ZERO) == a


def test_a_bracket_that_may_vanish_where_indices_meet_is_not_turned_round():
    i, j = fresh(N), fresh(N)

    assert positive(x(i) - x(j)) + positive(x(j) - x(i)) != ONE  # both are 0 for i = j
    assert not is_zero(zero(x(i) - x(j)))


def test_thresholds_imply_one_another():
    a, e = entry("a"), entry("e", sign="+")

    assert is_zero(positive(a) * positive(a - e) - positive(a - e))
    assert is_zero(positive(a - e) * positive(-a - e))


def test_a_product_with_a_bracket_is_a_case_distinction():
    a = entry("a")
    safe = positive(a) * a + (ONE - positive(a))

    assert positive(a) * f.power(safe, -1) == positive(a) * f.power(a, -1)


def test_the_maximum_is_the_greatest_entry_and_no_constant():
    i, k, p = fresh(N), fresh(N), fresh(N)
    greatest = largest((i,), x(i))

    slope = derivative(greatest, "x", (poly(p),))

    assert slope != ZERO
    assert total((p,), slope) == ONE
    assert positive(greatest - x(k)) + zero(x(k) - greatest) == ONE
    assert largest((i,), x(i) + entry("a")) == greatest + entry("a")


def test_denominators_clear_inside_sums():
    i = fresh(N)
    s = f.logistic(x(i))

    assert equal(total((i,), s + f.logistic(-x(i))), N)
    assert not is_zero(total((i,), s) - N)


def test_ranges():
    i = poly(fresh(N))

    assert bounds(i + 1) == (ONE, N)
    assert divided(poly(fresh(N)) * M + poly(fresh(M)), M) is not None
    assert divided(i, M) is None
    assert at_least(i) == ONE
    assert at_least(i - N) == ZERO
    assert sign(N) == POSITIVE
    assert sign(N - 1) == NONNEGATIVE
    assert sign(N - 2) == UNKNOWN
    assert sign(N * sum_x(2) - sum_x() * sum_x()) >= NONNEGATIVE  # Cauchy and Schwarz


def test_merged_axes_are_equal_digit_by_digit():
    i, j, k, q = fresh(N), fresh(M), fresh(N), fresh(M)
    difference = (poly(i) * M + poly(j)) - (poly(k) * M + poly(q))

    assert delta(difference) == delta(poly(i) - poly(k)) * delta(poly(j) - poly(q))


@pytest.mark.parametrize("name", sorted(set(f.DERIVATIVES) - {"floor", "digamma"}))
def test_the_table_agrees_with_mpmath(name):
    import mpmath
    import numpy as np

    from derivations.algebra.numeric import Place, value

    a, at = entry("a"), 1.6 if name == "acosh" else 0.3
    slope = derivative(f.fn(name, a), "a", ())

    def at_point(p, point):
        return value(p, Place({}, {"a": np.array(mpmath.mpf(point), dtype=object)}, {}))

    expected = mpmath.diff(lambda v: at_point(f.fn(name, a), v), at)
    assert abs(at_point(slope, at) - expected) < 1e-7


def test_products_over_an_index():
    k, p = fresh(N), fresh(N)
    whole = product_over((k,), x(k))

    assert is_zero(derivative(whole, "x", (poly(p),)) - whole * f.power(x(p), -1))


def test_sin_and_cos():
    a = entry("a")

    assert f.power(f.fn("sin", a), 2) + f.power(f.fn("cos", a), 2) == ONE
    assert f.fn("sin", -a) == -f.fn("sin", a)


def test_what_has_no_rule_is_named():
    with pytest.raises(Undecided, match="the derivative of mystery"):
        derivative(f.fn("mystery", entry("a")), "a", ())
    with pytest.raises(Undecided, match="power as high as 100"):
        f.power(entry("a") + 1, 100)


def test_text_reads_as_a_formula():
    assert text(sum_x(2) * f.power(N, -1) - entry("a")) == "Σ_i x[i]² / n - a"
    assert text(positive(entry("a") - entry("b"))) in ("[a > b]", "1 - [b > a]")


def test_the_language_of_the_chapters_there_and_back():
    n = size_in_sympy("n")
    i, j, k = (index(letter, n) for letter in "ijk")
    a, g = array("x"), array("g")

    def softmax(m):
        return sp.exp(a[m]) / total_in_sympy(k, sp.exp(a[k]))

    pulled = total_in_sympy(i, g[i] * Derivative(softmax(i), a[j]))
    by_hand = softmax(j) * (g[j] - total_in_sympy(i, g[i] * softmax(i)))

    assert equal_in_sympy(pulled, by_hand) == "equal"
    assert equal_in_sympy(pulled, 2 * by_hand) == "unknown"
    assert equal_in_sympy(Max(a[i], 0) - Max(-a[i], 0), a[i]) == "equal"
    there = from_sympy(by_hand)
    names = {v: next(q for q in (i, j) if str(q.label) == v.args[0]) for v in there.free}
    assert from_sympy(to_sympy(there, names)) == there
