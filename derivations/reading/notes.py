"""What must hold for an entry to be what it was read as: conditions, which travel with the value.

Each entry that is read comes with the conditions that it needs, and each of these with its guards:
where a `select` does not pick a branch, what the branch needs is not needed. So a condition is one
of the program that was read, the definition or the rule, and of the case in which it is needed.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from derivations.algebra.terms import Poly

# what an undefined number comes of; where one of these fails, the value is nan or infinite
DOMAIN = frozenset({"nonzero", "positive", "nonneg", "holds", "off poles"})


@dataclass(frozen=True)
class Guard:
    """A case: "holds", where a product of brackets is 1, or "nonzero", where P ≠ 0."""

    kind: str
    expression: Poly


@dataclass(frozen=True)
class Condition:
    """An expression that is "nonzero", "positive", "in range", … wherever its guards hold."""

    kind: str
    expression: Poly | str
    guards: tuple[Guard, ...] = ()


Notes = dict[Condition, None]  # in the order in which they were met
_open: ContextVar[tuple[Notes, ...]] = ContextVar("notes", default=())


@contextmanager
def noted() -> Iterator[Notes]:
    """Gather the conditions of what is read inside; they go no further by themselves."""
    notes: Notes = {}
    token = _open.set((*_open.get(), notes))
    try:
        yield notes
    finally:
        _open.reset(token)


def note(kind: str, expression: Poly | str, guards: Iterable[Guard] = ()) -> None:
    """One more condition of what is being read."""
    pass_on({Condition(kind, expression, tuple(guards)): None})


def pass_on(notes: Mapping[Condition, None], *guards: Guard) -> None:
    """Conditions of a part, which are those of the whole in the case of these guards."""
    if not _open.get():
        return
    target = _open.get()[-1]
    for c in notes:
        more = tuple(g for g in guards if g not in c.guards)
        is_of_case = more and not isinstance(c.expression, str)
        target[Condition(c.kind, c.expression, c.guards + more) if is_of_case else c] = None
