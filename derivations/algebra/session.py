"""State that outlives a call belongs to a session: what one proof remembers, and for how long.

    with session(seconds=60):
        with stage("comparing x_bar"):
            ...

A session starts with empty caches and no axes joined, stops the garbage collector, and raises
`OutOfTime` from the next `tick()` after its deadline. Nothing of it is left when it ends, so one
proof cannot influence the next. Nothing in here can make a false equation true: caches hold what
their function returned, and a deadline only ends in UNKNOWN.
"""

import functools
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Any, TypeVar

from derivations.limits import MOST_KEPT, MOST_KEPT_OUTSIDE


class Undecided(Exception):
    """There is no rule for this, or the budget is used up; the message says for what.

    It becomes UNKNOWN.
    """


class OutOfTime(Undecided):
    """The session has passed its deadline; the message names what was being worked on."""


class State:
    """What a session holds: caches by function, joined axes, the deadline and the stages."""

    def __init__(self, most_kept: int, deadline: float = inf, seconds: float = 0.0):
        self.most_kept, self.deadline, self.seconds = most_kept, deadline, seconds
        self.caches: dict[Callable, Callable] = {}
        self.joined: dict[str, tuple] = {}
        self.stages: list[str | Callable[[], str]] = []


_OUTSIDE = State(MOST_KEPT_OUTSIDE)  # where no proof is going on
_state: ContextVar[State] = ContextVar("session", default=_OUTSIDE)


@contextmanager
def session(seconds: float = 0.0) -> Iterator[None]:
    """A fresh state for one proof, with a deadline after so many seconds, or none for 0.

    A session inside another one has its own caches and joined axes, and ends no later than the
    outer one: of two deadlines the earlier holds.
    """
    outer = _state.get()
    inner = State(MOST_KEPT, outer.deadline, outer.seconds)
    if seconds and time.monotonic() + seconds < outer.deadline:
        inner.deadline, inner.seconds = time.monotonic() + seconds, seconds
    inner.stages = list(outer.stages)
    token = _state.set(inner)
    try:
        with _no_collection():
            yield
    finally:
        _state.reset(token)
        _OUTSIDE.caches = {}


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the garbage collector, which would go through all of JAX's objects a few times."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def stage(text: str | Callable[[], str]) -> Iterator[None]:
    """Name what is being worked on, for the message of `OutOfTime`.

    A function that returns the text is asked only if the text is needed.
    """
    stages = _state.get().stages
    stages.append(text)
    try:
        yield
    finally:
        stages.pop()


def tick() -> None:
    """Raise `OutOfTime` once the deadline has passed; cheap enough for any loop."""
    state = _state.get()
    if state.deadline < inf and time.monotonic() > state.deadline:
        raise OutOfTime(_stopped(state))


@contextmanager
def untimed() -> Iterator[None]:
    """Without the deadline: to tell what was found, which must not run out of time itself."""
    state = _state.get()
    state.deadline, deadline = inf, state.deadline
    try:
        yield
    finally:
        state.deadline = deadline


def _stopped(state: State) -> str:
    with untimed():
        named = ", ".join(s if isinstance(s, str) else s() for s in state.stages)
    return f"stopped after {state.seconds:g} s" + (f" while {named}" if named else "")


def time_left() -> float:
    """Seconds until the deadline: infinite without one, and never negative."""
    return max(0.0, _state.get().deadline - time.monotonic())


def joined() -> dict[str, tuple]:
    """Size by key -> the lengths of which it was joined, in their order; the session's own."""
    return _state.get().joined


Function = TypeVar("Function", bound=Callable[..., Any])


def cached(function: Function) -> Function:
    """Remember results for as long as the session lasts; arguments are given by position."""

    @functools.wraps(function)
    def remembering(*args: Any) -> Any:
        state = _state.get()
        call = state.caches.get(function)
        if call is None:
            call = state.caches[function] = functools.lru_cache(state.most_kept)(function)
        return call(*args)

    return remembering  # pyright: ignore[reportReturnType]


__all__ = [
    "OutOfTime",
    "Undecided",
    "cached",
    "joined",
    "session",
    "stage",
    "tick",
    "time_left",
    "untimed",
]
