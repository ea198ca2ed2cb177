"""Losses: each is a scalar, the mean over the examples of a sum over everything else.

Those on logits are finite for any finite scores. Those on probabilities bound the logarithm:
probabilities below ε count as ε, with gradient 0, so a loss is at most -log ε per entry and never
nan.
"""

from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from funcnet.contract import Between, Columns, Labels, Rows, checked
from funcnet.ops.activations import minus_abs, softplus
from funcnet.ops.labels import at_label, is_label, masked_sum, one_or_nan
from funcnet.ops.normalization import Epsilon
from funcnet.ops.shapes import Shape
from funcnet.ops.softmax import log_softmax

Probability = Between(0, 1, remedy="apply sigmoid or softmax first, or use the loss on logits")
Share = Between(0, 1, remedy="pass one-hot rows, or probabilities of the classes")


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@checked
def binary_cross_entropy(
    probabilities: Annotated[Float[Array, "n *d"], Rows(1), Probability],
    labels: Annotated[Float[Array, "n *d"], Share],
    eps: Epsilon = 1e-15,
) -> Float[Array, ""]:
    r"""Binary cross entropy of probabilities, averaged over the examples.

    The loss is $L = -\frac1n \sum_{ni} \left(y \log p + (1 - y) \log(1 - p)\right)$, where p and
    1 - p below ε count as ε, with gradient 0. Prefer `sigmoid_binary_cross_entropy`, which needs no
    bound.
    """
    p, q, y = _at_least(eps, probabilities), _at_least(eps, 1 - probabilities), labels
    return -(y * jnp.log(p) + (1 - y) * jnp.log(q)).sum() / y.shape[0]


def binary_cross_entropy_forward(probabilities, labels, eps):
    return binary_cross_entropy.fun(probabilities, labels, eps), (probabilities, labels)


def binary_cross_entropy_backward(eps, residuals, loss_bar):
    p, y = residuals
    g = loss_bar / y.shape[0]
    p_bar = g * ((1 - y) * _bounded_reciprocal(eps, 1 - p) - y * _bounded_reciprocal(eps, p))
    return p_bar, g * (jnp.log(_at_least(eps, 1 - p)) - jnp.log(_at_least(eps, p)))


binary_cross_entropy.defvjp(binary_cross_entropy_forward, binary_cross_entropy_backward)


@jax.custom_vjp
@checked
def sigmoid_binary_cross_entropy(
    logits: Annotated[Float[Array, "n *d"], Rows(1)], labels: Annotated[Float[Array, "n *d"], Share]
) -> Float[Array, ""]:
    r"""Binary cross entropy of sigmoid(logits), $L = \frac1n \sum_{ni} \log(1 + e^x) - x y$.

    The two derivatives fuse into $s(x) - y = (1 - y) s(x) - y s(-x)$; the second form does not
    cancel where the prediction is right.
    """
    return (softplus.fun(logits) - logits * labels).sum() / logits.shape[0]


def sigmoid_binary_cross_entropy_forward(logits, labels):
    return sigmoid_binary_cross_entropy.fun(logits, labels), (logits, labels)


def sigmoid_binary_cross_entropy_backward(residuals, loss_bar):
    x, y = residuals
    g = loss_bar / x.shape[0]
    e = jnp.exp(minus_abs(x))  # s(x) and s(-x) are 1 / (1 + e) and e / (1 + e) in some order
    wrong, right = jnp.where(x > 0, 1, e), jnp.where(x > 0, e, 1)
    return g * (((1 - y) * wrong - y * right) / (1 + e)), -g * x


sigmoid_binary_cross_entropy.defvjp(
    sigmoid_binary_cross_entropy_forward, sigmoid_binary_cross_entropy_backward
)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@checked
def cross_entropy(
    probabilities: Annotated[Float[Array, "n k"], Rows(1), Probability],
    labels: Annotated[Float[Array, "n k"], Share],
    eps: Epsilon = 1e-15,
) -> Float[Array, ""]:
    r"""Cross entropy of probabilities, one-hot or soft rows, $L = -\frac1n \sum y \log p$.

    p below ε counts as ε, with gradient 0. Prefer `softmax_cross_entropy`, which needs no bound.
    """
    return -(labels * jnp.log(_at_least(eps, probabilities))).sum() / labels.shape[0]


