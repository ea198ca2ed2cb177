"""What is to be proved: a function, the shapes of its arguments, and the jaxprs to compare.

A `*batch` stands for any number of axes and is tried with 0, 1 and 2; every named size is a symbol.
"""

import inspect
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from derivations.algebra.terms import Undecided
from derivations.proving.arguments import (
    Argument,
    UsageError,
    annotated,
    given,
    is_custom_vjp,
    name_of,
)
from derivations.proving.symbolic import BY_SIZE, no_questions_of_size
from funcnet.contract import Flattened, Labels, Rows

RANKS = (0, 1, 2)
SHORT = 36  # binary digits; a decimal such as 0.1 has 53
BRANCHED = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)


@dataclass(frozen=True)
class Problem:
    """A function with its rules, for one choice of ranks."""

    target: Callable
    arguments: tuple[Argument, ...]
    minimal: tuple[tuple[str, int], ...] = ()
    ranks: str = ""
    order: int = 1
    sums: tuple[tuple[str, int], ...] = ()  # arrays whose sum over the last axis is assumed

    @property
    def arrays(self) -> tuple[Argument, ...]:
        """The traced arguments."""
        return tuple(a for a in self.arguments if a.is_array)

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of the sizes, in the order of the axes."""
        names = (re.findall(r"[A-Za-z_]\w*", d) for a in self.arrays for d in a.dims)
        return tuple(dict.fromkeys(itertools.chain.from_iterable(names)))

    def with_values(self, arrays: Sequence[Any]) -> list[Any]:
        """All the arguments, static ones included."""
        given = iter(arrays)
        return [next(given) if a.is_array else a.value for a in self.arguments]

    # --- the functions to be traced ---

    def value(self, *arrays: Any) -> Any:
        """The definition."""
        function = (
            self.target.fun if is_custom_vjp(self.target) and self.order == 1 else self.target
        )
        return function(*self.with_values(arrays))

    def called(self, function: Callable, arrays: Sequence[Any]) -> Any:
        """The function of all its arguments; by name from the first one on that is static."""
        values, names = self.with_values(arrays), [a.name for a in self.arguments]
        if is_custom_vjp(self.target) or self.order == 2 or all(a.is_array for a in self.arguments):
            return function(*values)
        first = next(k for k, a in enumerate(self.arguments) if not a.is_array)
        return function(*values[:first], **dict(zip(names[first:], values[first:], strict=True)))

    def by_hand(self, cotangent: Any, *arrays: Any) -> tuple[Any, list[Any]]:
        """The value that the forward returns, and the cotangents that the backward returns."""
        if is_custom_vjp(self.target) and self.order == 1:
            return _by_hand_of_op(self.target, self.with_values(arrays), cotangent, self.arguments)
        floats = [k for k, a in enumerate(self.arrays) if a.kind != "int"]

        def of_floats(*values: Any) -> Any:
            every = list(arrays)
            for k, value in zip(floats, values, strict=True):
                every[k] = value
            return self.called(self.target, every)

        value, pull = jax.vjp(of_floats, *(arrays[k] for k in floats))
        return value, list(pull(cotangent))

    def differentiable(self) -> tuple[Argument, ...]:
        """The arguments whose gradients are judged."""
        return tuple(a for a in self.arguments if a.kind == "float")

    # --- traces ---

    def traced(self, sizes: Mapping[str, int] | None = None, by_rule: bool = True) -> "Traces":
        """The jaxprs, with symbolic sizes or with given ones; without the rule if so asked."""
        with jax.enable_x64(True), no_questions_of_size():
            try:  # the doubles are ours, so code that makes singles may mix the two
                with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
                    return self._traced(sizes, by_rule)
            except jax.errors.InconclusiveDimensionOperation as error:
                raise Undecided(f"a branch on a size: {_first_line(error)}; {BY_SIZE}") from None
            except BRANCHED as error:
                raise Undecided(f"a branch on a value: {_first_line(error)}") from None
            except (UsageError, Undecided):
                raise
            except Exception as error:  # whatever the code in question raises
                raise Undecided(
                    f"tracing it raised {type(error).__name__}: {_first_line(error)}"
                ) from None

    def is_repeatable(self) -> bool:
        """Whether tracing the code again gives the same, as far as it can be traced."""
        try:
            first, second = (self.traced() for _ in range(2))
        except Undecided:
            return True
        return str(first.value) == str(second.value) and str(first.hand) == str(second.hand)

    def _traced(self, sizes: Mapping[str, int] | None, by_rule: bool) -> "Traces":
        arrays = self._structures(sizes)
        value, out = jax.make_jaxpr(self.value, return_shape=True)(*arrays)
        leaves, tree = jax.tree.flatten(out)
        if not leaves or any(not jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves):
            raise Undecided("an output that is not an array of floats")

        def hand(*flat: Any) -> Any:
            value, bars = self.by_hand(tree.unflatten(flat[: len(leaves)]), *flat[len(leaves) :])
            _require_shapes(self.target, "forward", jax.tree.leaves(value), leaves)
            floats = [
                x
                for x, a in zip(flat[len(leaves) :], self.arrays, strict=True)
                if a.kind == "float"
            ]
            _require_shapes(self.target, "backward", bars, floats)
            return jax.tree.leaves(value), bars

        rule = jax.make_jaxpr(hand)(*leaves, *arrays) if by_rule else value
        return Traces(value, rule, tuple(leaf.shape for leaf in leaves))

    def _structures(self, sizes: Mapping[str, int] | None) -> list[jax.ShapeDtypeStruct]:
        if sizes is not None:
            shapes = [tuple(evaluated(d, sizes) for d in a.dims) for a in self.arrays]
        else:
            names = [d for a in self.arrays for d in a.dims]
            least = [f"{name} >= {k}" for name, k in self.minimal]
            dims = iter(export.symbolic_shape(", ".join(names), constraints=least) if names else ())
            shapes = [tuple(next(dims) for _ in a.dims) for a in self.arrays]
        types = [jnp.int32 if a.kind == "int" else jnp.float64 for a in self.arrays]
        return [jax.ShapeDtypeStruct(s, t) for s, t in zip(shapes, types, strict=True)]


@dataclass(frozen=True)
class Traces:
    """The definition, and forward with backward; the latter takes the cotangents first."""

    value: Any
    hand: Any
    outputs: tuple[tuple[Any, ...], ...]

    @cached_property
    def is_exact(self) -> bool:
        """Whether every number in the program is a short binary one, as 2 and 0.5 are, not 0.1."""
        return all(_is_short(x) for jaxpr in (self.value, self.hand) for x in _numbers(jaxpr))

    def numbers(self) -> Iterator[Any]:
        """The literals and constants of both programs."""
        return itertools.chain.from_iterable(map(_numbers, (self.value, self.hand)))

    @property
    def has_cut(self) -> bool:
        """Whether the definition keeps something from being differentiated."""
        return any(e.primitive.name == "stop_gradient" for e in _equations(self.value))


def _numbers(jaxpr: Any) -> Iterator[Any]:
    """The literals and constants of a jaxpr, calls included."""
    yield from getattr(jaxpr, "consts", ())
    for equation in _equations(jaxpr):
        yield from (atom.val for atom in equation.invars if hasattr(atom, "val"))
        yield from itertools.chain.from_iterable(
            getattr(inner, "consts", ()) for inner in equation.params.values()
        )


def _equations(jaxpr: Any) -> Iterator[Any]:
    """The equations of a jaxpr and of all that it calls."""
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        yield equation
        for param in equation.params.values():
            for inner in param if isinstance(param, (tuple, list)) else (param,):
                if hasattr(getattr(inner, "jaxpr", inner), "eqns"):
                    yield from _equations(inner)


def _is_short(value: Any) -> bool:
    value = np.asarray(value)
    if value.dtype.kind not in "fV":
        return True
    numbers = value.astype(float).reshape(-1).tolist()
    finite = (Fraction(x) for x in numbers if math.isfinite(x))
    return all(x.numerator.bit_length() <= SHORT for x in finite)


def bar_names(count: int, problem: "Problem") -> list[str]:
    """Names of the cotangents, other than those of the arguments."""
    taken = {a.name.rstrip("0123456789") for a in problem.arguments}
    stem = next(
        s
        for s in ("y", "z", "cotangent_of_y")
        if not any(n.startswith(s) and n.endswith("_bar") for n in taken)
    )
    return [f"{stem}_bar"] if count == 1 else [f"{stem}{k + 1}_bar" for k in range(count)]


def _by_hand_of_op(
    op: Any, values: list, cotangent: Any, arguments: Sequence[Argument]
) -> tuple[Any, list]:
    value, residuals = op.fwd(*values)
    fixed = [values[k] for k in op.nondiff_argnums]
    bars = op.bwd(*fixed, residuals, cotangent)
    others = [a for k, a in enumerate(arguments) if k not in op.nondiff_argnums]
    if not isinstance(bars, (tuple, list)) or len(bars) != len(others):
        raise UsageError(
            f"the backward of {name_of(op)} must return "
            f"one cotangent for each of its {len(others)} arguments"
        )
    kept = [
        (bar, values[arguments.index(a)])
        for bar, a in zip(bars, others, strict=True)
        if a.kind == "float"
    ]
    return value, [jnp.zeros_like(v) if bar is None else bar for bar, v in kept]


def _require_shapes(target: Any, part: str, found: Sequence[Any], needed: Sequence[Any]) -> None:
    shapes = [[tuple(jnp.shape(x)) for x in arrays] for arrays in (found, needed)]
    if shapes[0] != shapes[1]:
        raise UsageError(
            f"the {part} of {name_of(target)} returns arrays of shapes {shapes[0]} "
            f"where {shapes[1]} are due"
        )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def evaluated(dim: str, sizes: Mapping[str, int]) -> int:
    """The number that an axis has, such as "n" or "n*m"."""
    factors = dim.split("*")
    return math.prod(int(f) if f.isdigit() else sizes[f] for f in map(str.strip, factors))


# --- from a target and its sizes to problems ---


def problems(
    target: Callable, sizes: Sequence[str], static: Mapping[str, Any], order: int
) -> list[Problem]:
    """One problem for each choice of ranks."""
    if is_custom_vjp(target) and getattr(target, "bwd", None) is None:
        raise UsageError(
            f"{name_of(target)} has no backward rule; call {name_of(target)}.defvjp first"
        )
    if not callable(target):
        raise UsageError(f"prove needs a function, got {type(target).__name__}")
    arguments = given(target, sizes, static) if sizes else annotated(target, static)
    axes = {f for a in arguments for d in a.dims for f in re.findall(r"[A-Za-z_]\w*", d)}
    for a in arguments:
        for d in a.domains:
            if isinstance(d, Labels) and not d.size.isdigit() and d.size not in axes:
                raise UsageError(
                    f"the labels {a.name} are below {d.size}, which is no axis of any argument; "
                    "write the name of an axis, or a number"
                )
    stars = sorted({d for a in arguments for d in a.dims if d == "..." or d.startswith("*")})
    found = [_of_rank(target, arguments, stars, r, order) for r in (RANKS if stars else (0,))]
    return [p if order == 1 else _second_order(p) for p in found]


def _of_rank(
    target: Any, arguments: Sequence[Argument], stars: list[str], rank: int, order: int
) -> Problem:
    axes = {star: _axes(star, rank) for star in stars}
    merged = {
        d.merged: axes.get(f"*{d.axes}", ())
        for a in arguments
        for d in a.domains
        if isinstance(d, Flattened)
    }
    shaped, minimal = [], {}
    for a in arguments:
        dims: list[str] = []
        for d in a.dims:
            dims.extend(
                axes[d] if d in axes else ("*".join(merged[d]) or "1",) if d in merged else (d,)
            )
        shaped.append(replace(a, dims=tuple(dims)))
        rows = [d.at_least for d in a.domains if isinstance(d, Rows)]
        if rows and max(rows) > 1:
            minimal[dims[0]] = max(rows)
    ranks = ", ".join(f"{star} of rank {rank}" for star in stars)
    return Problem(target, tuple(shaped), tuple(minimal.items()), ranks, order)


def _axes(star: str, rank: int) -> tuple[str, ...]:
    stem = "a" if star == "..." else star.removeprefix("*")
    return tuple(f"{stem}{k + 1}" for k in range(rank))


def _second_order(problem: Problem) -> Problem:
    """The backward as a function of the arguments and the cotangent.

    Whose own derivative is judged.
    """
    arrays = problem._structures(None)
    first = replace(problem, order=1)
    with jax.enable_x64(True):
        out = jax.tree.leaves(jax.eval_shape(problem.value, *arrays))
    bars = tuple(
        Argument(f"y{k + 1 if len(out) > 1 else ''}_bar", "float", tuple(map(str, leaf.shape)))
        for k, leaf in enumerate(out)
    )

    def backward(*values: Any) -> Any:
        given, cotangents = values[: len(first.arguments)], values[len(first.arguments) :]
        arrays = [v for v, a in zip(given, first.arguments, strict=True) if a.is_array]
        floats = [k for k, a in enumerate(first.arrays) if a.kind == "float"]

        def value(*inputs: Any) -> Any:
            every = list(arrays)
            for k, x in zip(floats, inputs, strict=True):
                every[k] = x
            return jax.tree.leaves(first.target(*first.with_values(every)))

        return jax.vjp(value, *(arrays[k] for k in floats))[1](list(cotangents))

    backward.__name__ = f"the backward of {name_of(problem.target)}"
    fixed = tuple(
        replace(a, symbolic=False)
        if a.kind == "static" and a.value is not inspect.Parameter.empty
        else a
        for a in problem.arguments
    )
    first = backward.first = replace(first, arguments=fixed)  # pyright: ignore
    return replace(problem, target=backward, arguments=(*fixed, *bars), order=2)
