"""A wrong rule inside a function in which nothing else is hand-written."""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from .cases import square, wrong
from .protocol import X, wrong_square


@jax.custom_jvp
def _square_by_a_wrong_tangent(x):
    return x**2


_square_by_a_wrong_tangent.defjvp(lambda x, t: (x[0] ** 2, 3 * x[0] * t[0]))


@jax.custom_gradient
def _square_by_a_wrong_gradient(x):
    return x**2, lambda g: (3 * x * g,)


class _Scaled:
    weight = 2.0

    def __call__(self, x):
        return wrong_square(x) * self.weight

    def shifted(self, x):
        return wrong_square(x) + self.weight


def _sum_by_scan(x):
    return lax.scan(lambda total, a: (total + wrong_square(a), None), 0.0, x)[0]


def _if_the_sum_is_positive(x):
    return lax.cond(x.sum() > 0, wrong_square, lambda x: x, x)


def _twice(x):
    return lax.fori_loop(0, 2, lambda _, a: wrong_square(a), x)


def _inside(function, definition, sizes="n"):
    return wrong(
        function,
        X,
        sizes=sizes,
        where="everywhere",
        definition=definition,
        why="the rule is met where the function is differentiated",
    )


FALSE = {
    "custom_jvp": _inside(_square_by_a_wrong_tangent, square),
    "custom_gradient": _inside(_square_by_a_wrong_gradient, square),
    "a lambda": _inside(lambda x: jnp.sin(wrong_square(x)), lambda x: jnp.sin(x**2)),
    "jit": _inside(jax.jit(wrong_square), square),
    "vmap": _inside(jax.vmap(wrong_square), square),
    "partial": _inside(
        functools.partial(lambda a, x: wrong_square(x) * a, 2.0), lambda x: 2 * x**2
    ),
    "an object that is called": _inside(_Scaled(), lambda x: 2 * x**2),
    "a bound method": _inside(_Scaled().shifted, lambda x: x**2 + 2),
    "scan": _inside(_sum_by_scan, lambda x: (x**2).sum(), "3"),
    "cond": _inside(_if_the_sum_is_positive, lambda x: jnp.where(x.sum() > 0, x**2, x)),
    "checkpoint": _inside(jax.checkpoint(wrong_square), square),
    "fori_loop": _inside(_twice, lambda x: x**4),
}
