"""Sorting as a permutation, and what may be left out as a boundary."""

import mpmath
import numpy as np
import pytest
from letters import HALF, A, I, J, M, N, i, j, x, y

from derivations.algebra import functions as f
from derivations.algebra.brackets import delta
from derivations.algebra.calculus import derivative
from derivations.algebra.numeric import Place, value
from derivations.algebra.orders import order, rank
from derivations.algebra.ranges import bounds
from derivations.algebra.regions import has_steps, may_vanish
from derivations.algebra.sums import maximiser, product_over, total
from derivations.algebra.terms import ZERO, entry, number, poly, size
from derivations.algebra.text import text

KEYS = x(J)


def at(k):
    return order((J,), KEYS, poly(k))


def place_of(k):
    return rank((J,), KEYS, poly(k))


def test_a_permutation_undoes_its_inverse():
    assert order((J,), KEYS, place_of(I)) == i
    assert rank((J,), KEYS, at(I)) == i
    assert order((J,), KEYS, at(I)) != i


def test_what_is_sorted_stays_and_a_permutation_is_sorted_by_its_inverse():
    assert order((J,), j, i) == i
    assert order((J,), at(J), i) == place_of(I)
    assert order((J,), place_of(J), i) == at(I)
    assert rank((J,), at(J), i) == at(I)


def test_the_order_does_not_depend_on_a_positive_factor():
    assert order((J,), 3 * KEYS, i) == at(I)
    assert order((J,), -KEYS, i) != at(I)


def test_each_place_is_taken_once():
    assert delta(at(I) - j) == delta(i - place_of(J))
    assert delta(at(I) - at(J)) == delta(i - j)
    assert total((I,), delta(at(I) - j) * y(I, I)) == y(place_of(J), place_of(J))


def test_a_sum_does_not_see_the_order():
    assert total((I,), x(at(I)) * x(at(I))) == total((I,), x(I) * x(I))
    weighted = total((I,), x(at(I)) * y(I, I))
    assert weighted != total((I,), x(I) * y(I, I))


def test_a_sum_does_not_see_the_direction():
    assert total((I,), x(N - 1 - i)) == total((I,), x(I))
    assert total((I,), x(N - 1 - i) * y(I, I)) != total((I,), x(I) * y(I, I))


def test_an_order_is_constant_and_in_range():
    assert derivative(at(I), "x", (j,)) == ZERO
    assert bounds(at(I)) == (ZERO, N - 1)
    assert "order_" in text(at(I))


def test_values_are_those_of_a_sort():
    entries = np.array([mpmath.mpf(v) for v in (3, -1, 2, 0)], dtype=object)
    place = Place({"n": 4}, {"x": entries}, {})
    found = [int(value(at(I), place.at({I: k}))) for k in range(4)]
    back = [int(value(place_of(I), place.at({I: k}))) for k in range(4)]
    assert found == [1, 3, 2, 0]
    assert [found[k] for k in back] == [0, 1, 2, 3]


COUNT = poly(size("n"))
WHOLE = entry("z", i, sign="integer")
LABEL = entry("label", i, upper=M)


@pytest.mark.parametrize(
    "expression",
    [
        at(I) - 3,
        maximiser((J,), x(J))[0] - 3,
        i - 3,
        i * x(I),
        WHOLE - 5,
        LABEL - 1,
        WHOLE * x(I),
        f.fn("floor", x(I)) - 300,
        total((J,), f.maximum(x(J), ZERO)),
        x(I) - x(J),
        COUNT - 3,
        COUNT * x(I) - 2 * x(I),
        f.power(COUNT + 1, f.Fraction(1, 2)) - 2,
        f.exp(COUNT * A) - f.exp(A),
        COUNT * x(I) - total((J,), x(J)),
        f.fn("cos", 2 * A) - 1 + 2 * f.fn("sin", A) * f.fn("sin", A),
        f.log(A * A) - 2 * f.log(A),
        f.power(A * A - 2 * A + 1, HALF) - A + 1,
        f.fn("lgamma", A + 1) - f.fn("lgamma", A) - f.log(A),
        f.fn("asinh", A) - f.log(A + f.power(A * A + 1, HALF)),
        product_over((J,), x(J)) - x(I),
        f.exp(total((J,), x(J))) - f.exp(x(I)),
        f.power(x(I) - x(J), HALF),
    ],
)
def test_what_may_be_0_on_a_region_is_no_boundary(expression):
    assert may_vanish(expression)


@pytest.mark.parametrize(
    "expression",
    [
        x(I),
        x(I) - 1,
        x(at(I)) - 1,
        COUNT * x(I),
        x(I) - x(J) + 1,
        f.exp(x(I)) - 2,
        total((J,), x(J) * x(J)) - 1,
        total((J,), x(J)),
        x(I) * x(J) - A,
        f.power(total((J,), x(J) * x(J)), HALF) - 1,
        f.power(total((J,), x(J) * x(J)), HALF) - A,
        1 + f.power(x(I) - x(J), HALF),
        f.log(A) - 1,
        f.fn("erf", A) * 2 - 1,
        f.exp(2 * A) - f.exp(A) - A,
        f.power(1 + f.exp(A), -1) - f.Fraction(1, 4),
    ],
)
def test_what_is_0_on_a_boundary_alone_may_be_left_out(expression):
    assert not may_vanish(expression)


def test_steps_inside_the_places_of_entries_do_not_count():
    assert not has_steps(x(at(I)))
    assert has_steps(at(I) * x(I))
    assert has_steps(x(I) + maximiser((J,), x(J))[0])
    assert not has_steps(x(maximiser((J,), x(J))[0]))
    assert has_steps(f.fn("atan2", x(I), f.fn("floor", A)))
    assert not has_steps(number(2))
