"""What an op demands of its arguments: shapes and dtypes by jaxtyping, values by domains.

The annotations are read three times: by `checked` when an op is called, by the tests and `compare`
to draw admissible arguments, and by the prover, for which every named size is a symbol.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import jax
import jax.numpy as jnp
import numpy as np
from beartype import beartype
from beartype.door import is_bearable
from jaxtyping import TypeCheckError, jaxtyped

from funcnet.domains import (
    OF_VALUES,
    Between,
    Columns,
    Domain,
    Examples,
    Flattened,
    Labels,
    Rows,
)

__all__ = [
    "Between",
    "Columns",
    "Domain",
    "Examples",
    "Flattened",
    "Labels",
    "Parameter",
    "Rows",
    "checked",
    "outputs",
    "parameters",
]


F = TypeVar("F", bound=Callable)


@dataclass(frozen=True)
class Parameter:
    """One argument of an op, as its annotation declares it."""

    name: str
    hint: Any  # the annotation without its domains
    kind: str  # "float", "int" or "any" for arrays, "static" for everything else
    dims: str | None  # jaxtyping's shape, such as "*batch d"; None for static arguments
    domains: tuple[Domain, ...]
    default: Any = inspect.Parameter.empty


def parameters(op: Callable) -> tuple[Parameter, ...]:
    """The arguments of an op or of its definition, read from the annotations."""
    function = inspect.unwrap(getattr(op, "fun", op))
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function).parameters.values()
    for p in signature:
        if p.name not in hints:
            raise TypeError(
                f"{function.__name__} needs an annotation on its argument {p.name}, got none; "
                f'write its shape, such as {p.name}: Float[Array, "n d"]'
            )
    return tuple(_parameter(p.name, hints[p.name], p.default) for p in signature)


def outputs(op: Callable) -> tuple[str, ...]:
    """The shapes of an op's outputs, as its return annotation declares them; "" for a scalar."""
    function = inspect.unwrap(getattr(op, "fun", op))
    hint = get_type_hints(function, include_extras=True)["return"]
    return tuple(one.dim_str for one in (get_args(hint) if get_origin(hint) is tuple else (hint,)))


def _parameter(name: str, hint: Any, default: Any) -> Parameter:
    domains = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        domains = tuple(domain for domain in rest if isinstance(domain, Domain))
    if not hasattr(hint, "dim_str"):
        return Parameter(name, hint, "static", None, domains, default)
    dtypes = " ".join(map(str, hint.dtypes)) if isinstance(hint.dtypes, (list, tuple)) else "any"
    kind = next((kind for kind in ("int", "float") if kind in dtypes), "any")
    return Parameter(name, hint, kind, hint.dim_str, domains, default)


def checked(function: F) -> F:
    """Check arguments against their annotations and say in one sentence what is wrong.

    NumPy arrays and Python floats become JAX arrays first. Shapes, dtypes and static values are
    checked always, also under `jit` and `grad`; numbers inside arrays where they can be seen, that
    is outside `jit`.

    Raises:
        TypeError: a shape or a dtype does not fit.
        ValueError: a value lies outside its domain.
    """
    declared = parameters(function)
    name = function.__name__.removesuffix("_forward")
    signature = inspect.signature(function)

    @functools.wraps(function)
    def with_domains(*args, **kwargs):
        values = list(signature.bind(*args, **kwargs).arguments.values())
        _check_domains(name, declared, values)
        return function(*args, **kwargs)

    typed = jaxtyped(with_domains, typechecker=beartype)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if _stands_for_all(declared, bound.arguments):
            return function(*bound.args, **bound.kwargs)
        for parameter in declared:
            value = bound.arguments[parameter.name]
            bound.arguments[parameter.name] = _converted(parameter, value)
        try:
            return typed(*bound.args, **bound.kwargs)
        except TypeCheckError as error:
            values = list(bound.arguments.values())
            raise TypeError(_misfit(name, declared, values) or f"{name}: {error}") from None

    return wrapper  # pyright: ignore[reportReturnType]


def _stands_for_all(declared: tuple[Parameter, ...], values: Mapping[str, Any]) -> bool:
    """Whether a static float is a traced scalar: the prover asks about all its values at once."""
    scalars = (values[p.name] for p in declared if p.hint is float)
    return any(isinstance(value, jax.core.Tracer) for value in scalars)


