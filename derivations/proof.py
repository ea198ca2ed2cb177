"""prove: is the hand-written backward the derivative, for every input and every size?

A verdict needs two engines that share no code. PROVED: the algebra derives equality, and the
evaluator finds no difference at several sizes and points. REFUTED: the evaluator shows a difference
far above its own error. UNKNOWN: anything else. If the algebra says equal where the evaluator sees
a difference, that is a bug of ours and raises.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from derivations.algebra.calculus import pullback
from derivations.algebra.decide import is_zero
from derivations.algebra.numeric import Place
from derivations.algebra.numeric import value as numeric
from derivations.algebra.terms import Atom, Poly, Undecided, entry, everywhere, poly
from derivations.algebra.text import LETTERS, terms_of_difference, text
from derivations.counterexample import Findings, Sample, Witness, examine
from derivations.problem import Argument, Problem, UsageError, name_of, problems
from derivations.reading import Array, Condition, Reader, note_axes, read
from derivations.witness import MP, reals

MISREAD = 1e-9  # literals are rounded to 1e-16
PROVED, REFUTED, UNKNOWN = "PROVED", "REFUTED", "UNKNOWN"


class SelfContradiction(AssertionError):
    """The algebra and the evaluator disagree: a bug of this package, never of the op.

    Please report it.
    """


@dataclass(frozen=True)
class ArgumentProof:
    """The verdict on one gradient, or on the value that the forward returns."""

    name: str
    verdict: str
    by_hand: str = ""
    true: str = ""
    difference: str = ""
    reason: str = ""
    ranks: str = ""


@dataclass(frozen=True)
class Proof:
    """The verdict on an op, with what it rests on. True in a condition when PROVED."""

    name: str
    arguments: tuple[ArgumentProof, ...]
    conditions: tuple[str, ...] = ()
    witness: Witness | None = None
    seconds: float = 0.0
    expressions: tuple[tuple[str, Poly, Poly], ...] = field(default=(), repr=False)

    @property
    def verdict(self) -> str:
        """REFUTED if anything is, else UNKNOWN if anything is, else PROVED."""
        found = {a.verdict for a in self.arguments}
        return next((v for v in (REFUTED, UNKNOWN) if v in found), PROVED)

    @property
    def reason(self) -> str:
        """Why it is UNKNOWN."""
        reasons = dict.fromkeys(a.reason for a in self.arguments if a.verdict == UNKNOWN)
        return "; ".join(filter(None, reasons))

    def __bool__(self):
        return self.verdict == PROVED

    def __str__(self):
        lines = [f"{self.name}: {self.verdict}"]
        lines += [_line(a) for a in self.arguments]
        lines += [f"  where {c}" for c in self.conditions]
        if self.witness is not None:
            lines += ["", str(self.witness)]
        return "\n".join(lines)

    def latex(self) -> str:
        """The true gradients as LaTeX, one aligned row an argument."""
        from derivations.algebra.border import to_sympy_latex
        from derivations.printing import name_latex

        gradients = ((n, true) for n, _, true in self.expressions if n != "value")
        rows = (rf"{name_latex(f'{n}_bar')} &= {to_sympy_latex(true)}" for n, true in gradients)
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


def _line(a: ArgumentProof) -> str:
    ranks = f" ({a.ranks})" if a.ranks else ""
    lines = [f"  {a.name}: {a.verdict}{ranks}" + (f" - {a.reason}" if a.reason else "")]
    if a.verdict != PROVED and a.difference:
        lines += [f"    by hand: {a.by_hand}", f"    true:    {a.true}", f"    {a.difference}"]
    return "\n".join(lines)


def prove(
    op: Callable,
    *sizes: str,
    wrt: str | Sequence[str] | None = None,
    assuming: Iterable[str] = (),
    static: Mapping[str, Any] | None = None,
    order: int = 1,
) -> Proof:
    """Judge the rule of an op, or all rules inside a function, for all inputs and sizes.

    Args:
        op: a `jax.custom_vjp` or `jax.custom_jvp` function, or any JAX function that calls some.
        sizes: one string an argument, such as "n d", "" for a scalar, "n:int<k" for labels; without
            any, jaxtyping annotations say them.
        wrt: the names of the arguments to judge; all by default.
        assuming: what may be taken for granted, such as "sum(y, -1) == 1", "eps > 0" or "n >= 2".
        static: values of arguments that are not arrays. A static float not given stands for all its
        values.
        order: 2 judges the derivative of the backward.

    Raises:
        UsageError: the question does not fit the function.
    """
    started = time.perf_counter()
    if order not in (1, 2):
        raise UsageError(f"prove needs order=1 or order=2, got {order}")
    assumptions = Assumptions.parsed(assuming)
    found = [
        _prove_case(case, _chosen(case, wrt), assumptions)
        for case in map(assumptions.applied, problems(op, sizes, static or {}, order))
    ]
    return _merged(name_of(op), found, assumptions, time.perf_counter() - started)


def _chosen(problem: Problem, wrt: str | Sequence[str] | None) -> tuple[str, ...]:
    known = tuple(a.name for a in problem.differentiable())
    names = known if wrt is None else (wrt,) if isinstance(wrt, str) else tuple(wrt)
    for name in names:
        if name not in known:
            raise UsageError(
                f"{name!r} is not a differentiable argument; choose from {', '.join(known)}"
            )
    return names


# --- what the caller takes for granted ---


@dataclass(frozen=True)
class Assumptions:
    """Signs of arguments, least sizes, and arrays whose sums over the last axis are known."""

    given: tuple[str, ...]
    signs: Mapping[str, str]
    least: Mapping[str, int]
    sums: Mapping[str, int]

    @classmethod
    def parsed(cls, sentences: Iterable[str]) -> "Assumptions":
        """Read the sentences; what is not understood is refused."""
        signs, least, sums = {}, {}, {}
        given = tuple([sentences] if isinstance(sentences, str) else sentences)
        for sentence in given:
            if m := re.fullmatch(r"\s*sum\(\s*(\w+)\s*,\s*-1\s*\)\s*==\s*(\d+)\s*", sentence):
                sums[m[1]] = int(m[2])
            elif m := re.fullmatch(r"\s*(\w+)\s*(>=|>)\s*0\s*", sentence):
                signs[m[1]] = "+" if m[2] == ">" else "0+"
            elif m := re.fullmatch(r"\s*(\w+)\s*(>=|>)\s*(\d+)\s*", sentence):
                least[m[1]] = int(m[3]) + (m[2] == ">")
            else:
                raise UsageError(
                    f"cannot read the assumption {sentence!r}; write "
                    "'sum(y, -1) == 1', 'eps > 0' or 'n >= 2'"
                )
        return cls(given, signs, least, sums)

    def applied(self, problem: Problem) -> Problem:
        """The problem, told so."""
        from dataclasses import replace

        from funcnet.contract import Between

        def told(a: Argument) -> Argument:
            extra = self.signs.get(a.name)
            if extra is None:
                return a
            return replace(a, domains=(*a.domains, Between(0, above=extra == "+")))

        least = dict(problem.minimal)
        for name, k in self.least.items():
            if name in problem.sizes:
                least[name] = max(k, least.get(name, 1))
        return replace(
            problem,
            arguments=tuple(map(told, problem.arguments)),
            minimal=tuple(least.items()),
            sums=tuple(self.sums.items()),
        )


# --- one choice of ranks ---


@dataclass(frozen=True)
class CaseProof:
    """What was found for one choice of ranks."""

    arguments: tuple[ArgumentProof, ...]
    conditions: tuple[str, ...]
    witness: Witness | None
    expressions: tuple[tuple[str, Poly, Poly], ...]


@dataclass
class Comparison:
    """One equality to decide: hand-written and true expression, and what the algebra says."""

    name: str
    hand: Poly | None = None
    true: Poly | None = None
    is_equal: bool = False
    is_held: bool = False  # against what runs, at some entry
    reason: str = ""
    names: dict = field(default_factory=dict)
    pairs: tuple["Pair", ...] = ()


def _prove_case(problem: Problem, wrt: Sequence[str], assumptions: Assumptions) -> CaseProof:
    reader = Reader(minimal=dict(problem.minimal))
    comparisons = _by_algebra(problem, wrt, reader, assumptions)
    suspects = {c.name for c in comparisons if not c.is_equal}
    findings = examine(problem, tuple(c.name for c in comparisons), suspects)
    _hold_against_samples(problem, comparisons, findings)
    judged = tuple(_judged(problem, c, findings) for c in comparisons)
    conditions = (*_shown_conditions(_needed(reader, comparisons)), *_of_domains(problem))
    expressions = tuple(
        (c.name, c.hand, c.true) for c in comparisons if c.hand is not None and c.true is not None
    )
    return CaseProof(judged, conditions, findings.witness, expressions)


def _by_algebra(
    problem: Problem, wrt: Sequence[str], reader: Reader, assumptions: Assumptions
) -> list[Comparison]:
    try:
        outputs, forward, bars = _read_problem(problem, reader)
    except Undecided as error:
        return [Comparison(name, reason=str(error)) for name in ("value", *wrt)]
    sums = {
        a.name: (_dim(a.dims[-1], reader), assumptions.sums[a.name])
        for a in problem.arrays
        if a.name in assumptions.sums and a.dims
    }
    found = [_compared("value", lambda: _values(reader, outputs, forward), sums)]
    for a, bar in zip(problem.differentiable(), bars, strict=True):
        if a.name in wrt:
            found.append(_compared(a.name, _gradient(reader, problem, outputs, a, bar), sums))
    return found


def _read_problem(problem: Problem, reader: Reader) -> tuple[list[Array], list[Array], list[Array]]:
    traces = problem.traced()
    _note_orders(problem, reader)
    for jaxpr in (traces.value, traces.hand):
        note_axes(reader, jaxpr)
    inputs = [_input_array(a, reader) for a in problem.arrays]
    shapes = [reader.shape(s) for s in traces.outputs]
    cotangents = [
        Array(s, "f", lambda at, name=name: entry(name, *at))
        for name, s in zip(_bar_names(len(shapes), problem), shapes, strict=True)
    ]
    outputs = read(reader, traces.value, inputs)
    both = read(reader, traces.hand, [*cotangents, *inputs])
    return outputs, both[: len(outputs)], both[len(outputs) :]


def true_gradients(problem: Problem) -> list[tuple[str, Poly, dict[Atom, str]]]:
    """The name, true cotangent and index names of each differentiable argument."""
    reader = Reader(minimal=dict(problem.minimal))
    outputs, _, bars = _read_problem(problem, reader)
    found = []
    for a, bar in zip(problem.differentiable(), bars, strict=True):
        (pair,) = _gradient(reader, problem, outputs, a, bar)()
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


def _bar_names(count: int, problem: Problem) -> list[str]:
    """Names of the cotangents, other than those of the arguments."""
    taken = {a.name.rstrip("0123456789") for a in problem.arguments}
    stem = next(
        s
        for s in ("y", "z", "cotangent_of_y")
        if not any(n.startswith(s) and n.endswith("_bar") for n in taken)
    )
    return [f"{stem}_bar"] if count == 1 else [f"{stem}{k + 1}_bar" for k in range(count)]


def _input_array(a: Argument, reader: Reader) -> Array:
    from funcnet.contract import Labels

    shape = tuple(_dim(d, reader) for d in a.dims)
    top = next((reader.dim(d.size) for d in a.domains if isinstance(d, Labels)), None)
    name, sign = a.name, a.sign
    return Array(
        shape, "i" if a.kind == "int" else "f", lambda at: entry(name, *at, sign=sign, upper=top)
    )


def _dim(text_: str, reader: Reader) -> Poly:
    return reader.dim(int(text_)) if text_.isdigit() else reader.size(text_)


@dataclass(frozen=True)
class Pair:
    """By hand and in truth, at an entry with free indices."""

    hand: Poly
    true: Poly
    place: tuple[Poly, ...]  # of the entry
    names: dict[Atom, str]


def _values(reader: Reader, outputs: list[Array], forward: list[Array]) -> list[Pair]:
    pairs = []
    for a, b in zip(outputs, forward, strict=True):
        names, at = reader.indices(a.shape, "o")
        pairs.append(Pair(b(*at), a(*at), at, _letters(names)))
    return pairs


def _letters(names: Sequence[Atom]) -> dict[Atom, str]:
    """Letters for the free indices that are no size's name."""
    sizes = {a.args[0] for i in names for a in everywhere(i.args[1])}
    return dict(zip(names, (c for c in LETTERS if c not in sizes), strict=False))


