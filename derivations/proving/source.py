"""The line of a program that computes what a backward returns."""

import linecache
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from derivations.proving.symbolic import is_trusted

OURS = str(Path(__file__).parent)


def line_of(jaxpr: Any, position: int) -> str:
    """File, line and text of the last operation behind an output; "" where that is not known.

    The innermost line that is neither JAX's nor ours, so a line of a helper where one is called.
    """
    variable = jaxpr.jaxpr.outvars[position]
    for equation in jaxpr.jaxpr.eqns:
        if variable in equation.outvars:
            found = list(_lines(equation.source_info.traceback))
            return found[-1] if found else ""
    return ""


def _lines(traceback: Any) -> Iterator[str]:
    entry: TracebackType | None = traceback.as_python_traceback() if traceback else None
    while entry is not None:
        file = entry.tb_frame.f_code.co_filename
        if not is_trusted(file) and not file.startswith(OURS):
            text = linecache.getline(file, entry.tb_lineno).strip()
            yield f"{Path(file).name}, line {entry.tb_lineno}" + (f": {text}" if text else "")
        entry = entry.tb_next
