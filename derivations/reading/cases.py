"""Case distinctions: each branch is read, and needs what it needs, in its own case alone."""

from collections.abc import Callable

from derivations.algebra import functions as f
from derivations.algebra.terms import ONE, ZERO, Poly
from derivations.reading.domains import is_certain
from derivations.reading.notes import Condition, Guard, note, noted, pass_on


def by_condition(condition: Poly, no: Callable[[], Poly], yes: Callable[[], Poly]) -> Poly:
    """Yes where the condition holds, else no; each branch is needed in its own case alone."""
    found = []
    for branch, guard in ((no, ONE - condition), (yes, condition)):
        with noted() as notes:
            value = branch()
            if value == f.NAN:
                note("holds", ZERO)
        kept = (
            Condition(c.kind, c.expression, (*c.guards, Guard("holds", guard)))
            if not isinstance(c.expression, str)
            else c
            for c in notes
        )
        pass_on({c: None for c in kept if not is_certain(c)})
        found.append(value)
    if f.NAN in found:
        return found[0] if found[1] == f.NAN else found[1]
    return condition * found[1] + (ONE - condition) * found[0]
