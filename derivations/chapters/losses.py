"""Losses; the fused ones both ways, directly and through the chain rule."""

from derivations.language.derivation import chapter_of, in_columns, topic
from derivations.language.notation import (
    Derivative,
    Max,
    array,
    bracket,
    define,
    delta,
    exp,
    index,
    log,
    mean_over,
    scalar,
    size,
    total,
)

n, k, d = size("n"), size("k"), size("d")
i, p = index("i", n), index("p", n)
j, h, q, l = index("j", k), index("h", k), index("q", k), index("l", k)
c, r = index("c", d), index("r", d)
logits, probabilities, scores = array("logits"), array("probabilities"), array("scores")
y = array("labels")
loss_bar = scalar("loss_bar")
eps = scalar("eps", positive=True)

BINARY = "binary_cross_entropy(probabilities, labels, eps) -> loss"
SIGMOID = "sigmoid_binary_cross_entropy(logits, labels) -> loss"
CROSS = "cross_entropy(probabilities, labels, eps) -> loss"
CROSS_INTEGER = "cross_entropy_with_integer_labels(probabilities, labels, eps) -> loss"
SOFTMAX = "softmax_cross_entropy(logits, labels) -> loss"
SOFTMAX_INTEGER = "softmax_cross_entropy_with_integer_labels(logits, labels) -> loss"
DEFINITION = "definition of the pullback"
KEEPS = "the deltas keep one entry"


def bounded(value):
    """A probability that counts as ε where it is smaller."""
    return Max(value, eps)


def binary(a, t):
    """The binary cross entropy of one probability, the logarithms bounded."""
    return -(t * log(bounded(a)) + (1 - t) * log(bounded(1 - a)))


binary_loss = mean_over(i, total(c, binary(probabilities[i, c], y[i, c])))


@chapter_of(BINARY, wrt=probabilities[p, r])
def binary_cross_entropy_probabilities():
    r"""A probability below $\epsilon$ counts as $\epsilon$, so its derivative there is 0."""
    a, t = probabilities[p, r], y[p, r]
    yield DEFINITION, loss_bar * Derivative(binary_loss, a)
    yield "one entry depends on it", loss_bar / n * Derivative(binary(a, t), a)
    yield (
        "derivative of the logarithms",
        loss_bar
        / n
        * ((1 - t) * bracket(1 - a > eps) / bounded(1 - a) - t * bracket(a > eps) / bounded(a)),
    )


@chapter_of(BINARY, wrt=y[p, r])
def binary_cross_entropy_labels():
    """The loss is linear in the labels."""
    a = probabilities[p, r]
    yield DEFINITION, loss_bar * Derivative(binary_loss, y[p, r])
    yield "linear in the labels", loss_bar / n * (log(bounded(1 - a)) - log(bounded(a)))


def sigmoid_binary(z, t):
    """The binary cross entropy of the sigmoid of one logit."""
    s = 1 / (1 + exp(-z))
    return -(t * log(s) + (1 - t) * log(1 - s))


sigmoid_loss = mean_over(i, total(c, sigmoid_binary(logits[i, c], y[i, c])))


@chapter_of(SIGMOID, wrt=logits[p, r])
def sigmoid_binary_cross_entropy_logits():
    r"""$-y \log s - (1 - y) \log(1 - s)$ with $s = 1/(1 + e^{-x})$ is $\log(1 + e^x) - x y$."""
    z, t = logits[p, r], y[p, r]
    s = 1 / (1 + exp(-z))
    yield DEFINITION, loss_bar * Derivative(sigmoid_loss, z)
    yield "one entry depends on it", loss_bar / n * Derivative(sigmoid_binary(z, t), z)
    yield "the logarithms taken apart", loss_bar / n * Derivative(log(1 + exp(z)) - z * t, z)
    yield "the prediction minus the label", loss_bar / n * (s - t)
    yield (
        "the same without cancellation",
        loss_bar / n * ((1 - t) / (1 + exp(-z)) - t / (1 + exp(z))),
    )


@chapter_of(SIGMOID, wrt=y[p, r])
def sigmoid_binary_cross_entropy_labels():
    """The loss is linear in the labels."""
    yield DEFINITION, loss_bar * Derivative(sigmoid_loss, y[p, r])
    yield "linear in the labels", -loss_bar / n * logits[p, r]


@topic("Binary cross entropy through the sigmoid")
def sigmoid_by_the_chain_rule():
    """The fused derivative once more, as a product of the two: the sigmoid's cancels the loss's."""
    z, t = scalar("x"), scalar("y")
    s = define("s", [], 1 / (1 + exp(-z)))
    yield "definition", Derivative(-(t * log(s()) + (1 - t) * log(1 - s())), z)
    yield "chain rule", (-t / s() + (1 - t) / (1 - s())) * Derivative(s(), z)
    yield "derivative of the sigmoid", (-t / s() + (1 - t) / (1 - s())) * s() * (1 - s())
    yield "the denominators cancel", s() - t


cross = -mean_over(i, total(j, y[i, j] * log(bounded(probabilities[i, j]))))


