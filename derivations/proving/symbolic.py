"""Code that branches on a size must not be taken for code that works for all sizes.

JAX raises where a program orders symbolic sizes (`n < 4`), but answers `n == 4` with False, `n % 2`
is always true, a lookup by size finds nothing, and its text is a name: one branch would be traced
and taken for all.
While a function is traced here, such a question of the function's own raises.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import jax
from jax import export

from derivations.algebra.terms import Undecided

# these ask for sizes to check or to broadcast shapes, in a way that is right for all of them
TRUSTED = ("jax", "jaxlib", "jaxtyping", "beartype", "opt_einsum", "numpy", "derivations")
# these write the text of a type, for whoever asks them for it
TEXTS = frozenset(
    {
        "__str__",
        "__repr__",
        "str_short",
        "str_short_aval",
        "_get_shape_sharding_str",
        "_short_repr",
        "<genexpr>",
        "<listcomp>",
    }
)
BY_SIZE = "give that size as a number, such as '3', or a least one by assuming=['n >= 2']"
DIMENSION: Any = type(export.symbolic_shape("n")[0])


@contextmanager
def no_questions_of_size() -> Iterator[None]:
    """Raise Undecided where code that is not JAX's asks for a symbolic size.

    At the end once more, if the code has caught it.
    """
    asked: list[str] = []
    replaced = {
        "__eq__": _asked(asked, DIMENSION.__eq__, lambda n, m: f"{n} == {m}"),
        "__ne__": _asked(asked, DIMENSION.__ne__, lambda n, m: f"{n} != {m}"),
        "__hash__": _asked(asked, DIMENSION.__hash__, lambda n: f"a lookup by {n}"),
        "__bool__": _asked(asked, lambda _: True, lambda n: f"the truth of {n}"),
        "__str__": _asked(asked, DIMENSION.__str__, lambda n: f"the text of {n}"),
        "__repr__": _asked(asked, DIMENSION.__repr__, lambda n: f"the text of {n}"),
    }
    missing = object()
    before = {name: DIMENSION.__dict__.get(name, missing) for name in replaced}
    for name, method in replaced.items():
        setattr(DIMENSION, name, method)
    try:
        yield
        if asked:
            raise Undecided(f"a branch on a size: {asked[0]}; {BY_SIZE}")
    finally:
        for name, method in before.items():
            if method is missing:
                delattr(DIMENSION, name)
            else:
                setattr(DIMENSION, name, method)


def _asked(asked: list[str], method: Callable, question: Callable[..., str]) -> Callable:
    """The method, which refuses to answer code that is not trusted."""

    def answer(size, *other):
        if not is_trusted(_asking_file()) and _is_open(size, *other):
            asked.append(question(size, *other))
            raise Undecided(f"a branch on a size: {asked[-1]}; {BY_SIZE}")
        return method(size, *other)

    return answer


def _asking_file() -> str:
    """The file of the code that asks; that of a dataclass is written by Python, for its user."""
    frame = sys._getframe(2)
    while frame.f_back is not None and (
        frame.f_code.co_filename == "<string>" or frame.f_code.co_name in TEXTS
    ):
        frame = frame.f_back
    return frame.f_code.co_filename


def _is_open(size: Any, *other: Any) -> bool:
    """Is there more than one answer? Not where the other is no size, or equal, or never equal."""
    if not other:
        return True
    if not isinstance(other[0], (int, DIMENSION)):
        return False
    try:
        return not (size - other[0] == 0 or size < other[0] or size > other[0])
    except jax.errors.InconclusiveDimensionOperation:
        return True


@cache
def is_trusted(file: str) -> bool:
    """Is it a file of JAX or of what checks shapes, or of this module?"""
    return file == __file__ or any(
        Path(file).is_relative_to(folder) for name in TRUSTED for folder in _folders(name)
    )


def _folders(name: str) -> list[str]:
    return list(getattr(sys.modules.get(name), "__path__", []))
