"""The chapters: one file a family, with the names that funcnet/ops gives the families."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from derivations.language.derivation import Chapter, Derivation

FIRST = (
    "statistics",
    "activations",
    "softmax",
    "regression",
    "losses",
    "dense",
    "normalization",
)  # simple first


def chapters() -> tuple[Chapter, ...]:
    """All chapters, in the order of the families and of their files."""
    return tuple(one for family in families().values() for one in family)


@cache
def families() -> dict[str, tuple[Chapter, ...]]:
    """The chapters of each file, by its name; the families of the ops first."""
    names = [module.name for module in iter_modules(__path__)]
    order = {name: place for place, name in enumerate(FIRST)}
    names.sort(key=lambda name: (order.get(name, len(order)), name))
    every = {name: _chapters_in(import_module(f"{__name__}.{name}")) for name in names}
    return {name: found for name, found in every.items() if found}


def _chapters_in(module: ModuleType) -> tuple[Chapter, ...]:
    found: dict[str, list[Derivation]] = {}
    for value in vars(module).values():
        if isinstance(value, Derivation):
            found.setdefault(value.op, []).append(value)
    return tuple(Chapter(name, tuple(derivations)) for name, derivations in found.items())


def chapter(op: str | Callable, wrt: str | None = None) -> Chapter:
    """The chapter of an op, or of a topic by its title.

    Args:
        op: the op or its name.
        wrt: keep only the derivation of this argument's cotangent.

    Raises:
        KeyError: there is no such chapter or argument.
    """
    name = op if isinstance(op, str) else op.__name__
    by_name = {one.name: one for one in chapters()}
    if name not in by_name:
        raise KeyError(
            f"chapter needs one of {', '.join(by_name)}, got {name!r}; choose one of these"
        )
    found = by_name[name]
    if wrt is None:
        return found
    kept = tuple(d for d in found.derivations if d.argument == wrt)
    if not kept:
        known = ", ".join(str(d.argument) for d in found.derivations)
        raise KeyError(f"chapter {name} derives the cotangents of {known}, got {wrt!r}")
    return Chapter(name, kept)
