"""derive: the gradient of any JAX function as an index expression, by our own calculus."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from derivations.algebra.session import session, stage
from derivations.algebra.terms import Atom, Poly
from derivations.algebra.text import text
from derivations.language.border import to_sympy, to_sympy_latex
from derivations.language.printing import name_latex
from derivations.proving.arguments import UsageError
from derivations.proving.equality import true_gradients
from derivations.proving.ranks import problems


@dataclass(frozen=True)
class Gradient:
    """The cotangent of one argument, as a function of the arguments and the cotangent y_bar."""

    argument: str
    expression: Poly = field(repr=False)
    names: Mapping[Atom, str] = field(repr=False)

    def __str__(self):
        at = ", ".join(self.names.values())
        place = f"[{at}]" if at else ""
        return f"{self.argument}_bar{place} = {text(self.expression, dict(self.names))}"

    def equation_latex(self) -> str:
        """The expression with the name of what it is."""
        at = ", ".join(self.names.values())
        name = name_latex(f"{self.argument}_bar") + (f"_{{{at}}}" if at else "")
        return f"{name} = {self.latex()}"

    def sympy(self) -> sp.Expr:
        """The expression in the language of the chapters."""
        return to_sympy(self.expression)

    def latex(self) -> str:
        """The expression as LaTeX."""
        return to_sympy_latex(self.expression)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"


def derive(
    function: Callable,
    *sizes: str,
    static: Mapping[str, Any] | None = None,
    seconds: float = 60,
) -> tuple[Gradient, ...]:
    """The gradient of a function with respect to each of its arrays of floats.

    Args:
        function: any JAX function whose primitives are read; no rule is needed, and none is used.
        sizes: one string an argument, as for `prove`; of annotated ranks the highest is shown.
        static: values of arguments that are not arrays.
        seconds: the time after which it gives up; 0 for none.

    Raises:
        Undecided: something in the function has no rule, or takes too long; the message names it.
    """
    if not seconds >= 0:
        raise UsageError(f"derive needs seconds of at least 0, got {seconds}; 0 sets no limit")
    with session(seconds), stage("deriving the gradients"):
        problem = problems(function, sizes, static or {}, 1)[-1]
        return tuple(Gradient(name, p, names) for name, p, names in true_gradients(problem))
