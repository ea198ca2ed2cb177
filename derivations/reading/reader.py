"""What is gathered while a program is read: conditions, sizes, indices; and its variables."""

import ast
import functools
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.algebra.brackets import BRACKETS, split
from derivations.algebra.functions import power
from derivations.algebra.ranges import at_least_zero, bounds
from derivations.algebra.regions import may_vanish
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Atom,
    Poly,
    Undecided,
    atoms,
    constant,
    fresh,
    number,
    poly,
    renamed,
    substitute,
)
from derivations.algebra.terms import size as size_atom
from derivations.algebra.text import text
from derivations.reading.cases import by_condition
from derivations.reading.domains import factors, is_certain
from derivations.reading.notes import Condition, Guard, Notes, note, noted, pass_on

Shape = tuple[Poly, ...]
MOST_CASES = 6
MANY = 2**20  # as sizes go
Entries = Callable[[tuple[Poly, ...]], Poly]


@dataclass(frozen=True)
class Mask:
    """A bracket that keeps entries, of which the greatest is taken, or drops them."""

    bracket: Atom
    indices: frozenset[Atom]
    keeps: bool

    def is_at(self, other: Atom) -> bool:
        """Whether another bracket is this one at some indices."""
        values = [i for i in other.free if i not in self.bracket.free]
        options = [[poly(v) for v in values if v.args[1] == i.args[1]] for i in self.indices]
        return any(
            poly(other) == substitute(poly(self.bracket), dict(zip(self.indices, at, strict=True)))
            for at in itertools.product(*options)
        )


FROZEN = "'"  # marks an array of which no derivative is taken


def frozen(p: Poly) -> Poly:
    """The same values, which no derivative sees."""
    return renamed(p, lambda name: name.removesuffix(FROZEN) + FROZEN)


def thawed(name: str) -> str:
    """The name that an array had before it was frozen."""
    return name.removesuffix(FROZEN)


@dataclass(eq=False)
class Reader:
    """What is gathered while entries are asked for."""

    orders: dict[str, tuple[Poly, ...]] = field(
        default_factory=dict
    )  # of the axes merged in a size
    minimal: dict[str, int] = field(default_factory=dict)  # sizes known to be at least so many
    cuts: bool = False  # whether stop_gradient makes a constant of what it is given
    masks: dict[Atom, Mask] = field(default_factory=dict)  # by the bracket at a maximiser
    # a masked maximum: where it is finite, and of what it is the greatest
    masked: dict[Poly, tuple[Poly, Poly]] = field(default_factory=dict)
    known: tuple[Condition, ...] = ()  # what holds wherever the definition has a value

    def assume(self, kind: str, expression: Poly | str, guards: Iterable[Guard] = ()) -> None:
        """Note a condition."""
        note(kind, expression, guards)

    def needs(self, kind: str, p: Poly, guards: tuple[Guard, ...] = ()) -> None:
        """Note that p must be "nonzero", "positive" or "nonneg", case by case where it has cases."""
        brackets = sorted((a for a in atoms(p) if a.head in BRACKETS), key=lambda a: a.key)
        if brackets and len(guards) < MOST_CASES:
            inside = poly(brackets[0])
            holds, fails = split(p, brackets[0])
            self.needs(kind, holds, (*guards, Guard("holds", inside)))
            self.needs(kind, fails, (*guards, Guard("holds", ONE - inside)))
            return
        for factor in factors(p) if kind == "nonzero" else (p,):
            condition = Condition(kind, factor, guards)
            if not is_certain(condition):
                note(kind, factor, guards)

    def edge(self, p: Poly) -> None:
        """Note that a root has no derivative where p = 0."""
        brackets = sorted((a for a in atoms(p) if a.head in BRACKETS), key=lambda a: a.key)
        if brackets:
            for part, inside in zip(split(p, brackets[0]), (ONE, ZERO), strict=True):
                guard = poly(brackets[0]) if inside else ONE - brackets[0]
                with noted() as notes:
                    self.edge(part)
                pass_on(notes, Guard("holds", guard))
        elif not is_certain(Condition("positive", p)) and constant(p) is None:
            note("edge", p)

    def never(self, case: tuple[tuple[Atom, bool], ...]) -> bool:
        """Whether a case contradicts itself: a mask keeps an entry, and the greatest is not kept."""
        return any(
            (mask := self.masks.get(a)) is not None
            and holds != mask.keeps
            and any(held == mask.keeps and mask.is_at(k) for k, held in case)
            for a, holds in case
        )

    def facts(self) -> tuple[Condition, ...]:
        """What holds wherever the definition has a value; and an entry kept makes the greatest kept."""
        kept = []
        for there, mask in self.masks.items():
            at, here = (poly(b) if mask.keeps else ONE - b for b in (there, mask.bracket))
            kept.append(Condition("holds", ONE - here * (ONE - at)))
        told = [
            Condition("positive", atom.args[0])
            for c in self.known
            if c.kind == "holds" and not c.guards and len(c.expression.terms) == 1
            for atom in atoms(c.expression)
            if atom.head == "positive"
        ]
        return (*self.known, *told, *kept)

    def fits(self, p: Poly, dtype: Any) -> Poly:
        """Note that integers must fit their type, unless they do for all sizes up to a million."""
        largest = sum(
            abs(c) * math.prod(MANY ** (abs(e) * (a.head not in BRACKETS)) for a, e in m)
            for m, c in p.terms.items()
        )
        info, limits = np.iinfo(dtype), bounds(p)
        ends = [None] if limits is None else [constant(end) for end in limits]
        if None not in ends and info.min <= ends[0] and ends[-1] <= info.max:
            return p
        if info.min == 0 and not at_least_zero(p):
            raise Undecided("arithmetic of unsigned integers, which wraps around")
        if largest > np.iinfo(dtype).max:
            self.assume(f"fits in {np.dtype(dtype)}", p)
        return p

    def boundary(self, p: Poly) -> Poly:
        """Note the boundaries of the real brackets in p, and return it."""
        for monomial in p.terms:
            for atom, _ in monomial:
                if atom.head in ("positive", "zero"):
                    kind = "crossing" if may_vanish(atom.args[0]) else "boundary"
                    note(kind, atom.args[0])
                if atom.head == "delta":
                    for inner in atoms(atom.args[0]):
                        if inner.head == "argmax":
                            note("unique", inner.args[1])
        return p

    def dim(self, dim: Any) -> Poly:
        """A size of the jaxpr as a polynomial."""
        return number(dim) if isinstance(dim, int) else self.size(str(dim))

    @functools.lru_cache(maxsize=512)  # noqa: B019 (a reader lives as long as its proof)
    def size(self, text: str) -> Poly:
        """A size from its text, such as "d*n + 1"."""
        return self._dim_of(ast.parse(text, mode="eval").body)

    def _dim_of(self, node: ast.expr) -> Poly:
        match node:
            case ast.Constant(value=int(value)):
                return number(value)
            case ast.Name(id=name):
                return poly(size_atom(name, self.minimal.get(name, 1)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._dim_of(operand)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(e))):
                return power(self._dim_of(left), e)
            case ast.Call(func=ast.Name(id="mod"), args=[a, m]):
                return _remainder(self._dim_of(a), self._dim_of(m))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OF_SIZES:
                return _OF_SIZES[type(op)](self._dim_of(left), self._dim_of(right))
        raise Undecided(f"the size {ast.unparse(node)}")

    def shape(self, dims: Sequence[Any]) -> Shape:
        """The sizes of the axes."""
        return tuple(map(self.dim, dims))

    def index(self, n: Poly, name: str = "i") -> tuple[tuple[Atom, ...], Poly]:
        """A fresh index over 0..n-1, by digits for merged axes: the new indices, and its value."""
        if n == ONE:
            return (), ZERO
        order = self.orders.get(n.key)
        if order is None:
            index = fresh(n, name)
            return (index,), poly(index)
        digits = tuple(fresh(m, name) for m in order)
        value = ZERO
        for digit, m in zip(digits, order, strict=True):
            value = value * m + digit
        return digits, value

    def indices(self, shape: Shape, name: str = "i") -> tuple[tuple[Atom, ...], tuple[Poly, ...]]:
        """Fresh indices for every axis."""
        found = [self.index(n, name) for n in shape]
        return tuple(i for names, _ in found for i in names), tuple(value for _, value in found)

    def merged(self, axes: Sequence[Poly], whole: Poly) -> None:
        """Remember in which order the axes of a merged size stand."""
        axes = tuple(n for n in axes if n != ONE)
        if len(axes) > 1 and self.orders.setdefault(whole.key, axes) != axes:
            raise Undecided(f"axes merged in two orders into one of size {whole!r}")


