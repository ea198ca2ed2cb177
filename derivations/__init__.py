"""Derivations of gradients: LaTeX with every equals sign checked, fast functions, comparisons."""

from derivations.chapters import chapter, chapters
from derivations.compare import Comparison, compare
from derivations.derivation import Chapter, Derivation, Step, chapter_of, topic

__all__ = [
    "Chapter",
    "Comparison",
    "Derivation",
    "Step",
    "chapter",
    "chapter_of",
    "chapters",
    "compare",
    "topic",
]
