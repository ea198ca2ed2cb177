"""Formulas as a textbook sets them."""

import pytest

from derivations.language.notation import Derivative, array, index, size, sqrt, total
from derivations.language.printing import latex, name_latex


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("x_bar", r"\bar{x}"),
        ("x_hat", r"\hat{x}"),
        ("gamma", r"\gamma"),
        ("variance_bar", r"\bar{v}"),
        ("f_3", "f_{3}"),
        ("y", "y"),
    ],
)
def test_names_are_set_as_in_a_textbook(name, printed):
    assert name_latex(name) == printed


def test_signs_roots_and_what_an_operator_acts_on():
    n = size("n")
    i, h = index("i", n), index("h", n)
    x, g = array("x"), array("g")
    squares = total(h, x[h] ** 2)
    assert latex(sqrt(squares / n)) == rf"\sqrt{{\frac{{1}}{{n}} {latex(squares)}}}"
    assert latex(x[i] - array("mu")[i]) == r"x_{i} - \mu_{i}"
    assert latex(array("x_1")[i]) == "x_{1, i}"  # TeX stops at a second subscript
    assert latex(array("x_1_bar")[i]) == r"\bar{x_{1}}_{i}"
    assert latex(g[i] * Derivative(x[i] ** 2, x[h])).startswith(r"g_{i} \frac{\partial}")
    assert r"\left(" in latex(Derivative(x[i] ** 2, x[h]))
