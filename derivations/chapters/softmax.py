"""Softmax and its logarithm."""

from derivations.language.derivation import chapter_of, topic
from derivations.language.notation import (
    Derivative,
    array,
    define,
    delta,
    exp,
    index,
    log,
    size,
    total,
)

k = size("k")
i, j, h, p = index("i", k), index("j", k), index("h", k), index("p", k)
x, y_bar = array("x"), array("y_bar")
y = define("y", [i], exp(x[i]) / total(h, exp(x[h])))
log_y = define("y", [i], x[i] - log(total(h, exp(x[h]))))


@topic("Jacobian of softmax")
def jacobian():
    r"""$\operatorname{diag}(y) - y y^\top$: on the diagonal $y_i(1 - y_i)$, off it $-y_i y_j$."""
    z = total(h, exp(x[h]))
    yield "definition", Derivative(exp(x[i]) / z, x[j])
    yield "quotient rule", (exp(x[i]) * delta(i, j) * z - exp(x[i]) * exp(x[j])) / z**2
    yield "in terms of the values", y(i) * (delta(i, j) - y(j))


@chapter_of("softmax(x)", wrt=x[p])
def softmax():
    """The pullback needs only y."""
    yield "definition of the pullback", total(i, y_bar[i] * Derivative(y(i), x[p]))
    yield "Jacobian of softmax", total(i, y_bar[i] * y(i) * (delta(i, p) - y(p)))
    yield "the delta keeps i = p", y(p) * (y_bar[p] - total(i, y_bar[i] * y(i)))


@chapter_of("log_softmax(x)", wrt=x[p])
def log_softmax():
    r"""The derivative of the logarithm of the sum is softmax, $e^{y_p}$."""
    yield "definition of the pullback", total(i, y_bar[i] * Derivative(log_y(i), x[p]))
    yield (
        "derivative of the logarithm of a sum",
        total(i, y_bar[i] * (delta(i, p) - exp(x[p]) / total(h, exp(x[h])))),
    )
    yield "the delta keeps i = p", y_bar[p] - exp(log_y(p)) * total(i, y_bar[i])
