"""A gradient's sources side by side: hand-written, autodiff, SymPy, central differences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from derivations.chapters import chapter, chapters
from derivations.language.derivation import Chapter, Derivation
from funcnet.contract import Between, Flattened, Labels, Parameter, outputs, parameters

TOLERANCE = 5000  # units of the dtype's rounding, relative to the largest entry: 1e-12 in float64


@dataclass(frozen=True)
class Row:
    """The largest difference of a hand-written cotangent from each other source.

    Differences are relative to the largest entry of the cotangent, or absolute where that entry
    is below 1.
    """

    op: str
    argument: str
    shape: tuple[int, ...]
    jax: float
    sympy: float | None
    central: float
    bound: float

    @property
    def agrees(self) -> bool:
        """Do the exact sources agree up to rounding? Central differences have no say."""
        return self.jax <= self.bound and (self.sympy is None or self.sympy <= self.bound)


@dataclass(frozen=True)
class Comparison:
    """A table of the three sources; true where they agree."""

    rows: tuple[Row, ...]

    def __bool__(self):
        return all(row.agrees for row in self.rows)

    def __str__(self):
        head = ("op", "argument", "shape", "- jax.vjp", "- SymPy", "- central", "")
        widths = [max(12, *(len(row.op) for row in self.rows)), 14, 10, 10, 10, 10, 0]
        lines = [head, *(_cells(row) for row in self.rows)]
        return "\n".join(
            "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def __add__(self, other: "Comparison") -> "Comparison":
        return Comparison(self.rows + other.rows)


def _cells(row: Row) -> tuple[str, ...]:
    sympy = "no chapter" if row.sympy is None else f"{row.sympy:.1e}"
    shape = "×".join(map(str, row.shape)) or "scalar"
    verdict = "agree" if row.agrees else "DIFFER"
    return row.op, row.argument, shape, f"{row.jax:.1e}", sympy, f"{row.central:.1e}", verdict


def compare(
    op: Callable,
    *arrays: Any,
    derivation: Chapter | Derivation | None = None,
    seed: int = 0,
    **static: Any,
) -> Comparison:
    """Compare the gradients of an op at given arrays, for a random cotangent of every output.

    Args:
        op: a `jax.custom_vjp` function.
        arrays: its array arguments in order; none at all to draw admissible ones.
        derivation: a derivation or chapter of one's own; otherwise the chapter of the op's name.
        static: its other arguments, such as `eps=1e-5`, where they are not the defaults.

    Raises:
        TypeError: op has no rule of its own, or arguments are missing or unknown.
        ValueError: the derivation is of other arguments.
    """
    if not isinstance(op, jax.custom_vjp):
        raise TypeError(
            f"compare needs a jax.custom_vjp function, got {op!r}; decorate it and give it a rule"
        )
    declared = parameters(op)
    wanted = [p.name for p in declared if p.kind != "static"]
    if arrays and len(arrays) != len(wanted):
        raise TypeError(
            f"compare needs {', '.join(wanted)} for {op.__name__}, got {len(arrays)} arrays"
        )
    for name in static:
        if name not in {p.name for p in declared} - set(wanted):
            names = ", ".join(p.name for p in declared if p.kind == "static") or "none"
            raise TypeError(f"{op.__name__} has the static arguments {names}, got {name}; check it")
    if isinstance(derivation, Derivation):
        derivation = Chapter(derivation.op, (derivation,))
    rng = np.random.default_rng(seed)
    given = dict(zip(wanted, map(jnp.asarray, arrays or draw(op, rng)), strict=True))
    values = {p.name: given.get(p.name, static.get(p.name, p.default)) for p in declared}
    return Comparison(tuple(_rows(op, declared, values, rng, derivation or _chapter_of(op))))


def _chapter_of(op: Callable) -> Chapter | None:
    return chapter(op) if any(one.name == op.__name__ for one in chapters()) else None


def _rows(op, declared, values, rng, derivation):
    y, by_hand = _pullback(op, declared, values)
    _, by_jax = _pullback(op.fun, declared, values)
    cotangent = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype), y)
    hand, auto = by_hand(cotangent), by_jax(cotangent)
    symbolic = sympy_cotangents(op, declared, values, cotangent, derivation)
    for name, ours in hand.items():
        central = _central_differences(op, values, cotangent, name)
        bound = TOLERANCE * float(jnp.finfo(ours.dtype).eps)
        third = symbolic.get(name)
        yield Row(
            op.__name__,
            name,
            ours.shape,
            _difference(ours, auto[name]),
            None if third is None else _difference(ours, third),
            _difference(ours, central),
            bound,
        )


def _pullback(function, declared, values):
    """The value, and the function from its cotangent to those of the float arguments, by name."""
    names = [p.name for p in declared if p.kind == "float"]

    def of_floats(*floats):
        return function(*({**values, **dict(zip(names, floats, strict=True))}).values())

    y, pull = jax.vjp(of_floats, *(values[name] for name in names))
    return y, lambda y_bar: dict(zip(names, pull(y_bar), strict=True))


def _difference(ours: jax.Array, other: Any) -> float:
    a, b = np.asarray(ours, float), np.asarray(other, float)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return float("inf")
    scale = max(1.0, np.nanmax(np.abs(a), initial=0.0))
    return float(np.nanmax(np.abs(a - b), initial=0.0) / scale)


def _central_differences(op, values, cotangent, name):
    """The quotient (f(x + h) - f(x - h)) / 2h for all entries; f sums outputs times cotangents."""
    x = values[name]
    h = float(jnp.finfo(x.dtype).eps) ** (1 / 3)  # about the best step, see the chapter on it
    steps = jnp.eye(x.size, dtype=x.dtype).reshape(x.size, *x.shape) * h

    def value(entry):
        y = op.fun(*({**values, name: entry}).values())
        return jax.tree.reduce(jnp.add, jax.tree.map(lambda a, b: (a * b).sum(), y, cotangent))

    if x.size == 0:
        return x
    batch = jax.vmap(value)
    return ((batch(x[None] + steps) - batch(x[None] - steps)) / (2 * h)).reshape(x.shape)


def sympy_cotangents(op, declared, values, cotangent, derivation, module="jax") -> dict[str, Any]:
    """The chapter's formulas evaluated at these arguments, each in the shape of its argument."""
    if derivation is None:
        return {}
    leaves = cotangent if isinstance(cotangent, tuple) else (cotangent,)
    result = {}
    for one in derivation.derivations:
        _require_same_names(one, declared)
        bars = dict(zip((f"{output}_bar" for output in one.outputs), leaves, strict=True))
        named = {p.name: values[p.name] for p in declared if p.name != "axis"}
        dims = {p.name: p.dims for p in declared} | dict(zip(bars, outputs(op), strict=True))
        axis = values.get("axis")
        ready = {
            name: _as_in_chapter(value, dims[name], _rank(one, name), axis if name == "x" else None)
            for name, value in {**named, **bars}.items()
        }
        found = one.lambdify(module)(**ready)
        result[one.argument] = _as_given(found, values[one.argument], axis)
    return result


