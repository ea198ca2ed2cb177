"""Are two index expressions equal? Decided exactly by SymPy at several small sizes.

At a concrete size every sum is finite, every entry a symbol, every delta 0 or 1, and every
derivative an ordinary one. What is left is a function of the entries; brackets take the truth
values of a region, and inside it the difference is brought to the form of a polynomial in
independent generators (entries, exponentials, roots, logarithms), which is zero only if it
vanishes.
"""

import itertools
import random
from collections.abc import Iterator

import sympy as sp

from derivations.language.notation import Iverson, expand_names, outermost

PATTERNS = ((2, 3, 2, 1), (3, 2, 1, 2), (2, 2, 3, 3))  # unequal: no transposition hides
REGIONS = 3  # random points whose sign patterns are tried
DIGITS = 30


class UnequalError(AssertionError):
    """Two steps of a derivation are not equal, or were not shown to be."""


def require_equal(a: sp.Expr, b: sp.Expr, where: str) -> None:
    """Raise unless a = b at every size tried.

    Raises:
        UnequalError: with the sizes, the entry and the difference.
    """
    a, b = expand_names(a), expand_names(b)
    tried = 0
    for sizes in _sizes_of(a, b):
        for at in _free_indices(a, b, sizes):
            for labels in _labels_of(a, b, sizes):
                left, right = (concretise(e, {**sizes, **at}, labels) for e in (a, b))
                if left.has(sp.nan, sp.zoo) or right.has(sp.nan, sp.zoo):
                    continue  # such as one row with N - 1
                tried += 1
                _require_zero(left - right, f"{where} (sizes {_shown(sizes)}, entry {_shown(at)})")
    if not tried:
        raise UnequalError(f"{where}: no size at which both sides are defined")


def _shown(values: dict) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items()) or "none"


def _sizes_of(*expressions: sp.Expr) -> Iterator[dict]:
    symbols = set().union(*(e.free_symbols for e in expressions))
    bounds = set().union(*(i.upper.free_symbols for e in expressions for i in e.atoms(sp.Idx)))
    sizes = sorted((s for s in symbols | bounds if s.is_integer and s.is_positive), key=str)
    for pattern in PATTERNS if sizes else PATTERNS[:1]:
        yield dict(zip(sizes, itertools.cycle(pattern)))


def _free_indices(a: sp.Expr, b: sp.Expr, sizes: dict) -> Iterator[dict]:
    """The first and the last entry; what holds for those holds between them by symmetry."""
    free = sorted(_free(a) | _free(b), key=str)
    ranges = [sorted({1, int(i.upper.subs(sizes))}) for i in free]
    for values in itertools.product(*ranges):
        yield dict(zip(free, values, strict=True))


def _free(e: sp.Expr) -> set[sp.Idx]:
    """The indices that no sum binds."""
    if isinstance(e, sp.Idx):
        return {e}
    inside = set().union(*(_free(part) for part in e.args)) if e.args else set()
    return inside - {limit[0] for limit in e.limits} if isinstance(e, sp.Sum) else inside


def _labels_of(a: sp.Expr, b: sp.Expr, sizes: dict) -> Iterator[dict]:
    """Values for arrays of integer labels, which deltas compare with an index."""
    bases = {}
    for pair in a.atoms(sp.KroneckerDelta) | b.atoms(sp.KroneckerDelta):
        entry, at = sorted(pair.args, key=lambda part: not isinstance(part, sp.Indexed))
        if isinstance(entry, sp.Indexed):
            bases[entry.base] = int(at.upper.subs(sizes))
    if not bases:
        yield {}
        return
    for shift in range(2):
        yield {base: (lambda i, k=k, shift=shift: (i + shift) % k + 1) for base, k in bases.items()}


def concretise(e: sp.Expr, at: dict, labels: dict | None = None) -> sp.Expr:
    """The expression at given sizes and indices: an ordinary function of symbols such as x_1_2."""
    labels = labels or {}
    if e in at:
        return sp.Integer(at[e])
    if isinstance(e, sp.Indexed):
        position = [concretise(i, at, labels) for i in e.indices]
        if e.base in labels:
            return sp.Integer(labels[e.base](*map(int, position)))
        name = "_".join([str(e.base.label), *map(str, position)])
        return sp.Symbol(name, **e.base.assumptions0)
    if isinstance(e, sp.Sum):
        bound, upper, summand = outermost(e)
        values = range(1, int(concretise(upper, at, labels)) + 1)
        return sp.Add(*(concretise(summand, {**at, bound: i}, labels) for i in values))
    parts = [concretise(part, at, labels) for part in e.args]
    if isinstance(e, sp.Derivative):
        function, (entry, _) = parts[0], e.args[1]
        variable = concretise(entry, at, labels)
        return sp.diff(without_maximum(function), variable)
    return e.func(*parts) if parts else e


