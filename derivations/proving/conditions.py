"""Whose a condition is, whether it follows, and how it reads."""

from collections.abc import Iterable, Mapping, Sequence

from derivations.algebra.session import cached
from derivations.algebra.terms import PERMUTATIONS, ZERO, Poly, everywhere
from derivations.algebra.text import text
from derivations.proving.equality import Comparison, Readings
from derivations.proving.problem import Problem
from derivations.proving.switches import OnSwitch
from derivations.reading import Condition
from derivations.reading.domains import follows, is_same
from derivations.reading.notes import DOMAIN

CHOICES = PERMUTATIONS | {"argmax"}
SWITCHES = ("boundary", "crossing", "meeting", "edge", "unique", "tie", "no integer")
SENTENCES = {
    "nonzero": "{} ≠ 0",
    "positive": "{} > 0",
    "nonneg": "{} ≥ 0",
    "holds": "{} holds",
    "unique": "the maximiser is unique: {}",
    "tie": "the maximiser is unique: {}",
    "in range": "{} is in range",
    "boundary": "{} ≠ 0 (a switch)",
    "meeting": "{} ≠ 0 (a switch)",
    "edge": "{} ≠ 0 (a switch)",
    "crossing": "{} does not change its sign there (a switch)",
    "no integer": "{} is no integer (a switch)",
    "off poles": "{} is not 0, -1, -2, …",
    "literal": "{}",
}


@cached
def of_definition(readings: Readings) -> list[Condition]:
    """The definition's own conditions, without ties of a maximum that is in no value or gradient.

    As with softmax's shift: once it has cancelled in the value, its derivative is never taken.
    """
    pairs = [p for c in readings.comparisons for p in c.pairs]
    judged = [p for pair in pairs for p in (pair.hand, pair.true)]
    has_choice = any(atom.head in CHOICES for p in judged for atom in everywhere(p))
    return [c for c in readings.conditions if has_choice or c.kind != "tie"]


def is_never(readings: Readings) -> bool:
    """Whether the definition has no value anywhere, as for a mean of no numbers."""
    return any(
        c.kind in DOMAIN and not c.guards and c.expression == ZERO for c in readings.conditions
    )


@cached
def of_rule_alone(c: Comparison, readings: Readings) -> list[Condition]:
    """What the rule needs that does not follow from the definition's domain, and is no kink of it.

    A switch of the definition itself, such as the 0 of relu, is told; what remains must be looked
    at, for it is no footnote: there the rule is another program than the one that was read.
    """
    own = of_definition(readings)
    domain = [k for k in own if k.kind in DOMAIN or k.kind not in SWITCHES]
    domain += readings.facts
    has_choice = any(atom.head in CHOICES for pair in c.pairs for atom in everywhere(pair.hand))
    return [
        k
        for k in c.conditions
        if k.kind != "literal"
        and (has_choice or k.kind != "tie")
        and not follows(k, domain)
        and not _is_shared(k, own, domain)
    ]


def _is_shared(k: Condition, own: Sequence[Condition], domain: Sequence[Condition]) -> bool:
    """Whether the definition switches on the same set, which is looked at for both.

    A divisor that is 0 only where a root of the definition has no derivative is such a switch.
    """
    shared = [o for o in own if o.kind in SWITCHES and is_same(k, o)]
    if not shared or k.kind in SWITCHES:
        return bool(shared)
    nonneg = Condition("nonneg", k.expression, k.guards)
    return any(o.kind == "edge" for o in shared) and follows(nonneg, domain)


def shown_conditions(
    conditions: Iterable[Condition], seen: Mapping[Condition, OnSwitch]
) -> tuple[str, ...]:
    """A sentence for each condition: when it is needed, and what was seen where it fails."""
    shown, conditions = {}, tuple(conditions)
    for c in conditions:
        if c.guards and Condition(c.kind, c.expression) in conditions:
            continue
        on_it = seen.get(c, OnSwitch())
        if c.kind in SWITCHES and on_it.kind in ("right", "outside"):
            continue
        shown[sentence(c) + (f"; {on_it.sentence}" if on_it.sentence else "")] = None
    return tuple(shown)


def sentence(c: Condition) -> str:
    """The condition in words."""
    if isinstance(c.expression, str):
        return c.expression
    guards = " and ".join(_guard(g.kind, g.expression) for g in c.guards)
    if c.kind in ("holds", "nonzero", "positive") and not c.expression:
        return f"not {guards}"
    where = f" where {guards}" if guards else ""
    return SENTENCES.get(c.kind, f"{{}} {c.kind}").format(text(c.expression)) + where


def _guard(kind: str, p: Poly) -> str:
    if kind == "nonzero":
        return f"{text(p)} ≠ 0"
    inverse = 1 - p
    return f"not {text(inverse)}" if len(inverse.terms) == 1 else text(p)


def of_domains(problem: Problem) -> tuple[str, ...]:
    """The domains declared, and the values of static arguments."""
    found = [f"{a.name} {d}" for a in problem.arguments for d in a.domains]
    static = [
        f"{a.name} = {' '.join(repr(a.value).split())}" for a in problem.arguments if not a.is_array
    ]
    return (*found, *static)
