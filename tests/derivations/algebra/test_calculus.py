"""The derivative, held against differences of the plain evaluation."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from letters import HALF, LABEL, A, B, I, J, K, N, P, i, j, k, p, q, x, y
from twins import MP, NAMES, Off, built, close, in_kernel, plainly, points, trees

from derivations.algebra import functions as f
from derivations.algebra.brackets import delta, positive
from derivations.algebra.calculus import RULES, derivative, pullback
from derivations.algebra.decide import equal
from derivations.algebra.sums import largest, maximiser, product_over, total
from derivations.algebra.terms import ONE, ZERO, Undecided, entry, poly

S = total((I,), x(I))
TOP = maximiser((I,), x(I))[0]

TABLE = [
    # of x[k]
    (x(I), delta(i - k)),
    (x(0), delta(k)),
    (y(I), ZERO),
    (A, ZERO),
    (N * i, ZERO),
    (f.PI + LABEL, ZERO),
    (positive(x(I)), ZERO),
    (TOP, ZERO),
    (S, ONE),
    (S * S, 2 * S),
    (A * S, A),
    (total((I,), x(I) * x(I)), 2 * x(K)),
    (total((I,), x(I) * y(I)), y(K)),
    (total((I, J), x(I) * x(J) * entry("w", i, j)), None),
    (f.exp(x(J)), delta(j - k) * f.exp(x(K))),
    (f.log(S), f.power(S, -1)),
    (f.log(A), ZERO),
    (f.power(S + 1, -1), -f.power(S + 1, -2)),
    (f.power(S + 1, HALF), f.power(S + 1, -HALF) * HALF),
    (f.power(S, HALF), f.power(S, -HALF) * HALF),
    (f.absolute(S), f.sign_of(S)),
    (largest((I,), x(I)), delta(TOP - k)),
    (largest((I,), f.exp(x(I))), delta(maximiser((I,), f.exp(x(I)))[0] - k) * f.exp(x(K))),
    (product_over((I,), x(I)), product_over((I,), x(I)) * f.power(x(K), -1)),
    (product_over((I,), y(I)), ZERO),
    (f.fn("erf", A), ZERO),
    (f.fn("mystery", A), ZERO),
    (f.fn("atan2", S, A), A * f.power(A * A + S * S, -1)),
    (f.fn("sin", 2 * S), 2 * f.fn("cos", 2 * S)),
]


@pytest.mark.parametrize(("expression", "expected"), TABLE)
def test_rules(expression, expected):
    found = derivative(expression, "x", (k,))

    if expected is None:
        w = [entry("w", a, b) for a, b in ((i, k), (k, i))]
        expected = total((I,), (w[0] + w[1]) * x(I))
    assert equal(found, expected)


def test_the_slope_of_a_matrix_is_two_deltas():
    assert derivative(y(I, P), "y", (j, q)) == delta(i - j) * delta(p - q)


def test_no_index_of_the_place_is_captured():
    inner = total((J,), x(J) * y(J, I))  # the place is i, too

    assert derivative(inner, "x", (i,)) == y(I, I)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (f.fn("mystery", x(I)), "the derivative of mystery"),
    ],
)
def test_what_has_no_derivative_is_named(expression, message):
    with pytest.raises(Undecided, match=message):
        derivative(expression, "x", (k,))


def test_a_head_without_a_rule_is_named(monkeypatch):
    monkeypatch.delitem(RULES, "prod")

    with pytest.raises(Undecided, match="the derivative of prod"):
        derivative(product_over((P,), y(P)), "x", (poly(J),))


def test_the_pullback_adds_all_outputs_and_their_entries():
    outputs = [
        ("g", (I,), (i,), x(I) * x(I)),
        ("h", (), (), S * B),
    ]

    found = pullback(outputs, "x", (k,))

    assert found == 2 * entry("g", k) * x(K) + entry("h") * B
    assert pullback(outputs, "b", ()) == entry("h") * S
    assert pullback([], "x", (k,)) == ZERO


# --- at random ---


def slope_of(t, name, at, point):
    """The numerical derivative of the plain evaluation by one entry."""

    def moved(v):
        array = point.arrays[name].copy()
        array[at] = v
        return plainly(t, point._replace(arrays={**point.arrays, name: array}))

    middle, h = point.arrays[name][at], MP.mpf(10) ** -8
    near = [moved(middle + step * h) for step in (-2, -1, 1, 2)]
    return (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * h)


@settings(max_examples=150)
@given(trees(), st.sampled_from(["x", "y", "e", "a"]))
def test_the_derivative_is_the_slope_of_the_plain_evaluation(t, name):
    axes = {"x": ("q",), "y": ("q", "r"), "e": ("q",), "a": ()}[name]
    try:
        found = derivative(built(t), name, tuple(poly(NAMES[i]) for i in axes))
    except Undecided:
        assume(False)
    for point in points(8):
        at = tuple(point.indices[i] for i in axes)
        try:
            expected = slope_of(t, name, at, point)
            here = in_kernel(found, point)
        except (Off, OverflowError, ZeroDivisionError):
            continue  # 0 to a negative power: on the boundary of the domain
        assert close(here, expected, 1e-9)
