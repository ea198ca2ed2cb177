"""Atoms: the indivisible factors of index expressions, what they are made of, and their names.

An atom is a head and arguments. What a head means, and which rules hold for it, stands in the
module that owns it:

    var, size, entry, const, prime      here and in terms.py
    positive, zero                      brackets.py: [P > 0] and [P = 0] of a real P
    delta, atleast                      integers.py: [P = 0] and [P ≥ 0] of an integer P
    base                                powers.py: a P of several terms under an exponent
    exp, log                            exponentials.py
    fn                                  functions.py: a function of the table
    sum, prod, argmax                   sums.py, binders.py: what binds an index
    order, rank                         permutations.py: what sorting does to an index

Two atoms are equal exactly when their keys are, and the key is an injective text of head and
arguments. Arguments are read by the accessors below, never by position.
"""

import itertools
from fractions import Fraction
from typing import Any

from derivations.algebra.session import Undecided

Number = int | Fraction
BRACKETS = frozenset({"positive", "zero", "delta", "atleast"})  # values 0 and 1 alone: b² = b
PERMUTATIONS = frozenset({"order", "rank"})
BINDERS = frozenset({"sum", "argmax", "prod"}) | PERMUTATIONS


class Atom:
    """One indivisible factor. Immutable; compared and hashed by its key."""

    __slots__ = ("_hash", "args", "free", "head", "key", "level")

    def __init__(self, head: str, *args: Any):
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


Monomial = tuple[tuple[Atom, Number], ...]  # sorted by the keys of the atoms


def _key(arg: Any) -> str:
    if isinstance(arg, tuple):
        return f"<{';'.join(map(_key, arg))}>"
    return repr(arg) if isinstance(arg, (str, int)) or arg is None else arg.key


def _free(head: str, args: tuple, atom: Atom) -> frozenset[Atom]:
    if head == "var":
        return frozenset({atom})
    inside = frozenset().union(*map(_free_of, args))
    return inside - frozenset(args[0]) if head in BINDERS else inside


def _free_of(arg: Any) -> frozenset[Atom]:
    if isinstance(arg, tuple):
        return frozenset().union(*map(_free_of, arg))
    return getattr(arg, "free", frozenset())


def _level_of(head: str, args: tuple) -> int:
    """How deeply indices are bound inside: 0, or the level at which a binder names its own."""
    if head == "var":
        return 0
    own = binding_level(args[0][0]) if head in BINDERS else 0  # above every level inside
    return max(own, *map(_level, args)) if args else own


def _level(arg: Any) -> int:
    if isinstance(arg, tuple):
        return max(map(_level, arg), default=0)
    return getattr(arg, "level", 0)


def monomial_key(monomial: Monomial) -> str:
    """An injective text of a monomial."""
    return "·".join(f"{a.key}^{e}" for a, e in monomial)


# --- what atoms are made of ---


def name_of(atom: Atom) -> str:
    """The name of an index, a size, an entry's array, a constant, or a function of the table."""
    return atom.args[0]


def size_of(index: Atom) -> Any:
    """The polynomial n for an index that runs over 0..n-1."""
    return index.args[1]


def binding_level(index: Atom) -> int:
    """0 for a free index, else the level of the binder that named it."""
    return index.args[2]


def least(size_: Atom) -> int:
    """The least value of a size."""
    return size_.args[1]


def noted_sign(entry: Atom) -> str:
    """What is known of the entries of an array: "+", "0+", "integer" or ""."""
    return entry.args[1]


def upper(entry: Atom) -> Any:
    """The polynomial n for a label in 0..n-1, else None."""
    return entry.args[2]


def places(entry: Atom) -> tuple:
    """The index expressions of an entry."""
    return entry.args[3:]


def inside(atom: Atom) -> Any:
    """The argument of a bracket, an exponential, a logarithm or a composite base."""
    return atom.args[0]


def value_of(prime: Atom) -> int:
    """The number that is kept under an exponent between 0 and 1."""
    return prime.args[0]


def arguments(function: Atom) -> tuple:
    """The arguments of a function of the table."""
    return function.args[1:]


def bound_indices(binder: Atom) -> tuple[Atom, ...]:
    """The indices that a binder binds."""
    return binder.args[0]


def summand(binder: Atom) -> Any:
    """What stands under the sum or product, is maximised or sorted by."""
    return binder.args[1]


def place(binder: Atom) -> Any:
    """Which of its indices a maximiser stands for; the argument of a permutation."""
    return binder.args[2]


def is_integer(atom: Atom) -> bool:
    """Whether it is an entry of an array of integers."""
    return atom.head == "entry" and (upper(atom) is not None or noted_sign(atom) == "integer")


# --- indices and sizes ---

_counter = itertools.count()


def size(name: str, at_least: int = 1) -> Atom:
    """A symbolic size: an integer not below `at_least`."""
    return Atom("size", name, at_least)


def fresh(n: Any, name: str = "i") -> Atom:
    """A new index that runs over 0..n-1 and is equal to no other, whatever others are called."""
    return Atom("var", f"{name}#{next(_counter)}", n, 0)


def variable(name: str, n: Any) -> Atom:
    """The index of that name over 0..n-1."""
    if "#" in name:
        raise Undecided(f"an index called {name}")  # such names are those of fresh indices
    return Atom("var", name, n, 0)


def bound(level: int, position: int, n: Any) -> Atom:
    """The canonical name of a bound index; its level is above all levels inside its scope."""
    return Atom("var", f"{level}.{position}", n, level)
