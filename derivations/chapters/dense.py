"""The affine layer, with and without a bias, for a batch of rows or of columns."""

from derivations.language.derivation import chapter_of, in_columns
from derivations.language.notation import Derivative, array, delta, index, size, total

n, k, m = size("n"), size("k"), size("m")
i, p = index("i", n), index("p", n)
h, r = index("h", k), index("r", k)
j, q = index("j", m), index("q", m)
x, w, b, y_bar = array("x"), array("w"), array("b"), array("y_bar")
y = total(h, x[i, h] * w[h, j]) + b[j]


@chapter_of("dense(x, w, b)", wrt=x[p, r])
def dense_x():
    r"""With matrices, $\bar x = \bar y\, w^\top$."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(y, x[p, r]))
    yield "y is linear in x", total((i, j), y_bar[i, j] * delta(i, p) * w[r, j])
    yield "the delta keeps i = p", total(j, y_bar[p, j] * w[r, j])


@chapter_of("dense(x, w, b)", wrt=w[r, q])
def dense_w():
    r"""With matrices, $\bar w = x^\top \bar y$."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(y, w[r, q]))
    yield "y is linear in w", total((i, j), y_bar[i, j] * x[i, r] * delta(j, q))
    yield "the delta keeps j = q", total(i, x[i, r] * y_bar[i, q])


@chapter_of("dense(x, w, b)", wrt=b[q])
def dense_b():
    """The bias reaches every example, so its cotangents add up."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(y, b[q]))
    yield "y is linear in b", total((i, j), y_bar[i, j] * delta(j, q))
    yield "the delta keeps j = q", total(i, y_bar[i, q])


without_bias = total(h, x[i, h] * w[h, j])


@chapter_of("linear(x, w)", wrt=x[p, r])
def linear_x():
    r"""With matrices, $\bar x = \bar y\, w^\top$, as with a bias."""
    pullback = total((i, j), y_bar[i, j] * Derivative(without_bias, x[p, r]))
    yield "definition of the pullback", pullback
    yield "y is linear in x", total((i, j), y_bar[i, j] * delta(i, p) * w[r, j])
    yield "the delta keeps i = p", total(j, y_bar[p, j] * w[r, j])


@chapter_of("linear(x, w)", wrt=w[r, q])
def linear_w():
    r"""With matrices, $\bar w = x^\top \bar y$, as with a bias."""
    pullback = total((i, j), y_bar[i, j] * Derivative(without_bias, w[r, q]))
    yield "definition of the pullback", pullback
    yield "y is linear in w", total((i, j), y_bar[i, j] * x[i, r] * delta(j, q))
    yield "the delta keeps j = q", total(i, x[i, r] * y_bar[i, q])


dense_columns_x = in_columns(dense_x, "x", "y_bar")
dense_columns_w = in_columns(dense_w, "x", "y_bar")
dense_columns_b = in_columns(dense_b, "x", "y_bar")
linear_columns_x = in_columns(linear_x, "x", "y_bar")
linear_columns_w = in_columns(linear_w, "x", "y_bar")
