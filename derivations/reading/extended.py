"""Numbers that are infinite in some cases: -∞ as a mask, and what arithmetic makes of it.

An entry such as [c] x - (1 - [c]) ∞ is a case distinction, not a number: ∞ - ∞ = 0 or 0 · ∞ = 0
would be false. So wherever an infinity goes into a primitive, the cases are taken one by one, each
finite or ±∞ as a whole, by the rules of IEEE arithmetic; what is nan in a case is a condition.
"""

from collections.abc import Callable
from math import inf
from typing import Any

from derivations.algebra import functions as f
from derivations.algebra.brackets import split
from derivations.algebra.ranges import POSITIVE, sign
from derivations.algebra.terms import BRACKETS, ONE, ZERO, Atom, Poly, Undecided, atoms, poly
from derivations.algebra.terms import monomial as one_term
from derivations.reading.notes import Guard, note, noted, pass_on

MOST_CASES = 6


def is_infinite(p: Poly) -> bool:
    """Whether an infinity occurs, in some case."""
    return any(a.head == "const" and a.args[0] == "inf" for a in atoms(p))


def extended(
    reader: Any,
    finite: Callable[..., Poly],
    infinite: Callable[..., Poly],
    *operands: Poly,
    case: tuple[tuple[Atom, bool], ...] = (),
) -> Poly:
    """A function of numbers, case by case where some of them are infinite.

    Args:
        reader: knows the masks of maxima, so that cases that never occur are left out.
        finite: the function of finite numbers.
        infinite: the same where at least one is infinite: ±inf, or a Poly if it is finite; it
            returns a Poly, which may be nan.
        operands: the numbers.
        case: the brackets decided so far.
    """
    if not any(map(is_infinite, operands)):
        return finite(*operands)
    bracket = _bracket_at_infinity(operands)
    if bracket is None:
        return infinite(*map(_signed, operands))
    if len(case) >= MOST_CASES:
        raise Undecided(f"an infinity in more than {MOST_CASES} cases")
    found, inside = ZERO, poly(bracket)
    for holds, guard in ((True, inside), (False, ONE - inside)):
        here = (*case, (bracket, holds))
        if reader.never(here):
            continue
        parts = [split(p, bracket)[0 if holds else 1] for p in operands]
        with noted() as notes:
            value = extended(reader, finite, infinite, *parts, case=here)
            if value == f.NAN:
                note("holds", ZERO)
                value = ZERO
        pass_on(notes, Guard("holds", guard))
        found = found + guard * value
    return found


def _bracket_at_infinity(operands: tuple[Poly, ...]) -> Atom | None:
    """A bracket that decides whether an infinity is there."""
    found = {
        a
        for p in operands
        for m in p.terms
        if any(b.head == "const" and b.args[0] == "inf" for b, _ in m)
        for a, _ in m
        if a.head in BRACKETS
    }
    return min(found, key=lambda a: a.key, default=None)


def _signed(p: Poly) -> Any:
    """±inf for an infinity of known sign, else the number itself."""
    if not is_infinite(p):
        return p
    total = 0
    for monomial, coefficient in p.terms.items():
        infinities = [e for a, e in monomial if a.head == "const" and a.args[0] == "inf"]
        if not infinities:
            continue
        rest = one_term(tuple(x for x in monomial if x[0].args[:1] != ("inf",)), coefficient)
        here = 1 if sign(rest) == POSITIVE else -1 if sign(-rest) == POSITIVE else 0
        if min(infinities) < 0 or not here or (total and total != here):
            raise Undecided("an infinity of unknown sign")
        total = here
    return total * inf


def extended_sign(p: Poly) -> int:
    """1 or -1 for an infinity of known sign."""
    found = _signed(p)
    return (1 if found > 0 else -1) if isinstance(found, float) else 0


def finite(p: Poly) -> Poly:
    """The number, which no case may make infinite."""
    if is_infinite(p):
        raise Undecided("a sum, a product or an order of infinities")
    return p


def infinity(sign_: float) -> Poly:
    """±∞ as an expression."""
    return f.INFINITY if sign_ > 0 else -f.INFINITY


def _of_sign(p: Any) -> int:
    """The sign of what an infinity is multiplied with; 0 for 0."""
    if isinstance(p, float):
        return 1 if p > 0 else -1
    if not p:
        return 0
    for s in (1, -1):
        if sign(p if s > 0 else -p) == POSITIVE:
            return s
    raise Undecided("an infinity times a number of unknown sign")


def _sum(a: Any, b: Any) -> Poly:
    given = {x for x in (a, b) if isinstance(x, float)}
    return infinity(given.pop()) if len(given) == 1 else f.NAN


def _product(a: Any, b: Any) -> Poly:
    both = _of_sign(a) * _of_sign(b)
    return infinity(both) if both else f.NAN


def _quotient(a: Any, b: Any) -> Poly:
    if not isinstance(b, float):
        return infinity(_of_sign(a) * _of_sign(b)) if b else f.NAN
    return f.NAN if isinstance(a, float) else ZERO


def _larger(a: Any, b: Any) -> Poly:
    if inf in (a, b):
        return f.INFINITY
    finite = [x for x in (a, b) if not isinstance(x, float)]
    return finite[0] if finite else -f.INFINITY


def _smaller(a: Any, b: Any) -> Poly:
    if -inf in (a, b):
        return -f.INFINITY
    finite = [x for x in (a, b) if not isinstance(x, float)]
    return finite[0] if finite else f.INFINITY


def _even(_: Any) -> Poly:
    return f.INFINITY


def _limits(below: Poly, above: Poly) -> Callable[[Any], Poly]:
    return lambda x: above if x > 0 else below


LIMITS: dict[str, Callable[..., Poly]] = {
    "add": _sum,
    "add_any": _sum,
    "sub": lambda a, b: _sum(a, -b),
    "mul": _product,
    "div": _quotient,
    "max": _larger,
    "min": _smaller,
    "neg": lambda x: infinity(-x),
    "abs": _even,
    "square": _even,
    "exp": _limits(ZERO, f.INFINITY),
    "exp2": _limits(ZERO, f.INFINITY),
    "expm1": _limits(-ONE, f.INFINITY),
    "log": _limits(f.NAN, f.INFINITY),
    "log1p": _limits(f.NAN, f.INFINITY),
    "sqrt": _limits(f.NAN, f.INFINITY),
    "rsqrt": _limits(f.NAN, ZERO),
    "logistic": _limits(ZERO, ONE),
    "tanh": _limits(-ONE, ONE),
    "erf": _limits(-ONE, ONE),
    "erfc": _limits(ONE + ONE, ZERO),
    "sign": _limits(-ONE, ONE),
    "copy": infinity,
    "copy_p": infinity,
    "stop_gradient": infinity,
    "reduce_precision": infinity,
    "real": infinity,
}


def with_limits(name: str, function: Callable[..., Poly]) -> Callable[..., Poly]:
    """A rule for entries, which takes infinities case by case."""

    def apply(reader: Any, *operands: Poly) -> Poly:
        def finite(*numbers: Poly) -> Poly:
            return function(reader, *numbers)

        def infinite(*numbers: Any) -> Poly:
            if name not in LIMITS:
                raise Undecided(f"the primitive {name} of an infinity")
            return LIMITS[name](*numbers)

        return extended(reader, finite, infinite, *operands)

    return apply


__all__ = ["extended", "extended_sign", "finite", "infinity", "is_infinite", "with_limits"]
