"""Whether an expression may be 0 on a whole region, or only on a boundary without volume.

An analytic function that is not 0 everywhere is 0 on a set without volume. A rule that is wrong
there alone is right almost everywhere; a rule that is wrong where a step function is 0, or for the
sizes for which the expression vanishes, is wrong. So a boundary may be left out of a proof only
where `may_vanish` says no.
"""

from fractions import Fraction

from derivations.algebra.ranges import POSITIVE, sign
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    BRACKETS,
    PERMUTATIONS,
    REBUILD,
    Atom,
    Number,
    Poly,
    add,
    atoms,
    everywhere,
    expanded,
    is_integer,
    merge,
    poly,
    product,
    scale,
)

STEPS = frozenset({"floor", "round"})
# constant on regions, or a number that an index makes 0
LEVEL = BRACKETS | PERMUTATIONS | {"argmax", "var"}


@cached
def may_vanish(p: Poly) -> bool:
    """Whether p may be 0 on a region of the inputs, at some indices and for some sizes.

    No, when p has no steps inside and is not 0 where all the entries of each array are equal and
    positive, for every size, as far as that can be told. Anything else counts as yes.
    """
    return has_steps(p) or not _is_never_zero(_with_equal_entries(p))


def has_steps(p: Poly) -> bool:
    """Whether something in p is constant on regions, outside the places of entries."""
    return any(_is_step(atom) for m in p.terms for atom, _ in m)


def _is_step(atom: Atom) -> bool:
    if atom.head == "entry":
        return is_integer(atom)
    if atom.head in ("size", "const", "prime"):
        return False
    if atom.head in LEVEL or (atom.head == "fn" and atom.args[0] in STEPS):
        return True
    return any(has_steps(arg) for arg in atom.args if isinstance(arg, Poly))


def _with_equal_entries(p: Poly) -> Poly:
    return add(
        product([Poly({(): c}), *(REBUILD["power"](_blurred(a), e) for a, e in m)])
        for m, c in p.terms.items()
    )


def _blurred(atom: Atom) -> Poly:
    """The atom with positive entries that have lost their places; a sum of them is a multiple."""
    if atom.head == "entry":
        name, sign_, upper = atom.args[:3]
        return poly(Atom("entry", name, sign_ or "+", upper))
    if atom.head in ("exp", "log", "base"):
        inside = _with_equal_entries(atom.args[0])
        return REBUILD[atom.head](inside)
    if atom.head == "fn":
        name, *args = atom.args
        return REBUILD["fn"](name, *map(_with_equal_entries, args))
    if atom.head == "sum":
        count = product(index.args[1] for index in atom.args[0])
        return count * _with_equal_entries(atom.args[1])
    return poly(atom)


def _is_never_zero(p: Poly) -> bool:
    """Whether some monomial in the entries has a coefficient of one sign for all sizes.

    That is evidence only if the monomials are independent functions, for every size. Powers of
    entries and exponentials of monomials in entries are; so they are beside one logarithm or one
    function of the table; a square root is taken away by multiplying with the conjugate. Two
    functions may be one another in disguise, as cos 2x and 1 - 2 sin²x are.
    """
    p = _cleared(p)
    real = {a for a in atoms(p) if _is_real(a)}
    if not all(map(_is_understood, real)):
        return False
    if len(p.terms) > 1:
        others = [a for a in real if a.head != "entry" and not _is_plain_exponential(a)]
        if any(map(_has_size, real)) or len(others) > 1:
            return False
        if others and others[0].head == "base":
            return _is_never_zero_without_root(p, others[0])
        if others and (others[0].head not in ("log", "fn") or len(real - set(others)) > 1):
            return False
    coefficients: dict = {}
    for monomial, c in p.terms.items():
        depends = tuple(pair for pair in monomial if pair[0] in real)
        known = Poly({tuple(pair for pair in monomial if pair[0] not in real): c})
        coefficients.setdefault(depends, []).append(known)
    found = (add(parts) for parts in coefficients.values())
    return any(POSITIVE in (sign(q), sign(-q)) for q in found)


def _is_understood(atom: Atom) -> bool:
    """Not a function of a function, which may undo it, as in arccos(cos x)."""
    if atom.head == "base":
        return not may_vanish(atom.args[0])
    if atom.head == "log" or (atom.head == "fn" and len(atom.args) == 2):  # one argument
        inside = atom.args[-1]
        return bool(inside) and all(a.head == "entry" or not _is_real(a) for a in atoms(inside))
    return atom.head in ("entry", "exp")


def _is_plain_exponential(atom: Atom) -> bool:
    """An exponential of a monomial in entries of reals."""
    if atom.head != "exp":
        return False
    (monomial,) = atom.args[0].terms
    return all(a.head == "entry" and not is_integer(a) for a, _ in monomial)


def _is_never_zero_without_root(p: Poly, root: Atom) -> bool:
    """For P = A √R + B: A² R - B², which is 0 wherever P is."""
    half = ((root, Fraction(1, 2)),)
    outside, rest = [], []
    for monomial, c in p.terms.items():
        found = dict(monomial).get(root)
        if found not in (None, Fraction(1, 2)):
            return False
        left = tuple(pair for pair in monomial if pair != half[0])
        (rest if found is None else outside).append(Poly({left: c}))
    a, b = add(outside), add(rest)
    product_ = a * a * root.args[0] - b * b
    if any(x.head == "base" and _is_real(x) for x in atoms(product_)):
        return False
    return bool(product_) and _is_never_zero(product_)


def _is_real(atom: Atom) -> bool:
    """Whether it depends on an array of reals."""
    return any(a.head == "entry" and not is_integer(a) for a in everywhere(poly(atom)))


def _has_size(atom: Atom) -> bool:
    """Whether a size occurs, other than as the range of an index."""
    if atom.head in ("entry", "var"):
        return False
    parts = (arg for arg in atom.args if isinstance(arg, Poly))
    return atom.head == "size" or any(_has_size(a) for p in parts for a in atoms(p))


def _cleared(p: Poly) -> Poly:
    lowest: dict[Atom, Number] = {}
    for monomial in p.terms:
        for atom, e in monomial:
            if atom.head == "base" and e < 0:
                lowest[atom] = min(e, lowest.get(atom, 0))
    for atom, e in lowest.items():
        p = add(scale(expanded(merge(m, ((atom, -e),))[0]), c) for m, c in p.terms.items())
    return p
