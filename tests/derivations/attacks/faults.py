"""Rules for primitives that misread, each with a wrong op that would look right by it.

A misreading is a function of a dict of rules, the reader's or the evaluator's, that gives the rule
to put into it: both engines call a rule with their surroundings, the equation and what goes in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .cases import rule

Rules = dict[str, Callable]


@dataclass(frozen=True)
class Fault:
    """A primitive, how it is misread, a wrong op, and the right one of the same definition."""

    primitive: str
    misread: Callable[[Rules], Callable]
    wrong: Any
    right: Any
    sizes: tuple[str, ...] = ("n",)


def read_as(other: str) -> Callable[[Rules], Callable]:
    """By the rule of another primitive."""
    return lambda rules: rules[other]


def named(primitive: str, other: str) -> Callable[[Rules], Callable]:
    """By its own rule, which takes it for another primitive."""

    def misread(rules):
        true, primitive_ = rules[primitive], SimpleNamespace(name=other)
        return lambda around, equation, *args: true(
            around, equation.replace(primitive=primitive_), *args
        )

    return misread


def with_parameters(primitive: str, change: Callable[[dict], dict]) -> Callable[[Rules], Callable]:
    """By its own rule, with other parameters."""

    def misread(rules):
        true = rules[primitive]
        return lambda around, equation, *args: true(
            around, equation.replace(params=equation.params | change(equation.params)), *args
        )

    return misread


def with_arguments(primitive: str, *order: int) -> Callable[[Rules], Callable]:
    """By its own rule, with its arguments in another order."""

    def misread(rules):
        true = rules[primitive]
        return lambda around, equation, *args: true(around, equation, *(args[k] for k in order))

    return misread


def argument(place: int) -> Callable[[Rules], Callable]:
    """As one of its arguments."""
    return lambda _: lambda around, equation, *args: args[place]


def nothing(primitive: str) -> Callable[[Rules], Callable]:
    """As zeros."""

    def misread(rules):
        true, less = rules[primitive], rules["sub"]

        def apply(around, equation, *args):
            found = true(around, equation, *args)
            return less(around, equation, found, found)

        return apply

    return misread


def fault(primitive, misread, definition, wrong, sizes="n") -> Fault:
    """A fault whose wrong backward takes the cotangent first."""

    def true(g, *args):
        floats = [k for k, a in enumerate(args) if jnp.issubdtype(a.dtype, jnp.floating)]
        assert floats == list(range(len(floats)))
        rest = args[len(floats) :]
        pull = jax.vjp(lambda *xs: definition(*xs, *rest), *args[: len(floats)])[1]
        return *pull(g), *(None for _ in rest)

    ops = rule(definition, wrong), rule(definition, true)
    return Fault(primitive, misread, *ops, tuple(sizes.split(",")))


def _of_entries(primitive: str, misread: Callable, function: Callable, slope: Callable) -> Fault:
    return fault(primitive, misread, lambda x: function(x), lambda g, x: (g * slope(x),))


def _sech_squared(x):
    return 1 - jnp.tanh(x) ** 2


def _atan_slope(x):
    return 1 / (1 + x * x)


def _root_slope(x):
    return 0.5 / jnp.sqrt(x)


def _erf_slope(x):
    return 2 / jnp.sqrt(jnp.pi) * jnp.exp(-x * x)


FUNCTIONS = [
    ("sin", "tanh", jnp.sin, _sech_squared),
    ("cos", "sinh", jnp.cos, jnp.cosh),
    ("tan", "atan", jnp.tan, _atan_slope),
    ("exp", "tanh", jnp.exp, _sech_squared),
    ("exp2", "exp", jnp.exp2, jnp.exp),
    ("log", "log1p", jnp.log, lambda x: 1 / (1 + x)),
    ("log1p", "atan", jnp.log1p, _atan_slope),
    ("expm1", "sinh", jnp.expm1, jnp.cosh),
    ("tanh", "atan", jnp.tanh, _atan_slope),
    ("logistic", "tanh", jax.nn.sigmoid, _sech_squared),
    ("sqrt", "cbrt", jnp.sqrt, lambda x: 1 / (3 * jnp.cbrt(x) ** 2)),
    ("cbrt", "sqrt", jnp.cbrt, _root_slope),
    ("rsqrt", "sqrt", lax.rsqrt, _root_slope),
    ("erf", "tanh", jax.scipy.special.erf, _sech_squared),
    ("erfc", "erf", jax.scipy.special.erfc, _erf_slope),
    ("sinh", "cosh", jnp.sinh, lambda x: (jnp.exp(x) - jnp.exp(-x)) / 2),
    ("atan", "asinh", jnp.arctan, lambda x: lax.rsqrt(1 + x * x)),
    ("asinh", "atan", jnp.arcsinh, _atan_slope),
    ("lgamma", "log", jax.scipy.special.gammaln, lambda x: 1 / x),
    ("square", "tanh", lax.square, _sech_squared),
    ("abs", "neg", jnp.abs, lambda x: -jnp.ones_like(x)),
    ("neg", "copy", lax.neg, jnp.ones_like),
    ("sign", "copy", jnp.sign, jnp.ones_like),
    ("floor", "copy", jnp.floor, jnp.ones_like),
    ("round", "copy", lambda x: lax.round(x), jnp.ones_like),
]


def _either(condition: Callable) -> Callable:
    return lambda x: jnp.where(condition(x), x, 3 * x)


def _three_but_where(condition: Callable) -> Callable:
    return lambda x: jnp.where(condition(x), 1.0, 3.0)


def _choice(primitive, misread, condition, taken) -> Fault:
    return _of_entries(primitive, misread, _either(condition), _three_but_where(taken))


def _between(low, high):
    return lambda x: (x > low) & (x < high)


CHOICES = [
    _choice("gt", read_as("lt"), lambda x: x > 0, lambda x: x < 0),
    _choice("lt", read_as("gt"), lambda x: x < 0, lambda x: x > 0),
    _choice("ge", read_as("le"), lambda x: x >= 0, lambda x: x <= 0),
    _choice("le", read_as("ge"), lambda x: x <= 0, lambda x: x >= 0),
    _of_entries("eq", read_as("ne"), _either(lambda x: x == 1), jnp.ones_like),
    _of_entries("ne", read_as("eq"), _either(lambda x: x != 1), lambda x: 3 + 0 * x),
    _choice("and", read_as("or"), _between(0, 1), lambda x: (x > 0) | (x < 1)),
    _choice("or", read_as("and"), lambda x: (x > 1) | (x > 2), lambda x: x > 2),
    _choice("xor", read_as("or"), lambda x: (x > 0) ^ (x > 1), lambda x: x > 0),
    _choice("not", read_as("copy"), lambda x: ~(x > 0), lambda x: x > 0),
    _of_entries(
        "select_n",
        with_arguments("select_n", 0, 2, 1),
        _either(lambda x: x > 0),
        lambda x: 1 + 2 * (x > 0).astype(float),
    ),
    _of_entries("clamp", argument(1), lambda x: lax.clamp(-1.0, x, 1.0), jnp.ones_like),
    _choice(
        "reduce_or",
        named("reduce_or", "reduce_and"),
        lambda x: (x > 0).any(),
        lambda x: (x > 0).all(),
    ),
    _choice(
        "reduce_and",
        named("reduce_and", "reduce_or"),
        lambda x: (x > 0).all(),
        lambda x: (x > 0).any(),
    ),
    _of_entries(
        "convert_element_type",
        read_as("copy"),
        lambda x: x.astype(jnp.int32).astype(float),
        jnp.ones_like,
    ),
    _of_entries(
        "iota",
        nothing("iota"),
        lambda x: x * jnp.arange(x.shape[0], dtype=float),
        jnp.zeros_like,
    ),
]


def _of_pairs(primitive: str, misread: Callable, function: Callable, wrong: Callable) -> Fault:
    return fault(primitive, misread, lambda x, y: function(x, y), wrong, "n,n")


def _angle_of_swapped(g, y, x):
    squares = x * x + y * y
    return -g * x / squares, g * y / squares


def _both(g, x, y):
    return g, g


def _each_other(g, x, y):
    return g * y, g * x


PAIRS = [
    _of_pairs("max", read_as("min"), jnp.maximum, lambda g, x, y: (g * (x < y), g * (x >= y))),
    _of_pairs("min", read_as("max"), jnp.minimum, lambda g, x, y: (g * (x > y), g * (x <= y))),
    _of_pairs("add", read_as("sub"), lax.add, lambda g, x, y: (g, -g)),
    _of_pairs("sub", read_as("add"), lax.sub, _both),
    _of_pairs("mul", read_as("add"), lax.mul, _both),
    _of_pairs("div", read_as("mul"), lax.div, _each_other),
    _of_pairs("pow", read_as("mul"), lax.pow, _each_other),
    _of_pairs("rem", read_as("sub"), lax.rem, lambda g, x, y: (g, -g)),
    _of_pairs("atan2", with_arguments("atan2", 1, 0), lax.atan2, _angle_of_swapped),
]
FAULTS = [
    *(_of_entries(p, read_as(other), f, slope) for p, other, f, slope in FUNCTIONS),
    *CHOICES,
    *PAIRS,
]