def _gradient(
    reader: Reader, problem: Problem, outputs: list[Array], a: Argument, bar: Array
) -> Callable[[], list[Pair]]:
    def pairs() -> list[Pair]:
        names, at = reader.indices(bar.shape, "p")
        parts = []
        for name, out in zip(_bar_names(len(outputs), problem), outputs, strict=True):
            own, place = reader.indices(out.shape, "o")
            parts.append((name, own, place, out(*place)))
        true = pullback(parts, a.name, at)
        return [Pair(bar(*at), true, at, _letters(names))]

    return pairs


def _compared(
    name: str, pairs: Callable[[], list[Pair]], sums: Mapping[str, tuple[Poly, int]]
) -> Comparison:
    from derivations.algebra.assumed import with_sums

    try:
        found = tuple(pairs())
        equal = all(is_zero(with_sums(p.hand - p.true, sums)) for p in found)
    except Undecided as error:
        return Comparison(name, reason=str(error))
    except RecursionError:
        return Comparison(name, reason="an expression nested too deeply")
    first = next((p for p in found if p.hand != p.true), found[0])
    reason = "" if equal else "the difference was not brought to zero"
    return Comparison(name, first.hand, first.true, equal, False, reason, first.names, found)


def _judged(problem: Problem, c: Comparison, findings: Findings) -> ArgumentProof:
    differs = c.name in findings.different
    if c.is_equal and c.name in findings.different and not findings.undefined.get(c.name):
        raise SelfContradiction(
            f"{name_of(problem.target)}, {c.name}: the algebra says equal, "
            f"the evaluator {findings.witness}; "
            "this is a bug of the prover, please report it"
        )
    shown = {}
    if c.hand is not None and c.true is not None:
        shown = {"by_hand": text(c.hand, dict(c.names)), "true": text(c.true, dict(c.names))}
        if not c.is_equal:
            shown["difference"] = terms_of_difference(c.hand, c.true, dict(c.names))
    if differs:
        return ArgumentProof(c.name, REFUTED, **shown, ranks=problem.ranks)
    if c.is_equal and c.is_held and c.name in findings.agreed:
        return ArgumentProof(c.name, PROVED, **shown, ranks=problem.ranks)
    reason = (
        c.reason if not c.is_equal else f"could not be checked by evaluation: {findings.reason}"
    )
    if not c.is_equal and c.name in findings.agreed:
        reason += f"; no difference by evaluation at {findings.agreed[c.name]}"
    return ArgumentProof(c.name, UNKNOWN, **shown, reason=reason, ranks=problem.ranks)


