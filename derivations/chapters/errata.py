"""The source documents' mistakes: the wrong formula, the right one, and numbers where they part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp

from derivations.language import checking, evaluate, printing
from derivations.language.notation import (
    Derivative,
    Rational,
    array,
    define,
    delta,
    exp,
    index,
    log,
    mean_over,
    scalar,
    size,
    sqrt,
    total,
)


@dataclass(frozen=True)
class Erratum:
    """A mistake: `truth` is a definition, `right` equals it, and `wrong` does not.

    `at` gives arrays and scalars by name, and `output` the indices of the values shown there.
    """

    title: str
    text: str
    truth: sp.Expr
    wrong: sp.Expr
    right: sp.Expr
    at: Mapping[str, object]
    output: tuple[sp.Idx, ...] = ()

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """The wrong and the right values at the example."""
        values = (
            evaluate.lambdify(e, (), self.output, "numpy", also=(self.wrong, self.right))(**self.at)
            for e in (self.wrong, self.right)
        )
        wrong, right = map(np.asarray, values)
        return wrong, right

    def check(self) -> None:
        """Show that the right formula is right, exactly, and that the wrong one is wrong.

        Raises:
            checking.UnequalError: the right formula differs from the definition.
            AssertionError: the wrong formula gives the right numbers.
        """
        checking.require_equal(self.truth, self.right, self.title)
        wrong, right = self.numbers()
        assert not np.allclose(wrong, right), f"{self.title}: the numbers do not part"

    def latex(self) -> str:
        """What is printed there, what is right, their difference, and the numbers."""
        wrong, right = self.numbers()
        rows = (
            rf"\text{{printed}}\quad & {printing.latex(self.wrong)}",
            rf"\text{{right}}\quad & {printing.latex(self.right)}",
            rf"\text{{printed}} - \text{{right}} =\; & {printing.latex(self.difference())}",
        )
        body = " \\\\\n".join(rows)
        at = ", ".join(f"${printing.name_latex(k)} = {_shown(v)}$" for k, v in self.at.items())
        numbers = f"At {at}: printed ${_shown(wrong)}$, right ${_shown(right)}$."
        head = rf"\subsection*{{{self.title}}}"
        return f"{head}\n\n{self.text}\n\n\\begin{{align*}}\n{body}\n\\end{{align*}}\n\n{numbers}"

    def difference(self) -> sp.Expr:
        """Wrong minus right, common factors taken out."""
        return sp.factor_terms(self.wrong - self.right)

    def _repr_latex_(self) -> str:
        return self.latex()


def _shown(value: object) -> str:
    array_ = np.asarray(value, dtype=float)
    if array_.ndim == 0:
        return f"{float(array_):.6g}"
    return "(" + ",\\, ".join(_shown(part) for part in array_) + ")"


def errata() -> tuple[Erratum, ...]:
    """All of them, in the order of the documents."""
    return tuple(make() for make in ERRATA)


def numerical_gradient() -> Erratum:
    """The central difference adds its two values where it must subtract them."""
    f_plus, f_minus, h = scalar("f_plus"), scalar("f_minus"), scalar("h", positive=True)
    x = scalar("x")
    cube = {f_plus: (x + h) ** 3, f_minus: (x - h) ** 3}
    difference, printed = ((f_plus - f_minus) / (2 * h)), ((f_plus + f_minus) / (2 * h))
    return Erratum(
        "Numerical gradient",
        r"The two values are added where they must be subtracted; here for $f(x) = x^3$.",
        3 * x**2 + h**2,
        printed.subs(cube),
        difference.subs(cube),
        {"x": 2.0, "h": 0.01},
    )


def axis_of_the_slope() -> Erratum:
    """The slope f'(z) is multiplied into w along the wrong axis."""
    n = size("n")
    i, j, h = index("i", n), index("j", n), index("h", n)
    w, x = array("w"), array("x")
    z = define("z", [j], total(h, w[j, h] * x[h]))
    slope = define("s'", [j], exp(-z(j)) / (1 + exp(-z(j))) ** 2)
    return Erratum(
        "Jacobian by the input: the axis of the slope",
        r"$f'(z)$ belongs to the rows of $w$, one for each output. Along the other axis the shapes "
        r"fit only where $w$ is square, and the values are wrong there too. Here $f$ is the "
        r"sigmoid.",
        Derivative(1 / (1 + exp(-z(j))), x[i]),
        slope(i) * w[j, i],
        slope(j) * w[j, i],
        {"w": [[1.0, 2.0], [3.0, 4.0]], "x": [0.1, -0.2]},
        (j, i),
    )


