"""What a string of sizes says: "n d", "*batch k", "n:int", "n:int<k", "n:bool"."""

import re
from typing import Any

from derivations.proving import names
from funcnet.contract import Labels

SPEC = re.compile(r"([^:]*)(?::\s*(int|bool|float)\s*(?:<\s*(\w+)\s*)?)?", re.ASCII | re.DOTALL)
FACTOR = rf"(?:{names.IDENTIFIER}|[0-9]+)"
AXIS = re.compile(rf"\.\.\.|\*{names.IDENTIFIER}|{FACTOR}(?:\*{FACTOR})*")
EXPECTED = "write names or numbers such as 'n d', '3 n', '*batch k', 'n:int', 'n:int<k' or 'n:bool'"


class UsageError(ValueError):
    """The question cannot be asked like this; the message says what to change."""


class Truths(Labels):
    """Truth values, which the prover takes for the numbers 0 and 1."""

    def __str__(self):
        return "to be a truth value"


def parsed(spec: str, name: str) -> tuple[str, tuple[str, ...], tuple[Any, ...]]:
    """The kind of an argument ("float", "int" or "bool"), its axes, and the range of labels."""
    match = SPEC.fullmatch(spec.strip())
    axes = match[1].replace(",", " ").split() if match else ()
    for axis in axes:
        if not AXIS.fullmatch(axis):
            raise UsageError(f"the sizes {spec!r} of {name} are not names: {axis!r}; {EXPECTED}")
    if match is None:
        raise UsageError(f"the sizes {spec!r} of {name} are not names of axes; {EXPECTED}")
    kind, top = match[2] or "float", match[3]
    if top and kind != "int":
        raise UsageError(f"the sizes {spec!r} of {name} bound a {kind}; only labels have a bound")
    domains = (Labels(_bound(top, spec, name)),) if top else ()
    return kind, tuple(map(_axis, axes)), domains


def _bound(top: str, spec: str, name: str) -> str:
    if top.isdigit() and int(top) < 1:
        raise UsageError(
            f"the labels {spec!r} of {name} are below {top}, got none; write 1 or more"
        )
    if not top.isdigit() and not re.fullmatch(names.IDENTIFIER, top):
        raise UsageError(f"the labels {spec!r} of {name} are below no name: {top!r}; {EXPECTED}")
    return str(int(top)) if top.isdigit() else names.of_size(top)


def _axis(text: str) -> str:
    if text == "..." or text.startswith("*"):
        return text
    factors = (str(int(f)) if f.isdigit() else names.of_size(f) for f in text.split("*"))
    return "*".join(factors)


def strings(sizes: Any) -> tuple[str, ...]:
    """The sizes, if they are strings, one for each argument."""
    for one in sizes:
        if not isinstance(one, str):
            raise UsageError(
                f"prove needs the sizes of each argument as a string, got {type(one).__name__}; "
                "write prove(op, 'n d', 'd'); arguments that hold several arrays, such as dicts, "
                "have to be spread out into one argument an array"
            )
    return tuple(sizes)