def _hold_against_samples(
    problem: Problem, comparisons: list[Comparison], findings: Findings
) -> None:
    """What was read must have the values that the evaluator found: else the reader is wrong."""
    bars = _bar_names(len(findings.samples[0].outputs), problem) if findings.samples else []
    for sample in _one_of_each_size(findings.samples):
        arrays = dict(zip((a.name for a in problem.arrays), sample.point.inputs, strict=True))
        arrays |= dict(zip(bars, sample.point.cotangents, strict=True))
        arrays = {name: x if x.dtype.kind == "i" else reals(x) for name, x in arrays.items()}
        for c in comparisons:
            found = sample.outputs if c.name == "value" else (sample.gradients[c.name],)
            for pair, array in zip(c.pairs, found, strict=False):
                _hold(problem, c, pair, array, Place(sample.point.sizes, arrays, {}))


def _one_of_each_size(samples: list[Sample]) -> list[Sample]:
    return list({tuple(s.point.sizes.items()): s for s in samples}.values())[:2]


def _hold(problem: Problem, c: Comparison, pair: Pair, array: Any, place: Place) -> None:
    """The first and the last entry of what was read against what was run."""
    for last in (False, True):
        indices = {i: numeric(i.args[1], place) - 1 if last else 0 for i in pair.names}
        here = place.at({i: int(k) for i, k in indices.items()})
        expected = array[tuple(int(numeric(p, here)) for p in pair.place)]
        try:
            read_ = numeric(pair.hand, here)
        except (ZeroDivisionError, ValueError):  # outside the domain: nothing to compare
            continue
        if not MP.isfinite(expected) or not MP.isfinite(read_):
            continue
        if abs(expected - read_) > MISREAD * (1 + abs(expected)):
            raise SelfContradiction(
                f"{name_of(problem.target)}, {c.name}: the code gives {expected}, what was read "
                f"of it {read_}; this is a bug of the prover, please report it"
            )
        c.is_held = True


