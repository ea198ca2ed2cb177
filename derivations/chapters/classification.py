"""Weighted and smoothed cross entropy, the focal loss, and the divergence of two rows."""

from sympy import Piecewise

from derivations.language.derivation import chapter_of
from derivations.language.notation import (
    Derivative,
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
i, p, a = index("i", n), index("p", n), index("a", n)
j, h, q = index("j", k), index("h", k), index("q", k)
c, r = index("c", d), index("r", d)
logits, labels, weights = array("logits"), array("labels"), array("weights")
log_p, targets = array("log_predictions"), array("targets", nonnegative=True)
loss_bar, smoothing, gamma = scalar("loss_bar"), scalar("smoothing"), scalar("gamma")
DEFINITION = "definition of the pullback"

WEIGHTED = "weighted_softmax_cross_entropy(logits, labels, weights, smoothing) -> loss"
FOCAL = "focal_loss(logits, labels, gamma) -> loss"
DIVERGENCE = "kl_divergence(log_predictions, targets) -> loss"

softmax = define("s", [i, j], exp(logits[i, j]) / total(h, exp(logits[i, h])))
smoothed = define(
    "l",
    [i],
    log(total(h, exp(logits[i, h])))
    - (1 - smoothing) * total(j, delta(labels[i], j) * logits[i, j])
    - smoothing * mean_over(j, logits[i, j]),
)
weight = define("W", [], total(a, weights[a]) + 1 - bracket(total(a, weights[a]) > 0))  # or 1
loss = define("L", [], total(i, weights[i] * smoothed(i)) / weight())


@chapter_of(WEIGHTED, wrt=logits[p, q])
def weighted_logits():
    r"""Softmax minus the smoothed label, times the example's share of the weights."""
    yield DEFINITION, loss_bar * Derivative(loss(), logits[p, q])
    yield (
        "examples do not mix",
        loss_bar * weights[p] / weight() * Derivative(smoothed(p), logits[p, q]),
    )
    yield (
        "derivative of the logarithm of a sum",
        loss_bar
        * weights[p]
        / weight()
        * (softmax(p, q) - (1 - smoothing) * delta(labels[p], q) - smoothing / k),
    )


@chapter_of(WEIGHTED, wrt=weights[p])
def weighted_weights():
    """A weight pulls the mean to its example: by how far that is from the mean."""
    yield DEFINITION, loss_bar * Derivative(loss(), weights[p])
    yield (
        "quotient rule",
        loss_bar * (smoothed(p) / weight() - total(i, weights[i] * smoothed(i)) / weight() ** 2),
    )
    yield "the mean taken out", loss_bar * (smoothed(p) - loss()) / weight()


def wrong(z, t):
    """The logit of being wrong."""
    return (1 - 2 * t) * z


def focused(u):
    """The power of the sigmoid, times the cross entropy."""
    return exp(-gamma * log(1 + exp(-u))) * log(1 + exp(u))


def slope(u):
    """The derivative of `focused`."""
    power = exp(-gamma * log(1 + exp(-u)))
    return power * (1 / (1 + exp(-u)) + gamma * log(1 + exp(u)) / (1 + exp(u)))


focal = mean_over(i, total(c, focused(wrong(logits[i, c], labels[i, c]))))


@chapter_of(FOCAL, wrt=logits[p, r])
def focal_logits():
    r"""$s^\gamma = e^{-\gamma \log(1 + e^{-u})}$ with u the logit of being wrong."""
    z, t = logits[p, r], labels[p, r]
    yield DEFINITION, loss_bar * Derivative(focal, z)
    yield "one entry depends on it", loss_bar / n * Derivative(focused(wrong(z, t)), z)
    yield "product rule, u' = 1 - 2y", loss_bar / n * slope(wrong(z, t)) * (1 - 2 * t)


@chapter_of(FOCAL, wrt=labels[p, r])
def focal_labels():
    r"""The label turns the logit's sign."""
    z, t = logits[p, r], labels[p, r]
    yield DEFINITION, loss_bar * Derivative(focal, t)
    yield "product rule, u' = -2x", -2 * loss_bar / n * slope(wrong(z, t)) * z


def divergence(lp, t):
    """What one target adds; nothing where it is 0."""
    return t * (Piecewise((log(t), t > 0), (0, True)) - lp)


divergences = mean_over(i, total(j, divergence(log_p[i, j], targets[i, j])))


@chapter_of(DIVERGENCE, wrt=log_p[p, q])
def divergence_predictions():
    """The divergence is linear in the logarithms of the predictions."""
    yield DEFINITION, loss_bar * Derivative(divergences, log_p[p, q])
    yield "linear in the predictions", -loss_bar / n * targets[p, q]


@chapter_of(DIVERGENCE, wrt=targets[p, q])
def divergence_targets():
    r"""$(t \log t)' = \log t + 1$; at 0 the code leaves this part out."""
    t = targets[p, q]
    yield DEFINITION, loss_bar * Derivative(divergences, t)
    yield (
        "product rule",
        loss_bar / n * (Piecewise((log(t) + 1, t > 0), (0, True)) - log_p[p, q]),
    )
