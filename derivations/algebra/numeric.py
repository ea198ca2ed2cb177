"""The value of an index expression at a concrete point.

So that what was read can be held against what runs.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from derivations.algebra.terms import BRACKETS, Atom, Poly, Undecided, add, part
from derivations.algebra.terms import monomial as one_term
from derivations.limits import DIGITS, ROUNDING

MP = mpmath.mp.clone()
MP.dps = DIGITS


@dataclass(frozen=True)
class Place:
    """Sizes, arrays of high-precision numbers or integers, and the values of free indices."""

    sizes: Mapping[str, int]
    arrays: Mapping[str, np.ndarray]
    indices: Mapping[Atom, int]
    seed: int | None = None  # of entries outside of an array, which cancel if all is well

    def at(self, indices: Mapping[Atom, int]) -> "Place":
        """The same place with more indices known."""
        return Place(self.sizes, self.arrays, {**self.indices, **indices}, self.seed)

    def beyond(self, seed: int) -> "Place":
        """The same place with some number for each entry outside of an array."""
        return Place(self.sizes, self.arrays, self.indices, seed)


def value(p: Poly, place: Place) -> Any:
    """The number that p stands for.

    What a bracket excludes is not looked at: its terms cancel first.
    """
    left: dict = {}
    brackets = {a for m in p.terms for a, _ in m if a.head in BRACKETS}
    truth = {a: _truth_of(a, place) for a in brackets}
    for monomial, coefficient in p.terms.items():
        if all(truth.get(a) is not False for a, _ in monomial):
            rest = tuple(pair for pair in monomial if not truth.get(pair[0]))
            left[rest] = left.get(rest, 0) + coefficient
    known: dict[Atom, Any] = {}  # each atom is evaluated once
    return sum((_term(m, c, place, known) for m, c in left.items() if c), MP.mpf(0))


def _truth_of(bracket: Atom, place: Place) -> bool | None:
    """None for a condition that is undefined here, as one guarded by another may be."""
    try:
        return bool(RULES[bracket.head](bracket, place))
    except (ValueError, ZeroDivisionError, IndexError):
        return None


def _term(monomial: Any, coefficient: Any, place: Place, known: dict[Atom, Any]) -> Any:
    result = MP.mpf(coefficient.numerator) / coefficient.denominator
    for atom, e in monomial:
        if atom not in known:
            known[atom] = RULES[atom.head](atom, place)
        result *= _power(known[atom], e)
    return result


def _power(base: Any, e: int | Fraction) -> Any:
    if e == 1:
        return base
    if base == 0 and e < 0:
        raise ZeroDivisionError
    if e.denominator == 1:
        return base ** int(e)
    if base < 0:
        raise ValueError("the root of a negative number")
    return base ** (MP.mpf(e.numerator) / e.denominator)


def whole(p: Poly, place: Place) -> int:
    """The value of an index or a size: by integers, if it is a polynomial in such."""
    found = 0
    for monomial, coefficient in p.terms.items():
        term = coefficient
        for atom, e in monomial:
            if atom.head not in ("var", "size") or e < 0:
                return int(MP.nint(value(p, place)))
            known = place.indices[atom] if atom.head == "var" else place.sizes[atom.args[0]]
            term *= known**e
        found += term
    return int(found)


def _entry(atom: Atom, place: Place) -> Any:
    name, _, _, *at = atom.args
    array = place.arrays[name]
    position = tuple(whole(i, place) for i in at)
    if any(not 0 <= i < n for i, n in zip(position, array.shape, strict=True)):
        if place.seed is None:
            raise IndexError(f"{name}[{position}] is outside")
        return 1 / MP.mpf(
            3 + place.seed + sum((k + 2) ** 2 * i % 97 for k, i in enumerate(position))
        )
    found = array[position]
    return MP.mpf(found) if not isinstance(found, (int, np.integer)) else MP.mpf(int(found))


def _ranges(atom: Atom, place: Place) -> Any:
    """Every assignment of the bound indices."""
    indices = atom.args[0]
    counts = [range(whole(i.args[1], place)) for i in indices]
    for values in itertools.product(*counts):
        yield values, place.at(dict(zip(indices, values, strict=True)))


def _sum(atom: Atom, place: Place) -> Any:
    return sum((value(atom.args[1], inner) for _, inner in _ranges(atom, place)), MP.mpf(0))


def _prod(atom: Atom, place: Place) -> Any:
    result = MP.mpf(1)
    for _, inner in _ranges(atom, place):
        result *= value(atom.args[1], inner)
    return result


def _argmax(atom: Atom, place: Place) -> Any:
    infinite, finite = _by_infinity(atom.args[1])
    best = max(
        _ranges(atom, place), key=lambda pair: (value(infinite, pair[1]), value(finite, pair[1]))
    )
    return MP.mpf(best[0][atom.args[2]])


def _by_infinity(p: Poly) -> tuple[Poly, Poly]:
    """The factor of ∞, which decides first, and the rest."""
    finite = part(p, lambda m, _: all(a.args[:1] != ("inf",) for a, _ in m))
    infinite = p - finite
    return add(
        one_term(tuple(x for x in m if x[0].args[:1] != ("inf",)), c)
        for m, c in infinite.terms.items()
    ), finite


def _order(atom: Atom, place: Place) -> Any:
    return MP.mpf(_sorted(atom, place)[whole(atom.args[2], place)])


def _rank(atom: Atom, place: Place) -> Any:
    return MP.mpf(_sorted(atom, place).index(whole(atom.args[2], place)))


def _sorted(atom: Atom, place: Place) -> list[int]:
    keys = [(value(atom.args[1], inner), k) for (k,), inner in _ranges(atom, place)]
    return [k for _, k in sorted(keys)]


def _log(x: Any) -> Any:
    if x <= 0:
        raise ValueError("the logarithm of a number that is not positive")
    return MP.log(x)


FUNCTIONS: dict[str, Callable] = {
    "erf": MP.erf,
    "erf_inv": MP.erfinv,
    "sin": MP.sin,
    "cos": MP.cos,
    "atan": MP.atan,
    "asin": MP.asin,
    "acos": MP.acos,
    "asinh": MP.asinh,
    "acosh": MP.acosh,
    "atanh": MP.atanh,
    "lgamma": lambda x: MP.log(abs(MP.gamma(x))),
    "atan2": MP.atan2,
    "digamma": lambda x: MP.psi(0, x),
    "polygamma": lambda n, x: MP.psi(int(n), x),
    "bessel_i0e": lambda x: MP.besseli(0, x) * MP.exp(-abs(x)),
    "bessel_i1e": lambda x: MP.besseli(1, x) * MP.exp(-abs(x)),
    "floor": MP.floor,
    "round": MP.nint,
}


def _function(atom: Atom, place: Place) -> Any:
    name, *args = atom.args
    if name not in FUNCTIONS:
        raise Undecided(f"the value of {name}")
    return FUNCTIONS[name](*(value(a, place) for a in args))


def _constant(atom: Atom, _: Place) -> Any:
    return {"pi": +MP.pi, "nan": MP.nan, "inf": MP.inf}[atom.args[0]]


def _truth(test: Callable) -> Callable:
    return lambda atom, place: MP.mpf(bool(test(value(atom.args[0], place))))


RULES: dict[str, Callable[[Atom, Place], Any]] = {
    "var": lambda atom, place: MP.mpf(place.indices[atom]),
    "size": lambda atom, place: MP.mpf(place.sizes[atom.args[0]]),
    "prime": lambda atom, _: MP.mpf(atom.args[0]),
    "const": _constant,
    "entry": _entry,
    "exp": lambda atom, place: MP.exp(value(atom.args[0], place)),
    "log": lambda atom, place: _log(value(atom.args[0], place)),
    "base": lambda atom, place: value(atom.args[0], place),
    "fn": _function,
    "sum": _sum,
    "prod": _prod,
    "argmax": _argmax,
    "order": _order,
    "rank": _rank,
    "positive": _truth(lambda x: x > ROUNDING),
    "zero": _truth(lambda x: abs(x) < ROUNDING),
    "delta": _truth(lambda x: abs(x) < MP.mpf("0.5")),
    "atleast": _truth(lambda x: x > MP.mpf("-0.5")),
}
