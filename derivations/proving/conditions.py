"""The conditions of a proof, as sentences."""

from collections.abc import Iterable, Mapping

from derivations.algebra.terms import PERMUTATIONS, everywhere, poly
from derivations.algebra.text import text
from derivations.proving.equality import Comparison
from derivations.proving.problem import Problem
from derivations.proving.switches import OnSwitch
from derivations.reading import Condition, Reader


def needed(reader: Reader, comparisons: Iterable[Comparison]) -> list[Condition]:
    """The conditions noted, without ties of a maximum that is in no value and in no gradient.

    As with softmax's shift: once it has cancelled in the value, its derivative is never taken.
    """
    conditions = list({_sentence(c): c for c in reader.conditions}.values())
    judged = [p for c in comparisons for p in (c.hand, c.true) if p is not None]
    if any(atom.head in CHOICES for p in judged for atom in everywhere(p)):
        return conditions
    return [c for c in conditions if c.kind != "unique"]


CHOICES = PERMUTATIONS | {"argmax"}
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


def shown_conditions(
    conditions: Iterable[Condition], seen: Mapping[Condition, OnSwitch]
) -> tuple[str, ...]:
    """A sentence for each condition: when it is needed, and what was seen where it fails."""
    shown = {}
    for c in conditions:
        on_it = seen[c].sentence if c in seen else ""
        shown[_sentence(c) + (f"; {on_it}" if on_it else "")] = None
    return tuple(shown)


def _sentence(c: Condition) -> str:
    if isinstance(c.expression, str):
        return c.expression
    guards = [text(poly(g)) if holds else f"not {text(poly(g))}" for g, holds in c.guards]
    where = f" where {' and '.join(guards)}" if guards else ""
    sentence = SENTENCES.get(c.kind, f"{{}} {c.kind}")
    return sentence.format(text(c.expression)) + where


def of_domains(problem: Problem) -> tuple[str, ...]:
    """The domains declared, and the values of static arguments."""
    found = [f"{a.name} {d}" for a in problem.arguments for d in a.domains]
    static = [f"{a.name} = {a.value!r}" for a in problem.arguments if not a.is_array]
    return (*found, *static)
