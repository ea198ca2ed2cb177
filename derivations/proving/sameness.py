"""One program for all sizes and types: the traces at concrete ones, held against the symbolic one.

Python code can ask for a size in a hundred ways, and no list of guarded questions is complete. So
the code is traced at a dozen concrete sizes, and must be the symbolic program with those sizes put
in. Programs are compared as text, with calls inlined, the arithmetic of sizes worked out, and
without conversions between floats, which are the identity over the reals. Where JAX or the code
makes another program, such as for an axis of 1, that one is proved by itself.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from derivations.algebra.session import tick
from derivations.algebra.terms import Undecided
from derivations.proving.equality import Readings
from derivations.proving.problem import Problem, evaluated
from derivations.proving.symbolic import DIMENSION
from derivations.proving.traces import Traces
from funcnet.contract import Labels

SIZES = (1, 2, 3, 5, 7, 8, 16, 33, 128, 1000)
LARGE = 33  # the greatest size at which a program is proved by itself
TYPES = ("float32", "bfloat16", "float16")
MOST_NUMBERS = 300  # in a point of the search
MOST_ENTRIES = 10**6
MOST_LITERALS = 8
DROPPED = frozenset(
    "sharding out_sharding donated_invars inline keep_unused name ctx_mesh unique_indices "
    "indices_are_sorted precision preferred_element_type compiler_options_kvs in_layouts "
    "out_layouts in_shardings out_shardings accuracy weak_type jaxpr call_jaxpr fun_jaxpr "
    "new_dtype dtype".split()
)
CALLS = frozenset(
    "pjit jit closed_call core_call remat remat2 checkpoint custom_jvp_call custom_vjp_call "
    "custom_vjp_call_jaxpr custom_lin".split()
)


@dataclass(frozen=True)
class Program:
    """What the code is at some size, or in some type, where it is another program."""

    what: str
    problem: Problem
    sizes: Mapping[str, int]
    traces: Traces
    larger: "Program | None" = None  # one of the same kind, of sizes that are not worked out


def differing(problem: Problem, symbolic: Traces | None) -> Iterable[Program]:
    """The programs of sizes that are not the symbolic one, each kind once, smallest first."""
    known: list[tuple[list, Program]] = []
    for sizes in (*_sizes(problem), *_empty_sizes(problem)):
        tick()
        found = _traced(problem, sizes)
        if found is None:
            continue
        lines = [*text(found.value, sizes), *text(found.hand, sizes)]
        if symbolic is not None and _is_same(lines, _put_into(symbolic, sizes)):
            continue
        where = ", ".join(f"{n} = {k}" for n, k in sizes.items())
        what = f"for {where} the code is another program"
        program = Program(what, _fixed(problem, sizes), sizes, found)
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
            if not _is_close(p, q) and not any(
                _is_close(f(x), p) and _is_close(f(y), q) for x, y in plain for f in SHAPES
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


def _sizes(problem: Problem) -> Iterator[dict[str, int]]:
    """Every name at every size, beside others; and all equal."""
    least, names = dict(problem.minimal), problem.sizes
    turned = [
        {n: SIZES[(s + 3 * k) % len(SIZES)] for k, n in enumerate(names)} for s in range(len(SIZES))
    ]
    equal = [dict.fromkeys(names, s) for s in (1, 2, 7)] if len(names) > 1 else []
    seen: set[tuple] = set()
    for sizes in sorted([*turned, *equal], key=lambda s: sorted(s.values(), reverse=True)):
        found = {n: max(k, least.get(n, 1)) for n, k in sizes.items()}
        key = tuple(found.items())
        if names and key not in seen and _entries(problem, found) <= MOST_ENTRIES:
            seen.add(key)
            yield found


def _empty_sizes(problem: Problem) -> Iterator[dict[str, int]]:
    """One size 0 beside others, where nothing says that it is not."""
    least = dict(problem.minimal)
    for name in problem.sizes:
        if name not in least:
            others = {n: max(2 + k % 3, least.get(n, 1)) for k, n in enumerate(problem.sizes)}
            yield {**others, name: 0}


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
        if not _is_same(lines, here, 4 * float(jnp.finfo(name).eps)):
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


def _entries(problem: Problem, sizes: Mapping[str, int]) -> int:
    return max((math.prod(evaluated(d, sizes) for d in a.dims) for a in problem.arrays), default=0)


def _traced(problem: Problem, sizes: Mapping[str, int]) -> Traces | None:
    try:
        return problem.traced(sizes)
    except (Undecided, ValueError, TypeError):  # an op may refuse such sizes
        return None


def sizes_beyond(
    problem: Problem, readings: Readings, sizes: Mapping[str, int]
) -> Mapping[str, int]:
    """Sizes that are greater than every small number that the program holds, where that is few."""
    top = max((k for k in _literals(readings) if k <= 40), default=0)
    if top < min(sizes.values(), default=top):
        return sizes
    larger = {n: max(k, top + 2 + j) for j, (n, k) in enumerate(sizes.items())}
    return larger if _entries(problem, larger) * len(problem.arrays) <= MOST_NUMBERS else sizes


def sizes_of_literals(problem: Problem, readings: Readings) -> Iterator[dict[str, int]]:
    """Sizes at and beside the numbers that a program holds, and the smallest ones."""
    least = dict(problem.minimal)
    found = [*sorted(_literals(readings))[:MOST_LITERALS], 1, 2, 3]
    every = [s for k in found for s in (k + 1, k, k - 1)]
    for s in dict.fromkeys(every):
        for n in problem.sizes:
            sizes = {m: max(s if m == n else 2, least.get(m, 1), 1) for m in problem.sizes}
            if _entries(problem, sizes) <= 2000:
                yield sizes


def _literals(readings: Readings) -> set[int]:
    """The whole numbers that occur in the programs."""
    if readings.sides is None:
        return set()
    traces, found = readings.sides.traces, set()
    for value in traces.numbers():
        array = np.asarray(value)
        if array.size == 1 and array.dtype.kind in "iuf":
            x = float(array.reshape(())[()])
            if math.isfinite(x) and 1 <= abs(x) <= 1100 and x == int(x):
                found.add(abs(int(x)))
    return found


# --- programs as text ---


@dataclass(frozen=True)
class Constant:
    """A number that the sizes decide."""

    value: Any

    def __str__(self):
        return "#"


@dataclass(frozen=True)
class Vector:
    """A short list of such numbers, as where a slice starts."""

    values: tuple

    def __str__(self):
        return str(self.values)


FOLDED: dict[str, Callable] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "max": max,
    "min": min,
    "gt": operator.gt,
    "lt": operator.lt,
    "ge": operator.ge,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
    "copy": lambda x: x,
    "stop_gradient": lambda x: x,
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "rsqrt": lambda x: 1 / math.sqrt(x) if x > 0 else math.nan,
    "log": lambda x: math.log(x) if x > 0 else math.nan,
    "exp": lambda x: math.exp(min(x, 700)),
    "square": lambda x: x * x,
    "not": lambda x: not x,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "select_n": lambda which, *cases: cases[int(which)],
}


NEUTRAL = {"mul": 1, "add": 0}


def text(closed: Any, sizes: Mapping[str, int]) -> list[tuple[str, tuple[float, ...]]]:
    """The lines of a program, each with its numbers, which sizes may decide."""
    lines: list[tuple[str, tuple[float, ...]]] = []
    jaxpr = closed.jaxpr
    known: dict[Any, Any] = dict(
        zip(jaxpr.constvars, (_constant(c) for c in closed.consts), strict=True)
    )
    known |= {v: f"in{k}" for k, v in enumerate(jaxpr.invars)}
    outputs = _lines(jaxpr, known, sizes, lines)
    lines.append(_line("return", outputs, ""))
    return lines


def _constant(value: Any) -> Any:
    array = np.asarray(value)
    if jnp.issubdtype(array.dtype, jnp.floating):
        array = array.astype(float)
    if array.size == 1 and array.dtype.kind in "iufb":
        return Constant(array.reshape(())[()].item())
    return f"array{array.shape}{hash(array.tobytes())}"


def _lines(jaxpr: Any, known: dict, sizes: Mapping[str, int], lines: list) -> list[Any]:
    def value_of(atom: Any) -> Any:
        return _constant(atom.val) if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        name, given = equation.primitive.name, [value_of(a) for a in equation.invars]
        if name in CALLS:
            params = equation.params
            inner = next(params[k] for k in ("jaxpr", "call_jaxpr", "fun_jaxpr") if k in params)
            body = getattr(inner, "jaxpr", inner)
            own = dict(
                zip(body.constvars, map(_constant, getattr(inner, "consts", ())), strict=True)
            )
            own |= dict(zip(body.invars, given, strict=True))
            known |= dict(zip(equation.outvars, _lines(body, own, sizes, lines), strict=True))
            continue
        if not equation.outvars:  # as of a print
            continue
        short = _shortened(equation, name, given, sizes)
        if short is not None:
            known[equation.outvars[0]] = short
            continue
        if name == "gather" and isinstance(given[1], Vector):
            known[equation.outvars[0]] = _as_slice(equation, given, sizes, lines)
            continue
        shapes = ",".join(_put_in(v.aval.shape, sizes) for v in equation.outvars)
        kinds = ",".join(_kind(v.aval.dtype) for v in equation.outvars)
        params = _params(equation.params, sizes)
        lines.append(_line(f"{name}:{shapes}:{kinds}", given, params))
        known |= {v: f"{len(lines)}.{k}" for k, v in enumerate(equation.outvars)}
    return [value_of(a) for a in jaxpr.outvars]


def _as_slice(equation: Any, given: list, sizes: Mapping[str, int], lines: list) -> str:
    """A gather at a known place, as the slice that JAX makes of it where it knows the sizes."""
    numbers, lengths = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    whole = [int(_put_in(n, sizes)) for n in equation.invars[0].aval.shape]
    starts = dict(zip(numbers.start_index_map, given[1].values, strict=True))
    first = [int(starts.get(k, 0)) for k in range(len(whole))]
    kept = [int(_put_in(n, sizes)) for n in lengths]
    ends = [a + n for a, n in zip(first, kept, strict=True)]
    params = {
        "limit_indices": _put_in(tuple(ends), sizes),
        "start_indices": _put_in(tuple(first), sizes),
        "strides": "None",
    }
    lines.append(_line(f"slice:{_put_in(tuple(kept), sizes)}:F", [given[0]], str(params)))
    gone = tuple(numbers.collapsed_slice_dims)
    if gone:
        shape = _put_in(equation.outvars[0].aval.shape, sizes)
        params = str({"dimensions": _put_in(gone, sizes)})
        lines.append(_line(f"squeeze:{shape}:F", [f"{len(lines)}.0"], params))
    return f"{len(lines)}.0"


def _line(head: str, given: Iterable[Any], params: str) -> tuple[str, tuple[float, ...]]:
    given = list(given)
    numbers = tuple(float(g.value) for g in given if isinstance(g, Constant))
    return f"{head}({' '.join(map(str, given))}){params}", numbers


def _shortened(equation: Any, name: str, given: list, sizes: Mapping[str, int]) -> Any:
    """The value of an equation that computes with sizes alone, or changes nothing."""
    out = equation.outvars[0].aval
    if name == "dim_as_value":
        return Constant(_evaluated(equation.params["dim"], sizes))
    if name == "convert_element_type":
        before = equation.invars[0].aval.dtype
        if isinstance(given[0], Constant):
            kind = _kind(out.dtype)
            value = given[0].value
            return Constant(
                float(value)
                if kind == "F"
                else bool(value)
                if kind == "b"
                else int(value)
                if math.isfinite(value)
                else value
            )
        return given[0] if _kind(before) == _kind(out.dtype) == "F" or before == out.dtype else None
    if name in ("broadcast_in_dim", "reshape") and out.shape == () and given:
        return given[0]
    if name == "broadcast_in_dim" and isinstance(given[0], Constant) and out.shape == (1,):
        return Vector((given[0].value,)) if _kind(out.dtype) != "F" else None
    if name == "concatenate" and all(isinstance(g, Vector) for g in given):
        return Vector(tuple(v for g in given for v in g.values))
    if name in NEUTRAL and out.shape == equation.invars[1].aval.shape:
        if isinstance(given[0], Constant) and given[0].value == NEUTRAL[name]:
            return given[1]
    if not given or not all(isinstance(g, Constant) for g in given) or out.shape != ():
        return None
    values = [g.value for g in given]
    try:
        if name == "div":
            return Constant(
                values[0] / values[1] if _kind(out.dtype) == "F" else int(values[0] / values[1])
            )
        if name == "integer_pow":
            return Constant(values[0] ** equation.params["y"])
        return Constant(FOLDED[name](*values)) if name in FOLDED else None
    except ArithmeticError:
        return Constant(math.nan)


def _kind(dtype: Any) -> str:
    if jnp.issubdtype(dtype, jnp.floating):
        return "F"
    return {"i": "i", "u": "u", "b": "b"}.get(getattr(dtype, "kind", "?"), str(dtype)) + (
        "" if getattr(dtype, "kind", "") == "b" else str(getattr(dtype, "itemsize", ""))
    )


def _evaluated(dim: Any, sizes: Mapping[str, int]) -> int:
    return dim if isinstance(dim, int) else int(evaluated(str(dim), sizes))


def _put_in(value: Any, sizes: Mapping[str, int]) -> str:
    """A parameter as text, with sizes put in."""
    if isinstance(value, DIMENSION):
        return str(_evaluated(value, sizes))
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return f"({' '.join(_put_in(v, sizes) for v in value)})"
    if hasattr(value, "_fields"):
        return f"{type(value).__name__}({' '.join(_put_in(v, sizes) for v in value)})"
    if hasattr(getattr(value, "jaxpr", value), "eqns"):
        closed = value if hasattr(value, "consts") else None
        return str(text(closed, sizes)) if closed is not None else str(value)
    return re.sub(r"\b(f64|f32|bf16|f16)\b", "F", re.sub(r"0x[0-9a-f]+", "", str(value)))


def _params(params: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    kept = {k: _put_in(v, sizes) for k, v in sorted(params.items()) if k not in DROPPED}
    inner = {k: _put_in(v, sizes) for k, v in params.items() if k == "jaxpr"}
    return str(kept | inner)


def _is_same(a: Sequence, b: Sequence, precision: float = 1e-15) -> bool:
    """The same lines, with the same numbers up to rounding."""
    if len(a) != len(b) or any(x[0] != y[0] for x, y in zip(a, b, strict=True)):
        return False
    pairs = ((p, q) for x, y in zip(a, b, strict=True) for p, q in zip(x[1], y[1], strict=True))
    return all(_is_close(p, q, precision) for p, q in pairs)


def _is_close(p: float, q: float, precision: float = 1e-15) -> bool:
    if p == q or (math.isnan(p) and math.isnan(q)):
        return True
    return abs(p - q) <= precision * (abs(p) + abs(q)) and math.isfinite(p + q)
