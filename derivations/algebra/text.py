"""Index expressions as text that a person reads.

Y_bar[j]·Σ_i x[i]², and LaTeX by way of SymPy in border.py.
"""

from collections.abc import Iterable
from fractions import Fraction

import mpmath

from derivations.algebra.terms import (
    PERMUTATIONS,
    Atom,
    Number,
    Poly,
    everywhere,
    monomial,
    number,
    of_terms,
    part,
    scale,
)

LETTERS = "ijklmopqrstuvw"
LONG = 10**7  # digits beyond this are not read
DIGITS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def text(p: Poly, names: dict[Atom, str] | None = None) -> str:
    """The expression; indices without a name get letters in the order in which they occur."""
    named = _Names(names)
    named.reserved = {a.args[0] for a in everywhere(p) if a.head == "size"}
    for index in sorted(p.free, key=lambda a: a.key):  # before a sum has letters of its own
        _ = named[index]
    return _sum_text(p, named)


class _Names(dict):
    """Letters for indices, handed out as they are met."""

    def __init__(self, given: dict[Atom, str] | None):
        super().__init__(given or {})
        self.reserved = getattr(given, "reserved", set())

    def __missing__(self, index: Atom) -> str:
        taken = self.reserved | set(self.values())
        letter = next((c for c in LETTERS if c not in taken), f"i{len(self)}")
        self[index] = letter
        return letter


def _sum_text(p: Poly, names: _Names) -> str:
    if not p.terms:
        return "0"
    ordered = sorted(p.terms.items(), key=lambda term: (term[1] < 0, len(term[0]), repr(term[0])))
    parts = [_term_text(m, c, names) for m, c in ordered]
    joined = "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in parts)
    return joined.removeprefix(" + ") if joined.startswith(" + ") else "-" + joined[3:]


def _term_text(pairs, coefficient: Number, names: _Names) -> str:
    above = [_power_text(a, e, names) for a, e in _in_order(pairs) if e > 0 or a.head == "exp"]
    below = [_power_text(a, -e, names) for a, e in _in_order(pairs) if e < 0 and a.head != "exp"]
    c = Fraction(coefficient)
    top, bottom = abs(c.numerator), c.denominator
    if max(top, bottom) >= LONG:  # as a decimal, which is shorter
        top, bottom = mpmath.nstr(mpmath.mpf(top) / bottom, 8), 1
    if top != 1 or not above:
        above.insert(0, str(top))
    if bottom != 1:
        below.insert(0, str(bottom))
    sign = "-" if c < 0 else ""
    if not below:
        return sign + "·".join(above)
    under = "·".join(below)
    return f"{sign}{'·'.join(above)} / {under if len(below) == 1 else f'({under})'}"


def _in_order(pairs) -> list:
    rank = {"size": 0, "const": 0, "prime": 0, "entry": 1, "delta": 2, "positive": 2, "sum": 4}
    return sorted(pairs, key=lambda pair: (rank.get(pair[0].head, 3), pair[0].key))


def _power_text(atom: Atom, e: Number, names: _Names) -> str:
    if atom.head == "exp":
        inside = scale(atom.args[0], e)
        return f"exp({_sum_text(inside, names)})"
    base = _atom_text(atom, names)
    if e == 1:
        return base if atom.head != "base" else f"({base})"
    if e == Fraction(1, 2):
        return f"√({base})"
    base = f"({base})" if atom.head in ("base", "sum") else base
    return base + (str(e).translate(DIGITS) if isinstance(e, int) else f"^({e})")


def _atom_text(atom: Atom, names: _Names) -> str:  # noqa: PLR0911 (a table of heads)
    match atom.head, atom.args:
        case "var", _:
            return names[atom]
        case ("size", (name, *_)) | ("prime", (name,)):
            return str(name)
        case "const", (name,):
            return {"pi": "π", "inf": "∞"}.get(str(name), str(name))
        case "entry", (name, _, _, *at):
            return f"{name}[{_list(at, names)}]" if at else name
        case ("base", (p,)):
            return _sum_text(p, names)
        case "log", (p,):
            return f"log({_sum_text(p, names)})"
        case "fn", (name, *args):
            return f"{name}({_list(args, names)})"
        case ("positive" | "zero" | "delta" | "atleast") as head, (p,):
            return _bracket_text(head, p, names)
    return _bound_text(atom, names)


