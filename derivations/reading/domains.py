"""What follows from what: a condition from its guards, from its sign, and from other conditions."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from derivations.algebra.brackets import positive, settled, zero
from derivations.algebra.factors import simplest
from derivations.algebra.ranges import POSITIVE, at_least_zero, sign
from derivations.algebra.terms import (
    ONE,
    Atom,
    Poly,
    Undecided,
    everywhere,
    is_integer,
    poly,
    product,
    signed,
    single,
    substitute,
)
from derivations.reading.notes import Condition, Guard

STRONGER = {  # each is implied by those that stand behind it
    "nonneg": ("nonneg", "positive"),
    "nonzero": ("nonzero", "positive"),
    "positive": ("positive",),
}
MOST_MATCHES = 200
ON_BOUNDARY = frozenset({"boundary", "crossing", "meeting", "edge", "nonzero"})


def factors(p: Poly) -> Sequence[Poly]:
    """What must not be zero for p not to be."""
    if len(p.terms) != 1:
        return (p,)
    return [atom.args[0] if atom.head == "base" else poly(atom) for m in p.terms for atom, _ in m]


def case(guards: Iterable[Guard]) -> Poly:
    """1 where all the guards hold, as far as they are brackets."""
    return product(g.expression for g in guards if g.kind == "holds")


def bracket_of(c: Condition) -> Poly:
    """1 where the condition holds, up to boundaries, wherever it is needed."""
    if c.kind == "positive":
        inside = positive(c.expression)
    elif c.kind == "nonneg":
        inside = ONE - positive(-c.expression)
    elif c.kind == "nonzero":
        inside = ONE - zero(c.expression)
    elif c.kind == "holds":
        inside = c.expression
    else:
        raise Undecided("a comparison with a number that may be undefined")
    return ONE - case(c.guards) * (ONE - inside)


def is_certain(c: Condition) -> bool:  # noqa: PLR0911 (one way to be certain a line)
    """Whether a condition holds by signs alone, or follows from its own guards."""
    if _has_sign(c.kind, c.expression):
        return True
    if not c.guards or isinstance(c.expression, str):
        return False
    if c.kind in ON_BOUNDARY and any(_is_off(c.expression, g) for g in c.guards):
        return True
    try:
        here = settled(case(c.guards))
        if not here:
            return True  # a case that never occurs
        if any(g.kind == "nonzero" and _same(c.expression, g.expression) for g in c.guards):
            return c.kind == "nonzero"
        return any(not settled(here * bracket) for bracket in _denied(c))
    except Undecided:
        return False


def _is_off(p: Poly, guard: Guard) -> bool:
    """Whether a guard is a threshold on p, at which p ≠ 0; where it begins is noted with it."""
    return bool(guard.expression.terms) and all(
        any(a.head == "positive" and _same(p, a.args[0]) for a, _ in pairs)
        for pairs in guard.expression.terms
    )


def _denied(c: Condition) -> list[Poly]:
    """Brackets of which one that is never 1 in the case shows the condition."""
    p = c.expression
    if c.kind == "nonneg":
        return [positive(-p)]
    if c.kind == "positive":
        return [ONE - positive(p)]
    if c.kind in ON_BOUNDARY:
        return [ONE - positive(p), ONE - positive(-p)]
    return [ONE - p] if c.kind == "holds" else []


def _has_sign(kind: str, p: Poly | str) -> bool:
    if isinstance(p, str):
        return False
    if kind == "nonneg":
        return at_least_zero(p)
    if kind == "nonzero":
        return POSITIVE in (sign(p), sign(-p))
    if kind == "holds":
        return p == ONE
    return kind == "positive" and sign(p) == POSITIVE


def _simplest(p: Poly) -> Poly:
    return simplest(p) if p else p


def _same(p: Poly, q: Poly) -> bool:
    """Equal up to a factor."""
    return _simplest(p) in (_simplest(q), _simplest(-q))


def follows(c: Condition, known: Sequence[Condition]) -> bool:
    """Whether a condition follows from others, which hold at all their indices."""
    if is_certain(c) or any(_is_case_of(c, k) for k in known):
        return True
    if isinstance(c.expression, str):
        return False
    if c.kind == "holds":
        return _never_denied(c, known)
    return _is_outside(c.guards, known) or (c.kind in STRONGER and _is_by_signs(c, known))


def _is_by_signs(c: Condition, known: Sequence[Condition]) -> bool:
    told = signed(c.expression, _signs(known))
    if told != c.expression and _has_sign(c.kind, told):
        return True
    return _is_product(c, known) or _is_shifted(c, known)


def excluded(known: Iterable[Condition], free: frozenset[Atom]) -> Poly:
    """0 where a condition fails that is a product of brackets, at these indices; else 1."""
    found = ONE
    for k in known:
        if k.kind == "holds" and isinstance(k.expression, Poly):
            fails = case(k.guards) * (ONE - k.expression)
            own = sorted(fails.free, key=lambda a: a.key)
            options = [[i for i in free if i.args[1] == mine.args[1]] for mine in own]
            for at in itertools.islice(itertools.product(*options), 4):
                there = substitute(fails, dict(zip(own, map(poly, at), strict=True)))
                found = settled(found * (ONE - there))
    return found


def _is_outside(guards: Sequence[Guard], known: Sequence[Condition]) -> bool:
    """Whether a case lies where the others fail."""
    if not guards:
        return False
    try:
        here = case(guards)
        return not settled(here * excluded(known, here.free))
    except Undecided:
        return False


def _never_denied(c: Condition, known: Sequence[Condition]) -> bool:
    """Whether a product of brackets is 1 wherever the others hold."""
    try:
        denied = case(c.guards) * (ONE - c.expression)
        return not settled(denied * excluded(known, denied.free))
    except Undecided:
        return False


def _signs(known: Iterable[Condition]) -> dict[str, str]:
    """Arrays all of whose entries are known to be positive, or not negative."""
    found: dict[str, str] = {}
    for c in known:
        atom = None if isinstance(c.expression, str) else single(c.expression)
        if atom is None or c.guards or atom.head != "entry" or is_integer(atom):
            continue
        indices = [single(i) for i in atom.args[3:]]
        if all(i is not None and i.head == "var" for i in indices) and len(set(indices)) == len(
            indices
        ):
            if c.kind == "positive":
                found[atom.args[0]] = "+"
            elif c.kind == "nonneg":
                found.setdefault(atom.args[0], "0+")
    return found


def is_same(c: Condition, k: Condition) -> bool:
    """Whether two conditions fail, or begin to, on the same set: their expressions agree."""
    if isinstance(c.expression, str) or isinstance(k.expression, str):
        return c.expression == k.expression
    return any(_same(substitute(k.expression, at), c.expression) for at in _placements(k, c))


def _is_case_of(c: Condition, k: Condition) -> bool:
    """Whether c is k at some indices."""
    if isinstance(c.expression, str) or isinstance(k.expression, str):
        return c == k
    if k.kind not in STRONGER.get(c.kind, (c.kind,)):
        return False
    return any(
        _implies(substitute(k.expression, at), c)
        and _covers(c.guards, [Guard(g.kind, substitute(g.expression, at)) for g in k.guards])
        for at in _placements(k, c)
    )


def _implies(known: Poly, c: Condition) -> bool:
    if c.kind == "nonzero":
        return _same(known, c.expression) or any(_same(f, c.expression) for f in factors(known))
    return _simplest(known) == _simplest(c.expression)


def _covers(guards: Sequence[Guard], needed: Sequence[Guard]) -> bool:
    """Whether the case of the guards lies inside the case of the others."""
    return all(g in guards for g in needed) or (
        all(g.kind == "holds" for g in needed) and not settled(case(guards) * (ONE - case(needed)))
    )


def _placements(k: Condition, c: Condition) -> Iterator[dict[Atom, Poly]]:
    """The ways to name the free indices of k by those of c."""
    own, wanted = _free(k), sorted(_free(c), key=lambda a: a.key)
    places = {i for a in _atoms(c) if a.head == "entry" for i in a.args[3:]}
    others = sorted((p for p in places if not p.free - set(wanted)), key=lambda p: p.key)
    for start in _met(k, c, own):
        left = sorted(own - set(start), key=lambda a: a.key)
        options = [
            dict.fromkeys([poly(i) for i in wanted if i.args[1] == mine.args[1]] + others)
            for mine in left
        ]
        for values in itertools.islice(itertools.product(*options), MOST_MATCHES):
            yield start | dict(zip(left, values, strict=True))


def _met(k: Condition, c: Condition, own: frozenset[Atom]) -> Iterator[dict[Atom, Poly]]:
    """The indices of one entry in k named as in an entry of the same array in c."""
    entries = [a for a in _atoms(c) if a.head == "entry"]
    names = {a.args[0] for a in entries}
    mine = [a for a in _atoms(k) if a.head == "entry" and a.args[0] in names and a.free & own]
    if not mine:
        yield {}
        return
    first = max(mine, key=lambda a: (len(a.free & own), a.key))
    for other in sorted(entries, key=lambda a: a.key):
        at = _named(first.args[3:], other.args[3:], own) if other.args[0] == first.args[0] else None
        if at is not None:
            yield at


def _named(
    mine: Sequence[Poly], theirs: Sequence[Poly], own: frozenset[Atom]
) -> dict[Atom, Poly] | None:
    at: dict[Atom, Poly] = {}
    for p, q in zip(mine, theirs, strict=True):
        index = single(p)
        if index is not None and index in own and at.setdefault(index, q) != q:
            return None
        if not p.free & own and p != q:
            return None
    return at


def _free(c: Condition) -> frozenset[Atom]:
    return c.expression.free.union(*(g.expression.free for g in c.guards))


def _atoms(c: Condition) -> set[Atom]:
    return everywhere(c.expression).union(*(everywhere(g.expression) for g in c.guards))


def _is_product(c: Condition, known: Sequence[Condition]) -> bool:
    """Whether it is a product of two of them, as 1 - x² is of 1 - x and 1 + x."""
    strong = STRONGER[c.kind]
    parts = [
        substitute(k.expression, at)
        for k in known
        if k.kind in strong and not k.guards and not isinstance(k.expression, str)
        for at in _placements(k, c)
    ][:8]
    pairs = itertools.combinations_with_replacement(parts, 2)
    return any(
        _same(a * b, c.expression)
        if c.kind == "nonzero"
        else _simplest(a * b) == _simplest(c.expression)
        for a, b in pairs
    )


def _is_shifted(c: Condition, known: Sequence[Condition]) -> bool:
    """Whether it is a known one plus something that is not negative."""
    return any(
        _has_sign("nonneg", c.expression - substitute(k.expression, at))
        for k in known
        if k.kind in ("positive", "nonneg" if c.kind == "nonneg" else "positive")
        and not k.guards
        and not isinstance(k.expression, str)
        for at in _placements(k, c)
    )
