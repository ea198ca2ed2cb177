"""The arguments of a function: arrays with named sizes and domains, or static values."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax

from derivations.proving import names
from derivations.proving.sizes import Truths, UsageError, parsed, strings
from funcnet.contract import Between, Labels, parameters

__all__ = ["Argument", "UsageError", "annotated", "given", "is_custom_vjp", "is_op", "name_of"]

RULES = (jax.custom_vjp, jax.custom_jvp)
NO_DEFAULT = inspect.Parameter.empty


@dataclass(frozen=True)
class Argument:
    """One argument: an array with axes, or a static value."""

    name: str  # within the prover
    kind: str  # "float", "int" or "static"
    dims: tuple[str, ...] = ()
    domains: tuple[Any, ...] = ()
    value: Any = None  # of a static argument
    symbolic: bool = False  # a static float that stands for every value of its domain
    is_truth: bool = False  # the function is given truth values, the prover has 0 and 1
    keyword: str = ""  # what it must be passed by, where that is a name

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


def is_op(target: Any) -> bool:
    """Whether it is a function with a rule of its own, `jax.custom_vjp` or `jax.custom_jvp`."""
    return isinstance(target, RULES)


def name_of(target: Any) -> str:
    """The name of an op or a function."""
    for one in (target, getattr(target, "fun", None), getattr(target, "func", None)):
        name = getattr(one, "__name__", None)
        if isinstance(name, str):
            return name
    return f"the {type(target).__name__}" if callable(target) else "the function"


def annotated(target: Callable, static: Mapping[str, Any]) -> tuple[Argument, ...]:
    """The arguments as jaxtyping annotations declare them."""
    signature = _signature(target)
    try:
        declared = parameters(target)
    except (KeyError, TypeError, NameError, AttributeError) as error:
        raise UsageError(f"{error}; or give the sizes, such as prove(op, 'n d', 'd')") from None
    _refuse_unknown(target, static, [p.name for p in declared])
    by_name = {p.name for p in signature if p.kind is p.KEYWORD_ONLY}
    return tuple(_declared(p, static, p.name if p.name in by_name else "") for p in declared)


def _declared(p: Any, static: Mapping[str, Any], keyword: str) -> Argument:
    if p.dims is not None and p.name not in static:
        if any(axis.lstrip("*").startswith("_") for axis in p.dims.split()):
            raise UsageError(f"an axis of {p.name} has no name in {p.dims!r}; give it one")
        return _array(p.name, f"{p.dims}:{_kind(p)}", keyword, tuple(map(_within, p.domains)))
    is_free = p.hint is float and p.name not in static
    value = static.get(p.name, p.default)
    if value is NO_DEFAULT and not is_free:
        raise UsageError(f"the argument {p.name} has no default; pass static={{'{p.name}': …}}")
    name = names.of_argument(p.name)
    return Argument(name, "static", (), p.domains, value, is_free, keyword=keyword)


def _within(domain: Any) -> Any:
    """The domain with the prover's name for its size."""
    if isinstance(domain, Labels) and not domain.size.isdigit():
        return replace(domain, size=names.of_size(domain.size))
    return domain


def _kind(p: Any) -> str:
    """Of an array that may hold several kinds of numbers, floats."""
    dtypes = getattr(p.hint, "dtypes", ())
    found = " ".join(map(str, dtypes)) if isinstance(dtypes, (list, tuple)) else "float"
    return next((kind for kind in ("float", "int", "bool") if kind in found), "float")


def _array(name: str, spec: str, keyword: str, domains: tuple = ()) -> Argument:
    kind, dims, labels = parsed(spec, name)
    is_truth = kind == "bool"
    return Argument(
        names.of_argument(name),
        "int" if is_truth else kind,
        dims,
        (*domains, *labels, *([Truths("2")] if is_truth else [])),
        is_truth=is_truth,
        keyword=keyword,
    )


# --- with the sizes given ---


