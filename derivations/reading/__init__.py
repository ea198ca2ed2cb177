"""Reads a jaxpr with symbolic sizes as index expressions.

Each variable becomes an `Array`: a function from an index tuple to an expression of the algebra.
Nothing is expanded until an entry is asked for. The modules of rules fill one dict when imported.
"""

from derivations.reading import arrays, choices, control, labels, reductions, values  # noqa: F401
from derivations.reading.axes import note_axes
from derivations.reading.literals import literal
from derivations.reading.notes import Condition, noted
from derivations.reading.reader import Array, Reader, thawed
from derivations.reading.rules import read

__all__ = ["Array", "Condition", "Reader", "literal", "note_axes", "noted", "read", "thawed"]
