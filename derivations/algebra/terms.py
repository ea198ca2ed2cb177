"""Laurent polynomials over atoms with rational coefficients, their sums and products.

A polynomial maps monomials to coefficients; a monomial is a sorted tuple of (atom, exponent). An
atom is a head and
arguments; what each head means, and which rewriting rules hold for it, stands in its module:

    var, size, entry, const, prime      here
    positive, zero, delta, atleast      brackets.py: 1 where a condition holds, else 0
    exp, log, base, fn                  functions.py: exponentials, logarithms, powers of
    composites, special functions
    sum, argmax, prod                   sums.py: what binds an index
    order, rank                         orders.py: what sorting does to an index

Two atoms are equal exactly when their keys are, and the key is an injective text of head and
arguments.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from derivations.algebra.session import Undecided, tick
from derivations.limits import MOST_POWER, MOST_TERMS

Number = int | Fraction
BRACKETS = frozenset({"positive", "zero", "delta", "atleast"})  # values 0 and 1 alone: b² = b


class Atom:
    """One indivisible factor. Immutable; compared and hashed by its key."""

    __slots__ = ("_hash", "args", "free", "head", "key", "level")

    def __init__(self, head: str, *args):
        self.head, self.args = head, args
        self.key = f"{head}({','.join(map(_key, args))})"
        self._hash = hash(self.key)
        self.free = _free(head, args, self)
        self.level = _level_of(head, args)

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        return self is other or (isinstance(other, Atom) and self.key == other.key)

    def __repr__(self):
        return self.key


Monomial = tuple[tuple[Atom, Number], ...]


@dataclass(frozen=True, eq=False)
class Poly:
    """Σ coefficient · Π atom^exponent. Never changed after it is made."""

    terms: Mapping[Monomial, Number]

    @functools.cached_property
    def key(self) -> str:
        """An injective text; the same for equal polynomials."""
        return "+".join(sorted(f"{c}*{monomial_key(m)}" for m, c in self.terms.items()))

    @functools.cached_property
    def free(self) -> frozenset[Atom]:
        """The indices that occur and are not bound."""
        return frozenset().union(*(a.free for m in self.terms for a, _ in m))

    @functools.cached_property
    def level(self) -> int:
        """How deeply indices are bound inside."""
        return max((a.level for m in self.terms for a, _ in m), default=0)

    @functools.cached_property
    def _hashed(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __hash__(self):
        return self._hashed

    def __eq__(self, other):
        return self is other or (isinstance(other, Poly) and self.terms == other.terms)

    def __bool__(self):
        return bool(self.terms)

    def __add__(self, other):
        return add((self, poly(other)))

    def __sub__(self, other):
        return add((self, scale(poly(other), -1)))

    def __neg__(self):
        return scale(self, -1)

    def __mul__(self, other):
        return times(self, poly(other))

    def __repr__(self):
        return self.key or "0"

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return add((poly(other), scale(self, -1)))


def _key(arg) -> str:
    if isinstance(arg, (Atom, Poly)):
        return arg.key
    return f"<{';'.join(map(_key, arg))}>" if isinstance(arg, tuple) else repr(arg)


def _free(head: str, args: tuple, atom: Atom) -> frozenset[Atom]:
    if head == "var":
        return frozenset({atom})
    inside = frozenset().union(*map(_free_of, args))
    return inside - frozenset(args[0]) if head in BINDERS else inside


def _free_of(arg) -> frozenset[Atom]:
    if isinstance(arg, (Atom, Poly)):
        return arg.free
    return frozenset().union(*map(_free_of, arg)) if isinstance(arg, tuple) else frozenset()


def _level_of(head: str, args: tuple) -> int:
    """How deeply indices are bound inside: 0, or the level at which a binder names its own."""
    if head == "var":
        return 0
    own = args[0][0].args[2] if head in BINDERS else 0  # above every level inside
    return max(own, *map(_level, args)) if args else own


def _level(arg) -> int:
    if isinstance(arg, (Atom, Poly)):
        return arg.level
    return max(map(_level, arg), default=0) if isinstance(arg, tuple) else 0


PERMUTATIONS = frozenset({"order", "rank"})
# the first argument of these is the tuple of bound indices
BINDERS = frozenset({"sum", "argmax", "prod"}) | PERMUTATIONS


def monomial_key(monomial: Monomial) -> str:
    """An injective text of a monomial."""
    return "·".join(f"{a.key}^{e}" for a, e in monomial)


def number(value: Number) -> Poly:
    """A rational constant."""
    return Poly({(): exact(value)} if value else {})


def exact(value: Number) -> Number:
    """Integers as int, which is faster than Fraction and prints better."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


