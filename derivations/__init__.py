"""Derivations of gradients: LaTeX with every equals sign checked, fast functions, comparisons."""

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
