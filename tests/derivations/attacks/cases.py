"""What an entry of the tables is, and how the ops of the entries are built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# Where a wrong rule is wrong. "extreme": only by rounding or overflow, which reals do not have.
PLACES = ("everywhere", "region", "sizes", "points", "dtype", "trace", "extreme")


@dataclass(frozen=True)
class Case:
    """A rule that is wrong somewhere, or right, and a point at which to look.

    Attributes:
        at: the inputs; for a wrong rule, where it differs from the derivative.
        where: one of PLACES for a wrong rule, empty for a right one.
        why: what a prover may overlook.
        bar: the cotangent, as an array; by default numbers of no pattern.
        definition: what the value is, where the op has rules inside or is no custom_vjp.
        runs: the call that shows it, where that is not the op itself.
        needs: a construct that nobody reads yet, for the sake of which UNKNOWN is allowed.
        is_refused: JAX itself raises when it runs the rule.
        before: brings about the state in which the rule is wrong.
    """

    op: Callable
    at: tuple[Any, ...]
    sizes: tuple[str, ...]
    where: str = ""
    why: str = ""
    bar: Any = None
    definition: Callable | None = None
    runs: Callable | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""
    tolerance: float = 1e-9
    is_refused: bool = False
    before: Callable[[], None] = lambda: None


def wrong(op: Callable, *at: Any, where: str, why: str, sizes: str = "n", **rest: Any) -> Case:
    """A wrong rule; the sizes of several arguments are parted by commas."""
    assert where in PLACES
    return Case(op, _arrays(at), tuple(sizes.split(",")), where, why, **rest)


def right(op: Callable, *at: Any, sizes: str = "n", **rest: Any) -> Case:
    """A right rule."""
    return Case(op, _arrays(at), tuple(sizes.split(",")), **rest)


def _arrays(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(array, values))


def array(value: Any) -> Any:
    """Floats in double precision and labels in 32 bits; what has a type keeps it."""
    if hasattr(value, "dtype"):
        return np.asarray(value, np.int32) if value.dtype == np.int64 else value
    value = np.asarray(value)
    return value.astype(np.int32 if value.dtype.kind == "i" else np.float64)


def rule(
    definition: Callable, backward: Callable, forward: Callable | None = None, **options: Any
) -> Any:
    """An op whose backward takes the cotangent and then the residuals: by default the arguments."""
    op = jax.custom_vjp(definition)
    op.defvjp(
        forward or (lambda *args: (definition(*args), args)),
        lambda residuals, g: backward(g, *residuals),
        **options,
    )
    return op


def entrywise(definition: Callable, slope: Callable, forward: Callable | None = None) -> Any:
    """The op of a function that works entry by entry, with its slope."""
    return rule(definition, lambda g, x: (g * slope(x),), forward)


def square(x):
    """x², the definition that most disturbances are put on."""
    return x * x


def square_times(factor: Callable) -> Any:
    """x², whose backward is the derivative times a factor that depends on x."""
    return rule(square, lambda g, x: (2 * x * g * factor(x),))


def square_but_where(condition: Callable) -> Any:
    """x², whose backward is five times the derivative where the condition on x holds."""
    return square_times(lambda x: jnp.where(condition(x), 5.0, 1.0))


def by_autodiff(definition: Callable) -> Any:
    """The op whose backward is JAX's own pullback of its definition, for the float arguments."""

    def backward(g, *args):
        found, floats = iter(pulled(definition, args, g)[1]), floats_of(args)
        return tuple(next(found) if k in floats else None for k in range(len(args)))

    return rule(definition, backward)


def floats_of(args: Any) -> list[int]:
    """The places of the arguments that have gradients."""
    return [k for k, x in enumerate(args) if jnp.issubdtype(x.dtype, jnp.floating)]


def of_floats(function: Callable, args: Any) -> Callable:
    """The function of its float arguments alone, the others as given."""

    def of(*values):
        every = list(args)
        for k, x in zip(floats_of(args), values, strict=True):
            every[k] = x
        return function(*every)

    return of


def pulled(function: Callable, args: Any, bar: Any) -> tuple[Any, tuple]:
    """The value, as the forward returns it, and JAX's gradients for the float arguments."""
    floats = [args[k] for k in floats_of(args)]
    value, pull = jax.vjp(of_floats(function, args), *floats)
    return value, pull(bar)


def size_of(x, axis=0):
    """A size as a number of the program."""
    return jnp.asarray(x.shape[axis], dtype=float)