def without_maximum(e: sp.Expr) -> sp.Expr:
    """Maxima and absolute values written with brackets, max(a, b) = b + (a - b)[a > b]."""

    def split(*args):
        first, *rest = args
        for other in rest:
            first = other + (first - other) * Iverson(first > other)
        return first

    def pieces(*branches):
        remaining, result = sp.Integer(1), sp.Integer(0)
        for value, condition in branches:
            result += remaining * Iverson(condition) * value
            remaining *= 1 - Iverson(condition)
        return result

    e = e.replace(sp.Piecewise, pieces).replace(sp.Max, split)
    return e.replace(sp.Abs, lambda a: a * (2 * Iverson(a > 0) - 1))


def _require_zero(difference: sp.Expr, where: str) -> None:
    difference = without_maximum(difference)
    brackets = difference.atoms(Iverson)
    for truth in _regions(brackets, difference.free_symbols):
        inside = difference.xreplace(truth)
        if not is_zero(inside):
            raise UnequalError(f"{where}: the two sides differ by {sp.factor(inside)}")


def _regions(brackets: set, symbols: set) -> Iterator[dict]:
    """The truth values of the brackets at random points, a fixed few of them."""
    if not brackets:
        yield {}
        return
    draw = random.Random(0)
    for _ in range(REGIONS):
        point = {s: sp.Rational(draw.randint(-900, 900), 301) for s in sorted(symbols, key=str)}
        point = {s: abs(v) / 4 if s.is_nonnegative else v for s, v in point.items()}
        yield {b: b.func(b.args[0].subs(point)) for b in brackets}


def is_zero(e: sp.Expr) -> bool:
    """Is a function of ordinary symbols identically zero? Exact; False may mean undecided."""
    e = sp.powsimp(sp.expand_log(e.rewrite(sp.tanh, sp.exp)))
    e = e.replace(sp.tanh, lambda a: 1 - 2 / (sp.exp(2 * a) + 1))
    e = e.replace(sp.exp, _product_of_exponentials)
    generators: dict[sp.Expr, sp.Symbol] = {}
    numerator = sp.fraction(sp.together(_with_generators(e, generators)))[0]
    numerator = sp.expand(numerator)
    for power, symbol in reversed(generators.items()):
        if isinstance(power, sp.Pow):  # a root r = P^(1/q): reduce modulo r^q - P
            q = sp.Integer(1) / power.exp
            radicand = _with_generators(power.base, generators)
            top, bottom = sp.fraction(sp.together(radicand))
            numerator = sp.rem(numerator, sp.expand(bottom * symbol**q - top), symbol)
            numerator = sp.expand(sp.fraction(sp.together(numerator))[0])
    return numerator == 0


def _product_of_exponentials(exponent: sp.Expr) -> sp.Expr:
    """The rule e^(a + b) = e^a e^b, in powers of generators, which SymPy does not merge again."""
    product = sp.Integer(1)
    for term in sp.Add.make_args(sp.expand(exponent)):
        coefficient, rest = term.as_coeff_Mul()
        product *= _Exponential(rest / 2) ** (2 * coefficient)  # halves, so that √e^x is no root
    return product


class _Exponential(sp.Function):
    """e^x as an opaque generator."""

    is_positive = True


def _with_generators(e: sp.Expr, generators: dict) -> sp.Expr:
    """Replace roots and functions by symbols, the innermost first."""
    if isinstance(e, sp.Pow) and e.exp.is_Rational and not e.exp.is_Integer:
        root = sp.Pow(sp.factor(e.base), sp.Rational(1, e.exp.q), evaluate=False)
        symbol = generators.setdefault(root, sp.Symbol(f"r_{len(generators)}", positive=True))
        return symbol**e.exp.p
    if isinstance(e, sp.log):
        e = _log_of_product(e.args[0])
        if not isinstance(e, sp.log):
            return _with_generators(e, generators)
    if isinstance(e, sp.Function):
        e = e.func(*(sp.factor(sp.together(a)) for a in e.args))
    if isinstance(e, (sp.Function, Iverson, sp.Derivative, sp.Subs)) or e.is_NumberSymbol:
        return generators.setdefault(e, sp.Symbol(f"f_{len(generators)}", positive=e.is_positive))
    return e.func(*(_with_generators(part, generators) for part in e.args)) if e.args else e


def _log_of_product(argument: sp.Expr) -> sp.Expr:
    """The rule log(a^p b^q) = p log a + q log b where all factors are known to be positive."""
    powers = [f.as_base_exp() for f in sp.Mul.make_args(sp.factor(sp.together(argument)))]
    if not all(base.is_positive for base, _ in powers):
        return sp.log(argument)
    logs = (base.args[0] if isinstance(base, _Exponential) else sp.log(base) for base, _ in powers)
    return sp.Add(*(q * log for (_, q), log in zip(powers, logs, strict=True)))