def softmax_is_not_elementwise() -> Erratum:
    """The Jacobian of softmax is given as its diagonal alone."""
    k = size("k")
    i, j, h = index("i", k), index("j", k), index("h", k)
    x = array("x")
    p = define("p", [i], exp(x[i]) / total(h, exp(x[h])))
    return Erratum(
        "Softmax's derivative",
        r"The diagonal $p(1 - p)$ alone is given; every output depends on every score.",
        Derivative(exp(x[i]) / total(h, exp(x[h])), x[j]),
        p(i) * (1 - p(i)) * delta(i, j),
        p(i) * (delta(i, j) - p(j)),
        {"x": [0.0, 1.0]},
        (i, j),
    )


def two_mistakes_cancel() -> Erratum:
    """The gradient that is used is not that of the loss that is printed."""
    k = size("k")
    i, j, h, q = index("i", k), index("j", k), index("h", k), index("q", k)
    x, y = array("x"), array("y")
    p = define("p", [i], exp(x[i]) / total(h, exp(x[h])))
    loss = total(j, -y[j] * log(p(j)) - (1 - y[j]) * log(1 - p(j)))
    g = define("g", [i], (1 - y[i]) / (1 - p(i)) - y[i] / p(i))
    return Erratum(
        "The loss that is printed is not the loss that is trained",
        r"The printed loss is the element-wise binary cross entropy of softmax's outputs. With the "
        r"diagonal for softmax's Jacobian its gradient collapses to $p - y$, which is the gradient "
        r"of the categorical cross entropy where the labels of a row sum to 1: two mistakes "
        r"cancel, and what is trained is not what is printed.",
        Derivative(loss, x[q]),
        p(q) - y[q],
        p(q) * (g(q) - total(j, g(j) * p(j))),
        {"x": [0.0, 1.0, -1.0], "y": [1.0, 0.0, 0.0]},
        (q,),
    )


def adams_correction() -> Erratum:
    """The averages are divided by 1 - β where 1 - β^t belongs."""
    t = size("t")
    u = index("u", t)
    beta, g = scalar("beta", positive=True), array("g")
    average = (1 - beta) * total(u, beta ** (t - u) * g[u])
    return Erratum(
        "Adam's correction of the bias",
        r"The averages are divided by $1 - \beta$. Divided by $1 - \beta^t$ they would be weighted "
        r"means, whose weights sum to 1. After many steps the first average is too large by "
        r"$1 / (1 - \beta_1) = 10$ and the root of the second by "
        r"$1 / \sqrt{1 - \beta_2} = \sqrt{1000}$, so the steps end at 0.316 of Adam's.",
        total(u, beta ** (t - u) * g[u]) / total(u, beta ** (t - u)),
        average / (1 - beta),
        average / (1 - beta**t),
        {"beta": 0.9, "g": [1.0, 1.0, 1.0]},
    )


def elus_sign() -> Erratum:
    """The derivative of ELU below 0 is its value plus α, not minus α."""
    x, alpha = scalar("x"), scalar("alpha")
    elu = alpha * (exp(x) - 1)
    return Erratum(
        "ELU's derivative",
        r"For $x < 0$ it is given as $\mathrm{ELU} - \alpha$; it is $\mathrm{ELU} + \alpha$.",
        Derivative(elu, x),
        elu - alpha,
        elu + alpha,
        {"x": -1.0, "alpha": 0.1},
    )


def batch_norms_first_partial() -> Erratum:
    """The derivative by the variance lacks the upstream factor."""
    n = size("n")
    i, h, a = index("i", n), index("h", n), index("a", n)
    x, x_hat_bar = array("x"), array("g")
    v, eps = scalar("v", positive=True), scalar("eps", positive=True)
    mu = define("mu", [], mean_over(h, x[h]))
    hats = total(a, x_hat_bar[a] * (x[a] - mu()) / sqrt(v + eps))
    right = -total(i, x_hat_bar[i] * (x[i] - mu())) / (2 * (v + eps) ** Rational(3, 2))
    wrong = -total(i, x[i] - mu()) / (2 * (v + eps) ** Rational(3, 2))
    return Erratum(
        "Batch normalisation's first partial derivative",
        r"$\partial f / \partial v$ lacks the upstream factor "
        r"$g_i = \partial f / \partial \hat x_i$ (the final formula and the code have it). "
        r"Without it the sum is 0 for any x.",
        Derivative(hats, v),
        wrong,
        right,
        {"x": [1.0, 2.0, 4.0], "g": [1.0, 0.0, -1.0], "v": 14 / 9, "eps": 0.01},
    )


ERRATA: tuple[Callable[[], Erratum], ...] = (
    numerical_gradient,
    axis_of_the_slope,
    softmax_is_not_elementwise,
    two_mistakes_cancel,
    adams_correction,
    elus_sign,
    batch_norms_first_partial,
)

MEASUREMENT = (
    r"The accuracy of 92.59 \% is measured with the validation batch's own statistics (and updates "
    r"the running ones), which a deployed network, asked one question at a time, does not have. "
    r"\texttt{python -m benchmarks.digits} measures both over 16 seeds."
)
