"""The whole document: every chapter, the errata, and how far each equals sign was checked."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from derivations.chapters import families
from derivations.chapters.errata import MEASUREMENT, errata
from derivations.chapters.traps import TRAPS
from funcnet.files import written_whole

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage{amsmath,amssymb}
\usepackage[margin=22mm]{geometry}
\usepackage[hidelinks]{hyperref}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt plus 2pt}
\title{Gradients, derived step by step}
\author{funcnet and derivations}
\date{}
\sloppy
\begin{document}
\maketitle
Every chain starts at the definition of a pullback,
$\bar x_p = \sum_o \bar y_o \, \partial y_o / \partial x_p$,
and ends at the formula that the code implements. Each equals sign was proved by computer algebra
for all sizes when this document was made; those that it does not decide are named, and were
checked exactly, with symbolic entries, at several small sizes.
\tableofcontents
"""


def latex(say: Callable[[str], None] = lambda _: None) -> str:
    """The document as LaTeX; every step is checked on the way.

    Args:
        say: called with the name of each chapter once it is checked.

    Raises:
        checking.UnequalError: a step is not right.
    """
    parts = [PREAMBLE]
    for family, chapters in families().items():
        parts.append(rf"\section{{{family.capitalize()}}}")
        for one in chapters:
            undecided = one.check()
            say(one.name)
            parts.append(one.latex())
            if undecided:
                parts.append(rf"Checked at small sizes only: {'; '.join(undecided)}.")
    parts.append(r"\section{Errata of the source documents}")
    for erratum in errata():
        erratum.check()
        say(f"erratum: {erratum.title}")
        parts.append(erratum.latex())
    parts += [trap.latex() for trap in TRAPS]
    parts.append(r"\subsection*{What is measured}" + f"\n\n{MEASUREMENT}")
    return "\n\n".join([*parts, r"\end{document}", ""])


def write(path: str | os.PathLike, say: Callable[[str], None] = lambda _: None) -> None:
    """Write the document to a .tex file, or, with pdflatex at hand, to a .pdf.

    Raises:
        ValueError: another kind of file.
        FileNotFoundError: a .pdf is wanted and pdflatex is not installed.
        RuntimeError: pdflatex stops at an error.
    """
    path = Path(path)
    if path.suffix not in (".tex", ".pdf"):
        raise ValueError(f"book needs a .tex or .pdf file, got {path}; choose one of these endings")
    if path.suffix == ".pdf" and shutil.which("pdflatex") is None:
        raise FileNotFoundError(
            f"book needs pdflatex for {path}, which is not installed; write a .tex file instead"
        )
    source = latex(say)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as temporary:
        temporary.write_bytes(source.encode() if path.suffix == ".tex" else _compiled(source))


def _compiled(source: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "book.tex").write_text(source, encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "book.tex"]
        for _ in range(2):  # the second time with the table of contents
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                error = next((line for line in done.stdout.splitlines() if line[:1] == "!"), "")
                raise RuntimeError(f"pdflatex stops at {error or 'an unknown error'}")
        return Path(folder, "book.pdf").read_bytes()
