"""The chapters: one file a family, with the names that funcnet/ops gives the families."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from derivations.derivation import Chapter, Derivation


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters, in the order in which the files define them; ops first, then topics."""
    found: dict[str, list[Derivation]] = {}
    for module in sorted(m.name for m in iter_modules(__path__)):
        for value in vars(import_module(f"{__name__}.{module}")).values():
            if isinstance(value, Derivation):
                found.setdefault(value.op, []).append(value)
    ordered = sorted(found.items(), key=lambda item: not item[1][0].of_op)
    return tuple(Chapter(name, tuple(derivations)) for name, derivations in ordered)


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
