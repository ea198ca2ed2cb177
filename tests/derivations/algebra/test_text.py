"""Expressions as a person reads them."""

from fractions import Fraction

import pytest
from letters import HALF, LABEL, A, B, I, J, N, P, i, j, x, y

from derivations.algebra import functions as f
from derivations.algebra.brackets import at_least, delta, positive, zero
from derivations.algebra.sums import maximiser, product_over, total
from derivations.algebra.terms import ZERO, entry, fresh, number, poly, size
from derivations.algebra.text import LETTERS, terms_of_difference, text

S, S2 = total((I,), x(I)), total((I,), x(I) * x(I))
NAMED = {I: "i", J: "j", P: "p"}

READS = [
    (ZERO, "0"),
    (number(2), "2"),
    (number(-1), "-1"),
    (number(Fraction(-3, 2)), "-3 / 2"),
    (A, "a"),
    (-A, "-a"),
    (2 * A - B, "2·a - b"),
    (A * HALF, "a / 2"),
    (f.power(A, -1), "1 / a"),
    (f.power(A, -2) * B * HALF, "b / (2·a²)"),
    (f.power(A, -3), "1 / a³"),
    (f.power(A, 12), "a¹²"),
    (f.power(A, HALF), "√(a)"),
    (f.power(A, Fraction(3, 2)), "a^(3/2)"),
    (f.power(A + B, -1), "1 / (a + b)"),
    (f.power(A + B, -2), "1 / (a + b)²"),
    (f.power(A + B, HALF), "√(a + b)"),
    (f.power(A + B, Fraction(1, 4)), "(a + b)^(1/4)"),
    (f.exp(A), "exp(a)"),
    (f.exp(-2 * A), "exp(-2·a)"),
    (f.log(A), "log(a)"),
    (f.fn("atan2", A, B), "atan2(a, b)"),
    (f.PI * f.power(number(2), HALF), "π·√(2)"),
    (f.INFINITY, "∞"),
    (f.NAN, "nan"),
    (x(I, P), "x[i, p]"),
    (x(i + 1), "x[1 + i]"),
    (x(0), "x[0]"),
    (y(LABEL), "y[label[i]]"),
    (delta(i - j - 1), ("[i = 1 + j]", "[1 + j = i]")),
    (positive(A - B), ("[a > b]", "1 - [b > a]")),
    (zero(A), "[a = 0]"),
    (at_least(i - j), ("[i ≥ j]", "1 - [j ≥ 1 + i]")),
    (S, "Σ_k x[k]"),
    (S * S, "(Σ_k x[k])²"),
    (total((I, P), y(I, P)), ("Σ_k,l y[k, l]", "Σ_k,l y[l, k]")),
    (f.power(1 + S, -1), ("1 / (1 + Σ_k x[k])", "1 / (Σ_k x[k] + 1)")),
    (product_over((I,), x(I) + 1), "Π_k (1 + x[k])"),
    (x(maximiser((I,), x(I))[0]), "x[argmax_k x[k]]"),
    (maximiser((I, P), y(I, P))[1], "argmax.1_k,l y[k, l]"),
    (N * A, "n·a"),
    (S2 * f.power(N, -1) - A, "Σ_k x[k]² / n - a"),
]


@pytest.mark.parametrize(("expression", "expected"), READS)
def test_text_reads_as_a_formula(expression, expected):
    found = text(expression, dict(NAMED))

    assert found in (expected if isinstance(expected, tuple) else (expected,))


def test_a_free_index_has_one_name_inside_and_outside_of_sums():
    """It had two: the letters of a sum were forgotten behind it."""
    found = text(total((I,), x(I) * y(I, J)) * y(J))

    assert found == "y[i]·Σ_j x[j]·y[j, i]"


def test_no_letter_of_a_size_is_an_index():
    k = poly(size("i"))
    index = fresh(k)

    assert text(x(index) * k) == "i·x[j]"


def test_letters_do_not_run_out():
    indices = [fresh(N) for _ in range(len(LETTERS) + 2)]

    assert len(set(text(entry("x", *map(poly, indices))).split(", "))) == len(indices)


DIFFERENCES = [
    (A * S, A * S, "factor 1 too much"),
    (2 * S, S, "factor 2 too much"),
    (S, N * S, "factor 1 / n too much"),
    (A * x(I), x(I), "factor a too much"),
    (x(I) + B, x(I), "too much: b"),
    (x(I), x(I) + B, "missing: b"),
    (x(I) - B, x(I) + B, "missing: b; too much: -b"),
    (x(I) * x(I), x(I), "missing: x[i]; too much: x[i]²"),
    (ZERO, A, "missing: a"),
    (A, ZERO, "too much: a"),
    (2 * x(I) + 2 * B, x(I) + B, "factor 2 too much"),
    (2 * x(I) + 3 * B, x(I) + B, "missing: b + x[i]; too much: 3·b + 2·x[i]"),
]


@pytest.mark.parametrize(("hand", "true", "expected"), DIFFERENCES)
def test_the_difference_is_said_in_words(hand, true, expected):
    assert terms_of_difference(hand, true, dict(NAMED)) == expected
