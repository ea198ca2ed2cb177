"""Values as Python text that gives exactly these values again."""

import ast
import inspect
import math
import sys
from typing import Any

import jax
import numpy as np

from derivations.proving.arguments import is_op, name_of

EXTREMES = {"inf": "jnp.inf", "-inf": "-jnp.inf", "nan": "jnp.nan"}


def listed(array: Any) -> Any:
    """An array as nested lists of the nearest doubles, or of integers."""
    array = np.asarray(array)
    kind = int if array.dtype.kind in "iu" else bool if array.dtype.kind == "b" else as_double
    entries = np.array([kind(x) for x in array.reshape(-1)] + [None], dtype=object)[:-1]
    return entries.reshape(array.shape).tolist()


def as_double(value: Any) -> float:
    """The nearest double, also of what is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def array_text(values: Any, shape: tuple[int, ...], dtype: str = "float64") -> str:
    """A JAX array of these entries."""
    if 0 in shape:
        return f"jnp.zeros({shape}, dtype=jnp.{dtype})"
    named = f", dtype=jnp.{dtype}" if dtype not in ("float64", "bool") else ""
    return f"jnp.array({number_text(values, as_bool=dtype == 'bool')}{named})"


def number_text(value: Any, as_bool: bool = False) -> str:
    """A number, or nested lists of numbers, by the digits that give back the same double."""
    if isinstance(value, list):
        return f"[{', '.join(number_text(v, as_bool) for v in value)}]"
    if as_bool:
        return str(bool(value))
    return EXTREMES.get(repr(value), repr(value))


def static_text(value: Any) -> str:
    """Any value as text; "" where Python could not read it back."""
    if isinstance(value, (float, np.floating)):
        return number_text(float(value))
    if isinstance(value, (np.ndarray, jax.Array)) and not is_key(value):
        return f"jnp.array({number_text(np.asarray(value).tolist())}, dtype=jnp.{value.dtype})"
    try:
        is_same = ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ""
    return repr(value) if is_same else ""


def is_key(value: Any) -> bool:
    """Whether it is a typed random key."""
    return jax.numpy.issubdtype(getattr(value, "dtype", np.float64), jax.dtypes.extended)


def import_text(target: Any, name: str) -> str:
    """A line that gives the function this name, or a comment that says where it is."""
    function = target.fun if is_op(target) else target
    module, title = getattr(function, "__module__", None), name_of(target)
    if title.isidentifier() and getattr(sys.modules.get(module or ""), title, None) is target:
        is_main = module == "__main__"
        return f"{name} = {title}" if is_main else f"from {module} import {title} as {name}"
    return f"# {name} is {title}{_whereabouts(function)}; bind it to this name first"


def _whereabouts(function: Any) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return "" if code is None else f", which {code.co_filename}, line {code.co_firstlineno} defines"


def apart(a: Any, b: Any, context: Any) -> tuple[str, str]:
    """Two numbers with 12 digits, or with as many as it takes to tell them apart."""
    for form in (".12g", ".17g"):
        shown = f"{as_double(a):{form}}", f"{as_double(b):{form}}"
        if shown[0] != shown[1]:
            return shown
    tries = ((context.nstr(a, k), context.nstr(b, k)) for k in range(18, context.dps + 1))
    return next((pair for pair in tries if pair[0] != pair[1]), shown)
