"""Both sides of every equality, read from the code, and whether the algebra finds them equal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from derivations.algebra.assumed import Known, with_positive, with_sums
from derivations.algebra.calculus import pullback
from derivations.algebra.decide import is_zero
from derivations.algebra.session import stage
from derivations.algebra.terms import ONE, ZERO, Atom, Poly, Undecided, entry, everywhere, renamed
from derivations.algebra.text import LETTERS
from derivations.proving.arguments import Argument
from derivations.proving.assumptions import Assumptions
from derivations.proving.problem import Problem, bar_names
from derivations.proving.source import line_of
from derivations.proving.traces import Traces
from derivations.reading import Array, Condition, Reader, note_axes, noted, read, thawed
from derivations.reading.domains import excluded, follows
from derivations.reading.extended import extended, is_infinite
from derivations.reading.notes import DOMAIN, note
from funcnet.contract import Labels


@dataclass(frozen=True)
class Pair:
    """By hand and in truth, at an entry with free indices."""

    hand: Poly
    true: Poly
    place: tuple[Poly, ...]  # of the entry
    names: dict[Atom, str]


@dataclass(frozen=True, eq=False)
class Comparison:
    """One equality to decide: hand-written and true expression, and what the algebra says."""

    name: str
    pairs: tuple[Pair, ...] = ()
    is_equal: bool = False
    reason: str = ""
    conditions: tuple[Condition, ...] = ()  # what the rule needs for being what was read
    line: str = ""  # of the code that computes what is wrong
    note: str = ""

    @property
    def shown(self) -> Pair | None:
        """The first pair that differs, or the first one."""
        return next((p for p in self.pairs if p.hand != p.true), next(iter(self.pairs), None))


@dataclass(frozen=True, eq=False)
class Readings:
    """What the algebra says of a problem, and the conditions that are the definition's own."""

    comparisons: tuple[Comparison, ...]
    conditions: tuple[Condition, ...] = ()
    sides: "Sides | None" = field(default=None, repr=False)
    facts: tuple[Condition, ...] = ()  # what follows from them


@dataclass(frozen=True)
class Sides:
    """What was read: the definition's outputs, and forward and backward by hand."""

    traces: Traces
    inputs: list[Array]
    outputs: list[Array]
    forward: list[Array]
    bars: list[Array]


def by_algebra(
    problem: Problem,
    wrt: Sequence[str],
    assumptions: Assumptions,
    traces: Traces | None = None,
) -> Readings:
    """The value, and each gradient, by hand and in truth; of given traces, or with all sizes."""
    reader = Reader(minimal=dict(problem.minimal))
    try:
        with stage("reading the code"), noted() as own:
            sides = _read_problem(problem, reader, traces or problem.traced())
            values = [(out, *_at(reader, out)) for out in sides.outputs]
    except Undecided as error:
        return Readings(tuple(Comparison(name, reason=str(error)) for name in ("value", *wrt)))
    except (RecursionError, MemoryError):
        reason = "an expression nested too deeply"
        return Readings(tuple(Comparison(name, reason=reason) for name in ("value", *wrt)))
    reader.known = tuple(c for c in own if c.kind in DOMAIN)
    known = Facts(_sums(problem, assumptions, reader), _positive(own, reader), reader)
    found = [_compared("value", lambda: _values(sides, values), known)]
    for k, (a, bar) in enumerate(zip(problem.differentiable(), sides.bars, strict=True)):
        if a.name in wrt:
            c = _compared(a.name, _gradient(reader, problem, sides.outputs, a, bar), known)
            found.append(_explained(c, problem, sides, k))
    return Readings(tuple(found), tuple(own), sides, reader.facts())


def _positive(own: Iterable[Condition], reader: Reader) -> tuple[Poly, ...]:
    """What is not negative wherever the definition has a value, and not 0 up to its switches.

    A root's edge is such a switch, which is looked at; but only where the root is certain to exist.
    """
    return tuple(
        c.expression
        for c in own
        if not c.guards
        and (
            c.kind in ("positive", "nonneg")
            or (c.kind == "edge" and follows(replace(c, kind="nonneg"), reader.known))
        )
    )


def _sums(problem: Problem, assumptions: Assumptions, reader: Reader) -> Known:
    return {
        a.name: (_dim(a.dims[-1], reader), assumptions.sums[a.name])
        for a in problem.arrays
        if a.name in assumptions.sums and a.dims
    }


@dataclass(frozen=True)
class Facts:
    """What may be used: sums over last axes, and what is positive where the value is real."""

    sums: Known
    positive: tuple[Poly, ...]
    reader: Reader


def _read_problem(problem: Problem, reader: Reader, traces: Traces) -> Sides:
    inputs, outputs = _read_definition(problem, reader, traces)
    note_axes(reader, traces.hand)
    shapes = [reader.shape(s) for s in traces.outputs]
    cotangents = [
        Array(s, "f", lambda at, name=name: entry(name, *at))
        for name, s in zip(bar_names(len(shapes), problem), shapes, strict=True)
    ]
    both = read(reader, traces.hand, [*cotangents, *inputs])
    return Sides(traces, inputs, outputs, both[: len(outputs)], both[len(outputs) :])


def _read_definition(
    problem: Problem, reader: Reader, traces: Traces
) -> tuple[list[Array], list[Array]]:
    _note_orders(problem, reader)
    note_axes(reader, traces.value)
    inputs = [_input_array(a, reader) for a in problem.arrays]
    return inputs, read(reader, traces.value, inputs)


