"""Batch normalisation through its four steps, and layer normalisation."""

from derivations.language.derivation import chapter_of, in_columns
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

n, d = size("n"), size("d")
i, h, a, p = index("i", n), index("h", n), index("a", n), index("p", n)
j, q, c, e = index("j", d), index("q", d), index("c", d), index("e", d)
x, gamma, beta, mean, variance = (array(s) for s in ["x", "gamma", "beta", "mean", "variance"])
y_bar, mean_bar, variance_bar = array("y_bar"), array("mean_bar"), array("variance_bar")
eps = scalar("eps", positive=True)
HALF = Rational(1, 2)

mu = define("mu", [j], mean_over(h, x[h, j]))
v = define("v", [j], mean_over(a, (x[a, j] - mu(j)) ** 2))
s = define("s", [j], sqrt(v(j) + eps))
x_hat = define("x_hat", [i, j], (x[i, j] - mu(j)) / s(j))
g = define("g", [i, j], gamma[j] * y_bar[i, j])
BATCH_NORM = "batch_norm(x, gamma, beta, eps) -> y, mean, variance"


@chapter_of(BATCH_NORM, wrt=x[p, q])
def batch_norm_x():
    r"""Four steps from x to y: mean, variance, standardised $\hat x$, scale and shift.

    The cotangents are written $g = \gamma \bar y$ for $\hat x$; those of the two statistics,
    which training keeps as running averages, take part too.
    """
    y = gamma[j] * x_hat(i, j) + beta[j]
    statistics = mean_bar[q] / n + 2 * variance_bar[q] * (x[p, q] - mu(q)) / n
    v_bar = -HALF * total(i, g(i, q) * (x[i, q] - mu(q))) / s(q) ** 3
    mu_bar = -total(i, g(i, q)) / s(q)
    yield (
        "definition of the pullback, three outputs",
        total((i, j), y_bar[i, j] * Derivative(y, x[p, q]))
        + total(j, mean_bar[j] * Derivative(mu(j), x[p, q]))
        + total(j, variance_bar[j] * Derivative(v(j), x[p, q])),
    )
    yield (
        "columns do not mix; the statistics' derivatives",
        total(i, g(i, q) * Derivative(x_hat(i, q), x[p, q])) + statistics,
    )
    yield (
        "chain rule through x itself, v and its mean",
        g(p, q) / s(q) + v_bar * 2 * (x[p, q] - mu(q)) / n + mu_bar / n + statistics,
    )
    yield (
        "with the standardised x",
        g(p, q) / s(q)
        - x_hat(p, q) * total(i, g(i, q) * x_hat(i, q)) / (n * s(q))
        - total(i, g(i, q)) / (n * s(q))
        + statistics,
    )
    yield (
        "one bracket",
        (n * g(p, q) - total(i, g(i, q)) - x_hat(p, q) * total(i, g(i, q) * x_hat(i, q)))
        / (n * s(q))
        + statistics,
    )


@chapter_of(BATCH_NORM, wrt=gamma[q])
def batch_norm_gamma():
    """The scale meets every example of its column."""
    y = gamma[j] * x_hat(i, j) + beta[j]
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(y, gamma[q]))
    yield "y is linear in the scale", total((i, j), y_bar[i, j] * x_hat(i, j) * delta(j, q))
    yield "the delta keeps j = q", total(i, y_bar[i, q] * x_hat(i, q))


@chapter_of(BATCH_NORM, wrt=beta[q])
def batch_norm_beta():
    """The shift meets every example of its column."""
    y = gamma[j] * x_hat(i, j) + beta[j]
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(y, beta[q]))
    yield "the delta keeps j = q", total(i, y_bar[i, q])


given = define("s", [j], sqrt(variance[j] + eps))
given_hat = define("x_hat", [i, j], (x[i, j] - mean[j]) / given(j))
evaluated = gamma[j] * given_hat(i, j) + beta[j]
EVALUATION = "batch_norm_evaluation(x, gamma, beta, mean, variance, eps)"


@chapter_of(EVALUATION, wrt=x[p, q])
def evaluation_x():
    """With given statistics the map is affine."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(evaluated, x[p, q]))
    yield "y is affine in x", y_bar[p, q] * gamma[q] / given(q)


@chapter_of(EVALUATION, wrt=gamma[q])
def evaluation_gamma():
    """As in training."""
    yield (
        "definition of the pullback",
        total((i, j), y_bar[i, j] * Derivative(evaluated, gamma[q])),
    )
    yield "y is linear in the scale", total(i, y_bar[i, q] * given_hat(i, q))


@chapter_of(EVALUATION, wrt=beta[q])
def evaluation_beta():
    """As in training."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(evaluated, beta[q]))
    yield "the delta keeps j = q", total(i, y_bar[i, q])


