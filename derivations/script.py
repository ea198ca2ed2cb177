"""A witness: concrete inputs at which a rule is wrong, and the lines that show it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.arguments import name_of
from derivations.points import Point
from derivations.problem import Problem


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
    problem: Problem, point: Point, name: str, place: tuple, by_hand: Any, true: Any
) -> Witness:
    """The witness for one entry of a gradient, or for the value."""
    arrays = {a.name: _listed(x) for a, x in zip(problem.arrays, point.inputs, strict=True)}
    bars = tuple(map(_listed, point.cotangents))
    script = _script(problem, arrays, bars, name)
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


def _script(problem: Problem, arrays: Mapping[str, Any], bars: tuple, name: str) -> str:
    """A few lines to paste: the two gradients side by side."""
    target = problem.target
    values = [
        f"{a.name} = {_literal(arrays[a.name], a.kind)}"
        if a.is_array
        else f"{a.name} = {a.value!r}"
        for a in problem.arguments
    ]
    bar = (
        f"jnp.array({bars[0]})"
        if len(bars) == 1
        else "(" + ", ".join(f"jnp.array({b})" for b in bars) + ")"
    )
    floats = [a.name for a in problem.arguments if a.kind == "float"]
    call = ", ".join(a.name for a in problem.arguments)
    free = ", ".join(floats)
    lines = [
        "import jax, jax.numpy as jnp",
        'jax.config.update("jax_enable_x64", True)',
        _named_op(target),
        *values,
        f"bar = {bar}",
    ]
    if name == "value":
        return "\n".join([*lines, f"print(op.fwd({call})[0], op.fun({call}))"])
    at = floats.index(name)
    for label, f in (("by hand", "op"), ("in truth", "op.fun")):
        function = f if label == "by hand" or hasattr(target, "fun") else None
        if function:
            lines.append(
                f'print("{label}:", jax.vjp(lambda {free}: {function}({call}), {free})'
                f"[1](bar)[{at}])"
            )
    return "\n".join(lines)


def _named_op(target: Any) -> str:
    """A line that makes `op` the function in question, as far as its name can be told."""
    module = getattr(getattr(target, "fun", target), "__module__", None)
    title = name_of(target)
    found = getattr(sys.modules.get(module or ""), title, None)
    if found is target and module != "__main__":
        return f"from {module} import {title} as op"
    return f"op = {title}" if found is target else "# with op the function in question"


def _literal(value: Any, kind: str) -> str:
    if kind == "static":
        return repr(value)
    return f"jnp.array({value})" if kind == "float" else f"jnp.array({value}, dtype=jnp.int32)"
