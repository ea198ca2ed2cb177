"""From a target and its sizes to problems: one for each choice of ranks.

A `*batch` stands for any number of axes and is tried with 0 to 4; every named size is a symbol.
"""

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from derivations.algebra.terms import Undecided
from derivations.proving import names
from derivations.proving.arguments import (
    Argument,
    UsageError,
    annotated,
    given,
    is_custom_vjp,
    is_op,
    name_of,
)
from derivations.proving.handwritten import looks_at_zeros
from derivations.proving.problem import Problem
from derivations.proving.second_order import second_order
from funcnet.contract import Examples, Flattened, Labels

RANKS = (0, 1, 2, 3, 4)
FEW = 3  # so many differentiable arguments have 7 sets of them; of more not all sets are tried


def problems(
    target: Callable, sizes: Sequence[str], static: Mapping[str, Any], order: int
) -> list[Problem]:
    """One problem for each choice of ranks, the highest last."""
    _require_function(target)
    arguments = given(target, sizes, static) if sizes else annotated(target, static)
    _require_arrays(target, arguments)
    stars = sorted({d for a in arguments for d in a.dims if d == "..." or d.startswith("*")})
    found = [_of_rank(target, arguments, stars, r, order) for r in (RANKS if stars else (0,))]
    if order == 2:
        return [second_order(p) for p in found]
    return [*_with_fewer(found[-1]), *found]


# --- what can be asked about ---


def _require_function(target: Any) -> None:
    if not callable(target) or inspect.isclass(target):
        what = f"the class {target.__name__}" if inspect.isclass(target) else type(target).__name__
        raise UsageError(f"prove needs a function, got {what}; pass the function or op itself")
    part = {True: "bwd", False: "jvp"}[is_custom_vjp(target)]
    if is_op(target) and getattr(target, part, None) is None:
        define = "defvjp" if part == "bwd" else "defjvp"
        rule = "backward rule" if part == "bwd" else "rule"
        raise UsageError(f"{name_of(target)} has no {rule}; call {name_of(target)}.{define} first")


def _require_arrays(target: Any, arguments: Sequence[Argument]) -> None:
    if not any(a.kind == "float" for a in arguments):
        raise UsageError(
            f"{name_of(target)} has no argument of floats, so there is no gradient to judge; "
            "give the sizes of one, such as 'n d'"
        )
    axes = {f for a in arguments for d in a.dims for f in names.sizes_in(d)}
    for a in arguments:
        for d in a.domains:
            if isinstance(d, Labels) and not d.size.isdigit() and d.size not in axes:
                raise UsageError(
                    f"the labels {a.name} are below {d.size}, which is no axis of any argument; "
                    "write the name of an axis, or a number"
                )


# --- ranks ---


def _of_rank(
    target: Any, arguments: Sequence[Argument], stars: list[str], rank: int, order: int
) -> Problem:
    taken = {f for a in arguments for d in a.dims if d not in stars for f in names.sizes_in(d)}
    axes = {star: _axes(star, rank, taken) for star in stars}
    merged = {
        d.merged: "*".join(axes.get(f"*{d.axes}", ())) or "1"
        for a in arguments
        for d in a.domains
        if isinstance(d, Flattened)
    }
    shaped, minimal = [], {}
    for a in arguments:
        parts = (axes[d] if d in axes else (merged.get(d, d),) for d in a.dims)
        dims = tuple(itertools.chain.from_iterable(parts))
        shaped.append(replace(a, dims=dims))
        for d in a.domains:
            if isinstance(d, Examples) and d.at_least > 1:
                minimal[dims[d.axis]] = d.at_least
    ranks = ", ".join(f"{star} of rank {rank}" for star in stars)
    return Problem(target, tuple(shaped), tuple(minimal.items()), ranks, order)


def _axes(star: str, rank: int, taken: set[str]) -> tuple[str, ...]:
    """Names for the axes that a star stands for; no other size has one of them."""
    stem = "a" if star == "..." else star.removeprefix("*")
    while any(f"{stem}{k + 1}" in taken for k in range(max(RANKS))):
        stem += "_"
    return tuple(f"{stem}{k + 1}" for k in range(rank))


# --- rules that are told what is differentiated ---


def _with_fewer(problem: Problem) -> list[Problem]:
    """The problem with fewer arguments differentiated or outputs used, if the rule may look."""
    if is_custom_vjp(problem.target) and not looks_at_zeros(problem.target, None):
        return []
    try:
        traces = problem.traced(by_rule=False)
    except Undecided:
        return []
    if not looks_at_zeros(problem.target, traces.value):
        return []
    count, floats = len(traces.outputs), tuple(a.name for a in problem.differentiable())
    outputs = (None, *(range(count) if count > 1 else ()))
    choices = itertools.product([*_sets(floats), floats], outputs)
    return [_fewer(problem, *choice) for choice in choices if choice != (floats, None)]


def _sets(floats: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """All sets of a few arguments; of many, each alone, and all but each."""
    numbers = range(1, len(floats)) if len(floats) <= FEW else sorted({1, len(floats) - 1})
    return itertools.chain.from_iterable(itertools.combinations(floats, k) for k in numbers)


def _fewer(problem: Problem, alone: tuple[str, ...], used: int | None) -> Problem:
    told = [problem.ranks] if problem.ranks else []
    if len(alone) < len(problem.differentiable()):
        told.append(f"only {' and '.join(alone)} differentiated")
    if used is not None:
        told.append(f"only output {used} used")
    return replace(problem, alone=alone, used=used, ranks=", ".join(told))
