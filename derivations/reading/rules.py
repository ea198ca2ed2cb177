"""The loop over the equations of a jaxpr, and the dict of rules for its primitives.

A primitive without a rule raises by name, and so becomes UNKNOWN; nothing is guessed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from derivations.algebra.brackets import delta
from derivations.algebra.terms import (
    ZERO,
    Poly,
    Undecided,
    add,
    constant,
    number,
    product,
)
from derivations.reading.jaxprs import CALLS
from derivations.reading.literals import literal
from derivations.reading.reader import Array, Reader, kind_of

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register the rule of primitives.

    Called with the reader, the equation and the arrays that go in.
    """

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


# what moves integers or chooses among them; whatever else makes integers may make them too large
MOVING = frozenset(
    {
        "broadcast_in_dim",
        "reshape",
        "slice",
        "gather",
        "select_n",
        "concatenate",
        "transpose",
        "squeeze",
        "expand_dims",
        "rev",
        "pad",
        "dynamic_slice",
        "dynamic_update_slice",
        "sort",
        "max",
        "min",
        "clamp",
        "copy",
        "copy_p",
        "stop_gradient",
        "split",
        "stack",
        "unstack",
        "argmax",
        "argmin",
        "iota",
        *CALLS,
        "cond",
        "scan",
        "reduce_max",
        "reduce_min",
        "dim_as_value",
        "optimization_barrier",
        "device_put",
        "scatter",
        "empty",
        "empty2",
        "tile",
        "convert_element_type",
    }
)


def _within(reader: Reader, a: Array, aval: Any) -> Array:
    """The same array; that its integers fit their type is a condition where it is not plain."""
    if a.kind != "i":
        return a
    return Array(a.shape, "i", lambda at: reader.fits(a(*at), aval.dtype))


def read(reader: Reader, jaxpr: Any, inputs: Sequence[Array]) -> list[Array]:
    """The outputs of a closed jaxpr for these inputs."""
    known: dict[Any, Array] = {}
    for variable, value in zip(jaxpr.jaxpr.constvars, jaxpr.consts, strict=True):
        known[variable] = _constant_array(reader, value)
    known.update(zip(jaxpr.jaxpr.invars, inputs, strict=True))

    def value_of(atom: Any) -> Array:
        return known[atom] if not hasattr(atom, "val") else _constant_array(reader, atom.val)

    for equation in jaxpr.jaxpr.eqns:
        name = equation.primitive.name
        if name not in RULES:
            raise Undecided(f"the primitive {name}")
        outputs = RULES[name](reader, equation, *map(value_of, equation.invars))
        outputs = [outputs] if isinstance(outputs, Array) else outputs
        if name not in MOVING:
            outputs = [
                _within(reader, a, v.aval) for a, v in zip(outputs, equation.outvars, strict=True)
            ]
        known.update(zip(equation.outvars, outputs, strict=True))
    return [value_of(atom) for atom in jaxpr.jaxpr.outvars]


def _constant_array(reader: Reader, value: Any) -> Array:
    if str(getattr(value, "dtype", "")).startswith("float0"):
        return Array((), "f", lambda _: ZERO)
    value = np.asarray(value)
    shape, kind = tuple(map(number, value.shape)), kind_of(value.dtype)
    if value.size == 0 or (value == value.flat[0]).all():
        return Array(shape, kind, lambda _: literal(reader, value.flat[0]) if value.size else ZERO)
    if value.size > 64:
        raise Undecided(f"a constant array of shape {value.shape}")
    return Array(shape, kind, lambda at: _picked(reader, value, at))


def _picked(reader: Reader, value: np.ndarray, at: tuple[Poly, ...]) -> Poly:
    positions = [constant(i) for i in at]
    known = tuple(int(p) for p in positions if p is not None)
    if len(known) == len(positions):
        return literal(reader, value[known])
    cells = np.ndindex(value.shape)
    return add(
        product([literal(reader, value[c]), *(delta(i - k) for i, k in zip(at, c, strict=True))])
        for c in cells
    )


def made(reader: Reader, equation: Any, entries: Callable[[tuple[Poly, ...]], Poly]) -> Array:
    """An array of the shape and kind of what the equation gives."""
    out = equation.outvars[0].aval
    return Array(reader.shape(out.shape), kind_of(out.dtype), entries)


def elementwise(function: Callable[..., Poly]) -> Rule:
    """The rule of a primitive that works entry by entry."""

    def apply(reader: Reader, equation: Any, *inputs: Array) -> Array:
        return made(
            reader, equation, lambda at: function(reader, *(array(*at) for array in inputs))
        )

    return apply
