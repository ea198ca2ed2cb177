"""The language of the chapters: sizes, indices, indexed arrays, sums, deltas and brackets, all of them SymPy.

An array is a real function of its indices; `x[i, j]` is an entry. An index runs over 1..n for the size n it was made
with. SymPy's own derivative of indexed sums is never used (it captures indices); `Derivative(f, x[j])` stays as written
until `derivations.checking` or the algebra works it out.
"""

from collections.abc import Iterable

import sympy as sp
from sympy import Derivative, Max, Rational, erf, exp, log, pi, sqrt, tanh

__all__ = [
    "Derivative",
    "Iverson",
    "Max",
    "Rational",
    "array",
    "bracket",
    "delta",
    "erf",
    "exp",
    "index",
    "log",
    "mean_over",
    "pi",
    "scalar",
    "size",
    "size_of",
    "sqrt",
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


def mean_over(i: sp.Idx, summand: sp.Expr) -> sp.Expr:
    r"""The mean $\frac1n \sum_i$ over the range of an index."""
    return total(i, summand) / size_of(i)


def delta(i: sp.Expr, j: sp.Expr) -> sp.Expr:
    """Kronecker's delta: 1 where i = j, else 0. One of the two may be an integer label such as `labels[n]`."""
    return sp.KroneckerDelta(i, j)


class Iverson(sp.Expr):
    """Iverson's bracket of a condition: 1 where it holds, else 0; its derivative is 0 off the boundary."""

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
    """`Iverson(condition)`: 1 where the condition holds, else 0."""
    return Iverson(condition)