# --- conditions ---


def _needed(reader: Reader, comparisons: Iterable[Comparison]) -> list[Condition]:
    """The conditions noted, without ties of a maximum that is in no value and in no gradient.

    As with softmax's shift: once it has cancelled in the value, its derivative is never taken.
    """
    judged = [p for c in comparisons for p in (c.hand, c.true) if p is not None]
    if any(atom.head == "argmax" for p in judged for atom in everywhere(p)):
        return list(reader.conditions)
    return [c for c in reader.conditions if c.kind != "unique"]


SENTENCES = {
    "nonzero": "{} ≠ 0",
    "positive": "{} > 0",
    "finite": "{} is finite",
    "holds": "{} holds",
    "unique": "the maximiser is unique: {}",
    "in range": "{} is in range",
    "boundary": "{} ≠ 0 (a switch)",
    "no integer": "{} is no integer (a switch)",
    "off poles": "{} is not 0, -1, -2, …",
    "literal": "{}",
}


def _shown_conditions(conditions: Iterable[Condition]) -> tuple[str, ...]:
    shown = {}
    for c in conditions:
        if isinstance(c.expression, str):
            shown[c.expression] = None
            continue
        sentence = SENTENCES[c.kind].format(text(c.expression))
        guards = [text(poly(g)) if holds else f"not {text(poly(g))}" for g, holds in c.guards]
        shown[sentence + (f" where {' and '.join(guards)}" if guards else "")] = None
    return tuple(shown)