def _remainder(a: Poly, m: Poly) -> Poly:
    """A remainder of sizes that is certain: a itself, or a + m for a just below 0."""
    for value in (a, a + m):
        if at_least_zero(value) and at_least_zero(m - 1 - value):
            return value
    raise Undecided(f"the remainder of {text(a)} by {text(m)}; a greater least size may decide it")


_OF_SIZES = {ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b}


def _bracket_in(indices: Sequence[Poly]) -> Atom | None:
    """A condition on which an index depends."""
    found = (a for i in indices for a in atoms(i) if a.head in BRACKETS)
    return min(found, key=lambda a: a.key, default=None)


class Array:
    """A variable of the jaxpr: shape, kind ("f", "i" or "b"), and its entries, each read once.

    Whoever asks for an entry takes on the conditions that it comes with.
    """

    def __init__(self, shape: Shape, kind: str, entries: Entries):
        self.shape, self.kind, self._entries = shape, kind, entries
        self._known: dict[tuple[Poly, ...], tuple[Poly, Notes]] = {}

    def __call__(self, *indices: Poly) -> Poly:
        """The entry; a scalar stands for an array of any shape."""
        single = zip(indices, self.shape, strict=False) if self.shape else ()
        indices = tuple(
            ZERO if n == ONE else i for i, n in single
        )  # an axis of length 1 broadcasts
        bracket = _bracket_in(indices)
        if bracket is not None:
            holds, fails = zip(*(split(i, bracket) for i in indices), strict=True)
            return by_condition(poly(bracket), lambda: self(*fails), lambda: self(*holds))
        if indices not in self._known:
            with noted() as notes:
                found = self._entries(indices)
            self._known[indices] = found, notes
        found, notes = self._known[indices]
        pass_on(notes)
        return found


def kind_of(dtype: Any) -> str:
    """Floats "f", integers "i", truth values "b"."""
    dtype = np.dtype(dtype) if not hasattr(dtype, "kind") else dtype
    kind = {"f": "f", "V": "f", "i": "i", "u": "i", "b": "b"}.get(dtype.kind)
    if kind is None:
        raise Undecided(f"arrays of dtype {dtype}")
    return kind
