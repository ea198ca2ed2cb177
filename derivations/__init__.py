"""Derivations of gradients: LaTeX with every equals sign checked, fast functions, comparisons.

What is imported from here is loaded when it is asked for: pytest loads the plugin in every run,
which must not cost the import of JAX and SymPy.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derivations.chapters import chapter, chapters
    from derivations.compare import Comparison, compare
    from derivations.language.derivation import Chapter, Derivation, Step, chapter_of, topic
    from derivations.proving.derive import derive
    from derivations.proving.proof import Proof, prove

__all__ = [
    "Chapter",
    "Comparison",
    "Derivation",
    "Proof",
    "Step",
    "chapter",
    "chapter_of",
    "chapters",
    "compare",
    "derive",
    "prove",
    "topic",
]

_HOMES = {
    "derivations.chapters": ("chapter", "chapters"),
    "derivations.compare": ("Comparison", "compare"),
    "derivations.language.derivation": ("Chapter", "Derivation", "Step", "chapter_of", "topic"),
    "derivations.proving.derive": ("derive",),
    "derivations.proving.proof": ("Proof", "prove"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


class _Package(ModuleType):
    """A package in which a function is not hidden by the submodule of its name, as `compare` is."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_HOME[name]), name)
        super().__setattr__(name, found)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self):
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
