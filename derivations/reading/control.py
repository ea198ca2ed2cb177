"""Rules of the reader for calls, whose value is that of the definition, branches and loops."""

from collections.abc import Sequence
from typing import Any

from derivations.algebra.brackets import delta
from derivations.algebra.terms import ONE, ZERO, Poly, Undecided, add, number
from derivations.reading.jaxprs import scan_counts
from derivations.reading.notes import Guard, noted, pass_on
from derivations.reading.reader import Array, Reader, kind_of
from derivations.reading.rules import read, rule

MOST_TURNS = 24  # of a loop that is read turn by turn


@rule(
    "pjit",
    "jit",
    "closed_call",
    "core_call",
    "remat",
    "remat2",
    "checkpoint",
    "custom_jvp_call",
    "custom_lin",
)
def _call(reader: Reader, equation: Any, *arrays: Array) -> list[Array]:
    inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
    return read(reader, _closed(inner), arrays)


@rule("custom_vjp_call", "custom_vjp_call_jaxpr")
def _custom_vjp(reader: Reader, equation: Any, *arrays: Array) -> list[Array]:
    inner = equation.params.get("call_jaxpr", equation.params.get("fun_jaxpr"))
    return read(reader, _closed(inner), arrays)


class _Closed:
    """An open jaxpr, such as that of remat, with no constants."""

    def __init__(self, jaxpr: Any):
        self.jaxpr, self.consts = jaxpr, ()


def _closed(jaxpr: Any) -> Any:
    return jaxpr if hasattr(jaxpr, "consts") else _Closed(jaxpr)


@rule("empty2", "empty")
def _empty(reader: Reader, equation: Any) -> Array:
    out = equation.outvars[0].aval
    return Array(reader.shape(out.shape), kind_of(out.dtype), lambda _: ZERO)


@rule("debug_callback", "debug_print")
def _unseen(*_: Any) -> list[Array]:
    return []


@rule("optimization_barrier", "device_put")
def _barrier(_: Reader, __: Any, *arrays: Array) -> list[Array]:
    return list(arrays)


@rule("cond")
def _cond(reader: Reader, equation: Any, which: Array, *args: Array) -> list[Array]:
    """One of several programs, by a number that JAX has clamped into their range."""
    branches = [read(reader, branch, args) for branch in equation.params["branches"]]

    def chosen(parts: Sequence[Array]) -> Array:
        def entry(at: tuple[Poly, ...]) -> Poly:
            k, found = which(), ZERO
            for place, part in enumerate(parts):
                here = delta(k - place) if which.kind == "i" else k if place else ONE - k
                if here:
                    with noted() as notes:
                        value = part(*at)
                    pass_on(notes, Guard("holds", here))
                    found = found + here * value
            return found

        return Array(parts[0].shape, parts[0].kind, entry)

    return [chosen(parts) for parts in zip(*branches, strict=True)]


@rule("scan")
def _scan(reader: Reader, equation: Any, *args: Array) -> list[Array]:
    """A loop of few turns, turn by turn."""
    params = equation.params
    before, after = ([v.aval for v in vs] for vs in (equation.invars, equation.outvars))
    consts, carried = scan_counts(params["jaxpr"].jaxpr, before, after)
    length = params["length"]
    if not isinstance(length, int) or length > MOST_TURNS:
        raise Undecided(f"a scan of {length} turns, more than {MOST_TURNS}")
    state, rows = list(args[consts : consts + carried]), args[consts + carried :]
    outputs: dict[int, list[Array]] = {}
    for k in reversed(range(length)) if params["reverse"] else range(length):
        here = [_row(x, k) for x in rows]
        found = read(reader, params["jaxpr"], [*args[:consts], *state, *here])
        state, outputs[k] = found[:carried], found[carried:]
    stacked = [
        _rows(reader, aval, [outputs[k][j] for k in range(length)])
        for j, aval in enumerate(after[carried:])
    ]
    return [*state, *stacked]


def _row(x: Array, k: int) -> Array:
    return Array(x.shape[1:], x.kind, lambda at: x(number(k), *at))


def _rows(reader: Reader, aval: Any, parts: list[Array]) -> Array:
    """One for each turn, and none for a loop without turns."""

    def entries(at: tuple[Poly, ...]) -> Poly:
        return add(delta(at[0] - k) * part(*at[1:]) for k, part in enumerate(parts))

    return Array(reader.shape(aval.shape), kind_of(aval.dtype), entries)


@rule("while")
def _refuse(_: Reader, equation: Any, *__: Array) -> None:
    raise Undecided(f"the control flow of {equation.primitive.name}")
