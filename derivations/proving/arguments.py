"""The arguments of a function: arrays with named sizes and domains, or static values."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from funcnet.contract import Between, Labels, parameters


class UsageError(ValueError):
    """The question cannot be asked like this; the message says what to change."""


@dataclass(frozen=True)
class Argument:
    """One argument: an array with axes, or a static value."""

    name: str
    kind: str  # "float", "int" or "static"
    dims: tuple[str, ...] = ()
    domains: tuple[Any, ...] = ()
    value: Any = None  # of a static argument
    symbolic: bool = False  # a static float that stands for every value of its domain

    @property
    def is_array(self) -> bool:
        """Whether it is traced, as an array or as a symbolic scalar."""
        return self.kind != "static" or self.symbolic

    @property
    def sign(self) -> str:
        """What its domain says: "+", "0+" or ""."""
        for domain in self.domains:
            if isinstance(domain, Between) and domain.low >= 0:
                return "+" if domain.above or domain.low > 0 else "0+"
        return ""


def is_custom_vjp(target: Any) -> bool:
    """Whether it is a `jax.custom_vjp` object with its rule."""
    return isinstance(target, jax.custom_vjp)


def name_of(target: Any) -> str:
    """The name of an op or a function."""
    return getattr(target, "__name__", None) or getattr(
        getattr(target, "fun", None), "__name__", "the function"
    )


def annotated(target: Callable, static: Mapping[str, Any]) -> tuple[Argument, ...]:
    """The arguments as jaxtyping annotations declare them."""
    try:
        declared = parameters(target)
    except (KeyError, TypeError) as error:
        raise UsageError(f"{error}; or give the sizes, such as prove(op, 'n d', 'd')") from None
    unknown = set(static) - {p.name for p in declared}
    if unknown:
        raise UsageError(f"{name_of(target)} has no argument {', '.join(sorted(unknown))}")
    return tuple(_argument(p, static) for p in declared)


def _argument(p: Any, static: Mapping[str, Any]) -> Argument:
    if p.dims is not None and p.name not in static:
        return Argument(p.name, p.kind, tuple(p.dims.split()), p.domains)
    is_free = p.hint is float and p.name not in static
    value = static.get(p.name, p.default)
    if value is inspect.Parameter.empty and not is_free:
        raise UsageError(f"the argument {p.name} has no default; pass static={{'{p.name}': …}}")
    return Argument(p.name, "static", (), p.domains, value, is_free)


def given(
    target: Callable, sizes: Sequence[str], static: Mapping[str, Any]
) -> tuple[Argument, ...]:
    """The arguments with the sizes given, one string for each."""
    function = inspect.unwrap(getattr(target, "fun", target))
    signature = list(inspect.signature(function).parameters.values())
    unknown = set(static) - {p.name for p in signature}
    if unknown:
        raise UsageError(f"{name_of(target)} has no argument {', '.join(sorted(unknown))}")
    fixed = {signature[k].name for k in getattr(target, "nondiff_argnums", ())} - set(static)
    free = [p for p in signature if p.name not in static and p.kind is not p.VAR_KEYWORD]
    free = [p for p in free if p.name not in fixed or len(sizes) > len(free) - len(fixed)]
    needed = [
        p for p in free if p.default is inspect.Parameter.empty and p.kind is not p.VAR_POSITIONAL
    ]
    is_open = any(p.kind is p.VAR_POSITIONAL for p in free)
    if not len(needed) <= len(sizes) or (len(sizes) > len(free) and not is_open):
        names = ", ".join(p.name for p in needed)
        raise UsageError(
            f"{name_of(target)} needs sizes for {len(needed)} arguments ({names}), "
            f"got {len(sizes)}; "
            "pass one string for each, such as 'n d', and '' for a scalar"
        )
    if is_open:
        free = [p for p in free if p.kind is not p.VAR_POSITIONAL]
        free += [
            inspect.Parameter(f"x{k + 1}", inspect.Parameter.POSITIONAL_ONLY)
            for k in range(len(sizes) - len(free))
        ]
        signature = free
    specs = dict(zip((p.name for p in free), sizes, strict=False))
    if not is_custom_vjp(target):  # what is left at its default need not be passed
        signature = [p for p in signature if p.name in specs or p.name in static]
    return tuple(_specified(p, specs.get(p.name), static) for p in signature)


def _specified(p: inspect.Parameter, spec: str | None, static: Mapping[str, Any]) -> Argument:
    if spec is None:
        return Argument(p.name, "static", value=static.get(p.name, p.default))
    match = re.fullmatch(r"\s*([\w\s*.]*?)\s*(?::\s*int\s*(?:<\s*(\w+))?)?\s*", spec)
    if match is None:
        raise UsageError(
            f"the sizes {spec!r} of {p.name} are not names such as 'n d', 'n:int' or 'n:int<k'"
        )
    domains = (Labels(match[2]),) if match[2] else ()
    return Argument(p.name, "int" if ":" in spec else "float", tuple(match[1].split()), domains)