@chapter_of(CROSS, wrt=probabilities[p, q])
def cross_entropy_probabilities():
    r"""A probability below $\epsilon$ counts as $\epsilon$, so its derivative there is 0."""
    a = probabilities[p, q]
    yield DEFINITION, loss_bar * Derivative(cross, a)
    yield (
        "derivative of the logarithm",
        -loss_bar / n * y[p, q] * bracket(a > eps) / bounded(a),
    )


@chapter_of(CROSS, wrt=y[p, q])
def cross_entropy_labels():
    """The loss is linear in the labels."""
    yield DEFINITION, loss_bar * Derivative(cross, y[p, q])
    yield "linear in the labels", -loss_bar / n * log(bounded(probabilities[p, q]))


@chapter_of(CROSS_INTEGER, wrt=probabilities[p, q])
def cross_entropy_integer():
    """A class number is a one-hot row, written with a delta."""
    a = probabilities[p, q]
    picked = total(j, delta(y[i], j) * log(bounded(probabilities[i, j])))
    yield DEFINITION, -loss_bar * Derivative(mean_over(i, picked), a)
    yield (
        "derivative of the logarithm",
        -loss_bar / n * delta(y[p], q) * bracket(a > eps) / bounded(a),
    )


softmax = define("p", [i, j], exp(logits[i, j]) / total(h, exp(logits[i, h])))
log_softmax = define("ell", [i, j], logits[i, j] - log(total(h, exp(logits[i, h]))))
softmax_loss = -mean_over(i, total(j, y[i, j] * log_softmax(i, j)))


@chapter_of(SOFTMAX, wrt=logits[p, q])
def softmax_cross_entropy_logits():
    r"""By the logarithm of the quotient. Where the labels of a row sum to 1 this is $p - y$."""
    yield DEFINITION, loss_bar * Derivative(softmax_loss, logits[p, q])
    yield (
        "only row p depends on it",
        -loss_bar / n * total(j, y[p, j] * Derivative(log_softmax(p, j), logits[p, q])),
    )
    yield (
        "derivative of the logarithm of softmax",
        -loss_bar / n * total(j, y[p, j] * (delta(j, q) - softmax(p, q))),
    )
    yield KEEPS, loss_bar / n * (softmax(p, q) * total(j, y[p, j]) - y[p, q])


@chapter_of(SOFTMAX, wrt=y[p, q])
def softmax_cross_entropy_labels():
    """The loss is linear in the labels."""
    yield DEFINITION, loss_bar * Derivative(softmax_loss, y[p, q])
    yield "linear in the labels", -loss_bar / n * log_softmax(p, q)


@topic("Cross entropy through the Jacobian of softmax")
def softmax_by_the_jacobian():
    """Once more for one example: the loss's derivative times softmax's Jacobian."""
    x, t = array("x"), array("y")
    s = define("p", [j], exp(x[j]) / total(h, exp(x[h])))
    yield "definition", Derivative(-total(j, t[j] * log(s(j))), x[q])
    yield "chain rule", -total(j, t[j] / s(j) * Derivative(s(j), x[q]))
    yield "Jacobian of softmax", -total(j, t[j] / s(j) * s(j) * (delta(j, q) - s(q)))
    yield "the denominators cancel, the delta keeps j = q", s(q) * total(j, t[j]) - t[q]


@chapter_of(SOFTMAX_INTEGER, wrt=logits[p, q])
def softmax_cross_entropy_integer():
    """A class number is a one-hot row; its entries sum to 1."""
    picked = total(j, delta(y[i], j) * log_softmax(i, j))
    yield DEFINITION, -loss_bar * Derivative(mean_over(i, picked), logits[p, q])
    yield (
        "derivative of the logarithm of softmax",
        -loss_bar / n * total(j, delta(y[p], j) * (delta(j, q) - softmax(p, q))),
    )
    yield "a row has one label", loss_bar / n * (softmax(p, q) - delta(y[p], q))


softmax_cross_entropy_integer_columns = in_columns(softmax_cross_entropy_integer, "logits")


@chapter_of("svm_hinge(scores, labels) -> loss", wrt=scores[p, q])
def svm_hinge():
    """Wrong classes inside the margin count one each, the right class minus their number."""
    right = define("c", [i], total(l, delta(y[i], l) * scores[i, l]))
    margin = define("m", [i, j], scores[i, j] - right(i) + 1)
    wrong = 1 - delta(y[i], j)
    violated = define("v", [i, j], wrong * bracket(margin(i, j) > 0))
    hinge = total((i, j), wrong * margin(i, j) * bracket(margin(i, j) > 0)) / n
    yield DEFINITION, loss_bar * Derivative(hinge, scores[p, q])
    yield (
        "brackets are constant off their boundary",
        loss_bar / n * total((i, j), violated(i, j) * Derivative(margin(i, j), scores[p, q])),
    )
    yield (
        "a margin is a difference of two scores",
        loss_bar / n * total(j, violated(p, j) * (delta(j, q) - delta(y[p], q))),
    )
    yield KEEPS, loss_bar / n * (violated(p, q) - delta(y[p], q) * total(j, violated(p, j)))
