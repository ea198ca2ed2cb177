"""Element-wise functions: the Jacobian is diagonal, and one factor of the sum survives."""

from derivations.language.derivation import chapter_of
from derivations.language.notation import (
    Derivative,
    array,
    bracket,
    define,
    erf,
    exp,
    index,
    log,
    pi,
    scalar,
    size,
    sqrt,
    tanh,
    total,
)

n = size("n")
i, p = index("i", n), index("p", n)
x, y_bar = array("x"), array("y_bar")
alpha = scalar("alpha")
e = x[p]


def _pullback(f):
    """The first two lines of every chapter in this file."""
    yield "definition of the pullback", total(i, y_bar[i] * Derivative(f(x[i]), x[p]))
    yield "each output has one input", y_bar[p] * Derivative(f(x[p]), x[p])


@chapter_of("sigmoid(x)", wrt=x[p])
def sigmoid():
    r"""The logistic function; its derivative needs its value alone, $y' = y(1 - y)$."""
    y = define("y", [i], 1 / (1 + exp(-x[i])))
    yield from _pullback(lambda t: 1 / (1 + exp(-t)))
    yield "reciprocal and chain rule", y_bar[p] * exp(-e) / (1 + exp(-e)) ** 2
    yield "in terms of the value", y_bar[p] * y(p) * (1 - y(p))
    yield "1 - s(x) = s(-x), which keeps its digits", y_bar[p] * y(p) / (1 + exp(e))


@chapter_of("tanh(x)", wrt=x[p])
def hyperbolic_tangent():
    r"""A sigmoid of twice the slope: $\tanh x = 2 s(2x) - 1$."""
    y = define("y", [i], tanh(x[i]))
    yield from _pullback(lambda t: 2 / (1 + exp(-2 * t)) - 1)
    yield "reciprocal and chain rule", y_bar[p] * 4 * exp(-2 * e) / (1 + exp(-2 * e)) ** 2
    yield "in terms of the value", y_bar[p] * (1 - y(p) ** 2)
    yield (
        "a product of two sigmoids, which keeps its digits",
        4 * y_bar[p] / ((1 + exp(-2 * e)) * (1 + exp(2 * e))),
    )


@chapter_of("softplus(x)", wrt=x[p])
def softplus():
    """A smooth rectifier whose derivative is the sigmoid."""
    yield from _pullback(lambda t: log(1 + exp(t)))
    yield "logarithm and chain rule", y_bar[p] * exp(e) / (1 + exp(e))
    yield "divided by the exponential", y_bar[p] / (1 + exp(-e))


@chapter_of("relu(x)", wrt=x[p])
def relu():
    r"""The derivative off the kink; at $x = 0$ the bracket, and the code, give 0."""
    yield from _pullback(lambda t: t * bracket(t > 0))
    yield "a bracket is constant off its boundary", y_bar[p] * bracket(e > 0)


@chapter_of("leaky_relu(x, alpha)", wrt=x[p])
def leaky_relu():
    r"""Two lines that meet at 0, where the code takes the lower side's slope $\alpha$."""
    yield from _pullback(lambda t: t * bracket(t > 0) + alpha * t * (1 - bracket(t > 0)))
    yield (
        "brackets are constant off their boundary",
        y_bar[p] * (bracket(e > 0) + alpha * (1 - bracket(e > 0))),
    )


@chapter_of("elu(x, alpha)", wrt=x[p])
def elu():
    r"""Below 0 the derivative is the value plus $\alpha$ (and not minus $\alpha$)."""
    below = 1 - bracket(e > 0)
    yield from _pullback(lambda t: t * bracket(t > 0) + alpha * (exp(t) - 1) * (1 - bracket(t > 0)))
    yield "one piece at a time", y_bar[p] * (bracket(e > 0) + alpha * exp(e) * below)


@chapter_of("silu(x)", wrt=x[p])
def silu():
    """The input times its sigmoid: the product rule."""
    s = define("s", [i], 1 / (1 + exp(-x[i])))
    yield from _pullback(lambda t: t / (1 + exp(-t)))
    yield "product rule, s' = s (1 - s)", y_bar[p] * (s(p) + e * s(p) * (1 - s(p)))
    yield "s taken out, 1 - s(x) = s(-x)", y_bar[p] * s(p) * (1 + e / (1 + exp(e)))


@chapter_of("gelu(x)", wrt=x[p])
def gelu():
    r"""The input times the normal distribution, $(1 + \operatorname{erf}(x/\sqrt 2))/2$."""
    yield from _pullback(lambda t: t * (1 + erf(t / sqrt(2))) / 2)
    yield (
        "product rule; the density is the derivative of the distribution",
        y_bar[p] * ((1 + erf(e / sqrt(2))) / 2 + e * exp(-(e**2) / 2) / sqrt(2 * pi)),
    )