def _bracket_text(head: str, p: Poly, names: _Names) -> str:
    sides = {1: {}, -1: {}}
    for pairs, c in p.terms.items():
        sides[1 if c > 0 else -1][pairs] = abs(c)
    relation = {"positive": ">", "zero": "=", "delta": "=", "atleast": "≥"}[head]
    left, right = (_sum_text(of_terms(sides[s]), names) for s in (1, -1))
    return f"[{left} {relation} {right}]"


def _bound_text(atom: Atom, names: _Names) -> str:
    own = _Names(names)
    letters = [own[i] for i in atom.args[0]]
    inside = _sum_text(atom.args[1], own)
    if atom.head in PERMUTATIONS:
        return f"{atom.head}_{letters[0]} {inside} at {_sum_text(atom.args[2], names)}"
    symbol = {"sum": "Σ", "prod": "Π", "argmax": "argmax"}[atom.head]
    inside = f"({inside})" if len(atom.args[1].terms) > 1 else inside
    place = f".{atom.args[2]}" if atom.head == "argmax" and len(letters) > 1 else ""
    return f"{symbol}{place}_{','.join(letters)} {inside}"


def _list(args: Iterable[Poly], names: _Names) -> str:
    return ", ".join(_sum_text(p, names) for p in args)


def terms_of_difference(hand: Poly, true: Poly, names: dict[Atom, str]) -> str:
    """What is missing in the first and what is too much, term by term.

    Or the factor between the two.
    """
    ratio = _ratio(hand, true)
    if ratio is not None:
        return _of_factor(ratio, names)
    missing = part(true, lambda m, c: hand.terms.get(m) != c)
    extra = part(hand, lambda m, c: true.terms.get(m) != c)
    parts = [f"missing: {text(missing, names)}"] if missing else []
    return "; ".join([*parts, *([f"too much: {text(extra, names)}"] if extra else [])])


def _of_factor(ratio: Poly, names: dict[Atom, str]) -> str:
    """A factor in words: a sign, one size where another belongs, or just the factor."""
    if ratio == number(-1):
        return "the sign is wrong"
    said = f"factor {text(ratio, names)} too much"
    ((pairs, c),) = ratio.terms.items()
    if c == 1 and len(pairs) == 2 and pairs[0][1] == -pairs[1][1]:
        (a, e), (b, _) = pairs
        above, below = (a, b) if e > 0 else (b, a)
        here, there = (_atom_text(x, _Names(names)) for x in (below, above))
        return f"{said}: a division by {here} where one by {there} belongs"
    return said


def _ratio(hand: Poly, true: Poly) -> Poly | None:
    """A monomial r of sizes, numbers and scalars with hand = r · true."""
    if not hand.terms or len(hand.terms) != len(true.terms):
        return None
    (first, c), *_ = hand.terms.items()
    for candidate, d in true.terms.items():
        exponents = dict(first)
        for atom, e in candidate:
            exponents[atom] = exponents.get(atom, 0) - e
        left = [(a, e) for a, e in exponents.items() if e]
        if all(_is_scalar(a) for a, _ in left):
            ratio = monomial(left, Fraction(c) / d)
            if len(ratio.terms) == 1 and (true * ratio).terms == hand.terms:
                return ratio
    return None


def _is_scalar(atom: Atom) -> bool:
    if atom.head == "base":
        return all(_is_scalar(a) for a in everywhere(atom.args[0]))
    is_number = atom.head in ("size", "const", "prime")
    return is_number or (atom.head == "entry" and len(atom.args) == 3)


__all__ = ["terms_of_difference", "text"]
