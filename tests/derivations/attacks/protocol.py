"""What custom_vjp allows: symbolic zeros, None, residuals, a forward of its own, second order."""

from functools import partial

import jax.numpy as jnp
import numpy as np

from .cases import entrywise, rule, square, wrong

X = np.array([0.7, -1.2, 2.3])
everywhere = partial(wrong, where="everywhere")


def _value_and_whether(x):
    return getattr(x, "value", x), getattr(x, "perturbed", True)


def _forward_of_symbolic_zeros(x, y):
    (x, moves), (y, also) = _value_and_whether(x), _value_and_whether(y)
    return x * y, (x, y, None if moves and also else ())


def _backward_of_symbolic_zeros(g, x, y, marks):
    return (g * y, g * x) if marks is None else (5 * g, 5 * g)


product_of_perturbed = rule(
    lambda x, y: x * y,
    _backward_of_symbolic_zeros,
    _forward_of_symbolic_zeros,
    symbolic_zeros=True,
)


def _sin_and_cos(x):
    return jnp.sin(x), jnp.cos(x)


def _of_both(g, x):
    return (g[0] * jnp.cos(x) - g[1] * jnp.sin(x),)


def _cos_and_sin_forward(x):
    return _sin_and_cos(x)[::-1], (x,)


def _shifted_square(x):
    return jnp.exp(2 * jnp.log(x + 50)) - 100 * x - 2500


wrong_square = rule(square, lambda g, x: (3 * x * g,))

FALSE = {
    "an argument that is not perturbed": wrong(
        product_of_perturbed,
        X,
        sizes="n,n",
        where="trace",
        runs=lambda x: product_of_perturbed(x, X),
        definition=lambda x: x * X,
        why="symbolic zeros: wrong where one of two arguments is not differentiated",
    ),
    "None for a gradient": everywhere(rule(square, lambda g, x: (None,)), X, why="None is zero"),
    "gradients of two arguments swapped": everywhere(
        rule(lambda x, y: x * y**2, lambda g, x, y: (2 * g * x * y, g * y**2)),
        X,
        X + 1,
        sizes="n,n",
        why="their shapes agree",
    ),
    "outputs swapped": everywhere(
        rule(_sin_and_cos, _of_both, _cos_and_sin_forward),
        X,
        why="the forward returns another order than the definition",
    ),
    "a residual computed otherwise": wrong(
        rule(jnp.exp, lambda g, y: (g * y,), lambda x: (jnp.exp(x), (jnp.exp(jnp.abs(x)),))),
        X,
        where="region",
        why="the value and what is kept differ for x < 0",
    ),
    "a scalar for an array": everywhere(
        rule(lambda x: x.sum(), lambda g, x: (g,)), X, is_refused=True, why="JAX refuses its shape"
    ),
    "a wrong rule inside the definition": everywhere(
        rule(lambda x: wrong_square(x) * x, lambda g, x: (4 * x**2 * g,)),
        X,
        definition=lambda x: x**3,
        why="the truth is the derivative of the value, not what the inner rule says",
    ),
    "a derivative of the backward": everywhere(
        entrywise(lambda x: x**3, lambda x: 3 * wrong_square(x)),
        [2.0],
        options={"order": 2},
        why="right, and its own derivative is not",
    ),
    "a forward that differs at a point": wrong(
        entrywise(jnp.exp, jnp.exp, lambda x: (jnp.where(x == 3.0, 0.0, jnp.exp(x)), (x,))),
        [3.0],
        where="points",
        why="the forward's value at 3",
    ),
    "a forward that is nan far out": wrong(
        entrywise(square, lambda x: 2 * x, lambda x: (_shifted_square(x), (x,))),
        [-60.0],
        where="region",
        why="the forward's value below −50",
    ),
}
