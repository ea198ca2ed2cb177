"""prove: is the hand-written backward the derivative, for every input and every size?

Three opinions that share no code must meet. PROVED: the algebra derives equality, whatever the rule
alone needs was looked at or follows, the evaluator finds no difference, and the code runs to the
same numbers. REFUTED: the evaluator shows a difference far above its own error, and so does the
code. UNKNOWN: anything else.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from derivations.algebra.session import session
from derivations.algebra.terms import Poly, Undecided
from derivations.algebra.text import terms_of_difference, text
from derivations.proving.arguments import UsageError, name_of
from derivations.proving.assumptions import Assumptions
from derivations.proving.case import PROVED, REFUTED, UNKNOWN, ArgumentProof, CaseProof, prove_case
from derivations.proving.problem import Problem
from derivations.proving.ranks import problems
from derivations.proving.script import Witness
from derivations.proving.state import changed, snapshot


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
    """The verdict on one argument; of what is refuted also both sides, and the line."""
    ranks = f" ({a.ranks})" if a.ranks else ""
    lines = [f"  {a.name}: {a.verdict}{ranks}" + (f" - {a.reason}" if a.reason else "")]
    lines += [f"    {a.note}"] if a.note else []
    if a.verdict == REFUTED and a.difference:
        lines += [f"    by hand: {a.by_hand}", f"    true:    {a.true}", f"    {a.difference}"]
    if a.verdict == REFUTED and a.line:
        lines += [f"    computed in {a.line}"]
    return "\n".join(lines)


def prove(
    op: Callable,
    *sizes: str,
    wrt: str | Sequence[str] | None = None,
    assuming: Iterable[str] = (),
    static: Mapping[str, Any] | None = None,
    order: int = 1,
    seconds: float = 60,
) -> Proof:
    """Judge the rule of an op, or all rules inside a function, for all inputs and sizes.

    PROVED says: for every size, every input at which the definition has a real value and is
    differentiable, and every cotangent, the rule returns finite numbers, and they are the
    derivative, over the reals extended by nan and ±∞. On kinks it tells what the rule returns;
    of inputs at which the definition has no value it says nothing. Rounding is not judged.

    Args:
        op: a `jax.custom_vjp` or `jax.custom_jvp` function, or any JAX function that calls some.
        sizes: one string an argument, such as "n d", "" for a scalar, "n:int<k" for labels; without
            any, jaxtyping annotations say them.
        wrt: the names of the arguments to judge; all by default.
        assuming: what may be taken for granted, such as "sum(y, -1) == 1", "eps > 0" or "n >= 2".
        static: values of arguments that are not arrays. A static float not given stands for all its
            values.
        order: 2 judges the derivative of the backward.
        seconds: the time after which it gives up, with UNKNOWN; 0 for none.

    Raises:
        UsageError: the question does not fit the function.
    """
    if order not in (1, 2):
        raise UsageError(f"prove needs order=1 or order=2, got {order}")
    if not seconds >= 0:
        raise UsageError(f"prove needs seconds of at least 0, got {seconds}; 0 sets no limit")
    started, assumptions = time.perf_counter(), Assumptions.parsed(assuming)
    with session(seconds):
        cases = assumptions.applied_to(problems(op, sizes, static or {}, order))
        whole = [c for c in cases if not c.alone]
        main = whole[min(MAIN, len(whole) - 1)]
        found: list[CaseProof] = []
        before = snapshot(op)
        for case in sorted(cases, key=lambda c: c is not main):  # the main one first
            found.append(prove_case(case, case.chosen(wrt), assumptions, is_main=case is main))
            if any(a.verdict == REFUTED for a in found[-1].arguments):
                break
        moved = changed(before, snapshot(op)) or _unrepeatable(main, found)
        if moved:
            found = [_with_state(case, moved) for case in found]
        return _merged(name_of(op), found, assumptions, time.perf_counter() - started)


MAIN = 2  # of the ranks that a *batch may have, the one that is looked at most


def _with_state(case: CaseProof, moved: Sequence[str]) -> CaseProof:
    """Nothing is proved of code that changes what it reads."""
    reason = f"the code changes what it reads ({', '.join(moved)}): a side effect, or chance"
    arguments = tuple(ArgumentProof(a.name, UNKNOWN, reason=reason) for a in case.arguments)
    return replace(case, arguments=arguments, witness=None)


def _unrepeatable(problem: Problem, found: Sequence[CaseProof]) -> list[str]:
    """Whether code that is refuted is another one each time that it is traced."""
    if not any(a.verdict == REFUTED for case in found for a in case.arguments):
        return []
    try:
        first, second = (problem.traced() for _ in range(2))
    except Undecided:
        return []
    is_same = all(
        str(a) == str(b) for a, b in ((first.value, second.value), (first.hand, second.hand))
    )
    return [] if is_same else ["it is another one each time that it is traced"]


# --- all choices of ranks ---


def _merged(name: str, cases: list[CaseProof], assumptions: Assumptions, seconds: float) -> Proof:
    by_name: dict[str, list[ArgumentProof]] = {}
    for case in cases:
        for a in case.arguments:
            by_name.setdefault(a.name, []).append(a)
    worst = [_worst(proofs) for proofs in by_name.values()]
    main = next((c for c in cases if c.is_main), cases[-1])
    given = tuple(f"{g} (assumed)" for g in assumptions.given)
    witness = next((case.witness for case in cases if case.witness is not None), None)
    expressions = next((c.expressions for c in (main, *reversed(cases)) if c.expressions), ())
    conditions = dict.fromkeys((*given, *main.conditions))
    return Proof(name, tuple(worst), tuple(conditions), witness, seconds, expressions)


def _worst(proofs: list[ArgumentProof]) -> ArgumentProof:
    for verdict in (REFUTED, UNKNOWN):
        for a in proofs:
            if a.verdict == verdict:
                return a
    last = proofs[0]
    ranks = ", ".join(dict.fromkeys(filter(None, (a.ranks for a in proofs))))
    return replace(last, ranks=ranks)


__all__ = [
    "PROVED",
    "REFUTED",
    "UNKNOWN",
    "ArgumentProof",
    "Proof",
    "prove",
    "terms_of_difference",
    "text",
]
