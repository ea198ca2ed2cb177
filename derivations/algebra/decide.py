"""Is an index expression zero? Yes is a proof; no means only that no proof was found.

1. Normal form. 2. Multiply by the least powers of composite denominators, which are not zero on the
domain. 3. Gather
sums that share their denominators into one sum, and ask the same of its summand: Σ 0 = 0.
"""

import itertools

from derivations.algebra.brackets import off_boundaries, settled
from derivations.algebra.functions import is_undefined, power
from derivations.algebra.session import tick
from derivations.algebra.sums import instantiate, total
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Atom,
    Number,
    Poly,
    Undecided,
    add,
    constant,
    expanded,
    fresh,
    merge,
    number,
    poly,
    scale,
    substitute,
)
from derivations.limits import DEEPEST, MOST_MATCHES, MOST_UNROLLED


def is_zero(p: Poly, depth: int = 0) -> bool:
    """Whether p = 0 was proved.

    Off the boundaries of its brackets and where its denominators are not zero.
    """
    tick()
    p = settled(off_boundaries(p))
    if not p:
        return True
    if is_undefined(p):
        raise Undecided("a nan or an infinity is left in the difference")
    cleared = without_denominators(p)
    if not cleared:
        return True
    if depth >= DEEPEST:
        return False
    return not _after_gathering(cleared, depth) or _is_zero_everywhere(cleared, depth)


def _is_zero_everywhere(p: Poly, depth: int) -> bool:
    """Whether p = 0 at every value of a free index that has few: it takes no others."""
    for index in sorted(p.free, key=lambda i: i.key):
        count = constant(index.args[1])
        if count is not None and count <= MOST_UNROLLED:
            values = (number(k) for k in range(int(count)))
            return all(is_zero(substitute(p, {index: k}), depth + 1) for k in values)
    return False


def without_denominators(p: Poly) -> Poly:
    """P times the least powers that clear the composite denominators, until none is left."""
    for _ in range(DEEPEST):
        lowest = _lowest_powers(p)
        if not lowest or any(_loses_a_case(p, atom) for atom in lowest):
            return p
        for atom, e in lowest.items():
            p = settled(
                add(scale(expanded(merge(m, ((atom, -e),))[0]), c) for m, c in p.terms.items())
            )
    return p


def _loses_a_case(p: Poly, base: Atom) -> bool:
    """Whether a term with [i = j] would vanish by the multiplication alone.

    As [i = j] c does when multiplied by x_i - x_j: a denominator that a case distinction guards.
    """
    for monomial in p.terms:
        meeting = tuple(pair for pair in monomial if pair[0].head == "delta")
        if meeting and not settled(Poly({meeting: 1}) * base.args[0]):
            return True
    return False


def _lowest_powers(p: Poly) -> dict[Atom, Number]:
    lowest: dict[Atom, Number] = {}
    for monomial in p.terms:
        for atom, e in monomial:
            if atom.head == "base" and e < 0:
                lowest[atom] = min(e, lowest.get(atom, 0))
    return lowest


def _after_gathering(p: Poly, depth: int) -> Poly:
    """What is left of p when every group of sums that is zero is taken away."""
    for summand, members in _gatherings(p):
        if is_zero(summand, depth + 1):
            rest = Poly({m: c for m, c in p.terms.items() if m not in members})
            if not rest or rest.terms == p.terms:
                return rest
            return _after_gathering(rest, depth) if not is_zero(rest, depth + 1) else ZERO
    return p


GOES_INSIDE = frozenset({"exp", "size", "prime", "const", "base", "log", "fn"})


def _gatherings(p: Poly):
    """Groups of terms rest·factor·Σ(…) as rest·Σ_anchor of a summand: (summand, members).

    What may differ from term to term, such as the exponential of a bias, goes into the sum.
    """
    groups: dict = {}
    plain: dict = {}  # terms without a sum, c = Σ_i c / n
    for monomial, coefficient in p.terms.items():
        sums = [atom for atom, e in monomial if atom.head == "sum" and e == 1]
        for atom in sums or (None,):
            others = [pair for pair in monomial if pair[0] != atom]
            rest = tuple(pair for pair in others if pair[0].head not in GOES_INSIDE)
            factor = tuple(pair for pair in others if pair[0].head in GOES_INSIDE)
            found = (atom, Poly({factor: coefficient}), monomial)
            (groups if atom else plain).setdefault(rest, []).append(found)
    for rest, members in sorted(groups.items(), key=lambda group: str(group[0])):
        yield from _anchored(members, plain.get(rest, []))


def _anchored(members: list, plain):
    """Try to read the members as sums over a common anchor.

    The indices of one denominator or bracket inside.
    """
    seen = set()
    for atom, _, _ in members:
        for inner in _pivots(atom):
            sizes = tuple(sorted(v.args[1].key for v in inner))
            if sizes in seen:
                continue
            seen.add(sizes)
            yield from _with_sizes(members, atom, inner, plain)


def _pivots(atom: Atom):
    """Sets of bound indices that a denominator.

    A bracket or a function inside the sum depends on.
    """
    own = set(atom.args[0])
    found = []
    for monomial in atom.args[1].terms:
        for inner, e in monomial:
            used = inner.free & own
            if used and (inner.head in ("base", "sum", "positive", "zero", "exp", "log") or e < 0):
                found.append(tuple(sorted(used, key=lambda v: v.key)))
    return dict.fromkeys([*found, tuple(atom.args[0])])


def _with_sizes(members: list, atom: Atom, pivot: tuple[Atom, ...], plain):
    anchor = tuple(fresh(v.args[1]) for v in pivot)
    options = []
    for member, factor, monomial in members:
        views = _views(member, anchor)
        if member == atom:
            views = [_inside(member, dict(zip(pivot, anchor, strict=True)))]
        options.append([(view * factor, monomial) for view in views])
    options = [choice for choice in options if choice]
    if _count(options) > MOST_MATCHES:
        options = [choice[:2] for choice in options]
    for chosen in itertools.islice(itertools.product(*options), MOST_MATCHES):
        summand = add(view for view, _ in chosen)
        yield summand, {monomial for _, monomial in chosen}
        if plain:
            count = ONE
            for index in anchor:
                count = count * index.args[1]
            spread = power(count, -1) * add(factor for _, factor, _ in plain)
            alone = {monomial for _, _, monomial in plain}
            yield summand + spread, alone | {monomial for _, monomial in chosen}


def _count(options: list) -> int:
    result = 1
    for choice in options:
        result *= len(choice)
    return result


def _views(atom: Atom, anchor: tuple[Atom, ...]) -> list[Poly]:
    """The sum with some of its indices named by the anchor and the others summed.

    In every way that fits the sizes.
    """
    fitting = [
        order
        for order in itertools.permutations(atom.args[0], len(anchor))
        if all(v.args[1] == a.args[1] for v, a in zip(order, anchor, strict=True))
    ]
    views = [_inside(atom, dict(zip(order, anchor, strict=True))) for order in fitting]
    return list(dict.fromkeys(views))


def _inside(atom: Atom, named: dict[Atom, Atom]) -> Poly:
    names, summand = instantiate(atom)
    renamed = dict(zip(atom.args[0], names, strict=True))
    values = {renamed[old]: poly(new) for old, new in named.items()}
    rest = tuple(renamed[old] for old in atom.args[0] if old not in named)
    return total(rest, substitute(summand, values))


def equal(a: Poly, b: Poly) -> bool:
    """Whether a = b was proved."""
    return is_zero(a - b)


__all__ = ["equal", "is_zero", "without_denominators"]