def cross_entropy_forward(probabilities, labels, eps):
    return cross_entropy.fun(probabilities, labels, eps), (probabilities, labels)


def cross_entropy_backward(eps, residuals, loss_bar):
    p, y = residuals
    g = -loss_bar / y.shape[0]
    return g * y * _bounded_reciprocal(eps, p), g * jnp.log(_at_least(eps, p))


cross_entropy.defvjp(cross_entropy_forward, cross_entropy_backward)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
@checked
def cross_entropy_with_integer_labels(
    probabilities: Annotated[Float[Array, "n k"], Rows(1), Probability],
    labels: Annotated[Integer[Array, "n"], Labels("k")],
    eps: Epsilon = 1e-15,
) -> Float[Array, ""]:
    r"""Cross entropy of probabilities with class numbers, $L = -\frac1n \sum_n \log p_{n y_n}$.

    p below ε counts as ε, with gradient 0. A label out of range gives nan under `jit`, where it
    cannot raise.
    """
    return -jnp.log(_at_least(eps, at_label(probabilities, labels))).sum() / labels.shape[0]


def cross_entropy_with_integer_labels_forward(probabilities, labels, eps):
    loss = cross_entropy_with_integer_labels.fun(probabilities, labels, eps)
    return loss, (at_label(probabilities, labels), labels, Shape(probabilities.shape))


def cross_entropy_with_integer_labels_backward(eps, residuals, loss_bar):
    p, labels, shape = residuals
    n, k = shape.axes
    p_bar = -loss_bar / n * _bounded_reciprocal(eps, p)
    return jnp.where(is_label(labels, k), p_bar[:, None], 0), None


cross_entropy_with_integer_labels.defvjp(
    cross_entropy_with_integer_labels_forward, cross_entropy_with_integer_labels_backward
)


@jax.custom_vjp
@checked
def softmax_cross_entropy(
    logits: Annotated[Float[Array, "n k"], Rows(1)], labels: Annotated[Float[Array, "n k"], Share]
) -> Float[Array, ""]:
    r"""Cross entropy of softmax(logits), one-hot or soft rows, $L = -\frac1n \sum y \log p$.

    With $p$ the softmax of the logits the derivative is $(p_{nk} \sum_j y_{nj} - y_{nk}) / n$: the
    familiar $p - y$ where the rows of y sum to 1, and right also where they do not.
    """
    return -(labels * log_softmax.fun(logits)).sum() / logits.shape[0]


def softmax_cross_entropy_forward(logits, labels):
    return softmax_cross_entropy.fun(logits, labels), (log_softmax.fun(logits), labels)


def softmax_cross_entropy_backward(residuals, loss_bar):
    log_p, y = residuals
    g = loss_bar / y.shape[0]
    return g * (jnp.exp(log_p) * y.sum(axis=-1, keepdims=True) - y), -g * log_p


softmax_cross_entropy.defvjp(softmax_cross_entropy_forward, softmax_cross_entropy_backward)


@jax.custom_vjp
@checked
def softmax_cross_entropy_with_integer_labels(
    logits: Annotated[Float[Array, "n k"], Rows(1)],
    labels: Annotated[Integer[Array, "n"], Labels("k")],
) -> Float[Array, ""]:
    r"""Cross entropy of softmax(logits) with class numbers, $L = -\frac1n \sum_n \log p_{n y_n}$.

    The derivative is $(p_{nk} - [k = y_n]) / n$. A label out of range gives nan under `jit`, where
    it cannot raise.
    """
    return _integer_cross_entropy(logits, labels, -1)[0]


def softmax_cross_entropy_with_integer_labels_forward(logits, labels):
    loss = softmax_cross_entropy_with_integer_labels.fun(logits, labels)
    return loss, _integer_cross_entropy(logits, labels, -1)[1]


def softmax_cross_entropy_with_integer_labels_backward(residuals, loss_bar):
    return _integer_cross_entropy_backward(residuals, loss_bar, -1), None


softmax_cross_entropy_with_integer_labels.defvjp(
    softmax_cross_entropy_with_integer_labels_forward,
    softmax_cross_entropy_with_integer_labels_backward,
)


