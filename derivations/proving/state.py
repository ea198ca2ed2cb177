"""Code that changes what it reads is another rule each time, and no trace speaks for it."""

import dis
import itertools
import random
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from derivations.proving.symbolic import is_trusted

DEEPEST = 4  # calls that are followed
PLAIN = (int, float, complex, str, bytes, bool, type(None))
MUTABLE = (
    list,
    dict,
    set,
    bytearray,
    itertools.count,
    random.Random,
    np.ndarray,
    np.random.Generator,
    np.random.RandomState,
)
WRITING = frozenset({"append", "add", "extend"})  # what only keeps something is no obstacle
LONGEST = 2000  # characters of one thing's text


def snapshot(target: Callable) -> dict[str, str]:
    """The numbers and containers that the code of a target can see, by name, as text."""
    found: dict[str, str] = {}
    for part in ("fun", "fwd", "bwd", "jvp", "__wrapped__", "func"):
        _gather(getattr(target, part, None), found, 0, set())
    _gather(target, found, 0, set())
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The names of what is not what it was."""
    return [name for name in before if after.get(name, before[name]) != before[name]]


def _gather(value: Any, found: dict[str, str], depth: int, seen: set[int]) -> None:
    if not isinstance(value, FunctionType) or depth > DEEPEST or id(value) in seen:
        return
    if is_trusted(value.__code__.co_filename):
        return
    seen.add(id(value))
    kept = _only_written(value.__code__)
    for name, inner in _visible(value):
        if name in kept:
            continue
        if isinstance(inner, (*PLAIN, *MUTABLE)):
            found[f"{value.__module__}.{name}"] = _text(inner)
        for part in (inner, *(getattr(inner, p, None) for p in ("fun", "fwd", "bwd", "jvp"))):
            _gather(part, found, depth + 1, seen)


def _visible(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What the function's code names: in its closure, among the globals, as defaults."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not yet bound
            continue
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    yield from (
        (f"{function.__name__} default {k}", d) for k, d in enumerate(function.__defaults__ or ())
    )


def _only_written(code: CodeType) -> set[str]:
    """Names of containers that the code puts things into, and never looks at."""
    uses: dict[str, list[bool]] = {}
    for inner in _codes(code):
        listed = list(dis.get_instructions(inner))
        for here, after in zip(listed, listed[1:], strict=False):
            if here.opname in ("LOAD_GLOBAL", "LOAD_DEREF"):
                is_call = after.opname in ("LOAD_METHOD", "LOAD_ATTR")
                uses.setdefault(here.argval, []).append(is_call and after.argval in WRITING)
    return {name for name, found in uses.items() if all(found)}


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def _names(code: CodeType) -> Iterator[str]:
    for inner in _codes(code):
        yield from inner.co_names


def _text(value: Any) -> str:
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    if isinstance(value, random.Random):
        return str(value.getstate())
    if isinstance(value, np.random.RandomState):
        return str(value.get_state())
    if isinstance(value, np.ndarray):
        return str(hash(value.tobytes()))
    return f"{len(value) if hasattr(value, '__len__') else ''}{repr(value)[:LONGEST]}"
