"""What a verdict rests on, on one page; its numbers are counted from the code when printed."""

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

from derivations.algebra import trusted
from derivations.reading.rules import RULES as READ
from derivations.witness.rules import RULES as EVALUATED

ROOT = Path(__file__).parent.parent
WIDTH = 100
CLAIM = (
    "PROVED claims: for every size, every input at which the definition has a real value and is "
    "differentiable, and every cotangent, the rule, run as it runs, returns finite numbers, and "
    "they are the derivative. Whether rounding spoils it is not claimed. REFUTED shows one input "
    "at which it does not. UNKNOWN claims nothing."
)
TOGETHER = (
    "A false PROVED needs a mistake in the reader or in the algebra, and that the evaluator and "
    "the code itself show nothing of it at the points that were looked at; or one in JAX's "
    "tracing that is the same for every size that was traced. A false REFUTED needs a point at "
    "which the evaluator and the printed script, run in double precision, are both wrong."
)


@dataclass(frozen=True)
class Part:
    """Something that is trusted: for what, and what would show that it is wrong."""

    name: str
    trusted_for: str
    guarded_by: str
    counted: Callable[[], str]


def _of_files(*names: str) -> Callable[[], str]:
    return lambda: f"{lines(ROOT / name for name in names):,} lines"


def lines(paths: Iterable[Path]) -> int:
    """The lines of code of files and folders: no blank lines."""
    files = (f for path in paths for f in ([path] if path.suffix else sorted(path.rglob("*.py"))))
    return sum(bool(line.strip()) for f in files for line in f.read_text("utf-8").splitlines())


def _of_reader() -> str:
    count = lines([ROOT / "reading"])
    return f"{len(READ)} primitives by {len(set(READ.values()))} rules, {count:,} lines"


def _of_evaluator() -> str:
    return f"{len(EVALUATED)} primitives, {lines([ROOT / 'witness']):,} lines"


def _of_kernel() -> str:
    return f"{len(trusted.rules())} rules, {lines([ROOT / 'algebra']):,} lines"


def _of_jax() -> str:
    return f"JAX {jax.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}"


PARTS = (
    Part(
        "the reader (derivations/reading)",
        "a primitive of the program is read as what it does",
        "the evaluator, which has rules of its own, and the code itself, at the points looked at; "
        "a primitive without a rule is UNKNOWN by name",
        _of_reader,
    ),
    Part(
        "the algebra (derivations/algebra)",
        "every rewriting is an identity where both sides are defined",
        "the rules below, each with its own property test; the evaluator at the points looked at",
        _of_kernel,
    ),
    Part(
        "the verdict (derivations/proving)",
        "the two sides that are compared are those of the question, and no condition is lost",
        "tests that plant mistakes in it; a witness is run before it is shown",
        _of_files("proving"),
    ),
    Part(
        "the evaluator (derivations/witness)",
        "nothing of a PROVED: it can only withhold one; for a REFUTED, the numbers at one point",
        "the printed script, which anybody can run",
        _of_evaluator,
    ),
    Part(
        "JAX's tracing",
        "the program that is traced is the one that runs, and one trace speaks for every size",
        "the programs of other sizes, ranks and types, each compared with it; a question that the "
        "code asks of a size is UNKNOWN; the code itself at a sample, compiled by JAX, and asked "
        "for its operations one by one, which NumPy does",
        _of_jax,
    ),
    Part(
        "arithmetic in float64 and in mpmath",
        "the code's own runs, and the script, show a difference that is none of rounding",
        "40 digits, doubled where numbers cancel; what is too close to tell is UNKNOWN",
        lambda: f"53 binary digits; mpmath {importlib.import_module('mpmath').__version__}",
    ),
)


def page() -> str:
    """What is trusted, for what, and what would have to fail together for a wrong verdict."""
    texts = ["What a verdict rests on", "", *_wrapped(CLAIM), ""]
    for part in PARTS:
        texts += [f"{part.name}: {part.counted()}"]
        texts += _wrapped(f"trusted for: {part.trusted_for}", "  ")
        texts += _wrapped(f"guarded by: {part.guarded_by}", "  ")
    texts += ["", *_wrapped(TOGETHER), "", "The rules of the algebra", "", trusted.page()]
    return "\n".join(texts)


def _wrapped(text: str, indent: str = "") -> list[str]:
    later = indent + "  " if indent else ""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=later)
