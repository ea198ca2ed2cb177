"""Proving a table of entries once, and what there is to say against the verdicts."""

import contextlib
import io
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from derivations.proving.proof import Proof, prove

from .cases import Case

TOO_LONG = 20.0  # seconds
RAISED = "RAISED"


@dataclass(frozen=True)
class Judged:
    """An entry with its verdict, or what was raised in place of one."""

    name: str
    case: Case
    verdict: str
    seconds: float
    reason: str
    proof: Proof | None = None

    def __str__(self):
        why = f" [{self.case.why}]" if self.case.why else ""
        return f"{self.name}: {self.verdict} in {self.seconds:.1f} s{why} {self.reason[:200]}"


def judged(name: str, case: Case) -> Judged:
    """The verdict on one entry."""
    started = time.perf_counter()
    try:
        proof = prove(case.op, *case.sizes, **case.options)
    except Exception as error:
        seconds = time.perf_counter() - started
        return Judged(name, case, RAISED, seconds, f"{type(error).__name__}: {error}")
    reason = proof.reason or "; ".join(proof.conditions)
    return Judged(name, case, proof.verdict, time.perf_counter() - started, reason, proof)


def all_judged(table: Mapping[str, Case]) -> list[Judged]:
    """The verdicts on a table."""
    return [judged(name, case) for name, case in table.items()]


def against_wrong(found: Judged) -> str:
    """What there is to say against the verdict on a wrong rule: nothing, or a sentence."""
    if found.verdict == "PROVED" and found.case.where != "extreme":
        return f"a wrong rule is proved: {found}"
    if found.verdict == "REFUTED":
        return _against_witness(found) or _against_any(found)
    return _against_any(found)


def against_right(found: Judged) -> str:
    """The same of a right rule."""
    if found.verdict == "REFUTED" and found.proof is not None:
        return f"a right rule is accused: {found}\n{found.proof.witness}"
    return _against_any(found)


def _against_any(found: Judged) -> str:
    if found.verdict == RAISED and not found.case.is_refused:
        return f"raised: {found}"
    return ""


def too_long(found: Judged) -> str:
    """What there is to say against the time that it took, on this machine, at this time."""
    return f"slow: {found}" if found.seconds > TOO_LONG else ""


def _against_witness(found: Judged) -> str:
    witness = found.proof.witness if found.proof is not None else None
    if witness is None:
        return f"refuted without a witness: {found}"
    try:
        printed = run_script(witness.script, found.case.op)
    except Exception as error:
        return f"the script raises {type(error).__name__}: {error}: {found}\n{witness.script}"
    values = [line.partition(":")[2].strip() for line in printed.splitlines()]
    if not printed or (len(values) == 2 and values[0] and values[0] == values[1]):
        return f"the script shows no difference: {found}\n{witness.script}\n{printed}"
    return ""


def run_script(script: str, op: Any) -> str:
    """What a witness' script prints, run as it is pasted, with the function under its name."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(script, {"op": op, "first": op})
    return printed.getvalue()


def tables(kind: str) -> dict[str, dict[str, Case]]:
    """All tables of the package that are called FALSE, or RIGHT, by their modules' names."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    modules = {
        name: import_module(f".{name}", __package__)
        for name in names
        if not name.startswith("test_") and name not in HELPERS
    }
    return {name: getattr(m, kind) for name, m in modules.items() if hasattr(m, kind)}


HELPERS = {"cases", "conftest", "judging", "truth"}


def share(found: Iterable[Judged], verdict: str) -> tuple[int, int]:
    """How many have the verdict, and of how many."""
    verdicts = [j.verdict for j in found]
    return verdicts.count(verdict), len(verdicts)
