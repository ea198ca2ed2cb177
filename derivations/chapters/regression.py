"""Losses on values, and the penalty of weights."""

from derivations.language.derivation import chapter_of
from derivations.language.notation import (
    Derivative,
    Rational,
    array,
    bracket,
    index,
    mean_over,
    scalar,
    size,
    total,
)

n, d = size("n"), size("d")
i, p = index("i", n), index("p", n)
c, r = index("c", d), index("r", d)
predictions, targets, w = array("predictions"), array("targets"), array("w")
loss_bar, rate = scalar("loss_bar"), scalar("rate")
bound = scalar("delta", positive=True)
HALF = Rational(1, 2)

SQUARED = "squared_error(predictions, targets) -> loss"
HUBER = "huber(predictions, targets, delta) -> loss"
DEFINITION = "definition of the pullback"

squares = mean_over(i, total(c, (predictions[i, c] - targets[i, c]) ** 2))


@chapter_of(SQUARED, wrt=predictions[p, r])
def squared_error_predictions():
    """Twice the difference."""
    yield DEFINITION, loss_bar * Derivative(squares, predictions[p, r])
    yield "power rule", 2 * loss_bar / n * (predictions[p, r] - targets[p, r])


@chapter_of(SQUARED, wrt=targets[p, r])
def squared_error_targets():
    """The same with the other sign."""
    yield DEFINITION, loss_bar * Derivative(squares, targets[p, r])
    yield "power rule", -2 * loss_bar / n * (predictions[p, r] - targets[p, r])


def bent(t):
    """Half a square between the bounds, a line beyond them."""
    above, below = bracket(t > bound), bracket(t < -bound)
    square, line = HALF * t**2, HALF * bound**2
    return square * (1 - above - below) + (bound * t - line) * above - (bound * t + line) * below


def slope(t):
    """The difference, clipped."""
    above, below = bracket(t > bound), bracket(t < -bound)
    return t * (1 - above - below) + bound * above - bound * below


bends = mean_over(i, total(c, bent(predictions[i, c] - targets[i, c])))


@chapter_of(HUBER, wrt=predictions[p, r])
def huber_predictions():
    """The difference itself between the bounds, the bound beyond: the clipped difference."""
    difference = predictions[p, r] - targets[p, r]
    yield DEFINITION, loss_bar * Derivative(bends, predictions[p, r])
    yield "one entry depends on it", loss_bar / n * Derivative(bent(difference), predictions[p, r])
    yield "one piece at a time", loss_bar / n * slope(difference)


@chapter_of(HUBER, wrt=targets[p, r])
def huber_targets():
    """The same with the other sign."""
    difference = predictions[p, r] - targets[p, r]
    yield DEFINITION, loss_bar * Derivative(bends, targets[p, r])
    yield "one piece at a time", -loss_bar / n * slope(difference)


@chapter_of("l2_penalty(w, rate) -> loss", wrt=w[r])
def l2_penalty():
    """Without a half in front there is a 2 behind."""
    yield DEFINITION, loss_bar * Derivative(rate * total(c, w[c] ** 2), w[r])
    yield "power rule", 2 * rate * loss_bar * w[r]
