"""Programs as text: calls inlined, the arithmetic of sizes worked out, no conversions of floats.

Two programs are the same if their lines are, with the same numbers up to rounding.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from derivations.proving.problem import evaluated
from derivations.proving.symbolic import DIMENSION
from derivations.reading.jaxprs import CALLS, inner_of

DROPPED = frozenset(
    {
        "sharding",
        "out_sharding",
        "donated_invars",
        "inline",
        "keep_unused",
        "name",
        "ctx_mesh",
        "unique_indices",
        "indices_are_sorted",
        "precision",
        "preferred_element_type",
        "compiler_options_kvs",
        "in_layouts",
        "out_layouts",
        "in_shardings",
        "out_shardings",
        "accuracy",
        "weak_type",
        "jaxpr",
        "call_jaxpr",
        "fun_jaxpr",
        "new_dtype",
        "dtype",
    }
)


@dataclass(frozen=True)
class Constant:
    """A number that the sizes decide."""

    value: Any

    def __str__(self):
        return "#"


@dataclass(frozen=True)
class Vector:
    """A short list of such numbers, as where a slice starts."""

    values: tuple

    def __str__(self):
        return str(self.values)


FOLDED: dict[str, Callable] = {
    **{
        name: getattr(operator, name)
        for name in ("add", "sub", "mul", "neg", "gt", "lt", "ge", "le", "eq", "ne")
    },
    "max": max,
    "min": min,
    "copy": lambda x: x,
    "stop_gradient": lambda x: x,
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "rsqrt": lambda x: 1 / math.sqrt(x) if x > 0 else math.nan,
    "log": lambda x: math.log(x) if x > 0 else math.nan,
    "exp": lambda x: math.exp(min(x, 700)),
    "square": lambda x: x * x,
    "not": lambda x: not x,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "select_n": lambda which, *cases: cases[int(which)],
}
NEUTRAL = {"mul": 1, "add": 0}


def text(closed: Any, sizes: Mapping[str, int]) -> list[tuple[str, tuple[float, ...]]]:
    """The lines of a program, each with its numbers, which sizes may decide."""
    lines: list[tuple[str, tuple[float, ...]]] = []
    jaxpr = closed.jaxpr
    known: dict[Any, Any] = dict(
        zip(jaxpr.constvars, (_constant(c) for c in closed.consts), strict=True)
    )
    known |= {v: f"in{k}" for k, v in enumerate(jaxpr.invars)}
    outputs = _lines(jaxpr, known, sizes, lines)
    lines.append(_line("return", outputs, ""))
    return lines


def _constant(value: Any) -> Any:
    array = np.asarray(value)
    if jnp.issubdtype(array.dtype, jnp.floating):
        array = array.astype(float)
    if array.size == 1 and array.dtype.kind in "iufb":
        return Constant(array.reshape(())[()].item())
    return f"array{array.shape}{hash(array.tobytes())}"


def _lines(jaxpr: Any, known: dict, sizes: Mapping[str, int], lines: list) -> list[Any]:
    def value_of(atom: Any) -> Any:
        return _constant(atom.val) if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        name, given = equation.primitive.name, [value_of(a) for a in equation.invars]
        if name in CALLS:
            inner = inner_of(equation)
            body = getattr(inner, "jaxpr", inner)
            own = dict(
                zip(body.constvars, map(_constant, getattr(inner, "consts", ())), strict=True)
            )
            own |= dict(zip(body.invars, given, strict=True))
            known |= dict(zip(equation.outvars, _lines(body, own, sizes, lines), strict=True))
            continue
        if not equation.outvars:  # as of a print
            continue
        short = _shortened(equation, name, given, sizes)
        if short is not None:
            known[equation.outvars[0]] = short
            continue
        if name == "gather" and isinstance(given[1], Vector):
            known[equation.outvars[0]] = _as_slice(equation, given, sizes, lines)
            continue
        shapes = ",".join(_put_in(v.aval.shape, sizes) for v in equation.outvars)
        kinds = ",".join(_kind(v.aval.dtype) for v in equation.outvars)
        params = _params(equation.params, sizes)
        lines.append(_line(f"{name}:{shapes}:{kinds}", given, params))
        known |= {v: f"{len(lines)}.{k}" for k, v in enumerate(equation.outvars)}
    return [value_of(a) for a in jaxpr.outvars]


def _as_slice(equation: Any, given: list, sizes: Mapping[str, int], lines: list) -> str:
    """A gather at a known place, as the slice that JAX makes of it where it knows the sizes."""
    numbers, lengths = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    whole = [int(_put_in(n, sizes)) for n in equation.invars[0].aval.shape]
    starts = dict(zip(numbers.start_index_map, given[1].values, strict=True))
    first = [int(starts.get(k, 0)) for k in range(len(whole))]
    kept = [int(_put_in(n, sizes)) for n in lengths]
    ends = [a + n for a, n in zip(first, kept, strict=True)]
    params = {
        "limit_indices": _put_in(tuple(ends), sizes),
        "start_indices": _put_in(tuple(first), sizes),
        "strides": "None",
    }
    lines.append(_line(f"slice:{_put_in(tuple(kept), sizes)}:F", [given[0]], str(params)))
    gone = tuple(numbers.collapsed_slice_dims)
    if gone:
        shape = _put_in(equation.outvars[0].aval.shape, sizes)
        params = str({"dimensions": _put_in(gone, sizes)})
        lines.append(_line(f"squeeze:{shape}:F", [f"{len(lines)}.0"], params))
    return f"{len(lines)}.0"


def _line(head: str, given: Iterable[Any], params: str) -> tuple[str, tuple[float, ...]]:
    given = list(given)
    numbers = tuple(float(g.value) for g in given if isinstance(g, Constant))
    return f"{head}({' '.join(map(str, given))}){params}", numbers


def _shortened(equation: Any, name: str, given: list, sizes: Mapping[str, int]) -> Any:  # noqa: PLR0911 (one rule a line)
    """The value of an equation that computes with sizes alone, or changes nothing."""
    out = equation.outvars[0].aval
    if name == "dim_as_value":
        return Constant(_evaluated(equation.params["dim"], sizes))
    if name == "convert_element_type":
        before = equation.invars[0].aval.dtype
        if isinstance(given[0], Constant):
            kind = _kind(out.dtype)
            value = given[0].value
            return Constant(
                float(value)
                if kind == "F"
                else bool(value)
                if kind == "b"
                else int(value)
                if math.isfinite(value)
                else value
            )
        return given[0] if _kind(before) == _kind(out.dtype) == "F" or before == out.dtype else None
    if name in ("broadcast_in_dim", "reshape") and out.shape == () and given:
        return given[0]
    if name == "broadcast_in_dim" and isinstance(given[0], Constant) and out.shape == (1,):
        return Vector((given[0].value,)) if _kind(out.dtype) != "F" else None
    if name == "concatenate" and all(isinstance(g, Vector) for g in given):
        return Vector(tuple(v for g in given for v in g.values))
    is_neutral = name in NEUTRAL and isinstance(given[0], Constant)
    if (
        is_neutral
        and given[0].value == NEUTRAL[name]
        and out.shape == equation.invars[1].aval.shape
    ):
        return given[1]
    if not given or not all(isinstance(g, Constant) for g in given) or out.shape != ():
        return None
    values = [g.value for g in given]
    try:
        if name == "div":
            return Constant(
                values[0] / values[1] if _kind(out.dtype) == "F" else int(values[0] / values[1])
            )
        if name == "integer_pow":
            return Constant(values[0] ** equation.params["y"])
        return Constant(FOLDED[name](*values)) if name in FOLDED else None
    except ArithmeticError:
        return Constant(math.nan)


def _kind(dtype: Any) -> str:
    if jnp.issubdtype(dtype, jnp.floating):
        return "F"
    return {"i": "i", "u": "u", "b": "b"}.get(getattr(dtype, "kind", "?"), str(dtype)) + (
        "" if getattr(dtype, "kind", "") == "b" else str(getattr(dtype, "itemsize", ""))
    )


def _evaluated(dim: Any, sizes: Mapping[str, int]) -> int:
    return dim if isinstance(dim, int) else int(evaluated(str(dim), sizes))


def _put_in(value: Any, sizes: Mapping[str, int]) -> str:
    """A parameter as text, with sizes put in."""
    if isinstance(value, DIMENSION):
        return str(_evaluated(value, sizes))
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return f"({' '.join(_put_in(v, sizes) for v in value)})"
    if hasattr(value, "_fields"):
        return f"{type(value).__name__}({' '.join(_put_in(v, sizes) for v in value)})"
    if hasattr(getattr(value, "jaxpr", value), "eqns"):
        closed = value if hasattr(value, "consts") else None
        return str(text(closed, sizes)) if closed is not None else _without_types(value)
    return _without_types(value)


def _without_types(value: Any) -> str:
    """A text without the places of objects, and with one name for all floats."""
    return re.sub(r"\b(f64|f32|bf16|f16)\b", "F", re.sub(r"0x[0-9a-f]+", "", str(value)))


def _params(params: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    kept = {k: _put_in(v, sizes) for k, v in sorted(params.items()) if k not in DROPPED}
    inner = {k: _put_in(v, sizes) for k, v in params.items() if k == "jaxpr"}
    return str(kept | inner)


def is_same(a: Sequence, b: Sequence, precision: float = 1e-15) -> bool:
    """The same lines, with the same numbers up to rounding."""
    if len(a) != len(b) or any(x[0] != y[0] for x, y in zip(a, b, strict=True)):
        return False
    pairs = ((p, q) for x, y in zip(a, b, strict=True) for p, q in zip(x[1], y[1], strict=True))
    return all(is_close(p, q, precision) for p, q in pairs)


def is_close(p: float, q: float, precision: float = 1e-15) -> bool:
    """Equal up to rounding; nan is nan."""
    if p == q or (math.isnan(p) and math.isnan(q)):
        return True
    return abs(p - q) <= precision * (abs(p) + abs(q)) and math.isfinite(p + q)
