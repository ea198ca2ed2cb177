"""LaTeX of expressions, and of chains of equal ones."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from derivations.language.notation import Named, outermost

GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "lambda",
    "mu",
    "nu",
    "rho",
    "sigma",
    "tau",
    "phi",
    "omega",
]
SPELLED = {  # arguments have words for names in code, and letters in formulas
    "eps": r"\epsilon",
    "rate": r"\lambda",
    "ell": r"\ell",
    "loss": "L",
    "logits": "x",
    "scores": "s",
    "probabilities": "p",
    "predictions": "p",
    "log_predictions": r"\ell",
    "targets": "t",
    "labels": "y",
    "mean": r"\mu",
    "variance": "v",
}
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
        of_name = re.fullmatch(r"((?:\\mathrm\{\w+\}|\\?\w)+)_\{(.*)\}", name)
        if of_name and below:  # TeX takes one subscript, so the name's own one goes first in it
            name, below = of_name[1], f"{of_name[2]}, {below}"
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
        """Terms with a plus first, so that no sum starts with a minus without need."""
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
        """A fraction of what is simple, then what has terms or acts on what follows."""
        if expr.could_extract_minus_sign():
            return f"-{self._term(-expr)}"
        top, bottom = (list(sp.Mul.make_args(part)) for part in sp.fraction(expr))
        root = self._common_root(top, bottom)
        outside = [f for f in top if f.has(sp.Sum, sp.Derivative) or isinstance(f, sp.Add)]
        inside = [f for f in top if f not in outside and f != 1]
        if (
            bottom
            and not inside
            and len(outside) == 1
            and not outside[0].has(sp.Sum, sp.Derivative)
        ):
            inside, outside = outside, []
        printed = [self._fraction(inside, bottom)] if inside or bottom else []
        return " ".join([*printed, *self._factors(outside), *root])

    def _common_root(self, top, bottom):
        r"""Take √a √b and √a/√b out as one root, which reads better than SymPy's two."""
        over = [f for f in top if f.is_Pow and f.exp == HALF]
        under = [f for f in bottom if f.is_Pow and f.exp == HALF]
        if bottom == [1]:
            bottom.clear()
        if not over or len(over) + len(under) < 2:
            return []
        for factors, taken in ((top, over), (bottom, under)):
            factors[:] = [f for f in factors if f not in taken]
        inside = sp.Mul(*(f.base for f in over)) / sp.Mul(*(f.base for f in under))
        return [rf"\sqrt{{{self._print(inside)}}}"]

    def _fraction(self, top, bottom):
        if not bottom:
            return " ".join(self._factors(top))
        over, under = (
            self._print(part[0]) if len(part) == 1 else " ".join(self._factors(part))
            for part in (top or [sp.Integer(1)], bottom)
        )
        return rf"\frac{{{over}}}{{{under}}}"

    def _factors(self, factors):
        """Numbers first, then symbols, brackets and what acts on all that follows it."""
        ordered = sorted(factors, key=lambda f: (_weight(f), str(f)))
        last = len(ordered) - 1
        return [
            rf"\left({self._print(f)}\right)"
            if isinstance(f, sp.Add) or (n < last and isinstance(f, (sp.Sum, sp.Derivative)))
            else self._print(f)
            for n, f in enumerate(ordered)
        ]

    def _print_Derivative(self, expr):
        function, (variable, _) = expr.args
        by = self._print(variable)
        printed = self._print(function)
        if isinstance(function, (sp.Indexed, Named, AppliedUndef)):
            return rf"\frac{{\partial {printed}}}{{\partial {by}}}"
        return rf"\frac{{\partial}}{{\partial {by}}} \left({printed}\right)"


def _weight(factor):
    """Where a factor stands in a product."""
    kinds = (sp.Number, sp.Symbol, (sp.Indexed, Named), sp.Pow, sp.Add, sp.Function)
    for place, kind in enumerate(kinds):
        if isinstance(factor, kind):
            return place
    return len(kinds) + isinstance(factor, sp.Sum) + 2 * isinstance(factor, sp.Derivative)


def latex(expression: sp.Expr) -> str:
    """An expression in LaTeX's mathematics."""
    return ChapterPrinter({"ln_notation": False, "order": None}).doprint(expression)


def chain(text: str, of: Any, steps: Sequence[tuple[str, sp.Expr]]) -> str:
    """A chain of equal expressions: what it shows, the names that it uses, and its steps.

    Args:
        text: what the chain shows.
        of: the entry whose cotangent stands on the left, or None.
        steps: pairs of a reason and an expression.
    """
    names = _names(expression for _, expression in steps)
    listed = ",\n".join(f"${latex(name)} = {latex(name.meaning)}$" for name in names)
    left = "" if of is None else f"{_cotangent(of)} ="
    signs = [left, *("=" for _ in steps[1:])]
    rows = [
        rf"{sign}\;& {latex(expression)} {_reason(reason)}"
        for sign, (reason, expression) in zip(signs, steps, strict=True)
    ]
    body = " \\\\\n".join(rows)
    align = "\\begin{align*}\n" + body + "\n\\end{align*}"
    return "\n\n".join(part for part in (text, listed and f"Here {listed}.", align) if part)


def _reason(text: str) -> str:
    """At the right margin; LaTeX moves it below a formula that is too wide for both."""
    return rf"\tag*{{\small {text}}}"


def _cotangent(of: Any) -> str:
    name = name_latex(f"{base_name(of)}_bar")
    if isinstance(of, sp.Indexed):
        return ChapterPrinter()._subscripted(name, of.indices, None)
    return name


def _names(expressions: Iterable[sp.Expr]) -> list[Named]:
    """The names in a chain, each once, the simplest first."""
    found: dict = {}
    for expression in expressions:
        for name in _named_parts(expression):
            found.setdefault(name.label, name)
    return sorted(found.values(), key=lambda name: sp.count_ops(name.meaning))


def _named_parts(e: sp.Basic) -> list[Named]:
    inside = [name for part in e.args for name in _named_parts(part)]
    return [e, *inside] if isinstance(e, Named) else inside


def base_name(entry: Any) -> str:
    """The name of the array that an entry belongs to, or of a scalar."""
    return str(entry.base.label) if isinstance(entry, sp.Indexed) else str(entry)
