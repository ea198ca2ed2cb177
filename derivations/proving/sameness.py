"""One program for all sizes and types: the traces at concrete ones, held against the symbolic one.

Python code can ask for a size in a hundred ways, and no list of guarded questions is complete. So
the code is traced at a dozen concrete sizes, and must be the symbolic program with those sizes put
in. Programs are compared as text, with calls inlined, the arithmetic of sizes worked out, and
without conversions between floats, which are the identity over the reals. Where JAX or the code
makes another program, such as for an axis of 1, that one is proved by itself.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp

from derivations.algebra.session import tick
from derivations.algebra.terms import Undecided
from derivations.proving.problem import Problem, evaluated
from derivations.proving.program_text import is_close, is_same, text
from derivations.proving.sizes import AXIS
from derivations.proving.traces import Traces
from derivations.proving.tried_sizes import empty_sizes, usual_sizes
from funcnet.contract import Labels

LARGE = 33  # the greatest size at which a program is proved by itself
TYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Program:
    """What the code is at some size, or in some type, where it is another program."""

    what: str
    problem: Problem
    sizes: Mapping[str, int]
    traces: Traces
    larger: "Program | None" = None  # one of the same kind, of sizes that are not worked out
    whole: Problem | None = None  # of all sizes


def differing(problem: Problem, symbolic: Traces | None) -> Iterable[Program]:
    """The programs of sizes that are not the symbolic one, each kind once, smallest first."""
    known: list[tuple[list, Program]] = []
    for sizes in (*usual_sizes(problem), *empty_sizes(problem)):
        tick()
        found = _traced(problem, sizes)
        if found is None:
            continue
        lines = [*text(found.value, sizes), *text(found.hand, sizes)]
        if symbolic is not None and is_same(lines, _put_into(symbolic, sizes)):
            continue
        where = ", ".join(f"{n} = {k}" for n, k in sizes.items())
        what = f"for {where} the code is another program"
        program = Program(what, _fixed(problem, sizes), sizes, found, whole=problem)
        alike = next(
            (k for k, x in enumerate(known) if _is_alike(lines, sizes, x[0], x[1].sizes)), None
        )
        if alike is None:
            known.append((lines, program))
        elif max(sizes.values()) <= LARGE:
            known[alike] = known[alike][0], replace(known[alike][1], larger=program)
    return (program for _, program in known)


def _put_into(symbolic: Traces, sizes: Mapping[str, int]) -> list:
    """The symbolic program with these sizes; none where it divides by a size that is 0."""
    try:
        return [*text(symbolic.value, sizes), *text(symbolic.hand, sizes)]
    except ZeroDivisionError:
        return []


def _is_alike(a: Sequence, at: Mapping[str, int], b: Sequence, there: Mapping[str, int]) -> bool:
    """Whether two programs are one with sizes put in: what differs is the same function of them."""
    if len(a) != len(b) or [k == 1 for k in at.values()] != [k == 1 for k in there.values()]:
        return False  # axes of 1 broadcast
    pairs = set(zip(_functions_of(at), _functions_of(there), strict=True))
    plain = set(zip(_products(at), _products(there), strict=True))
    for (line, numbers), (line_, numbers_) in zip(a, b, strict=True):
        tokens, tokens_ = (re.findall(r"\d+|\D+", x) for x in (line, line_))
        if len(tokens) != len(tokens_):
            return False
        for x, y in zip(tokens, tokens_, strict=True):
            if x != y and not (x.isdigit() and y.isdigit() and (int(x), int(y)) in pairs):
                return False
        for p, q in zip(numbers, numbers_, strict=True):
            if not is_close(p, q) and not any(
                is_close(f(x), p) and is_close(f(y), q) for x, y in plain for f in SHAPES
            ):
                return False
    return True


SHAPES: tuple[Callable[[float], float], ...] = (
    float,
    lambda x: x - 1,
    lambda x: 1 / x if x else math.nan,
    lambda x: math.sqrt(x) if x >= 0 else math.nan,
    lambda x: 1 / math.sqrt(x) if x > 0 else math.nan,
)


def _functions_of(sizes: Mapping[str, int]) -> list[int]:
    """Sizes, their products in pairs and all together, and these up to 2 more or less."""
    return [p + k for p in _products(sizes) for k in (0, -1, 1, -2, 2)]


def _products(sizes: Mapping[str, int]) -> list[int]:
    own = list(sizes.values())
    return [*own, *(a * b for k, a in enumerate(own) for b in own[: k + 1]), math.prod(own)]


def _fixed(problem: Problem, sizes: Mapping[str, int]) -> Problem:
    """The problem at these sizes alone."""
    arguments = tuple(
        replace(
            a,
            dims=tuple(str(evaluated(d, sizes)) for d in a.dims),
            domains=tuple(
                replace(d, size=str(sizes.get(d.size, d.size))) if isinstance(d, Labels) else d
                for d in a.domains
            ),
        )
        for a in problem.arguments
    )
    return replace(problem, arguments=arguments)


def with_ones(program: Program) -> Program | None:
    """The program of all sizes but those that are 1, if at these sizes it is this one."""
    problem, ones = program.whole, {n for n, k in program.sizes.items() if k == 1}
    if (
        not problem
        or not ones
        or not all(map(AXIS.fullmatch, (d for a in problem.arrays for d in a.dims)))
    ):
        return None
    arguments = tuple(
        replace(a, dims=tuple(_of_ones(d, ones) for d in a.dims)) for a in problem.arguments
    )
    least = tuple((n, k) for n, k in problem.minimal if n not in ones)
    found = replace(problem, arguments=arguments, minimal=least)
    if any(isinstance(d, Labels) and d.size in ones for a in arguments for d in a.domains):
        return None
    try:
        traces = found.traced()
    except Undecided:
        return None
    own = [*text(program.traces.value, program.sizes), *text(program.traces.hand, program.sizes)]
    if not is_same(own, _put_into(traces, program.sizes)):
        return None
    return replace(program, problem=found, traces=traces, larger=None)


def _of_ones(dim: str, ones: set[str]) -> str:
    """An axis without the factors that are 1."""
    return "*".join(f for f in dim.split("*") if f not in ones) or "1"


def of_other_types(problem: Problem, sizes: Mapping[str, int]) -> Iterator[Program]:
    """The programs for narrower floats that differ by more than the rounding of their numbers."""
    own = _traced(problem, sizes)
    if own is None:
        return
    lines = [*text(own.value, sizes), *text(own.hand, sizes)]
    for name in TYPES:
        tick()
        narrow = replace(problem, real=name)
        found = _traced(narrow, sizes)
        if found is None:
            continue
        here = [*text(found.value, sizes), *text(found.hand, sizes)]
        if not is_same(lines, here, 4 * float(jnp.finfo(name).eps)):
            try:
                traces = narrow.traced()
            except Undecided:
                traces = found
            yield Program(f"in {name} the code is another program", narrow, sizes, traces)


def is_admissible(program: Program) -> bool:
    """Whether there are labels, where some are wanted."""
    return not any(
        isinstance(d, Labels) and d.size == "0" and "0" not in a.dims
        for a in program.problem.arguments
        for d in a.domains
    )


def _traced(problem: Problem, sizes: Mapping[str, int]) -> Traces | None:
    try:
        return problem.traced(sizes)
    except (Undecided, ValueError, TypeError):  # an op may refuse such sizes
        return None
