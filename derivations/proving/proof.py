"""prove: is the hand-written backward the derivative, for every input and every size?

A verdict needs two engines that share no code. PROVED: the algebra derives equality, and the
evaluator finds no difference at several sizes and points. REFUTED: the evaluator shows a difference
far above its own error. UNKNOWN: anything else. If the algebra says equal where the evaluator sees
a difference, that is a bug of ours and raises.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from derivations.algebra.numeric import Place
from derivations.algebra.numeric import value as numeric
from derivations.algebra.session import session
from derivations.algebra.terms import Poly
from derivations.algebra.text import terms_of_difference, text
from derivations.proving.arguments import UsageError, name_of
from derivations.proving.assumptions import Assumptions
from derivations.proving.conditions import needed, of_domains, shown_conditions
from derivations.proving.counterexample import Findings, Witness, examine
from derivations.proving.equality import Comparison, Pair, by_algebra
from derivations.proving.problem import Problem, bar_names, problems
from derivations.proving.switches import on_switches
from derivations.reading import Condition, Reader
from derivations.witness import MP

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
    line: str = ""  # of the code that computes what is not proved
    note: str = ""  # on stop_gradient


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
        from derivations.language.border import to_sympy_latex
        from derivations.language.printing import name_latex

        gradients = ((n, true) for n, _, true in self.expressions if n != "value")
        rows = (rf"{name_latex(f'{n}_bar')} &= {to_sympy_latex(true)}" for n, true in gradients)
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


def _line(a: ArgumentProof) -> str:
    ranks = f" ({a.ranks})" if a.ranks else ""
    lines = [f"  {a.name}: {a.verdict}{ranks}" + (f" - {a.reason}" if a.reason else "")]
    lines += [f"    {a.note}"] if a.note else []
    if a.verdict != PROVED and a.difference:
        lines += [f"    by hand: {a.by_hand}", f"    true:    {a.true}", f"    {a.difference}"]
    if a.verdict != PROVED and a.line:
        lines += [f"    computed in {a.line}"]
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
    if order not in (1, 2):
        raise UsageError(f"prove needs order=1 or order=2, got {order}")
    started, assumptions = time.perf_counter(), Assumptions.parsed(assuming)
    with session():
        return _proved(op, sizes, wrt, assumptions, static or {}, order, started)


def _proved(
    op: Callable,
    sizes: Sequence[str],
    wrt: str | Sequence[str] | None,
    assumptions: Assumptions,
    static: Mapping[str, Any],
    order: int,
    started: float,
) -> Proof:
    cases = [assumptions.applied(case) for case in problems(op, sizes, static, order)]
    found: list[CaseProof] = []
    try:
        found += [_prove_case(case, _chosen(case, wrt), assumptions) for case in cases[:-1]]
        found.append(_with_switches(cases[-1], _chosen(cases[-1], wrt), assumptions))
    except SelfContradiction:
        if all(case.is_repeatable() for case in cases):
            raise
    is_complete = len(found) == len(cases)
    if not is_complete or (_is_refuted(found) and not cases[-1].is_repeatable()):
        found = [_unrepeatable(_chosen(cases[-1], wrt))]
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


def _is_refuted(found: Sequence["CaseProof"]) -> bool:
    return any(a.verdict == REFUTED for case in found for a in case.arguments)


def _unrepeatable(names: Sequence[str]) -> "CaseProof":
    reason = "the code is another one each time that it is traced: a side effect, or chance"
    return CaseProof(tuple(ArgumentProof(n, UNKNOWN, reason=reason) for n in names), (), None, ())


@dataclass(frozen=True)
class CaseProof:
    """What was found for one choice of ranks."""

    arguments: tuple[ArgumentProof, ...]
    conditions: tuple[str, ...]
    witness: Witness | None
    expressions: tuple[tuple[str, Poly, Poly], ...]
    needed: tuple[Condition, ...] = ()


def _with_switches(problem: Problem, wrt: Sequence[str], assumptions: Assumptions) -> CaseProof:
    """The proof with what the rule does on each switch: of the highest rank, which has them all."""
    case = _prove_case(problem, wrt, assumptions)
    if any(a.verdict == REFUTED for a in case.arguments):
        return case
    seen = on_switches(problem, case.needed, wrt)
    conditions = (*shown_conditions(case.needed, seen), *of_domains(problem))
    against = next((s for s in seen.values() if s.witness), None)
    if against is None:
        return replace(case, conditions=conditions)
    judged = (_refuted(a) if a.name == against.name else a for a in case.arguments)
    return replace(case, arguments=tuple(judged), conditions=conditions, witness=against.witness)


def _refuted(a: ArgumentProof) -> ArgumentProof:
    return replace(a, verdict=REFUTED, reason="right off a switch, wrong on it", difference="")


def _prove_case(problem: Problem, wrt: Sequence[str], assumptions: Assumptions) -> CaseProof:
    reader = Reader(minimal=dict(problem.minimal))
    comparisons = by_algebra(problem, wrt, reader, assumptions)
    suspects = {c.name for c in comparisons if not c.is_equal}
    findings = examine(problem, tuple(c.name for c in comparisons), suspects, reader.conditions)
    _hold_against_samples(problem, comparisons, findings)
    judged = tuple(_judged(problem, c, findings) for c in comparisons)
    conditions = tuple(needed(reader, comparisons))
    shown = (*shown_conditions(conditions, {}), *of_domains(problem))
    expressions = tuple(
        (c.name, c.hand, c.true) for c in comparisons if c.hand is not None and c.true is not None
    )
    witness = findings.witness if any(a.verdict == REFUTED for a in judged) else None
    return CaseProof(judged, shown, witness, expressions, conditions)


def _judged(problem: Problem, c: Comparison, findings: Findings) -> ArgumentProof:
    differs = c.name in findings.different and findings.witness is not None
    is_ours = findings.is_exact and not findings.undefined.get(c.name)
    if c.is_equal and c.name in findings.different and is_ours:
        raise SelfContradiction(
            f"{name_of(problem.target)}, {c.name}: the algebra says equal, "
            f"the evaluator {findings.witness}; "
            "this is a bug of the prover, please report it"
        )
    shown = {"line": c.line, "note": c.note}
    if c.hand is not None and c.true is not None:
        names = dict(c.names)
        shown |= {"by_hand": text(c.hand, names), "true": text(c.true, names)}
        if not c.is_equal:
            shown["difference"] = terms_of_difference(c.hand, c.true, names)
    if differs and (not c.is_equal or findings.undefined.get(c.name)):
        return ArgumentProof(c.name, REFUTED, **shown, ranks=problem.ranks)
    if c.is_equal and c.is_held and c.name in findings.agreed:
        return ArgumentProof(c.name, PROVED, **shown, ranks=problem.ranks)
    reason = _why_unknown(c, findings)
    return ArgumentProof(c.name, UNKNOWN, **shown, reason=reason, ranks=problem.ranks)


def _why_unknown(c: Comparison, findings: Findings) -> str:
    if c.is_equal and (c.name in findings.different or c.is_misread):
        return "equal with literals read as decimals, but not with the numbers that the code has"
    reason = f"could not be checked by evaluation: {findings.reason}" if c.is_equal else c.reason
    if c.name in findings.unclear:
        gap = f"{findings.unclear[c.name]:.1g}"
        return f"{reason}; the two differ by a part of {gap}, as approximations do"
    if not c.is_equal and c.name in findings.agreed:
        return f"{reason}; no difference by evaluation at {findings.agreed[c.name]}"
    return reason


def _hold_against_samples(
    problem: Problem, comparisons: list[Comparison], findings: Findings
) -> None:
    """What was read must have the values that the evaluator found: else the reader is wrong."""
    if not findings.samples:
        return
    sample = findings.samples[0]
    inputs, cotangents = sample.point.numbers
    arrays = dict(zip((a.name for a in problem.arrays), inputs, strict=True))
    arrays |= dict(zip(bar_names(len(cotangents), problem), cotangents, strict=True))
    place = Place(sample.point.sizes, arrays, {})
    for c in comparisons:
        found = sample.outputs if c.name == "value" else (sample.gradients[c.name],)
        held = [
            _is_held(pair, array, place, last)
            for pair, array in zip(c.pairs, found, strict=False)
            for last in (False, True)
        ]
        c.is_misread = False in held
        c.is_held = True in held and not c.is_misread
        if c.is_misread and findings.is_exact:
            raise SelfContradiction(
                f"{name_of(problem.target)}, {c.name}: what was read of the code has other values "
                f"than the code, at {dict(sample.point.sizes)}; this is a bug of the prover, "
                "please report it"
            )


def _is_held(pair: Pair, array: Any, place: Place, last: bool) -> bool | None:
    """Whether the first or last entry that was read is the one that was run; None: no telling.

    Without `is_exact` it may not be: a literal read as a decimal is another number than the code's.
    """
    if 0 in array.shape:
        return None
    indices = {i: numeric(i.args[1], place) - 1 if last else 0 for i in pair.names}
    here = place.at({i: int(k) for i, k in indices.items()})
    expected = array[tuple(int(numeric(p, here)) for p in pair.place)]
    try:
        found = _read_value(pair.hand, here)
    except (ZeroDivisionError, ValueError, IndexError):  # outside the domain
        return None
    if not MP.isfinite(expected) or not MP.isfinite(found):
        return None
    return bool(abs(expected - found) <= MISREAD * (1 + abs(expected)))


def _read_value(p: Poly, here: Place) -> Any:
    """The value at a place; what lies outside of an array must not count."""
    try:
        return numeric(p, here)
    except IndexError:
        first, second = (numeric(p, here.beyond(seed)) for seed in (1, 2))
        if abs(first - second) > MISREAD:
            raise
        return first


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
    return ArgumentProof(last.name, PROVED, last.by_hand, last.true, ranks=ranks, note=last.note)
