"""The border between the language of the chapters (SymPy) and the algebra."""

import sympy as sp

from derivations.algebra.decide import is_zero
from derivations.algebra.terms import Poly, Undecided
from derivations.language.inward import from_sympy
from derivations.language.outward import to_sympy
from derivations.language.printing import latex

__all__ = ["equal", "from_sympy", "to_sympy", "to_sympy_latex"]


def equal(a: sp.Expr, b: sp.Expr) -> str:
    """Are two expressions of the notation equal for all sizes? "equal" is a proof.

    Derivatives that a chapter leaves as written are worked out. Nothing is said of the points at
    which a bracket jumps.
    """
    try:
        same = is_zero(from_sympy(a) - from_sympy(b))
    except Undecided:
        return "unknown"
    return "equal" if same else "unknown"


def to_sympy_latex(p: Poly) -> str:
    """LaTeX of a normal form."""
    return latex(to_sympy(p))
