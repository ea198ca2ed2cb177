"""A witness: concrete inputs at which a rule is wrong, and the lines that show it.

The lines are run before they are shown. The true value is written as the first of several ways
that gives it in double precision: `jax.vjp` of the definition, differences with several steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp

from derivations.limits import SCRIPT_AGREES, SCRIPT_LEAST
from derivations.proving.lines import Lines, run_lines
from derivations.proving.points import Point
from derivations.proving.problem import Problem
from derivations.proving.written import apart, as_double, listed, number_text
from derivations.witness import MP

HEADER = ("import jax, jax.numpy as jnp", 'jax.config.update("jax_enable_x64", True)')


@dataclass(frozen=True)
class Witness:
    """Concrete inputs at which the hand-written rule is wrong."""

    argument: str
    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]
    cotangents: tuple[Any, ...]
    place: tuple[int, ...]
    by_hand: float
    true: float
    script: str = field(repr=False)
    shown: tuple[str, str] = ("", "")  # both numbers, with the digits in which they differ
    is_seen: bool = True  # the lines were run, and print these numbers

    def __str__(self):
        sizes = ", ".join(f"{n} = {k}" for n, k in self.sizes.items())
        entry = f"[{', '.join(map(str, self.place))}]" if self.place else ""
        what = "value" if self.argument == "value" else f"gradient of {self.argument}{entry}"
        by_hand, true = self.shown
        return (
            f"a witness{' with ' + sizes if sizes else ''}: "
            f"the {what} is {by_hand} by hand and {true} in truth\n{self.script}"
        )


def witness_at(
    problem: Problem,
    point: Point,
    name: str,
    place: tuple,
    by_hand: Any,
    true: Any,
    on_switch: bool = False,
) -> Witness:
    """The witness for one entry of a gradient, or for the value.

    Args:
        problem: what was asked.
        point: where the rule is wrong.
        name: of the argument, or "value".
        place: of the entry; of a value it is looked for.
        by_hand: what the evaluator found the rule to return there.
        true: what it should be.
        on_switch: whether the definition's own program may be at a switch there, so that
            differences show more than its derivative by JAX.
    """
    by_hand, true = _chopped(MP.mpf(by_hand), MP.mpf(true))
    lines = Lines(problem, point)
    ran = _run_through(lines, name, place, by_hand, true, on_switch)
    arrays = {a.name: listed(x) for a, x in zip(problem.arrays, point.inputs, strict=True)}
    bars = tuple(map(listed, point.cotangents))
    return Witness(
        name,
        dict(point.sizes),
        arrays,
        bars,
        tuple(map(int, place)),
        as_double(ran.by_hand),
        as_double(true),
        ran.script,
        apart(ran.by_hand, true, MP),
        ran.is_seen,
    )


def _chopped(a: Any, b: Any) -> tuple[Any, Any]:
    """What is left of 0 after rounding in 40 digits is 0; what is tiny beside nothing is not."""
    scale = max((abs(x) for x in (a, b) if MP.isfinite(x)), default=MP.mpf(0))
    tiny = scale * MP.mpf(10) ** -30
    return tuple(MP.mpf(0) if abs(x) < tiny else x for x in (a, b))


# --- what is run ---


@dataclass(frozen=True)
class _Ran:
    script: str
    by_hand: Any
    is_seen: bool


def run(script: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What the lines print, by label, with these names bound; in double precision."""
    printed: dict[str, Any] = {}
    run_lines(script.split("\n"), {**namespace, "print": printed.__setitem__})
    return printed


def _run_through(
    lines: Lines, name: str, place: tuple, by_hand: Any, true: Any, on_switch: bool
) -> _Ran:
    """The lines with the first way to the true value that gives it."""
    printed: dict[str, Any] = {}
    around = {"print": printed.__setitem__, "jax": jax, "jnp": jnp, **lines.bound()}
    start = [*HEADER, *lines.named(), *lines.values()]
    try:
        run_lines(lines.values(), around)
        if name == "value":
            place = lines.place_of(by_hand, true, around)
        hand = lines.by_hand(name, place)
        run_lines(hand, around)
    except Exception:  # whatever the code in question raises
        hand = lines.by_hand(name, place or (0,))
        way = next(lines.ways(name, place or (0,), on_switch))
        return _Ran("\n".join([*start, *hand, *way]), by_hand, is_seen=False)
    found = MP.mpf(printed["by hand:"])
    found = by_hand if _is_close(found, by_hand, true) else found
    for way in lines.ways(name, place, on_switch):
        if _gives(way, true, found, around, printed):
            return _Ran("\n".join([*start, *hand, *way]), found, is_seen=_differ(found, true))
    told = "# in 40 digits; doubles are too coarse for differences here"
    way = [f'print("in truth:", {number_text(as_double(true))})  {told}']
    return _Ran("\n".join([*start, *hand, *way]), found, is_seen=_differ(found, true))


def _gives(
    way: Sequence[str], true: Any, by_hand: Any, around: dict[str, Any], printed: dict[str, Any]
) -> bool:
    try:
        run_lines(way, around)
    except Exception:  # whatever the code in question raises
        return False
    return _is_close(MP.mpf(printed["in truth:"]), true, by_hand)


def _is_close(found: Any, expected: Any, other: Any) -> bool:
    """Whether it is the number expected, as far as that is told from the other."""
    if not MP.isfinite(expected):
        return MP.isnan(found) if MP.isnan(expected) else found == expected
    if not MP.isfinite(found):
        return False
    gap = abs(expected - other) if MP.isfinite(other) else MP.mpf(1)
    return abs(found - expected) <= SCRIPT_AGREES * (abs(expected) + gap) and 100 * abs(
        found - expected
    ) <= max(gap, MP.mpf(SCRIPT_LEAST) * abs(expected))


def _differ(a: Any, b: Any) -> bool:
    return not MP.isfinite(a) or abs(a - b) > MP.mpf(SCRIPT_LEAST) * (abs(a) + abs(b))