ZERO, ONE = Poly({}), Poly({(): 1})


def poly(value) -> Poly:
    """A polynomial from a number, an atom or a polynomial."""
    if isinstance(value, Poly):
        return value
    return Poly({((value, 1),): 1}) if isinstance(value, Atom) else number(value)


def constant(p: Poly) -> Number | None:
    """The value of a polynomial without atoms, else None."""
    if not p.terms:
        return 0
    return p.terms.get(()) if len(p.terms) == 1 else None


def single(p: Poly) -> Atom | None:
    """The atom that a polynomial consists of, else None."""
    if len(p.terms) != 1:
        return None
    ((monomial, coefficient),) = p.terms.items()
    return (
        monomial[0][0] if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 else None
    )


def atoms(p: Poly) -> set[Atom]:
    """The atoms of the monomials, not those inside other atoms."""
    return {a for m in p.terms for a, _ in m}


def everywhere(p: Poly) -> set[Atom]:
    """Every atom, also inside other atoms."""
    found: set[Atom] = set()
    waiting = list(atoms(p))
    while waiting:
        atom = waiting.pop()
        if atom not in found:
            found.add(atom)
            waiting.extend(itertools.chain.from_iterable(map(_atoms_of, atom.args)))
    return found


def _atoms_of(arg) -> Iterable[Atom]:
    if isinstance(arg, Atom):
        return (arg,)
    if isinstance(arg, Poly):
        return atoms(arg)
    return itertools.chain.from_iterable(map(_atoms_of, arg)) if isinstance(arg, tuple) else ()


def add(parts: Iterable[Poly]) -> Poly:
    """The sum of polynomials."""
    total: dict[Monomial, Number] = {}
    for part in parts:
        for monomial, coefficient in part.terms.items():
            total[monomial] = total.get(monomial, 0) + coefficient
    return Poly({m: exact(c) for m, c in total.items() if c})


def scale(p: Poly, factor: Number) -> Poly:
    """A rational multiple."""
    return Poly({m: exact(c * factor) for m, c in p.terms.items()}) if factor else ZERO


def times(a: Poly, b: Poly) -> Poly:
    """The product, expanded."""
    tick()
    if len(a.terms) * len(b.terms) > MOST_TERMS:
        raise Undecided(f"an expression of more than {MOST_TERMS} terms")
    total: dict[Monomial, Number] = {}
    for (m, c), (k, d) in itertools.product(a.terms.items(), b.terms.items()):
        merged, is_normal = merge(m, k)
        pieces = ((merged, 1),) if is_normal else expanded(merged).terms.items()
        for piece, factor in pieces:
            total[piece] = total.get(piece, 0) + c * d * factor
    return Poly({m: exact(c) for m, c in total.items() if c})


def product(parts: Iterable[Poly]) -> Poly:
    """The product of polynomials."""
    return functools.reduce(times, parts, ONE)


def merge(m: Monomial, k: Monomial) -> tuple[Monomial, bool]:
    """The product of monomials by adding exponents, and whether it is in normal form."""
    if not m or not k:
        return m or k, True
    exponents, is_normal = dict(m), True
    for atom, e in k:
        if atom in exponents:
            exponents[atom] = 1 if atom.head in BRACKETS else exact(exponents[atom] + e)
            is_normal = is_normal and not _needs_expansion(atom, exponents[atom])
        else:
            exponents[atom] = e
    pairs = ((a, e) for a, e in exponents.items() if e)
    return tuple(sorted(pairs, key=lambda pair: pair[0].key)), is_normal


def _needs_expansion(atom: Atom, e: Number) -> bool:
    """P^e with e ≥ 1 of a composite is multiplied out; p^e of a prime keeps 0 < e < 1.

    Cos² is 1 - sin².
    """
    if atom.head == "base":
        return e >= 1
    if atom.head == "prime":
        return not 0 < e < 1
    return atom.head == "fn" and atom.args[0] == "cos" and e >= 2


def expanded(monomial: Monomial) -> Poly:
    """The normal form of a monomial whose exponents were just added."""
    plain = tuple((a, e) for a, e in monomial if not _needs_expansion(a, e))
    result = Poly({plain: 1})
    for atom, e in monomial:
        if _needs_expansion(atom, e):
            result = times(result, _expansion(atom, e))
    return result


