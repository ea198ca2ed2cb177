"""The language of the chapters: sizes, indices, arrays, sums, deltas, brackets, all SymPy.

An array is a real function of its indices; `x[i, j]` is an entry. An index runs over 1..n for the
size n it was made with. SymPy's own derivative of indexed sums is never used (it captures indices);
`Derivative(f, x[j])` stays as written until `derivations.language.checking` or the algebra works it
out.
"""

from collections.abc import Callable, Iterable

import sympy as sp
from sympy import Derivative, Max, Rational, erf, exp, log, pi, sqrt, tanh

__all__ = [
    "Derivative",
    "Iverson",
    "Max",
    "Rational",
    "array",
    "bracket",
    "define",
    "delta",
    "erf",
    "exp",
    "expand_names",
    "index",
    "log",
    "mean_over",
    "outermost",
    "pi",
    "scalar",
    "size",
    "size_of",
    "sqrt",
    "substitute",
    "tanh",
    "total",
]


def size(name: str) -> sp.Symbol:
    """A symbolic size: a positive integer."""
    return sp.Symbol(name, integer=True, positive=True)


def index(name: str, n: sp.Expr) -> sp.Idx:
    """An index that runs over 1..n."""
    return sp.Idx(name, (1, n))


def size_of(i: sp.Idx) -> sp.Expr:
    """The number of values that an index takes."""
    return i.upper - i.lower + 1


def array(name: str, **assumptions: bool) -> sp.IndexedBase:
    """A real array, to be indexed as `x[i]` or `x[i, j]`."""
    return sp.IndexedBase(name, **{"real": True, **assumptions})


def scalar(name: str, **assumptions: bool) -> sp.Symbol:
    """A real scalar."""
    return sp.Symbol(name, **{"real": True, **assumptions})


def total(i: sp.Idx | Iterable[sp.Idx], summand: sp.Expr) -> sp.Expr:
    r"""The sum $\sum_i$ over the range of one index or several, the last innermost."""
    for one in reversed((i,) if isinstance(i, sp.Idx) else tuple(i)):
        summand = sp.Sum(summand, (one, 1, size_of(one)))
    return sp.sympify(summand)


def outermost(sum_: sp.Sum) -> tuple[sp.Idx, sp.Expr, sp.Expr]:
    """The outermost index of a sum, its last value, and the summand; SymPy merges nested sums."""
    *inner, (bound, _, upper) = sum_.limits
    return bound, upper, sp.Sum(sum_.function, *inner) if inner else sum_.function


def mean_over(i: sp.Idx, summand: sp.Expr) -> sp.Expr:
    r"""The mean $\frac1n \sum_i$ over the range of an index."""
    return total(i, summand) / size_of(i)


def delta(i: sp.Expr, j: sp.Expr) -> sp.Expr:
    """Kronecker's delta: 1 where i = j, else 0; one may be an integer label, `labels[n]`."""
    return sp.KroneckerDelta(i, j)


class Iverson(sp.Expr):
    """Iverson's bracket: 1 where a condition holds, else 0; off the boundary constant."""

    is_real = True
    is_commutative = True

    def __new__(cls, condition):
        """The constants 1 and 0 for conditions that are decided."""
        condition = sp.sympify(condition)
        if condition in (sp.true, sp.false):
            return sp.Integer(1) if condition == sp.true else sp.Integer(0)
        return sp.Expr.__new__(cls, condition)

    def _eval_derivative(self, s):
        return sp.Integer(0)

    def _latex(self, printer, exp=None):
        inside = rf"\left[{printer.doprint(self.args[0])}\right]"
        return inside if exp is None else f"{inside}^{{{exp}}}"


def bracket(condition) -> sp.Expr:
    """Iverson's bracket: 1 where the condition holds, else 0."""
    return Iverson(condition)


class Named(sp.Expr):
    """An expression with a name: it prints as the name, and stands for its last argument."""

    is_commutative = True

    def __new__(cls, label, indices, meaning):
        """The name `label` with subscripts `indices`, for the expression `meaning`."""
        return sp.Expr.__new__(cls, sp.sympify(label), sp.Tuple(*indices), sp.sympify(meaning))

    label = property(lambda self: self.args[0])
    indices = property(lambda self: self.args[1])
    meaning = property(lambda self: self.args[2])

    def _eval_is_real(self):
        return self.meaning.is_real

    def _eval_is_positive(self):
        return self.meaning.is_positive


def define(label: str, indices: Iterable[sp.Idx], meaning: sp.Expr) -> Callable[..., Named]:
    """A name for an expression with free indices, such as mu for a mean; call it with others."""
    indices = tuple(indices)
    symbol = sp.Symbol(label)

    def name(*at: sp.Expr) -> Named:
        replaced = dict(zip(indices, at, strict=True))
        return Named(symbol, at, substitute(meaning, replaced))

    return name


def expand_names(expression: sp.Expr) -> sp.Expr:
    """Every named part replaced by what it stands for."""
    if not expression.has(Named):
        return expression
    if isinstance(expression, Named):
        return expand_names(expression.meaning)
    return expression.func(*(expand_names(part) for part in expression.args))


def substitute(expression: sp.Expr, replaced: dict) -> sp.Expr:
    """Replace free indices; a bound index that would capture a new one is renamed first."""
    if expression in replaced:
        return replaced[expression]
    if isinstance(expression, sp.Sum):
        return _substitute_in_sum(expression, replaced)
    if not expression.args or isinstance(expression, (sp.Idx, sp.IndexedBase)):
        return expression
    return expression.func(*(substitute(part, replaced) for part in expression.args))


def _substitute_in_sum(expression: sp.Sum, replaced: dict) -> sp.Expr:
    bound, upper, summand = outermost(expression)
    inner = {old: new for old, new in replaced.items() if old != bound}
    used = set().union(*(sp.sympify(new).atoms(sp.Idx) for new in inner.values()))
    fresh = bound
    while fresh in used or (fresh != bound and summand.has(fresh)):
        fresh = sp.Idx(f"{fresh.label}'", (bound.lower, bound.upper))
    summand = substitute(summand, {**inner, bound: fresh})
    return sp.Sum(summand, (fresh, 1, substitute(upper, inner)))
