"""A witness: concrete inputs at which a rule is wrong, and the lines that show it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.proving.arguments import name_of
from derivations.proving.points import Point
from derivations.proving.problem import Problem


@dataclass(frozen=True)
class Witness:
    """Concrete inputs at which the hand-written rule is wrong."""

    argument: str
    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]
    cotangents: tuple[Any, ...]
    place: tuple[int, ...]
    by_hand: float
    true: float
    script: str = field(repr=False)

    def __str__(self):
        sizes = ", ".join(f"{n} = {k}" for n, k in self.sizes.items())
        entry = f"[{', '.join(map(str, self.place))}]" if self.place else ""
        what = "value" if self.argument == "value" else f"gradient of {self.argument}{entry}"
        return (
            f"a witness{' with ' + sizes if sizes else ''}: the {what} is "
            f"{self.by_hand:.12g} by hand and "
            f"{self.true:.12g} in truth\n{self.script}"
        )


def witness_at(
    problem: Problem,
    point: Point,
    name: str,
    place: tuple,
    by_hand: Any,
    true: Any,
    on_switch: bool = False,
) -> Witness:
    """The witness for one entry of a gradient, or for the value."""
    arrays = {a.name: _listed(x) for a, x in zip(problem.arrays, point.inputs, strict=True)}
    bars = tuple(map(_listed, point.cotangents))
    script = _script(problem, arrays, bars, name, place if on_switch else None)
    return Witness(
        name, dict(point.sizes), arrays, bars, place, _chopped(by_hand), _chopped(true), script
    )


def _chopped(value: Any) -> float:
    """What is left of 0 after rounding in 50 digits is 0."""
    return 0.0 if abs(value) < 1e-30 else float(value)


def _listed(array: np.ndarray) -> Any:
    return (
        np.vectorize(
            lambda v: v if isinstance(v, (int, np.integer)) else float(v),
            otypes=[float if array.dtype == object else int],
        )(array).tolist()
        if array.size
        else []
    )


def _script(
    problem: Problem, arrays: Mapping[str, Any], bars: tuple, name: str, place: tuple | None
) -> str:
    """A few lines to paste: both gradients; the true one by differences where a place is given."""
    values = [
        f"{a.name} = {_literal(arrays[a.name], a.kind)}"
        if a.is_array
        else f"{a.name} = {a.value!r}"
        for a in problem.arguments
    ]
    bar = ", ".join(f"jnp.array({b})" for b in bars)
    call = ", ".join(a.name for a in problem.arguments)
    lines = [
        "import jax, jax.numpy as jnp",
        'jax.config.update("jax_enable_x64", True)',
        *_named_op(problem),
        *values,
        f"bar = {bar}" if len(bars) == 1 else f"bar = ({bar})",
    ]
    if name == "value":
        return "\n".join([*lines, f"print(op.fwd({call})[0], op.fun({call}))"])
    floats = [a.name for a in problem.arguments if a.kind == "float"]
    free, at = ", ".join(floats), floats.index(name)
    gradient = f"jax.vjp(lambda {free}: {{}}({call}), {free})[1](bar)[{at}]"
    lines.append(f'print("by hand:", {gradient.format("op")})')
    if place is None and hasattr(problem.target, "fun"):
        return "\n".join([*lines, f'print("in truth:", {gradient.format("op.fun")})'])
    return "\n".join([*lines, *_differences(problem, name, place or ())])


def _differences(problem: Problem, name: str, place: tuple) -> list[str]:
    """The gradient at one place by central differences, which need no rule."""
    call = ", ".join(f"{a.name} {{}} step" if a.name == name else a.name for a in problem.arguments)
    moved = f"jax.tree.leaves(op({call}))"
    pair = f"{moved.format('+')}, {moved.format('-')}"
    total = "sum((b * (u - v)).sum() for b, u, v in zip(jax.tree.leaves(bar), up, down))"
    where = ", ".join(map(str, place))
    return [
        f"step = jnp.zeros_like({name}).at[{where or '...'}].set(1e-7)",
        f"up, down = {pair}",
        f'print("by differences at [{where}]:", {total} / 2e-7)',
    ]


def _named_op(problem: Problem) -> list[str]:
    """Lines that make `op` the function in question, as far as its name can be told."""
    first = getattr(problem.target, "first", None)
    if first is None:
        return [_import(problem.target, "op")]
    given = ", ".join(a.name for a in first.arguments)
    free = ", ".join(a.name for a in first.arguments if a.kind == "float")
    bars = ", ".join(a.name for a in problem.arguments[len(first.arguments) :])
    bar = bars if "," not in bars else f"({bars})"
    backward = f"jax.vjp(lambda {free}: first({given}), {free})[1]({bar})"
    return [_import(first.target, "first"), f"op = lambda {given}, {bars}: {backward}"]


def _import(target: Any, name: str) -> str:
    module = getattr(getattr(target, "fun", target), "__module__", None)
    title = name_of(target)
    found = getattr(sys.modules.get(module or ""), title, None)
    if found is target and module != "__main__":
        return f"from {module} import {title} as {name}"
    return f"{name} = {title}" if found is target else f"# with {name} the function in question"


def _literal(value: Any, kind: str) -> str:
    if kind == "static":
        return repr(value)
    return f"jnp.array({value})" if kind == "float" else f"jnp.array({value}, dtype=jnp.int32)"
