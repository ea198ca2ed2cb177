"""Windows of images: their entries side by side, and their greatest entries."""

from derivations.language.derivation import chapter_of
from derivations.language.notation import (
    Derivative,
    array,
    bracket,
    define,
    delta,
    index,
    size,
    total,
)

n, h, w, c = size("n"), size("h"), size("w"), size("c")
a, b, r, s = size("a"), size("b"), size("r"), size("s")
i, p = index("i", n), index("p", n)
f, g = index("f", c), index("g", c)
t, u = index("t", h), index("u", h)
o, v = index("o", w), index("v", w)
j, k, l, m = index("j", a), index("k", b), index("l", r), index("m", s)
x, y_bar = array("x"), array("y_bar")
PULLBACK = "definition of the pullback"


@chapter_of("patches(x)", wrt=x[p, u, v, g])
def patches():
    r"""Windows of 3 by 3 with a border of one pixel, counted from 1: $t = j + l - 2$.

    A pixel goes into every window that meets it, so the cotangents of its copies add up.
    """

    def here(t, o):
        return delta(t, j + l - 2) * delta(o, k + m - 2)

    copied = total((t, o), here(t, o) * x[i, t, o, f])
    everywhere = (i, j, k, l, m, f)
    yield PULLBACK, total(everywhere, y_bar[i, j, k, l, m, f] * Derivative(copied, x[p, u, v, g]))
    yield (
        "copies are linear in x",
        total(everywhere, y_bar[i, j, k, l, m, f] * here(u, v) * delta(i, p) * delta(f, g)),
    )
    yield (
        "the deltas keep i = p and f = g",
        total((j, k, l, m), here(u, v) * y_bar[p, j, k, l, m, g]),
    )


def greatest(i, m, f):
    """1 where no entry of the window is greater."""
    return bracket(total(m2, bracket(x[i, m2, f] > x[i, m, f])) < 1)


ms, m2 = index("ms", s), index("m'", s)
ties = define("c", [i, f], total(ms, greatest(i, ms, f)))


@chapter_of("max_pool(x)", wrt=x[p, m, g])
def max_pool():
    """The greatest entry of a window, or the mean of those that are equally great."""
    best = total(ms, greatest(i, ms, f) * x[i, ms, f]) / ties(i, f)
    yield PULLBACK, total((i, f), y_bar[i, f] * Derivative(best, x[p, m, g]))
    yield (
        "brackets are constant off their boundary, windows do not meet",
        y_bar[p, g] * greatest(p, m, g) / ties(p, g),
    )
