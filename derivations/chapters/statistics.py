"""Mean, variance and standard deviation."""

from sympy import Piecewise

from derivations.language.derivation import chapter_of
from derivations.language.notation import (
    Derivative,
    Rational,
    array,
    define,
    delta,
    index,
    mean_over,
    scalar,
    size,
    sqrt,
    total,
)

n = size("n")
i, h, p = index("i", n), index("h", n), index("p", n)
x = array("x")
y_bar, ddof = scalar("y_bar"), scalar("ddof", nonnegative=True)
mu = define("mu", [], mean_over(h, x[h]))
squares = total(i, (x[i] - mu()) ** 2)
sigma = define("sigma", [], sqrt(squares / (n - ddof)))


@chapter_of("mean(x)", wrt=x[p])
def mean():
    """Every entry has the same weight."""
    yield "definition of the pullback", y_bar * Derivative(mean_over(i, x[i]), x[p])
    yield "a sum of entries", y_bar * total(i, delta(i, p)) / n
    yield "the delta keeps i = p", y_bar / n


@chapter_of("variance(x, ddof)", wrt=x[p])
def variance():
    """The mean depends on every entry too, but its share vanishes: deviations sum to 0."""
    yield "definition of the pullback", y_bar * Derivative(squares / (n - ddof), x[p])
    yield (
        "square and chain rule",
        2 * y_bar / (n - ddof) * total(i, (x[i] - mu()) * (delta(i, p) - 1 / n)),
    )
    yield (
        "the product multiplied out",
        2 * y_bar / (n - ddof) * (x[p] - mu() - total(i, x[i] - mu()) / n),
    )
    yield "deviations sum to 0", 2 * y_bar / (n - ddof) * (x[p] - mu())


@chapter_of("standard_deviation(x, ddof)", wrt=x[p])
def standard_deviation():
    r"""The root of the variance; where all entries are equal, $0/0$, the code gives 0."""
    yield "definition of the pullback", y_bar * Derivative(sigma(), x[p])
    yield (
        "square root and chain rule",
        y_bar * Rational(1, 2) / sigma() * Derivative(squares / (n - ddof), x[p]),
    )
    yield (
        "the variance's derivative",
        y_bar * Rational(1, 2) / sigma() * 2 * (x[p] - mu()) / (n - ddof),
    )
    yield "two halves", y_bar * (x[p] - mu()) / ((n - ddof) * sigma())
    yield (
        "with the least subgradient where all entries are equal",
        Piecewise((y_bar * (x[p] - mu()) / ((n - ddof) * sigma()), sigma() > 0), (0, True)),
    )
