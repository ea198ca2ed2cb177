"""Back-propagation's four equations, and the Jacobian by the input."""

from sympy import Function

from derivations.language.derivation import topic
from derivations.language.notation import Derivative, array, define, delta, exp, index, size, total

n, k, m = size("n"), size("k"), size("m")
i, c = index("i", n), index("c", n)
j, h, p = index("j", k), index("h", k), index("p", k)
r, q = index("r", m), index("q", m)
z, a, a_bar, b, w = array("z"), array("a"), array("a_bar"), array("b"), array("w")
error = array("delta")
f = Function("f", real=True)
slope = Derivative(f(z[p]), z[p])


@topic("Back-propagation 1: the error of the last layer")
def last_layer():
    r"""A layer's error $\delta_p$ is the derivative of the cost by its $z_p$; $a = f(z)$."""
    yield "chain rule over the outputs", total(j, a_bar[j] * Derivative(f(z[j]), z[p]))
    yield "each output has one input", total(j, a_bar[j] * delta(j, p) * slope)
    yield "the delta keeps j = p", a_bar[p] * slope


@topic("Back-propagation 2: the error of the layer before")
def layer_before():
    r"""The next layer is $\sum_h w_{rh} f(z_h) + b_r$ and has the error $\delta_r$."""
    following = total(h, w[r, h] * f(z[h])) + b[r]
    yield "chain rule over the next layer", total(r, error[r] * Derivative(following, z[p]))
    yield "the sum is linear in f", total(r, error[r] * w[r, p] * slope)
    yield "f' taken out", slope * total(r, w[r, p] * error[r])


@topic("Back-propagation 3: the bias")
def bias():
    """The cotangent of a bias is the error itself."""
    layer = total(h, w[r, h] * a[h]) + b[r]
    yield "chain rule", total(r, error[r] * Derivative(layer, b[q]))
    yield "linear in the bias", total(r, error[r] * delta(r, q))
    yield "the delta keeps r = q", error[q]


@topic("Back-propagation 4: the weights")
def weights():
    """The cotangent of a weight is the error behind it times the activation before it."""
    layer = total(h, w[r, h] * a[h]) + b[r]
    yield "chain rule", total(r, error[r] * Derivative(layer, w[q, p]))
    yield "linear in the weights", total(r, error[r] * delta(r, q) * a[p])
    yield "the delta keeps r = q", error[q] * a[p]


@topic("Jacobian by the input: one layer")
def one_layer():
    r"""For $s(z)$ with $z_r = \sum_h w_{rh} x_h + b_r$ it is $\operatorname{diag}(s'(z))\, w$."""
    x = array("x")
    z_ = define("z", [r], total(h, w[r, h] * x[h]) + b[r])
    s = define("s", [r], 1 / (1 + exp(-z_(r))))
    yield "definition", Derivative(s(r), x[p])
    yield "chain rule", s(r) * (1 - s(r)) * Derivative(z_(r), x[p])
    yield "linear in x", s(r) * (1 - s(r)) * w[r, p]


@topic("Jacobian by the input: two layers")
def two_layers():
    r"""Value and Jacobian go forward together, $J \leftarrow \operatorname{diag}(s')\, v J$."""
    x, v = array("x"), array("v")
    z_ = define("z", [r], total(h, w[r, h] * x[h]) + b[r])
    s = define("s", [r], 1 / (1 + exp(-z_(r))))
    yield "definition, the second layer linear", Derivative(total(r, v[i, r] * s(r)), x[p])
    yield "linear in the first layer's values", total(r, v[i, r] * Derivative(s(r), x[p]))
    yield "the first layer's Jacobian", total(r, v[i, r] * s(r) * (1 - s(r)) * w[r, p])
