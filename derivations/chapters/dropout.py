"""Dropout, as a function of the noise that decides."""

from derivations.language.derivation import chapter_of
from derivations.language.notation import Derivative, array, bracket, index, scalar, size, total

n = size("n")
i, p = index("i", n), index("p", n)
x, noise, y_bar = array("x"), array("noise"), array("y_bar")
rate = scalar("rate")
DROPOUT = "dropout(x, noise, rate)"


def kept(i):
    """1 where the noise keeps the entry."""
    return 1 - bracket(noise[i] < rate)


y = x[i] * kept(i) / (1 - rate)


@chapter_of(DROPOUT, wrt=x[p])
def dropout_x():
    """What is dropped forward is dropped backward."""
    yield "definition of the pullback", total(i, y_bar[i] * Derivative(y, x[p]))
    yield "y is linear in x", y_bar[p] * kept(p) / (1 - rate)


@chapter_of(DROPOUT, wrt=noise[p])
def dropout_noise():
    """The noise decides, and a decision has no slope."""
    yield "definition of the pullback", total(i, y_bar[i] * Derivative(y, noise[p]))
    yield "a bracket is constant off its boundary", 0 * y_bar[p] * noise[p]