def _require_same_names(one: Derivation, declared: Sequence[Parameter]) -> None:
    names = [p.name for p in declared]
    if not {*one.arguments, one.argument} <= set(names):
        raise ValueError(
            f"the derivation needs the op's arguments {', '.join(names)}, "
            f"got {', '.join(one.arguments)}; give them the op's names"
        )


def _rank(derivation: Derivation, name: str) -> int | None:
    """The number of indices that an array has in a chapter; None where it does not occur."""
    entries = (e for step in derivation.steps for e in step.expression.atoms(sp.Indexed))
    return next((len(e.indices) for e in entries if str(e.base.label) == name), None)


def _as_in_chapter(array: Any, dims: str | None, rank: int | None, axis: Any) -> Any:
    """Starred axes merged into the one index that the chapter has for them; reduced axes last."""
    if dims is None or rank is None:
        return array
    if axis is not None:
        axes = (axis,) if isinstance(axis, int) else tuple(axis)
        moved = jnp.moveaxis(array, axes, range(-len(axes), 0))
        return moved.reshape(*moved.shape[: array.ndim - len(axes)], -1)
    names = dims.split()
    star = next((i for i, name in enumerate(names) if name.startswith(("*", "..."))), None)
    if star is None or rank == len(names) - 1:
        return array  # no star, or batch axes, over which the function is vectorised
    after = array.ndim - (len(names) - star - 1)
    return array.reshape(*array.shape[:star], -1, *array.shape[after:])


def _as_given(found: Any, like: Any, axis: Any) -> Any:
    if axis is None:
        return jnp.broadcast_to(found, found.shape).reshape(like.shape)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    moved = jnp.moveaxis(like, axes, range(-len(axes), 0))
    found = jnp.broadcast_to(found, (*moved.shape[: like.ndim - len(axes)], found.shape[-1]))
    return jnp.moveaxis(found.reshape(moved.shape), range(-len(axes), 0), axes)


def draw(op: Callable, rng: np.random.Generator, sizes: dict[str, Any] | None = None) -> list[Any]:
    """Admissible arrays for an op, drawn from what its annotations declare.

    Args:
        rng: a NumPy generator.
        sizes: named sizes; a starred name has a tuple.
    """
    declared = [p for p in parameters(op) if p.kind != "static"]
    known = {"n": 4, "k": 3, "d": 3, "m": 2, "*batch": (2, 3), "*d": (3, 2), "...": (4, 3)}
    known |= sizes or {}
    for parameter in declared:
        for domain in parameter.domains:
            if isinstance(domain, Flattened):
                known[domain.merged] = int(np.prod(known[f"*{domain.axes}"], dtype=int))
    return [_draw(parameter, rng, known) for parameter in declared]


def _draw(parameter: Parameter, rng: np.random.Generator, known: dict[str, Any]) -> Any:
    shape: list[int] = []
    for axis in (parameter.dims or "").split():
        size = known.get(axis, 3)
        shape += size if isinstance(size, tuple) else [int(axis) if axis.isdigit() else size]
    for domain in parameter.domains:
        if isinstance(domain, Labels):
            return rng.integers(0, known.get(domain.size, 3), shape)
        if isinstance(domain, Between):
            high = min(domain.high, 2.0)
            return rng.uniform(domain.low + 0.05 * high, 0.95 * high, shape)
    return rng.integers(0, 2, shape) if parameter.kind == "int" else rng.normal(size=shape)