def given(
    target: Callable, sizes: Sequence[str], static: Mapping[str, Any]
) -> tuple[Argument, ...]:
    """The arguments with the sizes given, one string for each."""
    signature, sizes = _signature(target), strings(sizes)
    _refuse_unknown(target, static, [p.name for p in signature if p.kind is not p.VAR_POSITIONAL])
    free = _open(target, signature, sizes, static)
    needed = [p for p in free if p.default is NO_DEFAULT and p.kind is not p.VAR_POSITIONAL]
    is_open = any(p.kind is p.VAR_POSITIONAL for p in free)
    if len(needed) > len(sizes) or (len(sizes) > len(free) and not is_open):
        raise UsageError(
            f"{name_of(target)} needs sizes for {len(needed)} arguments "
            f"({', '.join(p.name for p in needed) or 'none'}), got {len(sizes)}; "
            "pass one string for each, such as 'n d', and '' for a scalar"
        )
    if is_open:
        signature = free = _spread(free, len(sizes))
    specs = dict(zip((p.name for p in _in_order(free, len(sizes))), sizes, strict=False))
    return tuple(_specified(signature, specs, static, is_all=is_custom_vjp(target)))


def _signature(target: Any) -> list[inspect.Parameter]:
    """The parameters; without those that functools.partial has fixed by name."""
    function = inspect.unwrap(target.fun if is_op(target) else target)
    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{name_of(target)} does not say what its arguments are ({error}); "
            "wrap it, such as lambda x: f(x)"
        ) from None
    fixed = getattr(function, "keywords", None) or {}
    return [p for p in found if p.name not in fixed and p.kind is not p.VAR_KEYWORD]


def _refuse_unknown(target: Any, static: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(static) - set(known))
    if unknown:
        raise UsageError(
            f"{name_of(target)} has no argument {', '.join(unknown)}; "
            f"static takes those of {', '.join(known) or 'no arguments'}"
        )


def _open(
    target: Any,
    signature: Sequence[inspect.Parameter],
    sizes: Sequence[str],
    static: Mapping[str, Any],
) -> list[inspect.Parameter]:
    """The parameters that sizes may be for; one that the op takes as static only if enough came."""
    fixed = {signature[k].name for k in getattr(target, "nondiff_argnums", ())} - set(static)
    free = [p for p in signature if p.name not in static]
    return [p for p in free if p.name not in fixed or len(sizes) > len(free) - len(fixed)]


def _spread(free: Sequence[inspect.Parameter], count: int) -> list[inspect.Parameter]:
    """A parameter each for what `*args` takes."""
    kept = [p for p in free if p.kind is not p.VAR_POSITIONAL]
    taken, found = {p.name for p in kept}, []
    for k in range(count - len(kept)):
        name = names.free(f"x{k + 1}", taken)
        found.append(inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY))
    at = next((k for k, p in enumerate(kept) if p.kind is p.KEYWORD_ONLY), len(kept))
    return [*kept[:at], *found, *kept[at:]]


def _in_order(free: Sequence[inspect.Parameter], count: int) -> list[inspect.Parameter]:
    """Those that sizes are for: the first ones, but leaving out what has a default for the rest."""
    spare = count - sum(p.default is NO_DEFAULT for p in free)
    found = []
    for p in free:
        if p.default is NO_DEFAULT:
            found.append(p)
        elif spare > 0:
            found.append(p)
            spare -= 1
    return found


def _specified(
    signature: Sequence[inspect.Parameter],
    specs: Mapping[str, str],
    static: Mapping[str, Any],
    is_all: bool,
) -> Iterable[Argument]:
    """What is left at its default need not be passed; what follows is then passed by name."""
    is_skipped = False
    for p in signature:
        if not (is_all or p.name in specs or p.name in static):
            is_skipped = True
            continue
        keyword = p.name if is_skipped or p.kind is p.KEYWORD_ONLY else ""
        if p.name in specs:
            yield _array(p.name, specs[p.name], keyword)
            continue
        value = static.get(p.name, p.default)
        if value is NO_DEFAULT:
            raise UsageError(f"the argument {p.name} has no value; pass static={{'{p.name}': …}}")
        yield Argument(names.of_argument(p.name), "static", value=value, keyword=keyword)
