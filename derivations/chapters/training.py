"""The optimisers' recurrences, and the derivative by central differences."""

from derivations.language.derivation import topic
from derivations.language.notation import (
    Derivative,
    Rational,
    array,
    define,
    index,
    scalar,
    size,
    total,
)

t = size("t")
u, o = index("u", t), index("o", t - 1)
g = array("g")
mu, eta, rho = scalar("mu"), scalar("eta"), scalar("rho", positive=True)
beta = scalar("beta", positive=True)
v, w, slope, gradient = scalar("v"), scalar("w"), scalar("t"), scalar("g")


@topic("Momentum")
def momentum():
    r"""$v \leftarrow \mu v + \eta g$ is $\eta$ times optax's $t \leftarrow \mu t + g$."""
    yield "the document's step, from $v = \\eta t$", w - (mu * eta * slope + eta * gradient)
    yield r"$\eta$ taken out: optax's step", w - eta * (mu * slope + gradient)


@topic("Momentum remembers")
def momentum_unrolled():
    r"""The velocity after t steps sums all gradients, with weights that fade by $\mu$."""
    before = total(o, mu ** (t - 1 - o) * eta * g[o])
    yield "one step of the recurrence", mu * before + eta * g[t]
    yield "the sum over all steps", total(u, mu ** (t - u) * eta * g[u])


@topic("Nesterov's look-ahead is optax's form")
def nesterov():
    r"""With the gradient at $\theta = w - \mu v$, $\theta$ moves as optax's parameters do.

    The document's step is $v' = \mu v + \eta g$, $w' = w - v'$; optax keeps $t = v/\eta$.
    """
    theta = scalar("theta")
    velocity = mu * eta * slope + eta * gradient
    position = theta + mu * eta * slope
    trace = mu * slope + gradient
    yield "the next look-ahead point, $w' - \\mu v'$", position - velocity - mu * velocity
    yield "optax's step with its trace t'", theta - eta * (gradient + mu * trace)


@topic("Adam's bias")
def adam():
    r"""For a constant gradient the average is too small by $1 - \beta^t$, not $1 - \beta$."""
    yield "the average, started at 0", (1 - beta) * total(u, beta ** (t - u) * gradient)
    yield "the geometric sum", gradient * (1 - beta**t)


@topic("Adam's second average")
def adam_second():
    r"""The same for the squares, so both averages divided by $1 - \beta^t$ are right on average."""
    before = (1 - beta) * total(o, beta ** (t - 1 - o) * g[o] ** 2)
    yield "one step of the recurrence", beta * before + (1 - beta) * g[t] ** 2
    yield "the sum over all steps", (1 - beta) * total(u, beta ** (t - u) * g[u] ** 2)


@topic("RMSprop's average")
def rmsprop():
    r"""The divisor is a mean of the squared gradients that forgets by $\rho$ a step."""
    before = (1 - rho) * total(o, rho ** (t - 1 - o) * g[o] ** 2)
    yield "one step of the recurrence", rho * before + (1 - rho) * g[t] ** 2
    yield "the sum over all steps", (1 - rho) * total(u, rho ** (t - u) * g[u] ** 2)


@topic("AdaGrad's sum")
def adagrad():
    """The divisor forgets nothing, so the steps shrink."""
    yield "one step of the recurrence", total(o, g[o] ** 2) + g[t] ** 2
    yield "the sum over all steps", total(u, g[u] ** 2)


f0, f1, f2, f3, h = (scalar(s) for s in ["f_0", "f_1", "f_2", "f_3", "h"])
precision, value = scalar("epsilon", positive=True), scalar("f", positive=True)
third = scalar("f_3", positive=True)
step = scalar("h", positive=True)


def taylor(at):
    """A cubic with the derivatives f_0 to f_3 at 0; what is left out is of order h⁴."""
    return f0 + f1 * at + f2 * at**2 / 2 + f3 * at**3 / 6


@topic("Central differences")
def central_differences():
    r"""Even terms cancel; beside $f_1 = f'$ there is $h^2 f''' / 6$, then order $h^4$."""
    yield "difference of two values, to third order", (taylor(h) - taylor(-h)) / (2 * h)
    yield "even terms cancel", f1 + h**2 * f3 / 6


@topic("The best step of central differences")
def best_step():
    r"""Rounding gives about $\epsilon f / h$, truncation $h^2 f_3 / 6$, in absolute values.

    The sum is least at $h = (3 \epsilon f / f_3)^{1/3}$: about $10^{-5}$ in double precision.
    """
    error = define("E", [], precision * value / step + step**2 * third / 6)
    yield "the derivative of both errors together", Derivative(error(), step)
    yield "power rule", -precision * value / step**2 + step * third / 3
    yield (
        "which changes its sign where the bracket does",
        third / (3 * step**2) * (step**3 - 3 * precision * value / third),
    )


@topic("The error at the best step")
def best_error():
    """One third of it is truncation, two thirds are rounding."""
    best = define("b", [], (3 * precision * value / third) ** Rational(1, 3))
    yield "both errors at the best step", precision * value / best() + best() ** 2 * third / 6
    yield "the first is twice the second", best() ** 2 * third / 3 + best() ** 2 * third / 6
    yield "in all", best() ** 2 * third / 2
