"""The lines of a witness: a problem at a point, as Python that can be pasted anywhere."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from derivations.proving import names
from derivations.proving.arguments import Argument, is_op
from derivations.proving.points import Point
from derivations.proving.problem import Problem
from derivations.proving.written import (
    array_text,
    as_double,
    import_text,
    listed,
    number_text,
    static_text,
)

OWN = {"jax", "jnp", "op", "backward", "bar", "step", "up", "down", "float", "print", "sum", "zip"}
STEPS = (1e-6, 1e-4, 1e-8, 1e-3, 1e-2, 1e-10)  # relative to the entry; the last for narrow zones


class Lines:
    """The lines of a script about one problem, at one point."""

    def __init__(self, problem: Problem, point: Point):
        self.problem, self.point = problem, point
        self.first: Problem | None = getattr(problem.target, "first", None)
        self.op, self.variables = "op" if self.first is None else "backward", {}
        for a in problem.arguments:
            taken = OWN | set(self.variables.values())
            self.variables[a.name] = names.free(a.name, taken)
        with jax.enable_x64(True):
            arrays = problem.structures(point.sizes)
            self.output = _shape_of(problem.value, arrays)

    def bound(self) -> dict[str, Any]:
        """The names that the reader has to bind."""
        target = self.problem.target if self.first is None else self.first.target
        static = (a for a in self.problem.arguments if not a.is_array)
        bound = {**{self.variables[a.name]: a.value for a in static}, "op": target}
        if self.first is not None:
            exec(self._backward(), around := {"jax": jax, **bound})
            bound["backward"] = around["backward"]
        return bound

    def named(self) -> list[str]:
        """Lines that give the function in question its name."""
        if self.first is None:
            return [import_text(self.problem.target, "op")]
        return [import_text(self.first.target, "op"), self._backward()]

    def values(self) -> list[str]:
        """Lines for the arguments and the cotangents."""
        inputs = dict(zip((a.name for a in self.problem.arrays), self.point.inputs, strict=True))
        lines = [self._value(a, inputs.get(a.name)) for a in self.problem.arguments]
        leaves, tree = jax.tree.flatten(self.output)
        bars = [
            array_text(listed(c), c.shape, str(leaf.dtype))
            for c, leaf in zip(self.point.cotangents, leaves, strict=True)
        ]
        return [*lines, f"bar = {self._in_tree(tree, bars)}"]

    def _value(self, a: Argument, array: Any) -> str:
        variable = self.variables[a.name]
        if a.kind == "static":
            text = static_text(a.value) if array is None else number_text(as_double(array.item()))
            return f"{variable} = {text}" if text else f"# bind {variable} to what was given for it"
        dtype = {"float": "float64", "int": "int32"}[a.kind]
        truths = {b.name for b in (self.first or self.problem).arguments if b.is_truth}
        dtype = "bool" if a.name in truths else dtype
        return f"{variable} = {array_text(listed(array), array.shape, dtype)}"

    def _in_tree(self, tree: Any, leaves: list[str]) -> str:
        """The cotangents as the function's outputs are held together."""
        plain = jax.tree.unflatten(tree, [_Text(leaf) for leaf in leaves])
        if _is_plain(plain):
            return repr(plain)
        return f"jax.tree.unflatten(jax.tree.structure({self.call()}), [{', '.join(leaves)}])"

    def call(
        self,
        function: str = "",
        of: Problem | None = None,
        replaced: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """The function called, with some arguments written otherwise."""
        texts = []
        for a in (of or self.problem).arguments:
            text = replaced.get(a.name, self.variables[a.name])
            texts.append(f"{a.keyword}={text}" if a.keyword else text)
        return f"{function or self.op}({', '.join(texts)})"

    def _backward(self) -> str:
        first = self.first
        assert first is not None
        given = ", ".join(self.variables[a.name] for a in self.problem.arguments)
        bars = [self.variables[a.name] for a in self.problem.arguments[len(first.arguments) :]]
        free = ", ".join(self.variables[a.name] for a in first.differentiable())
        value = f"lambda {free}: jax.tree.leaves({self.call('op', first)})"
        return f"backward = lambda {given}: jax.vjp({value}, {free})[1]([{', '.join(bars)}])"

    def _vjp(self, function: str) -> str:
        free = ", ".join(self.variables[a.name] for a in self.problem.differentiable())
        return f"jax.vjp(lambda {free}: {self.call(function)}, {free})"

    @property
    def definition(self) -> str:
        """What has the right value."""
        return "op.fun" if self.first is None and is_op(self.problem.target) else self.op

    def by_hand(self, name: str, place: tuple) -> list[str]:
        """A line that prints what the rule gives."""
        vjp = self._vjp(self.op)
        if name == "value":
            return [f'print("by hand:", float(jax.tree.leaves({vjp}[0]){_in_leaves(place)}))']
        return [f'print("by hand:", float({vjp}[1](bar)[{self._number(name)}]{_at(place)}))']

    def _number(self, name: str) -> int:
        return [a.name for a in self.problem.differentiable()].index(name)

    def ways(self, name: str, place: tuple, on_switch: bool) -> Iterator[list[str]]:
        """Lines that print the true value, in several ways."""
        if name == "value":
            leaves = f"jax.tree.leaves({self.call(self.definition)})"
            yield [f'print("in truth:", float({leaves}{_in_leaves(place)}))']
            return
        gradient = f"{self._vjp(self.definition)}[1](bar)[{self._number(name)}]{_at(place)}"
        by_jax = [f'print("in truth:", float({gradient}))']
        has_definition = self.definition != self.op
        if has_definition and not on_switch:
            yield by_jax
        for step in self._steps(name, place):
            yield self._differences(name, place, step, ("+ step", "- step"), 2 * step)
        if has_definition and on_switch:
            yield by_jax
        for step in self._steps(name, place):
            yield self._differences(name, place, step, ("+ step", ""), step)
            yield self._differences(name, place, step, ("", "- step"), step)

    def _steps(self, name: str, place: tuple) -> Iterator[float]:
        position = [a.name for a in self.problem.arrays].index(name)
        size = abs(as_double(self.point.inputs[position][place]))
        is_usual = 1e-250 < size < 1e250
        scales = {10.0 ** round(math.log10(size)) if is_usual else 1.0: None, 1.0: None}
        for scale in scales:
            for step in STEPS:
                yield float(f"{step * scale:.0e}")

    def _differences(
        self, name: str, place: tuple, step: float, sides: tuple[str, str], width: float
    ) -> list[str]:
        variable = self.variables[name]
        moved = (
            self.call(self.definition, replaced={name: f"{variable} {side}".strip()})
            for side in sides
        )
        up, down = (f"jax.tree.leaves({call})" for call in moved)
        where = ", ".join(map(str, place)) or "..."
        total = "sum((b * (u - v)).sum() for b, u, v in zip(jax.tree.leaves(bar), up, down))"
        return [
            f"step = jnp.zeros_like({variable}).at[{where}].set({step!r})",
            f"up, down = {up}, {down}",
            f'print("in truth:", float({total}) / {float(f"{width:.0e}")!r})  # by differences',
        ]

    def place_of(self, by_hand: Any, true: Any, around: Mapping[str, Any]) -> tuple:
        """Which output and entry has these two values; the first number is the output's."""
        found, known = {}, dict(around)
        for label, text in (
            ("hand", f"{self._vjp(self.op)}[0]"),
            ("true", self.call(self.definition)),
        ):
            run_lines([f"found = jax.tree.leaves({text})"], known)
            found[label] = [np.asarray(x, dtype=np.float64) for x in known["found"]]
        gaps = {
            (k, *at): _gap(x, by_hand) + _gap(found["true"][k][at], true)
            for k, hand in enumerate(found["hand"])
            for at, x in np.ndenumerate(hand)
        }
        return min(gaps, key=lambda at: gaps[at], default=(0,))


def run_lines(lines: Sequence[str], around: dict[str, Any]) -> None:
    """Run lines in double precision, with the names bound that are around."""
    with (
        jax.enable_x64(True),
        jax.numpy_rank_promotion("allow"),
        jax.numpy_dtype_promotion("standard"),
    ):
        exec("\n".join(line for line in lines if not line.startswith("jax.config.")), around)


def _gap(found: Any, expected: Any) -> float:
    expected = as_double(expected)
    if found == expected or (np.isnan(found) and math.isnan(expected)):
        return 0.0
    gap = abs(float(found) - expected)
    return gap if math.isfinite(gap) else math.inf


def _shape_of(function: Callable, arrays: Sequence[Any]) -> Any:
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        return jax.eval_shape(function, *arrays)


class _Text(str):
    """Text that stands for itself."""

    __slots__ = ()

    def __repr__(self):
        return str(self)


def _is_plain(tree: Any) -> bool:
    """Whether it is a single array, or tuples, lists and dicts of arrays."""
    if type(tree) is dict:
        return all(isinstance(key, (str, int)) and _is_plain(v) for key, v in tree.items())
    return type(tree) is _Text or (type(tree) in (tuple, list) and all(map(_is_plain, tree)))


def _at(place: tuple) -> str:
    return f"[{', '.join(map(str, place))}]" if place else ""


def _in_leaves(place: tuple) -> str:
    """The number of an output, then the place of its entry."""
    return f"[{place[0]}]{_at(place[1:])}"
