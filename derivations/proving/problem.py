"""What is to be proved: a function, the shapes of its arguments, and the jaxprs to compare."""

import itertools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import export

from derivations.algebra.terms import Undecided
from derivations.proving import handwritten, names
from derivations.proving.arguments import Argument, UsageError, is_custom_vjp
from derivations.proving.handwritten import float0_of_any_size
from derivations.proving.symbolic import BY_SIZE, no_questions_of_size
from derivations.proving.traces import Traces, is_key

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
    real: str = "float64"  # the type that the code is traced in
    alone: tuple[str, ...] = ()  # the only arguments that are differentiated; all if none is named
    used: int | None = None  # the only output that is used, by its number among the leaves

    @property
    def arrays(self) -> tuple[Argument, ...]:
        """The traced arguments."""
        return tuple(a for a in self.arguments if a.is_array)

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of the sizes, in the order of the axes."""
        found = (names.sizes_in(d) for a in self.arrays for d in a.dims)
        return tuple(dict.fromkeys(itertools.chain.from_iterable(found)))

    def differentiable(self) -> tuple[Argument, ...]:
        """The arguments whose gradients are judged."""
        floats = tuple(a for a in self.arguments if a.kind == "float")
        return tuple(a for a in floats if not self.alone or a.name in self.alone)

    def chosen(self, wrt: str | Sequence[str] | None) -> tuple[str, ...]:
        """The names of the arguments to judge, of those that are differentiated.

        Raises:
            UsageError: a name is that of no argument of floats.
        """
        known = tuple(a.name for a in self.arguments if a.kind == "float")
        asked = (wrt,) if isinstance(wrt, str) else tuple(wrt or ())
        found = known if wrt is None else tuple(names.of_argument(str(name)) for name in asked)
        if not found:
            raise UsageError(f"wrt names no argument; choose from {', '.join(known)}")
        for name in found:
            if name not in known:
                raise UsageError(
                    f"{name!r} is not a differentiable argument; choose from {', '.join(known)}"
                )
        here = {a.name for a in self.differentiable()}
        return tuple(name for name in found if name in here)

    # --- the functions to be traced ---

    def with_values(self, arrays: Sequence[Any]) -> list[Any]:
        """All the arguments as the function is given them, static ones included."""
        given = iter(arrays)
        values = [next(given) if a.is_array else a.value for a in self.arguments]
        return [v != 0 if a.is_truth else v for v, a in zip(values, self.arguments, strict=True)]

    def call(self, function: Callable, arrays: Sequence[Any]) -> Any:
        """The function of all its arguments; of its outputs the one that is used."""
        pairs = list(zip(self.arguments, self.with_values(arrays), strict=True))
        by_name = {a.keyword: value for a, value in pairs if a.keyword}
        found = function(*(value for a, value in pairs if not a.keyword), **by_name)
        return found if self.used is None else [jax.tree.leaves(found)[self.used]]

    def value(self, *arrays: Any) -> Any:
        """The definition."""
        is_defined = is_custom_vjp(self.target) and self.order == 1
        return self.call(self.target.fun if is_defined else self.target, arrays)

    def by_hand(self, cotangent: Any, *arrays: Any) -> tuple[Any, list[Any]]:
        """The value that the forward returns, and the cotangents that the backward returns."""
        if is_custom_vjp(self.target) and self.order == 1 and not self.target.symbolic_zeros:
            values = self.with_values(arrays)
            value, bars = handwritten.called(self.target, values, cotangent, self.arguments)
            return value, bars
        floats = [self.arrays.index(a) for a in self.differentiable()]
        target = handwritten.traceable(self.target, self.arguments)

        def of_floats(*values: Any) -> Any:
            every = list(arrays)
            for k, value in zip(floats, values, strict=True):
                every[k] = value
            return self.call(target, every)

        value, pull = jax.vjp(of_floats, *(arrays[k] for k in floats))
        return value, list(pull(cotangent))

    # --- traces ---

    def traced(self, sizes: Mapping[str, int] | None = None, by_rule: bool = True) -> Traces:
        """The jaxprs, with symbolic sizes or with given ones; without the rule if so asked."""
        with jax.enable_x64(True), no_questions_of_size(), float0_of_any_size():
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

    def _traced(self, sizes: Mapping[str, int] | None, by_rule: bool) -> Traces:
        arrays = self.structures(sizes)
        value, out = jax.make_jaxpr(self.value, return_shape=True)(*arrays)
        leaves, tree = jax.tree.flatten(out)
        if not leaves or any(not jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves):
            raise Undecided("an output that is not an array of floats")

        def hand(*flat: Any) -> Any:
            bars, given = flat[: len(leaves)], flat[len(leaves) :]
            value, found = self.by_hand(tree.unflatten(bars), *given)
            handwritten.require_shapes(self.target, "forward", jax.tree.leaves(value), leaves)
            due = [given[self.arrays.index(a)] for a in self.differentiable()]
            handwritten.require_shapes(self.target, "backward", found, due)
            return jax.tree.leaves(value), found

        rule = jax.make_jaxpr(hand)(*leaves, *arrays) if by_rule else value
        traces = Traces(value, rule, tuple(leaf.shape for leaf in leaves))
        if any(map(is_key, traces.numbers())):
            raise Undecided("a random key: what is drawn from it is no function of the arguments")
        return traces

    def structures(self, sizes: Mapping[str, int] | None) -> list[jax.ShapeDtypeStruct]:
        """Shape and dtype of each array, with symbolic sizes or with given ones."""
        if sizes is not None:
            shapes = [tuple(evaluated(d, sizes) for d in a.dims) for a in self.arrays]
        else:
            dims = [d for a in self.arrays for d in a.dims]
            least = [f"{name} >= {k}" for name, k in self.minimal]
            known = iter(export.symbolic_shape(", ".join(dims), constraints=least) if dims else ())
            shapes = [tuple(next(known) for _ in a.dims) for a in self.arrays]
        types = [jnp.int32 if a.kind == "int" else jnp.dtype(self.real) for a in self.arrays]
        return [jax.ShapeDtypeStruct(s, t) for s, t in zip(shapes, types, strict=True)]


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "without a word")


def bar_names(count: int, problem: Problem) -> list[str]:
    """Names of the cotangents, other than those of the arguments."""
    taken = {a.name for a in problem.arguments}
    numbers = [""] if count == 1 else [str(k + 1) for k in range(count)]
    stems = itertools.chain("yz", (f"cotangent{'_' * k}_of_y" for k in itertools.count()))
    tries = ([f"{stem}{k}_bar" for k in numbers] for stem in stems)
    return next(found for found in tries if not taken & set(found))


OF_SIZES = {"max": max, "min": min, "mod": operator.mod, "floordiv": operator.floordiv}


def evaluated(dim: str, sizes: Mapping[str, int]) -> int:
    """The number that an axis has, such as "n", "n*m", or what JAX calls it: "floordiv(n, 2)"."""
    if dim.isdigit():
        return int(dim)
    if dim in sizes:
        return sizes[dim]
    return eval(dim.replace("^", "**"), {"__builtins__": {}}, {**OF_SIZES, **sizes})
