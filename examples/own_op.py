"""An op of one's own: its backward written by hand, derived, checked, compared from three sources.

The op is log cosh, a smooth absolute value that robust regression uses as a loss. Nothing of it is
in funcnet: any `jax.custom_vjp` function with annotated arguments will do.

    python examples/own_op.py
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from derivations import Chapter, chapter_of, compare
from derivations.language.notation import Derivative, array, exp, index, log, size, tanh, total

jax.config.update("jax_enable_x64", True)


@jax.custom_vjp
def log_cosh(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Logarithm of the hyperbolic cosine, y = |x| + log(1 + e^(-2|x|)) - log 2."""
    return jnp.abs(x) + jnp.log1p(jnp.exp(-2 * jnp.abs(x))) - jnp.log(2)  # cosh overflows at 711


def log_cosh_forward(x):
    return log_cosh.fun(x), x


def log_cosh_backward(x, y_bar):
    return (y_bar * jnp.tanh(x),)


log_cosh.defvjp(log_cosh_forward, log_cosh_backward)

n = size("n")
i, p = index("i", n), index("p", n)
x, y_bar = array("x"), array("y_bar")


@chapter_of("log_cosh(x)", wrt=x[p])
def derivation():
    """A smooth absolute value, whose derivative is a smooth sign."""
    yield "definition", total(i, y_bar[i] * Derivative(log(exp(x[i]) + exp(-x[i])) - log(2), x[p]))
    yield "chain rule", y_bar[p] * (exp(x[p]) - exp(-x[p])) / (exp(x[p]) + exp(-x[p]))
    yield "hyperbolic tangent", y_bar[p] * tanh(x[p])


def main() -> None:
    derivation.check()  # every equals sign, exactly; a wrong one raises
    print(derivation.latex(), end="\n\n")

    inputs = jnp.array([-1000.0, -3.0, -0.1, 0.0, 0.7, 20.0, 1000.0])
    comparison = compare(log_cosh, inputs, derivation=Chapter("log_cosh", (derivation,)))
    print(comparison)
    assert comparison


if __name__ == "__main__":
    main()
