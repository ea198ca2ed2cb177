"""The conditions of a proof, as sentences."""

from collections.abc import Iterable

from derivations.algebra.terms import everywhere, poly
from derivations.algebra.text import text
from derivations.equality import Comparison
from derivations.problem import Problem
from derivations.reading import Condition, Reader


def needed(reader: Reader, comparisons: Iterable[Comparison]) -> list[Condition]:
    """The conditions noted, without ties of a maximum that is in no value and in no gradient.

    As with softmax's shift: once it has cancelled in the value, its derivative is never taken.
    """
    judged = [p for c in comparisons for p in (c.hand, c.true) if p is not None]
    if any(atom.head == "argmax" for p in judged for atom in everywhere(p)):
        return list(reader.conditions)
    return [c for c in reader.conditions if c.kind != "unique"]


SENTENCES = {
    "nonzero": "{} ≠ 0",
    "positive": "{} > 0",
    "finite": "{} is finite",
    "holds": "{} holds",
    "unique": "the maximiser is unique: {}",
    "in range": "{} is in range",
    "boundary": "{} ≠ 0 (a switch)",
    "crossing": "{} does not change its sign there (a switch)",
    "no integer": "{} is no integer (a switch)",
    "off poles": "{} is not 0, -1, -2, …",
    "literal": "{}",
}


def shown_conditions(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """A sentence for each condition, with the case in which it is needed."""
    shown = {}
    for c in conditions:
        if isinstance(c.expression, str):
            shown[c.expression] = None
            continue
        sentence = SENTENCES[c.kind].format(text(c.expression))
        guards = [text(poly(g)) if holds else f"not {text(poly(g))}" for g, holds in c.guards]
        shown[sentence + (f" where {' and '.join(guards)}" if guards else "")] = None
    return tuple(shown)


def of_domains(problem: Problem) -> tuple[str, ...]:
    """The domains declared, and the values of static arguments."""
    found = [f"{a.name} {d}" for a in problem.arguments for d in a.domains]
    static = [f"{a.name} = {a.value!r}" for a in problem.arguments if not a.is_array]
    return (*found, *static)
