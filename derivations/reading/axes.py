"""Axes that are merged and joined, found before anything is read."""

from typing import Any

from derivations.algebra.ranges import at_least_zero
from derivations.algebra.session import joined
from derivations.algebra.terms import (
    ONE,
    Poly,
    add,
    constant,
)
from derivations.reading.reader import Reader, Shape


def note_axes(reader: Reader, jaxpr: Any) -> None:
    """Learn in which order axes are merged by reshapes and joined by concatenations and pads.

    Calls included.
    """
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        name, params = equation.primitive.name, equation.params
        shapes = [v.aval.shape for v in (*equation.invars, *equation.outvars)]
        if name == "reshape":
            _note_merged(reader, reader.shape(shapes[0]), reader.shape(shapes[-1]))
        elif name == "concatenate":
            axis = params["dimension"]
            _note_joined([reader.dim(shape[axis]) for shape in shapes[:-1]])
        elif name == "pad":
            for (low, high, _), n in zip(params["padding_config"], shapes[0], strict=True):
                _note_joined([reader.dim(low), reader.dim(n), reader.dim(high)])
        for inner in params.values():
            if hasattr(getattr(inner, "jaxpr", inner), "eqns"):
                note_axes(reader, inner)


def _note_joined(parts: list[Poly]) -> None:
    parts = [n for n in parts if n]
    if len(parts) > 1 and all(at_least_zero(n) for n in parts):
        whole = add(parts)
        if constant(whole) is None:
            joined()[whole.key] = tuple(parts)


def _note_merged(reader: Reader, before: Shape, after: Shape) -> None:
    """Match the two shapes from the left, axis group by axis group."""
    for few, many in ((before, after), (after, before)):
        rest = list(many)
        for n in few:
            group, whole = [], ONE
            while rest and whole != n:
                group.append(rest.pop(0))
                whole = whole * group[-1]
            if whole == n:
                reader.merged(group, n)
