"""Whether an expression may be 0 on a whole region, or only on a boundary without volume.

An analytic function that is not 0 everywhere is 0 on a set without volume. A rule that is wrong
there alone is right almost everywhere; a rule that is wrong where a step function is 0, or for the
sizes for which the expression vanishes, is wrong. So a boundary may be left out of a proof only
where `may_vanish` says no.
"""

from fractions import Fraction

from derivations.algebra.atoms import (
    arguments,
    bound_indices,
    inside,
    name_of,
    noted_sign,
    size_of,
    summand,
    upper,
)
from derivations.algebra.identities import identity
from derivations.algebra.ranges import POSITIVE, sign
from derivations.algebra.session import cached
from derivations.algebra.terms import (
    BRACKETS,
    PERMUTATIONS,
    Atom,
    Monomial,
    Number,
    Poly,
    add,
    atoms,
    everywhere,
    is_integer,
    monomial,
    poly,
    product,
    rebuilt,
    scale,
    with_atoms,
)

STEPS = frozenset({"floor", "round"})
# constant on regions, or a number that an index makes 0
LEVEL = BRACKETS | PERMUTATIONS | {"argmax", "var"}


@identity(
    "K18",
    "P = 0 has no volume if P has no steps and is not 0 where the entries of each array are equal "
    "and positive",
    why="an analytic function that is not 0 everywhere is 0 on a null set, and the equal entries "
    "are a witness, at all indices and for all sizes",
    needs="that the monomials which are left are independent functions: `_is_never_zero`",
)
@cached
def may_vanish(p: Poly) -> bool:
    """Whether p may be 0 on a region of the inputs, at some indices and for some sizes.

    No, when p has no steps inside and is not 0 where all the entries of each array are equal and
    positive, for every size, as far as that can be told. Anything else counts as yes.
    """
    return has_steps(p) or not _is_never_zero(with_atoms(p, _blurred))


def has_steps(p: Poly) -> bool:
    """Whether something in p is constant on regions, outside the places of entries."""
    return any(_is_step(atom) for m in p.terms for atom, _ in m)


def _is_step(atom: Atom) -> bool:
    if atom.head == "entry":
        return is_integer(atom)
    if atom.head in ("size", "const", "prime"):
        return False
    if atom.head in LEVEL or (atom.head == "fn" and name_of(atom) in STEPS):
        return True
    return any(has_steps(arg) for arg in atom.args if isinstance(arg, Poly))


def _blurred(atom: Atom) -> Poly:
    """The atom with positive entries that have lost their places; a sum of them is a multiple."""
    if atom.head == "entry":
        return poly(Atom("entry", name_of(atom), noted_sign(atom) or "+", upper(atom)))
    if atom.head in ("exp", "log", "base", "fn"):
        return rebuilt(atom, lambda arg: with_atoms(arg, _blurred))
    if atom.head == "sum":
        count = product(size_of(index) for index in bound_indices(atom))
        return count * with_atoms(summand(atom), _blurred)
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
    return any(POSITIVE in (sign(q), sign(-q)) for q in _coefficients(p).values())


def _coefficients(p: Poly) -> dict[Monomial, Poly]:
    """The coefficients of the monomials in what depends on arrays of reals."""
    found: dict[Monomial, list[Poly]] = {}
    for pairs, c in p.terms.items():
        real = {a for a, _ in pairs if _is_real(a)}
        depends = tuple(pair for pair in pairs if pair[0] in real)
        known = monomial((pair for pair in pairs if pair[0] not in real), c)
        found.setdefault(depends, []).append(known)
    return {pairs: add(parts) for pairs, parts in found.items()}


def _is_understood(atom: Atom) -> bool:
    """Not a function of a function, which may undo it, as in arccos(cos x)."""
    if atom.head == "base":
        return not may_vanish(inside(atom))
    if atom.head == "log":
        return _varies(inside(atom))
    if atom.head == "fn":
        return len(arguments(atom)) == 1 and _varies(arguments(atom)[0])
    return atom.head in ("entry", "exp")


def _varies(p: Poly) -> bool:
    """Whether a polynomial in entries is constant for no size, as (n - 1) x is for n = 1."""
    if any(a.head != "entry" and _is_real(a) for a in atoms(p)):
        return False
    varying = (q for pairs, q in _coefficients(p).items() if pairs)
    return any(POSITIVE in (sign(q), sign(-q)) for q in varying)


def _is_plain_exponential(atom: Atom) -> bool:
    """An exponential of a monomial in entries of reals."""
    if atom.head != "exp":
        return False
    (pairs,) = inside(atom).terms
    return all(a.head == "entry" and not is_integer(a) for a, _ in pairs)


def _is_never_zero_without_root(p: Poly, root: Atom) -> bool:
    """For p = A √R + B: A² R - B², which is 0 wherever p is."""
    half = (root, Fraction(1, 2))
    outside, rest = [], []
    for pairs, c in p.terms.items():
        if dict(pairs).get(root) not in (None, half[1]):
            return False
        left = monomial((pair for pair in pairs if pair != half), c)
        (outside if half in pairs else rest).append(left)
    a, b = add(outside), add(rest)
    conjugate = a * a * inside(root) - b * b
    if any(x.head == "base" and _is_real(x) for x in atoms(conjugate)):
        return False
    return bool(conjugate) and _is_never_zero(conjugate)


def _is_real(atom: Atom) -> bool:
    """Whether it depends on an array of reals."""
    return any(a.head == "entry" and not is_integer(a) for a in everywhere(poly(atom)))


def _has_size(atom: Atom) -> bool:
    """Whether a size occurs, other than as the range of an index."""
    if atom.head in ("entry", "var"):
        return False
    parts = (arg for arg in atom.args if isinstance(arg, Poly))
    return atom.head == "size" or any(_has_size(a) for p in parts for a in atoms(p))


def lowest_powers(p: Poly) -> dict[Atom, Number]:
    """The composite denominators of p, each with its most negative exponent."""
    lowest: dict[Atom, Number] = {}
    for pairs in p.terms:
        for atom, e in pairs:
            if atom.head == "base" and e < 0:
                lowest[atom] = min(e, lowest.get(atom, 0))
    return lowest


def times_power(p: Poly, atom: Atom, e: Number) -> Poly:
    """`p` · atom^e, with exponents added up before anything is expanded."""
    return add(scale(monomial((*pairs, (atom, e))), c) for pairs, c in p.terms.items())


def _cleared(p: Poly) -> Poly:
    for atom, e in lowest_powers(p).items():
        p = times_power(p, atom, -e)
    return p