def _converted(parameter: Parameter, value: Any) -> Any:
    """NumPy arrays and floats as JAX arrays, 1 as 1.0; anything else is left to be judged."""
    if parameter.dims is not None:
        return jnp.asarray(value) if isinstance(value, (np.ndarray, np.generic, float)) else value
    is_number = isinstance(value, (int, np.floating, np.integer)) and not isinstance(value, bool)
    return float(value) if parameter.hint is float and is_number else value


def _misfit(name: str, declared: Sequence[Parameter], values: Sequence) -> str | None:
    """The sentence for the first argument whose dtype or shape is not what its annotation says."""
    with jaxtyped("context"):  # binds the sizes from left to right, as the call itself does
        for position, (parameter, value) in enumerate(zip(declared, values, strict=True)):
            if not is_bearable(value, parameter.hint):
                return (
                    f"{name} needs {parameter.name} {_expectation(parameter)}, got {_shown(value)}"
                    + (_remedy(parameter, value, _sizes(declared[:position], values[:position])))
                )
    return None


def _expectation(parameter: Parameter) -> str:
    if parameter.dims is None:
        return f"to be of type {getattr(parameter.hint, '__name__', parameter.hint)}"
    entries = {"int": "integers", "float": "floats"}.get(parameter.kind, "numbers")
    axes = parameter.dims.replace(" ", ", ") or "no axes: a scalar"
    return (
        f"to be an array of {entries} of shape ({axes})"
        if parameter.dims
        else f"to be a scalar of {entries}"
    )


def _shown(value: Any) -> str:
    if isinstance(value, jax.Array):
        return f"{value.dtype}[{', '.join(map(str, value.shape))}]"
    if isinstance(value, int):
        return f"the integer {int(value)}"  # JAX may have wrapped it in a type of its own
    return f"{value!r}" if isinstance(value, (float, complex, str, tuple)) else type(value).__name__


def _remedy(parameter: Parameter, value: Any, sizes: dict[str, Any]) -> str:
    if parameter.dims is None:
        return "; pass a Python value, which is fixed when the function is compiled"
    if not isinstance(value, jax.Array):
        return "; pass an array" + (
            " or a float, such as 1.0 for 1" if isinstance(value, int) else ""
        )
    if parameter.kind == "float" and not jnp.issubdtype(value.dtype, jnp.floating):
        return (
            "; convert it first, with .real"
            if jnp.iscomplexobj(value)
            else "; convert it with .astype(float)"
        )
    if parameter.kind == "int" and not jnp.issubdtype(value.dtype, jnp.integer):
        return "; convert it with .astype(int), or use the op for one-hot rows"
    known = ", ".join(f"{axis}={size}" for axis, size in sizes.items() if axis in parameter.dims)
    return (f" where {known}" if known else "") + "; transpose or reshape it to these axes"


def _sizes(declared: Sequence[Parameter], values: Sequence) -> dict[str, Any]:
    """What each named axis stands for in this call; a starred name stands for a tuple."""
    sizes: dict[str, Any] = {}
    for parameter, value in zip(declared, values, strict=True):
        names, shape = (parameter.dims or "").split(), getattr(value, "shape", ())
        star = next(
            (i for i, axis in enumerate(names) if axis.startswith("*") or axis == "..."), None
        )
        if star is not None:
            tail = len(names) - star - 1
            sizes[names[star].removeprefix("*")] = shape[star : len(shape) - tail]
            shape = (*shape[:star], None, *shape[len(shape) - tail :])
        for axis, size in zip(names, shape, strict=False):
            if size is not None:
                sizes[axis] = size
    return sizes


def _check_domains(name: str, declared: Sequence[Parameter], values: Sequence) -> None:
    floats = {v.dtype for p, v in zip(declared, values, strict=True) if p.kind == "float"}
    if len(floats) > 1:
        found = " and ".join(sorted(map(str, floats)))
        raise TypeError(
            f"{name} needs arrays of one float dtype, got {found}; convert them with .astype"
        )
    sizes = _sizes(declared, values)
    for parameter, value in zip(declared, values, strict=True):
        for domain in parameter.domains:
            if isinstance(domain, OF_VALUES) and isinstance(value, jax.core.Tracer):
                continue
            came = domain.violation(value, sizes)
            if came is not None:
                raise ValueError(
                    f"{name} needs {parameter.name} {domain}, got {came}; {domain.remedy}"
                )
