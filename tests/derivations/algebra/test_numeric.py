"""The kernel's normal form has the value of what was written, everywhere in the domain."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from twins import Off, built, close, in_kernel, plainly, points, trees

from derivations.algebra import functions as f
from derivations.algebra import numeric
from derivations.algebra.brackets import positive, zero
from derivations.algebra.terms import ONE, Undecided, entry, fresh, number, poly, size

NOWHERE = numeric.Place({}, {}, {})


def values_where_defined(t):
    """The points in the domain, each with the plain value."""
    found = []
    for point in points():
        try:
            found.append((point, plainly(t, point)))
        except (Off, OverflowError):
            continue
    assume(found)
    return found


def normal_form(t):
    try:
        return built(t)
    except Undecided:
        assume(False)


@settings(max_examples=400)
@given(trees())
def test_the_normal_form_has_the_value_of_what_was_written(t):
    here = values_where_defined(t)
    p = normal_form(t)

    for point, expected in here:
        assert close(in_kernel(p, point), expected), point.sizes


# --- what is known by heart ---

X = entry("a")


def at(p, **arrays):
    made = {k: np.array(v, dtype=object) for k, v in arrays.items()}
    return numeric.value(p, numeric.Place({"n": 3}, made, {}))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (number(2), 2),
        (poly(size("n")), 3),
        (f.PI, np.pi),
        (f.INFINITY, np.inf),
        (f.power(number(2), Fraction(1, 2)), np.sqrt(2)),
        (f.fn("floor", X), 1),
        (f.fn("round", X), 2),
        (f.fn("lgamma", X), -0.12078224),
        (f.fn("digamma", X), 0.0364899740),
        (f.polygamma(ONE, X), 0.93480220),
        (f.fn("bessel_i0e", X), 0.36743361),
        (f.fn("bessel_i1e", X), 0.21903939),
        (f.fn("erf_inv", X - 1), 0.47693628),
        (f.fn("atan2", X, -X), 2.35619449),
        (f.fn("acos", X - 1), np.pi / 3),
        (f.fn("acosh", X), 0.96242365),
        (f.fn("asinh", X), 1.19476322),
        (f.fn("atanh", X - 1), 0.54930614),
        (positive(X) + zero(X - 1), 1),
    ],
)
def test_values(expression, expected):
    assert float(at(expression, a=1.5)) == pytest.approx(expected, rel=1e-7)


def test_labels_are_integers():
    i = fresh(poly(size("n")))
    label, table = entry("l", poly(i), upper=poly(size("n"))), entry("t", poly(i))
    place = numeric.Place(
        {"n": 3}, {"l": np.array([2, 0, 1]), "t": np.array([1.0, 5.0, 7.0])}, {i: 0}
    )

    assert numeric.whole(label, place) == 2
    assert numeric.value(entry("t", label), place) == 7
    assert numeric.value(table, place) == 1
    assert numeric.value(poly(i), place.at({i: 1})) == 1


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        (f.log(-X), ValueError, "logarithm"),
        (f.power(-X, Fraction(1, 2)), ValueError, "root of a negative"),
        (f.power(X - Fraction(3, 2), -1), ZeroDivisionError, None),
        (f.fn("mystery", X), Undecided, "the value of mystery"),
        (entry("v", number(5)), IndexError, r"v\[\(5,\)\] is outside"),
        (positive(f.log(-X) + X), ValueError, "logarithm"),
    ],
)
def test_outside_of_the_domain_there_is_no_value(expression, error, message):
    with pytest.raises(error, match=message):
        at(expression, a=1.5, v=[1.0, 2.0])


def test_what_a_bracket_excludes_is_not_looked_at():
    guarded = positive(-X) * f.log(-X) + (1 - positive(-X)) * X
    below = positive(f.log(f.maximum(X, number(-2))))

    assert at(guarded, a=1.5) == 1.5
    assert at(below, a=1.5) == 1
    assert np.isnan(float(at(f.NAN, a=0)))
    assert numeric.value(ONE, NOWHERE) == 1