@chapter_of(EVALUATION, wrt=mean[q])
def evaluation_mean():
    """The mean enters as x does, with the other sign, in every example."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(evaluated, mean[q]))
    yield "y is affine in the mean", -gamma[q] / given(q) * total(i, y_bar[i, q])


@chapter_of(EVALUATION, wrt=variance[q])
def evaluation_variance():
    """The power rule, then the standardised x."""
    yield (
        "definition of the pullback",
        total((i, j), y_bar[i, j] * Derivative(evaluated, variance[q])),
    )
    yield (
        "power rule",
        total(i, y_bar[i, q] * gamma[q] * (x[i, q] - mean[q])) * (-HALF) / given(q) ** 3,
    )
    yield (
        "with the standardised x",
        -gamma[q] * total(i, y_bar[i, q] * given_hat(i, q)) / (2 * given(q) ** 2),
    )


batch_norm_columns_x = in_columns(batch_norm_x, "x", "y_bar")
batch_norm_columns_gamma = in_columns(batch_norm_gamma, "x", "y_bar")
batch_norm_columns_beta = in_columns(batch_norm_beta, "x", "y_bar")
evaluation_columns_x = in_columns(evaluation_x, "x", "y_bar")
evaluation_columns_gamma = in_columns(evaluation_gamma, "x", "y_bar")
evaluation_columns_beta = in_columns(evaluation_beta, "x", "y_bar")
evaluation_columns_mean = in_columns(evaluation_mean, "x", "y_bar")
evaluation_columns_variance = in_columns(evaluation_variance, "x", "y_bar")

row_mu = define("mu", [i], mean_over(c, x[i, c]))
row_s = define("s", [i], sqrt(mean_over(e, (x[i, e] - row_mu(i)) ** 2) + eps))
row_hat = define("x_hat", [i, j], (x[i, j] - row_mu(i)) / row_s(i))
layer = gamma[j] * row_hat(i, j) + beta[j]
LAYER_NORM = "layer_norm(x, gamma, beta, eps)"


@chapter_of(LAYER_NORM, wrt=x[p, q])
def layer_norm_x():
    """Batch normalisation by rows; the scale goes along the row and stays in the sums."""
    deviation = x[p, q] - row_mu(p)
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(layer, x[p, q]))
    yield (
        "rows do not mix; chain rule through x itself, the mean and the variance",
        g(p, q) / row_s(p)
        - total(j, g(p, j)) / (d * row_s(p))
        - deviation * total(j, g(p, j) * (x[p, j] - row_mu(p))) / (d * row_s(p) ** 3),
    )
    yield (
        "with the standardised x",
        (g(p, q) - mean_over(j, g(p, j)) - row_hat(p, q) * mean_over(j, g(p, j) * row_hat(p, j)))
        / row_s(p),
    )


@chapter_of(LAYER_NORM, wrt=gamma[q])
def layer_norm_gamma():
    """The scale meets every row."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(layer, gamma[q]))
    yield "y is linear in the scale", total(i, y_bar[i, q] * row_hat(i, q))


@chapter_of(LAYER_NORM, wrt=beta[q])
def layer_norm_beta():
    """The shift meets every row."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(layer, beta[q]))
    yield "the delta keeps j = q", total(i, y_bar[i, q])


row_scale = define("s", [i], sqrt(mean_over(e, x[i, e] ** 2) + eps))
by_root = gamma[j] * x[i, j] / row_scale(i)
RMS_NORM = "rms_norm(x, gamma, eps)"


@chapter_of(RMS_NORM, wrt=x[p, q])
def rms_norm_x():
    """Layer normalisation without a mean: one of the two corrections is left."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(by_root, x[p, q]))
    yield (
        "rows do not mix; quotient rule",
        g(p, q) / row_scale(p) - x[p, q] * total(j, g(p, j) * x[p, j]) / (d * row_scale(p) ** 3),
    )
    yield (
        "with the normalised x",
        (g(p, q) - x[p, q] / row_scale(p) * mean_over(j, g(p, j) * x[p, j] / row_scale(p)))
        / row_scale(p),
    )


@chapter_of(RMS_NORM, wrt=gamma[q])
def rms_norm_gamma():
    """The scale meets every row."""
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(by_root, gamma[q]))
    yield "y is linear in the scale", total(i, y_bar[i, q] * x[i, q] / row_scale(i))
