"""What is gathered while a program is read: conditions, sizes, indices; and its variables."""

import ast
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.algebra.brackets import BRACKETS, split
from derivations.algebra.functions import power
from derivations.algebra.ranges import POSITIVE, at_least_zero, sign
from derivations.algebra.regions import may_vanish
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Atom,
    Poly,
    Undecided,
    atoms,
    fresh,
    number,
    poly,
    renamed,
)
from derivations.algebra.terms import size as size_atom
from derivations.algebra.text import text

Shape = tuple[Poly, ...]
Guard = tuple[Atom, bool]  # a bracket, and whether it holds
MOST_CASES = 6
MANY = 2**20  # as sizes go
Entries = Callable[[tuple[Poly, ...]], Poly]


@dataclass(frozen=True)
class Condition:
    """Something that the proof needs.

    An expression that is "nonzero", "positive", "finite", … where its guards hold.
    """

    kind: str
    expression: Poly | str
    guards: tuple[Guard, ...] = ()


def _factors(p: Poly) -> Iterable[Poly]:
    """What must not be zero for p not to be."""
    if len(p.terms) != 1:
        return (p,)
    return [atom.args[0] if atom.head == "base" else poly(atom) for m in p.terms for atom, _ in m]


def _implies(guard: Guard, p: Poly) -> bool:
    """Whether p > 0, or p ≠ 0, follows from a condition on one threshold."""
    atom, holds = guard
    if atom.head != "positive":
        return False
    threshold = atom.args[0]
    inside = (p, next(iter(_factors(p)), p))
    if holds:
        return any(at_least_zero(q - threshold) or at_least_zero(-q - threshold) for q in inside)
    return any(sign(q + threshold) == POSITIVE for q in inside)


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

    conditions: dict[Condition, None] = field(default_factory=dict)
    orders: dict[str, tuple[Poly, ...]] = field(
        default_factory=dict
    )  # of the axes merged in a size
    minimal: dict[str, int] = field(default_factory=dict)  # sizes known to be at least so many
    facts: list[Poly] = field(default_factory=list)  # positive, or the program has no value
    cases: int = 0  # how many choices are open, of which one branch is being read
    cuts: bool = False  # whether stop_gradient makes a constant of what it is given

    def assume(self, kind: str, expression: Poly | str, guards: Iterable[Guard] = ()) -> None:
        """Note a condition."""
        self.conditions[Condition(kind, expression, tuple(guards))] = None

    @contextmanager
    def one_case(self) -> Iterator[None]:
        """Read a branch: what it needs is not needed everywhere."""
        self.cases += 1
        try:
            yield
        finally:
            self.cases -= 1

    def needs(self, kind: str, p: Poly, guards: tuple[Guard, ...] = ()) -> None:
        """Note that p must be "nonzero" or "positive".

        Case by case where p is a case distinction.
        """
        if kind == "positive" and not self.cases and not guards:
            self.facts.append(p)
        brackets = sorted((a for a in atoms(p) if a.head in BRACKETS), key=lambda a: a.key)
        if brackets and len(guards) < MOST_CASES:
            holds, fails = split(p, brackets[0])
            self.needs(kind, holds, (*guards, (brackets[0], True)))
            self.needs(kind, fails, (*guards, (brackets[0], False)))
            return
        for factor in _factors(p) if kind == "nonzero" else (p,):
            if sign(factor) != POSITIVE and not any(_implies(g, factor) for g in guards):
                self.assume(kind, factor, guards)

    def fits(self, p: Poly, dtype: Any) -> Poly:
        """Note that integers must fit their type, unless they do for all sizes up to a million."""
        largest = sum(
            abs(c) * math.prod(MANY ** (abs(e) * (a.head not in BRACKETS)) for a, e in m)
            for m, c in p.terms.items()
        )
        if largest > np.iinfo(dtype).max:
            self.assume(f"fits in {np.dtype(dtype)}", p)
        return p

    def boundary(self, p: Poly) -> Poly:
        """Note the boundaries of the real brackets in p, and return it."""
        for monomial in p.terms:
            for atom, _ in monomial:
                if atom.head in ("positive", "zero"):
                    kind = "crossing" if may_vanish(atom.args[0]) else "boundary"
                    self.assume(kind, atom.args[0])
                if atom.head == "delta":
                    for inner in atoms(atom.args[0]):
                        if inner.head == "argmax":
                            self.assume("unique", inner.args[1])
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


class Array:
    """A variable of the jaxpr.

    Shape, kind ("f", "i" or "b") and its entries, each computed once.
    """

    def __init__(self, shape: Shape, kind: str, entries: Entries):
        self.shape, self.kind, self._entries = shape, kind, entries
        self._known: dict[tuple[Poly, ...], Poly] = {}

    def __call__(self, *indices: Poly) -> Poly:
        """The entry; a scalar stands for an array of any shape."""
        single = zip(indices, self.shape, strict=False) if self.shape else ()
        indices = tuple(
            ZERO if n == ONE else i for i, n in single
        )  # an axis of length 1 broadcasts
        if indices not in self._known:
            self._known[indices] = self._entries(indices)
        return self._known[indices]


def kind_of(dtype: Any) -> str:
    """Floats "f", integers "i", truth values "b"."""
    dtype = np.dtype(dtype) if not hasattr(dtype, "kind") else dtype
    kind = {"f": "f", "V": "f", "i": "i", "u": "i", "b": "b"}.get(dtype.kind)
    if kind is None:
        raise Undecided(f"arrays of dtype {dtype}")
    return kind
