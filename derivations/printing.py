"""LaTeX of steps, chains and chapters."""

import re
from typing import TYPE_CHECKING

import sympy as sp
from sympy.printing.latex import LatexPrinter

from derivations.notation import Named, outermost

if TYPE_CHECKING:
    from derivations.derivation import Chapter, Derivation

GREEK = "alpha beta gamma delta epsilon zeta eta theta lambda mu nu rho sigma tau phi omega".split()
SPELLED = {"eps": r"\epsilon", "rate": r"\lambda", "ddof": r"\mathrm{ddof}", "loss": "L"}
HALF = sp.Rational(1, 2)


def name_latex(name: str) -> str:
    r"""A name as a textbook has it: `x_bar` is \bar{x}, `y_hat` is \hat{y}, `mu` is \mu."""
    for ending, accent in (("_bar", "bar"), ("_hat", "hat"), ("_dot", "dot")):
        if name.endswith(ending):
            return rf"\{accent}{{{name_latex(name.removesuffix(ending))}}}"
    if name in SPELLED:
        return SPELLED[name]
    if name in GREEK:
        return rf"\{name}"
    head, _, rest = name.partition("_")
    if rest:
        return rf"{name_latex(head)}_{{{name_latex(rest)}}}"
    numbered = re.fullmatch(r"([a-zA-Z]+?)(\d+)", name)
    if numbered:
        return f"{name_latex(numbered[1])}_{{{numbered[2]}}}"
    return name if len(name) == 1 or name.endswith("'") else rf"\mathrm{{{name}}}"


class ChapterPrinter(LatexPrinter):
    """SymPy's printer, with subscripts, sums, roots and signs as a textbook sets them."""

    def _print_Symbol(self, expr, style="plain"):
        del style
        return name_latex(expr.name)

    def _print_Idx(self, expr):
        return name_latex(str(expr.label))

    def _print_IndexedBase(self, expr):
        return name_latex(str(expr.label))

    def _print_Indexed(self, expr, exp=None):
        return self._subscripted(name_latex(str(expr.base.label)), expr.indices, exp)

    def _print_Named(self, expr, exp=None):
        return self._subscripted(name_latex(expr.label.name), expr.indices, exp)

    def _subscripted(self, name, indices, exp):
        separator = " " if all(isinstance(i, (sp.Idx, sp.Integer)) for i in indices) else ", "
        below = separator.join(self._print(i) for i in indices)
        printed = f"{name}_{{{below}}}" if below else name
        return printed if exp is None else f"{printed}^{{{exp}}}"

    def _print_KroneckerDelta(self, expr, exp=None):
        return self._subscripted(r"\delta", expr.args, exp)

    def _print_Sum(self, expr):
        bound, upper, summand = outermost(expr)
        printed = self._print(summand)
        if isinstance(summand, sp.Add):
            printed = rf"\left({printed}\right)"
        return rf"\sum_{{{self._print(bound)}=1}}^{{{self._print(upper)}}} {printed}"

    def _print_Add(self, expr, order=None):
        """Terms with a plus first, so that no sum starts with a minus that it need not start with."""
        terms = self._as_ordered_terms(expr, order=order)
        terms = sorted(terms, key=lambda term: term.could_extract_minus_sign())
        printed = self._term(terms[0])
        for term in terms[1:]:
            negative = term.could_extract_minus_sign() and not isinstance(term, sp.Add)
            printed += f" - {self._term(-term)}" if negative else f" + {self._term(term)}"
        return printed

    def _term(self, term):
        printed = self._print(term)
        return rf"\left({printed}\right)" if isinstance(term, sp.Add) else printed

    def _print_Mul(self, expr):
        r"""One root over a quotient: SymPy splits √(a/n) into √a/√n, which is the same and reads worse."""
        over = [f for f in expr.args if f.is_Pow and f.exp == HALF]
        under = [f for f in expr.args if f.is_Pow and f.exp == -HALF and not f.base.is_Integer]
        if not over or not under:
            return super()._print_Mul(expr)
        inside = sp.Mul(*(f.base for f in over)), sp.Mul(*(f.base for f in under))
        root = rf"\sqrt{{\frac{{{self._print(inside[0])}}}{{{self._print(inside[1])}}}}}"
        rest = [f for f in expr.args if f not in over and f not in under]
        if not rest:
            return root
        others = self._print(sp.Mul(*rest))
        if any(isinstance(f, sp.Add) for f in rest) and len(rest) == 1:
            others = rf"\left({others}\right)"
        return f"{others} {root}"


def latex(expression: sp.Expr) -> str:
    """An expression in LaTeX's mathematics."""
    return ChapterPrinter({"ln_notation": False, "order": None}).doprint(expression)


def chain(derivation: "Derivation") -> str:
    """A derivation: what it shows, the names that it uses, and its steps with their reasons."""
    lines = [derivation.text] if derivation.text else []
    names = _names(derivation)
    if names:
        listed = ",\n".join(f"${latex(name)} = {latex(name.meaning)}$" for name in names)
        lines.append(f"Here {listed}.")
    first, *rest = derivation.steps
    left = f"{_cotangent(derivation)} =" if derivation.wrt is not None else ""
    rows = [rf"{left}\;& {first.latex()} && \text{{{first.reason}}}"]
    rows += [rf"=\;& {step.latex()} && \text{{{step.reason}}}" for step in rest]
    body = " \\\\\n".join(rows)
    lines.append("\\begin{align*}\n" + body + "\n\\end{align*}")
    return "\n\n".join(lines)


def _cotangent(derivation: "Derivation") -> str:
    name = base_name(derivation.wrt)
    if isinstance(derivation.wrt, sp.Indexed):
        return ChapterPrinter()._subscripted(
            name_latex(f"{name}_bar"), derivation.wrt.indices, None
        )
    return name_latex(f"{name}_bar")


def _names(derivation: "Derivation") -> list[Named]:
    """The names in a derivation, each once, the simplest first."""
    found: dict = {}
    for step in derivation.steps:
        for name in _named_parts(step.expression):
            found.setdefault(name.label, name)
    return sorted(found.values(), key=lambda name: sp.count_ops(name.meaning))


def _named_parts(e: sp.Basic) -> list[Named]:
    inside = [name for part in e.args for name in _named_parts(part)]
    return [e, *inside] if isinstance(e, Named) else inside


def chapter(one: "Chapter") -> str:
    """A chapter: a section with a chain for each argument."""
    title = one.name.replace("_", " ")
    return "\n\n".join([rf"\section{{{title}}}", *(chain(d) for d in one.derivations)])


def base_name(entry: sp.Expr | None) -> str:
    """The name of the array that an entry belongs to, or of a scalar."""
    return str(entry.base.label) if isinstance(entry, sp.Indexed) else str(entry)
