"""Exponentials, logarithms, roots and the table of functions."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from letters import HALF, A, B, C, E, I, N, Z, i, j, x

from derivations.algebra import functions as f
from derivations.algebra import powers
from derivations.algebra.brackets import positive
from derivations.algebra.calculus import derivative
from derivations.algebra.decide import is_zero
from derivations.algebra.numeric import FUNCTIONS, MP, Place, value
from derivations.algebra.sums import total
from derivations.algebra.terms import ONE, ZERO, Atom, Undecided, number, poly, size

K0 = poly(size("k0", 0))
TWO = number(2)


def root(u, q=HALF):
    return f.power(u, q)


EQUAL = [
    # powers
    (root(number(8)), 2 * root(TWO)),
    (root(number(Fraction(1, 2))), root(TWO) * HALF),
    (root(number(4)), TWO),
    (root(number(12), Fraction(3, 2)), 24 * root(number(3))),
    (root(A + B) * root(A + B), A + B),
    (root(4 * A + 4 * B), 2 * root(A + B)),
    (root(E * A + E * B), root(E) * root(A + B)),
    (f.power(-A - B, -1), -f.power(A + B, -1)),
    (f.power(A * B, -1), f.power(A, -1) * f.power(B, -1)),
    (f.power(A * B + A * C, -1), f.power(A, -1) * f.power(B + C, -1)),
    (root(A * A), f.absolute(A)),
    (root(A * A * E), f.absolute(A) * root(E)),
    (root(A * A * A * A), A * A),
    (root(A * A, -HALF), f.absolute(A) * f.power(A, -2)),
    (root(A * A, Fraction(1, 4)), root(f.absolute(A))),
    (root(A * A, Fraction(3, 2)), A * A * f.absolute(A)),
    (root(A * B) * root(A * B), A * B),
    (root(-A * B) * root(-A * B), -A * B),
    (root(-A) * root(-A), -A),
    (root(root(A)), root(A, Fraction(1, 4))),
    (root(root(A + B)), root(A + B, Fraction(1, 4))),
    (f.power(root(A + B), 4), (A + B) * (A + B)),
    (f.power(root(A + B), -2), f.power(A + B, -1)),
    (f.power(root(TWO), -3), root(TWO) * Fraction(1, 4)),
    (root(positive(A) * E), positive(A) * root(E)),
    (f.power(ZERO, HALF), ZERO),
    (f.power(ZERO, -1), f.NAN),
    (root(number(-2)), f.NAN),
    (f.power(A, 0), ONE),
    (f.power(A, Fraction(4, 2)), A * A),
    (f.symbolic_power(A, number(3)), A * A * A),
    (f.symbolic_power(A, B) * f.symbolic_power(A, -B), ONE),
    (f.symbolic_power(A, N) * f.power(A, -1), f.symbolic_power(A, N - 1)),
    # exponentials
    (f.exp(ZERO), ONE),
    (f.exp(A) * f.exp(-A), ONE),
    (f.exp(A + B), f.exp(A) * f.exp(B)),
    (f.exp(2 * A), f.exp(A) * f.exp(A)),
    (f.exp(f.log(A)), A),
    (f.exp(2 * f.log(A + B)), (A + B) * (A + B)),
    (f.exp(positive(A) * B), positive(A) * f.exp(B) + 1 - positive(A)),
    (f.exp(-f.INFINITY), ZERO),
    (f.exp(f.INFINITY), f.INFINITY),
    # logarithms
    (f.log(ONE), ZERO),
    (f.log(ZERO), -f.INFINITY),
    (f.log(f.exp(A)), A),
    (f.log(E * A), f.log(E) + f.log(A)),
    (f.log(6 * E), f.log(TWO) + f.log(number(3)) + f.log(E)),
    (f.log(number(Fraction(2, 3))), f.log(TWO) - f.log(number(3))),
    (f.log(f.power(A, 3)), 3 * f.log(A)),
    (f.log(f.power(A, -1)), -f.log(A)),
    (f.log(root(A + B)), f.log(A + B) * HALF),
    (f.log(root(A * A + 1) * f.exp(B)), f.log(A * A + 1) * HALF + B),
    (f.log(root(TWO)), f.log(TWO) * HALF),
    (f.log(N), f.log(N)),
    (f.log(positive(A) + 1), positive(A) * f.log(TWO)),
    # functions by cases
    (f.absolute(-A), f.absolute(A)),
    (f.absolute(E), E),
    (f.absolute(ZERO), ZERO),
    (f.sign_of(ZERO), ZERO),
    (f.sign_of(A) * f.sign_of(A), ONE),
    (f.sign_of(x(I) - x(j)), -f.sign_of(x(j) - x(I))),
    (f.maximum(A, B) + f.minimum(A, B), A + B),
    (f.maximum(A, -f.INFINITY), A),
    (f.maximum(-f.INFINITY, A), A),
    (f.minimum(A, f.INFINITY), A),
    (f.minimum(f.INFINITY, A), A),
    (f.maximum(A, A), A),
    (f.maximum(A, ZERO) - f.maximum(-A, ZERO), A),
    # the table
    (f.fn("sin", -A), -f.fn("sin", A)),
    (f.fn("cos", -A), f.fn("cos", A)),
    (f.fn("erf", ZERO), ZERO),
    (f.fn("cos", ZERO), ONE),
    (f.fn("erf", positive(A) * B), positive(A) * f.fn("erf", B)),
    (f.power(f.fn("sin", A), 2) + f.power(f.fn("cos", A), 2), ONE),
    (f.polygamma(ZERO, A), f.digamma(A)),
    (f.sinh(A) + f.cosh(A), f.exp(A)),
    (f.cosh(A) * f.cosh(A) - f.sinh(A) * f.sinh(A), ONE),
]


@pytest.mark.parametrize(("found", "expected"), EQUAL)
def test_rules(found, expected):
    assert found == expected


DIFFERENT = [
    (root(A * A), A),
    (root(A * A, Fraction(3, 2)), A * A * A),
    (root(A * B), root(A) * root(B)),  # both may be negative
    (root(A * A + B * B), A + B),
    (root((A + B) * (A + B)), A + B),
    (f.log(A * B), f.log(A) + f.log(B)),
    (f.log(A * A), 2 * f.log(A)),
    (f.log(Z * A), f.log(Z) + f.log(A)),
    (f.log(A + B), f.log(A) + f.log(B)),
    (f.log(-A), -f.log(A)),
    (f.log(K0 * A), f.log(K0) + f.log(A)),
    (f.exp(A * B), f.exp(A) * f.exp(B)),
    (f.fn("digamma", -A), -f.fn("digamma", A)),
    (f.fn("acos", -A), f.fn("acos", A)),
    (f.fn("floor", -A), -f.fn("floor", A)),
    (f.absolute(A), A),
    (f.absolute(x(I) - x(j)), x(I) - x(j)),
    (f.maximum(A, B), f.minimum(A, B)),
    (f.tanh(A), f.logistic(A)),
    (f.power(f.fn("sin", A), 2), f.power(f.fn("cos", A), 2)),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_rules_that_must_not_be_applied(one, other):
    assert not is_zero(one - other)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [(f.NAN, True), (f.INFINITY * A, True), (f.PI, False), (A, False), (ZERO, False)],
)
def test_is_undefined(expression, expected):
    assert f.is_undefined(expression) == expected


def test_the_inverse_of_a_bracket_is_nan_where_it_does_not_hold():
    assert f.power(positive(A), -1) == positive(A) + (1 - positive(A)) * f.NAN
    assert powers._atom_power(Atom("positive", A), -1) == f.power(positive(A), -1)
    assert powers._atom_power(Atom("positive", A), 2) == positive(A)


def test_a_large_factor_counts_as_prime():
    square = 10007**2

    assert f.rational_power(4 * square, HALF) == 2 * root(number(square))
    assert root(number(square)) * root(number(square)) == number(square)


def at_point(u, v):
    return value(u, Place({}, {"a": np.array(MP.mpf(v), dtype=object)}, {}))


INSIDE = [(name, at) for name in sorted(f.DERIVATIVES) for at in (0.3, -0.3) if name != "acosh"]


@pytest.mark.parametrize(("name", "at"), [*INSIDE, ("acosh", 1.6)])
def test_the_table_agrees_with_mpmath(name, at):
    slope = derivative(f.fn(name, A), "a", ())

    expected = MP.diff(lambda v: at_point(f.fn(name, A), v), at)
    assert abs(at_point(slope, at) - expected) < 1e-7


@pytest.mark.parametrize("at", [(0.3, 0.7), (-0.3, 0.7), (0.3, -0.7), (-0.3, -0.7)])
def test_functions_of_two_arguments(at):
    def here(u, a, b):
        arrays = {"a": np.array(MP.mpf(a), dtype=object), "b": np.array(MP.mpf(b), dtype=object)}
        return value(u, Place({}, arrays, {}))

    angle = f.fn("atan2", A, B)
    for name, k in (("a", 0), ("b", 1)):
        expected = MP.diff(lambda *v: here(angle, *v), at, (1 - k, k))
        assert abs(here(derivative(angle, name, ()), *at) - expected) < 1e-7
    assert derivative(f.polygamma(TWO, A), "a", ()) == f.polygamma(number(3), A)


@pytest.mark.parametrize("name", ["logistic", "tanh", "sinh", "cosh"])
@pytest.mark.parametrize("at", [-2.5, 0.0, 0.7])
def test_functions_written_in_exponentials(name, at):
    plain = {"logistic": lambda v: 1 / (1 + mpmath.exp(-v))}.get(name, getattr(mpmath, name, None))

    assert abs(at_point(getattr(f, name)(A), at) - plain(at)) < 1e-14


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) & (f.ODD | f.EVEN)))
def test_the_parity_is_true(name):
    at = MP.mpf("0.3")

    sign = -1 if name in f.ODD else 1
    assert MP.almosteq(FUNCTIONS[name](-at), sign * FUNCTIONS[name](at))


@pytest.mark.parametrize("name", sorted(f._AT_ZERO))
def test_the_value_at_zero_is_true(name):
    assert FUNCTIONS[name](MP.mpf(0)) == f._AT_ZERO[name]


def test_what_has_no_rule_is_named():
    with pytest.raises(Undecided, match="the derivative of mystery"):
        derivative(f.fn("mystery", A), "a", ())
    with pytest.raises(Undecided, match="power as high as 100"):
        f.power(A + 1, 100)


def test_a_root_of_a_sum_of_squares_is_taken_whole():
    length = root(total((I,), x(I) * x(I)))

    assert length * length == total((I,), x(I) * x(I))
    assert i * length != length