def _at(reader: Reader, out: Array) -> tuple[tuple[Atom, ...], tuple[Poly, ...], Poly]:
    names, at = reader.indices(out.shape, "o")
    value = out(*at)
    if is_infinite(value):
        finite = extended(reader, lambda _: ONE, lambda _: ZERO, value)
        note("holds", finite)
    return names, at, value


def _explained(c: Comparison, problem: Problem, sides: Sides, k: int) -> Comparison:
    """With the line that computes it, where it is wrong, and what stop_gradient makes of it."""
    line = "" if c.is_equal else line_of(sides.traces.hand, len(sides.outputs) + k)
    note = _of_cut(c, problem, sides, k) if sides.traces.has_cut else ""
    return replace(c, line=line, note=note)


def _of_cut(c: Comparison, problem: Problem, sides: Sides, k: int) -> str:
    """How the rule compares with the derivative that takes stop_gradient for a constant."""
    reader = Reader(minimal=dict(problem.minimal), cuts=True)
    try:
        outputs = read(reader, sides.traces.value, sides.inputs)
        a, bar = problem.differentiable()[k], sides.bars[k]
        pairs, _ = _gradient(reader, problem, outputs, a, bar)()
        is_cut = all(is_zero(p.hand - renamed(p.true, thawed)) for p in pairs)
    except Undecided:
        return ""
    if is_cut and not c.is_equal:
        return "it is the derivative with stop_gradient taken for a constant (straight-through)"
    if c.is_equal and not is_cut:
        return "with stop_gradient taken for a constant the derivative would be another"
    return ""


def true_gradients(problem: Problem) -> list[tuple[str, Poly, dict[Atom, str]]]:
    """The name, true cotangent and index names of each differentiable argument; no rule is read."""
    reader = Reader(minimal=dict(problem.minimal))
    inputs, outputs = _read_definition(problem, reader, problem.traced(by_rule=False))
    found = []
    for a, x in zip(problem.arrays, inputs, strict=True):
        if a.kind == "float":
            (pair,), _ = _gradient(reader, problem, outputs, a, x)()
            found.append((a.name, pair.true, pair.names))
    return found


def _note_orders(problem: Problem, reader: Reader) -> None:
    for a in problem.arrays:
        for d in a.dims:
            if "*" in d:
                axes = tuple(reader.dim(f) for f in d.split("*"))
                whole = axes[0]
                for n in axes[1:]:
                    whole = whole * n
                reader.merged(axes, whole)


def _input_array(a: Argument, reader: Reader) -> Array:
    shape = tuple(_dim(d, reader) for d in a.dims)
    top = next((_dim(d.size, reader) for d in a.domains if isinstance(d, Labels)), None)
    if top == ONE:
        return Array(shape, "i", lambda _: ZERO)
    name, sign = a.name, "integer" if a.kind == "int" and top is None else a.sign
    return Array(
        shape, "i" if a.kind == "int" else "f", lambda at: entry(name, *at, sign=sign, upper=top)
    )


def _dim(text_: str, reader: Reader) -> Poly:
    return reader.dim(int(text_)) if text_.isdigit() else reader.size(text_)


Found = tuple[tuple[Pair, ...], tuple[Condition, ...]]


def _values(sides: Sides, values: Sequence[tuple]) -> Found:
    pairs = []
    with noted() as notes:
        for (_, names, at, value), b in zip(values, sides.forward, strict=True):
            pairs.append(Pair(b(*at), value, at, _letters(names)))
    return tuple(pairs), tuple(notes)


def _letters(names: Sequence[Atom]) -> dict[Atom, str]:
    """Letters for the free indices that are no size's name."""
    sizes = {a.args[0] for i in names for a in everywhere(i.args[1])}
    return dict(zip(names, (c for c in LETTERS if c not in sizes), strict=False))


def _gradient(
    reader: Reader, problem: Problem, outputs: list[Array], a: Argument, bar: Array
) -> Callable[[], Found]:
    def pairs() -> Found:
        names, at = reader.indices(bar.shape, "p")
        with noted() as notes:
            hand = bar(*at)
        with noted():  # these are the definition's, and known
            parts = [
                (name, *_at(reader, out))
                for name, out in zip(bar_names(len(outputs), problem), outputs, strict=True)
            ]
            true = pullback(parts, a.name, at)
        return (Pair(hand, true, at, _letters(names)),), tuple(notes)

    return pairs


def _is_zero(gap: Poly, facts: Facts) -> bool:
    """Whether a gap is 0 wherever the definition has a value."""
    error = None
    for form in _forms(gap, facts):
        try:
            if is_zero(form):
                return True
        except Undecided as undecided:  # as of a nan, which lies outside the domain in another form
            error = undecided
    if error is not None:
        raise error
    return False


def _forms(gap: Poly, facts: Facts) -> Iterator[Poly]:
    """The gap, and what it is by the definition's domain."""
    yield gap
    signed = with_positive(gap, facts.positive)
    if signed != gap:
        yield signed
    inside = excluded(facts.reader.facts(), gap.free)
    if inside != ONE:
        yield gap * inside


def _compared(name: str, pairs: Callable[[], Found], facts: Facts) -> Comparison:
    try:
        with stage(f"comparing {'the value' if name == 'value' else f'the gradient of {name}'}"):
            found, conditions = pairs()
            gaps = [with_sums(p.hand - p.true, facts.sums) for p in found]
            equal = all(_is_zero(gap, facts) for gap in gaps)
    except Undecided as error:
        return Comparison(name, reason=str(error))
    except (RecursionError, MemoryError):
        return Comparison(name, reason="an expression nested too deeply")
    reason = "" if equal else "the difference was not brought to zero"
    return Comparison(name, found, equal, reason, conditions)


__all__ = ["Comparison", "Pair", "Readings", "Sides", "by_algebra", "true_gradients"]
