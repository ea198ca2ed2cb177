"""Random places at which a right rule is made wrong: regions, points, undefined values.

Each kind is a function of a source of chance and of the op, and gives a Disturbance.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from .textbook import Textbook

Inputs = list[np.ndarray]
KINDS: dict[str, Callable[[random.Random, Textbook], "Disturbance"]] = {}


@dataclass(frozen=True)
class Disturbance:
    """Where a rule is made wrong.

    Attributes:
        text: the condition, for people.
        holds: of the cotangent and the arguments, where it is met.
        moved: inputs at which it is met, from inputs of no pattern.
        n: the size at which it is met.
        bar: what every cotangent is there.
        spoilt: the gradient, from the right one, a wrong one, the cotangent and the arguments.
        spared: the same for the twin that is right.
        sizes: of the arguments, where they are not those of the op.
    """

    text: str
    holds: Callable[..., Any] = lambda *_: True
    moved: Callable[[Inputs], Inputs] = lambda inputs: inputs
    n: int = 3
    bar: float | None = None
    spoilt: Callable[..., Any] | None = None
    spared: Callable[..., Any] | None = None
    sizes: tuple[str, ...] | None = None
    dtype: Any = field(default=np.float64)


def kind(make: Callable) -> Callable:
    """Register a kind under its name."""
    KINDS[make.__name__.replace("_", " ")] = make
    return make


def first_is(value: Callable[[np.ndarray], Any] | float) -> Callable[[Inputs], Inputs]:
    """Put a value, or a function of what was there, for the first array."""

    def moved(inputs: Inputs) -> Inputs:
        new = value(inputs[0]) if callable(value) else value
        return [np.broadcast_to(new, inputs[0].shape).copy(), *inputs[1:]]

    return moved


def all_are(value: float) -> Callable[[Inputs], Inputs]:
    """Put a value for all arrays."""
    return lambda inputs: [np.full_like(x, value) for x in inputs]


def threshold_of(draw: random.Random) -> float:
    """A number near or far, simple or not, of either sign."""
    size = draw.choice([0.25, 1.5, 3.0, 7.3, 9.0, 12.7, 50.0, 333.3, 1e4, 1e6])
    return draw.choice([size, -size])


@kind
def beyond(draw: random.Random, _: Textbook) -> Disturbance:
    c, sign = threshold_of(draw), draw.choice([1, -1])
    return Disturbance(
        f"{sign} x > {sign * c}", lambda g, x, *_: sign * x > sign * c, first_is(c + sign)
    )


@kind
def all_or_any_beyond(draw: random.Random, _: Textbook) -> Disturbance:
    c, some = threshold_of(draw), draw.choice([jnp.all, jnp.any])
    return Disturbance(f"{some.__name__}(x > {c})", lambda g, x, *_: some(x > c), first_is(c + 1))


@kind
def sum_beyond(draw: random.Random, _: Textbook) -> Disturbance:
    c = threshold_of(draw)
    return Disturbance(f"sum(x) > {c}", lambda g, x, *_: x.sum() > c, first_is(abs(c) + 1))


@kind
def inner_product_beyond(draw: random.Random, op: Textbook) -> Disturbance:
    c = abs(threshold_of(draw))

    def holds(g, x, *rest):
        return (x * (rest[0] if op.is_of_twins else x)).sum() > c

    return Disturbance(f"x·y > {c}", holds, all_are(np.sqrt(c) + 1))


@kind
def exponential_beyond(draw: random.Random, _: Textbook) -> Disturbance:
    c = draw.choice([2.0, 1e3, 1e6, 1e12])
    return Disturbance(f"exp(x) > {c}", lambda g, x, *_: jnp.exp(x) > c, first_is(np.log(c) + 1))


@kind
def band(draw: random.Random, _: Textbook) -> Disturbance:
    c, width = threshold_of(draw), draw.choice([1e-1, 1e-3, 1e-6])
    return Disturbance(f"|x - {c}| < {width}", lambda g, x, *_: jnp.abs(x - c) < width, first_is(c))


@kind
def band_of_the_sum(draw: random.Random, _: Textbook) -> Disturbance:
    c, width = threshold_of(draw), draw.choice([1e-1, 1e-3, 1e-6])
    return Disturbance(
        f"|sum(x) - {c}| < {width}",
        lambda g, x, *_: jnp.abs(x.sum() - c) < width,
        first_is(lambda x: c / x.size),
    )


@kind
def band_of_squares(draw: random.Random, _: Textbook) -> Disturbance:
    c, width = abs(threshold_of(draw)), draw.choice([1e-2, 1e-3, 1e-5])
    return Disturbance(
        f"|x² - {c}| < {width}", lambda g, x, *_: jnp.abs(x * x - c) < width, first_is(np.sqrt(c))
    )


@kind
def disc(draw: random.Random, op: Textbook) -> Disturbance:
    c = draw.choice([1e-1, 1e-3, 1e-6])

    def holds(g, x, *rest):
        return x * x + rest[0] ** 2 < c if op.is_of_twins else (x * x).sum() < c

    return Disturbance(f"x² + y² < {c}", holds, all_are(np.sqrt(c) / 8))


@kind
def one_value(draw: random.Random, _: Textbook) -> Disturbance:
    c = draw.choice([0.0, 1.0, -2.0, 3.0, 0.1, 0.7, 12.5, 50.0])
    return Disturbance(f"x == {c}", lambda g, x, *_: x == c, first_is(c))


@kind
def equal_neighbours(draw: random.Random, _: Textbook) -> Disturbance:
    shift = draw.choice([1, 2])
    return Disturbance(
        f"x == roll(x, {shift}), n > {shift}",
        lambda g, x, *_: (x == jnp.roll(x, shift, 0)) & (jnp.ones_like(x).sum(0) > shift),
        first_is(draw.choice([0.0, 1.0, 2.5])),
    )


@kind
def one_value_of_the_sum(draw: random.Random, _: Textbook) -> Disturbance:
    c = draw.choice([0.0, 3.0, -6.0, 7.5])
    return Disturbance(
        f"sum(x) == {c}", lambda g, x, *_: x.sum() == c, first_is(lambda x: c / x.size), n=4
    )


@kind
def all_zero(_: random.Random, op: Textbook) -> Disturbance:
    def holds(g, x, *rest):
        others = [jnp.all(y == 0) for y in rest] if op.is_of_twins else []
        return jnp.all(jnp.stack([jnp.all(x == 0), *others]))

    return Disturbance("all are 0", holds, all_are(0.0))


# --- undefined values, whose twins are guarded ---


@kind
def zero_times_infinity(draw: random.Random, _: Textbook) -> Disturbance:
    c = threshold_of(draw)

    def added(far):
        def spoilt(bar, wrong, g, x, *_):
            return bar + jnp.where(x > c, 0.0, 1.0) * jnp.where(x > c, far, 0.0)

        return spoilt

    return Disturbance(
        f"0 · ∞ for x > {c}", moved=first_is(c + 1), spoilt=added(jnp.inf), spared=added(9.0)
    )


@kind
def root_of_a_negative(draw: random.Random, _: Textbook) -> Disturbance:
    c = threshold_of(draw)

    def spoilt(bar, wrong, g, x, *_):
        return bar + 0 * jnp.where(x > c, 1.0, 0.0) * jnp.sqrt(x - c)

    def spared(bar, wrong, g, x, *_):
        return bar + 0 * jnp.where(x > c, 1.0, 0.0) * jnp.sqrt(jnp.where(x > c, x - c, 1.0))

    return Disturbance(
        f"√(x - {c}) behind a mask", moved=first_is(c - 1), spoilt=spoilt, spared=spared
    )


@kind
def nan_asked_for(draw: random.Random, _: Textbook) -> Disturbance:
    c = threshold_of(draw)
    undefined = draw.choice(
        [
            lambda x: jnp.isnan(jnp.log(x - c)),
            lambda x: jnp.isnan(jnp.sqrt(x - c)),
            lambda x: ~(jnp.sqrt(x - c) >= 0),
            lambda x: jnp.sqrt(x - c) != jnp.sqrt(x - c),
        ]
    )
    return Disturbance(f"undefined for x < {c}", lambda g, x, *_: undefined(x), first_is(c - 1))


@kind
def quotient_of_zeros(draw: random.Random, _: Textbook) -> Disturbance:
    c = draw.choice([0.0, 1.0, 2.5, -3.0])

    def spoilt(bar, wrong, g, x, *_):
        return bar * (x - c) / (x - c)

    def spared(bar, wrong, g, x, *_):
        d = jnp.where(x == c, 1.0, x - c)
        return bar * d / d

    return Disturbance(f"(x - {c})/(x - {c})", moved=first_is(c), spoilt=spoilt, spared=spared)