def _of_domains(problem: Problem) -> tuple[str, ...]:
    found = [f"{a.name} {d}" for a in problem.arguments for d in a.domains]
    static = [f"{a.name} = {a.value!r}" for a in problem.arguments if not a.is_array]
    return (*found, *static)


# --- all choices of ranks ---


def _merged(name: str, cases: list[CaseProof], assumptions: Assumptions, seconds: float) -> Proof:
    by_name: dict[str, list[ArgumentProof]] = {}
    for case in cases:
        for a in case.arguments:
            by_name.setdefault(a.name, []).append(a)
    worst = [_worst(proofs) for proofs in by_name.values()]
    conditions = dict.fromkeys(cases[-1].conditions)  # those of the highest rank say it for all
    given = tuple(f"{g} (assumed)" for g in assumptions.given)
    witness = next((case.witness for case in cases if case.witness is not None), None)
    expressions = next((c.expressions for c in reversed(cases) if c.expressions), ())
    return Proof(name, tuple(worst), (*given, *conditions), witness, seconds, expressions)


def _worst(proofs: list[ArgumentProof]) -> ArgumentProof:
    for verdict in (REFUTED, UNKNOWN):
        for a in proofs:
            if a.verdict == verdict:
                return a
    last = proofs[-1]
    ranks = ", ".join(dict.fromkeys(filter(None, (a.ranks for a in proofs))))
    return ArgumentProof(last.name, PROVED, last.by_hand, last.true, ranks=ranks)