def _expansion(atom: Atom, e: Number) -> Poly:
    whole = e // 1
    rest = Poly({((atom, exact(e - whole)),): 1}) if e != whole else ONE
    if atom.head == "prime":  # 2^(-1/2) = 2^(1/2) / 2
        return scale(rest, Fraction(atom.args[0]) ** whole)
    if atom.head == "base":  # P^(3/2) = P · P^(1/2)
        return times(natural_power(atom.args[0], int(whole)), rest)
    sine = poly(Atom("fn", "sin", atom.args[1]))  # cos^e = (1 - sin²) cos^(e-2)
    return product((ONE - sine * sine, natural_power(poly(atom), int(whole) - 2), rest))


def natural_power(p: Poly, e: int) -> Poly:
    """P^e for an integer e ≥ 0, multiplied out."""
    if e > MOST_POWER:
        raise Undecided(f"a power as high as {e}")
    return product([p] * e)


# --- indices, sizes, entries ---

_counter = itertools.count()


def size(name: str, at_least: int = 1) -> Atom:
    """A symbolic size: an integer not below `at_least`."""
    return Atom("size", name, at_least)


def fresh(n: Poly, name: str = "i") -> Atom:
    """A new index that runs over 0..n-1 and is equal to no other, whatever others are called."""
    return Atom("var", f"{name}#{next(_counter)}", n, 0)


def variable(name: str, n: Poly) -> Atom:
    """The index of that name over 0..n-1."""
    if "#" in name:
        raise Undecided(f"an index called {name}")  # such names are those of fresh indices
    return Atom("var", name, n, 0)


def bound(level: int, position: int, n: Poly) -> Atom:
    """The canonical name of a bound index.

    Its level is above all levels inside its scope, so nothing is captured.
    """
    return Atom("var", f"{level}.{position}", n, level)


def entry(name: str, *indices: Poly, sign: str = "", upper: Poly | None = None) -> Poly:
    """An array's entry.

    `sign` is "+" (positive), "0+", "" or "integer"; `upper` makes it one of 0..upper-1, a label.
    """
    return poly(Atom("entry", name, sign, upper, *indices))


def is_integer(atom: Atom) -> bool:
    """Whether it is an entry of an array of integers."""
    return atom.head == "entry" and (atom.args[2] is not None or atom.args[1] == "integer")


Rule = Callable[..., Poly]
REBUILD: dict[str, Rule] = {}  # head -> smart constructor; filled by the modules that own the heads


def substitute(p: Poly, values: Mapping[Atom, Poly]) -> Poly:
    """Replace free indices; every atom touched is built anew, so it is in normal form again.

    Sound because values hold free indices alone, or bound ones of a level above all levels inside p
    (see `bound`).
    """
    if p.free.isdisjoint(values):
        return p
    return add(_substituted(m, c, values) for m, c in p.terms.items())


def _substituted(monomial: Monomial, coefficient: Number, values: Mapping[Atom, Poly]) -> Poly:
    untouched = tuple((a, e) for a, e in monomial if a.free.isdisjoint(values))
    result = Poly({untouched: coefficient})
    for atom, e in monomial:
        if not result:
            return ZERO
        if not atom.free.isdisjoint(values):
            result = times(result, REBUILD["power"](rebuilt(atom, values), e))
    return result


def rebuilt(atom: Atom, values: Mapping[Atom, Poly]) -> Poly:
    """The atom with its free indices replaced."""
    if atom.head == "var":
        return values.get(atom, poly(atom))
    args = tuple(_replaced(arg, values) for arg in atom.args)
    rule = REBUILD.get(atom.head)
    return rule(*args) if rule else poly(Atom(atom.head, *args))


def renamed(p: Poly, name: Callable[[str], str]) -> Poly:
    """P with its arrays of reals called otherwise; every atom is built anew."""
    return add(
        product([Poly({(): c}), *(REBUILD["power"](_renamed_atom(a, name), e) for a, e in m)])
        for m, c in p.terms.items()
    )


def _renamed_atom(atom: Atom, name: Callable[[str], str]) -> Poly:
    if atom.head in ("var", "size", "const", "prime"):
        return poly(atom)
    args = tuple(renamed(arg, name) if isinstance(arg, Poly) else arg for arg in atom.args)
    if atom.head == "entry":
        called = atom.args[0] if is_integer(atom) else name(atom.args[0])
        return poly(Atom("entry", called, *args[1:]))
    rule = REBUILD.get(atom.head)
    return rule(*args) if rule else poly(Atom(atom.head, *args))


def _replaced(arg, values: Mapping[Atom, Poly]):
    if isinstance(arg, Poly):
        return substitute(arg, values)
    return arg