@jax.custom_vjp
@checked
def softmax_cross_entropy_with_integer_labels_columns(
    logits: Annotated[Float[Array, "k n"], Columns(1)],
    labels: Annotated[Integer[Array, "n"], Labels("k")],
) -> Float[Array, ""]:
    r"""`softmax_cross_entropy_with_integer_labels` of examples that are columns.

    For the transposed output of a network: the network's own transposition then cancels.
    """
    return _integer_cross_entropy(logits, labels, 0)[0]


def softmax_cross_entropy_with_integer_labels_columns_forward(logits, labels):
    loss = softmax_cross_entropy_with_integer_labels_columns.fun(logits, labels)
    return loss, _integer_cross_entropy(logits, labels, 0)[1]


def softmax_cross_entropy_with_integer_labels_columns_backward(residuals, loss_bar):
    return _integer_cross_entropy_backward(residuals, loss_bar, 0), None


softmax_cross_entropy_with_integer_labels_columns.defvjp(
    softmax_cross_entropy_with_integer_labels_columns_forward,
    softmax_cross_entropy_with_integer_labels_columns_backward,
)


@jax.custom_vjp
@checked
def svm_hinge(
    scores: Annotated[Float[Array, "n k"], Rows(1)],
    labels: Annotated[Integer[Array, "n"], Labels("k")],
) -> Float[Array, ""]:
    r"""Multi-class hinge loss over the wrong classes.

    The loss is $L = \frac1n \sum_n \sum_{j \ne y_n} \max(0, s_{nj} - s_{n y_n} + 1)$.

    The derivative counts margins: $[\text{margin}_{nj} > 0]$ for the wrong classes, minus their
    number for the right one; 0 for a margin of exactly 0. A label out of range gives nan under
    `jit`, where it cannot raise.

    Reference:
        Weston and Watkins (1999), Support vector machines for multi-class pattern recognition.
    """
    margin = _wrong_margins(scores, labels)
    return jnp.where(margin <= 0, 0, margin).sum() / scores.shape[0]  # nan stays nan


def svm_hinge_forward(scores, labels):
    return svm_hinge.fun(scores, labels), (_wrong_margins(scores, labels) > 0, labels)


def svm_hinge_backward(residuals, loss_bar):
    violated, labels = residuals
    weight = loss_bar / labels.shape[0] * one_or_nan(labels, violated.shape[-1])
    right = -weight * violated.sum(axis=-1).astype(loss_bar.dtype)
    nothing = 0 * weight  # nan where the label is out of range
    wrong_bar = jnp.where(violated, weight[:, None], nothing[:, None])
    return jnp.where(is_label(labels, violated.shape[-1]), right[:, None], wrong_bar), None


svm_hinge.defvjp(svm_hinge_forward, svm_hinge_backward)


def _at_least(eps, p):
    return jnp.where(p > eps, p, eps)


def _bounded_reciprocal(eps, p):
    """The derivative of log max(p, ε): 1/p, and 0 below ε."""
    return jnp.where(p > eps, 1 / _at_least(eps, p), 0)


def _integer_cross_entropy(logits, labels, axis):
    """The mean of -log p at the label, and what its rule needs."""
    shifted = logits - logits.max(axis, keepdims=True)
    log_p = shifted - jnp.log(jnp.exp(shifted).sum(axis, keepdims=True))
    return -masked_sum(log_p, labels, axis).sum() / labels.shape[0], (log_p, labels)


def _integer_cross_entropy_backward(residuals, loss_bar, axis):
    log_p, labels = residuals
    weight = loss_bar / labels.shape[0] * one_or_nan(labels, log_p.shape[axis])
    weight = jnp.expand_dims(weight, axis)
    kept = jnp.where(is_label(labels, log_p.shape[axis], axis), weight, 0)
    return weight * jnp.exp(log_p) - kept


def _wrong_margins(scores, labels):
    """The margins s_j - s_y + 1 of the wrong classes, and 0 for the right one."""
    margin = scores - at_label(scores, labels)[:, None] + 1
    return jnp.where(is_label(labels, scores.shape[-1]), 0, margin)
