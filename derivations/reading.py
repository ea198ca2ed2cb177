"""Reads a jaxpr with symbolic sizes as index expressions: one loop and a dict of rules.

Each variable becomes an `Array`: a function from an index tuple to an expression of the algebra.
Nothing is expanded
until an entry is asked for. A primitive without a rule raises by name, and so becomes UNKNOWN;
nothing is guessed.
"""

import ast
import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from derivations.algebra.brackets import BRACKETS, delta, split
from derivations.algebra.functions import INFINITY, NAN, PI, log, power
from derivations.algebra.ranges import POSITIVE, at_least_zero, sign
from derivations.algebra.regions import may_vanish
from derivations.algebra.sums import JOINED
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Atom,
    Poly,
    Undecided,
    add,
    atoms,
    constant,
    fresh,
    number,
    poly,
    product,
    renamed,
    scale,
)
from derivations.algebra.terms import size as size_atom
from derivations.algebra.text import text

Shape = tuple[Poly, ...]
Guard = tuple[Atom, bool]  # a bracket, and whether it holds
MOST_CASES = 6
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


# --- literals ---

_ROOT_2, _ROOT_PI = power(number(2), Fraction(1, 2)), power(PI, Fraction(1, 2))
CONSTANTS = {  # read as such when a literal is within one unit in the last place
    "√2": (math.sqrt(2), _ROOT_2),
    "√π": (math.sqrt(math.pi), _ROOT_PI),
    "√(2π)": (math.sqrt(2 * math.pi), _ROOT_2 * _ROOT_PI),
    "√(2/π)": (math.sqrt(2 / math.pi), _ROOT_2 * power(_ROOT_PI, -1)),
    "π": (math.pi, PI),
    "ln 2": (math.log(2), log(number(2))),
    "ln 10": (math.log(10), log(number(10))),
    "ln 2π": (math.log(2 * math.pi), log(scale(PI, 2))),
}
_SIMPLE = re.compile(r"-?\d{1,12}(\.\d{0,10})?(e[+-]?\d+)?|-?0?\.\d{1,12}(e[+-]?\d+)?")
_MULTIPLES = tuple(
    Fraction(*pair) for pair in ((1, 1), (1, 2), (2, 1), (1, 4), (4, 1), (1, 3), (2, 3))
)


def literal(reader: Reader, value: Any) -> Poly:
    """A number of the program.

    Its decimal where that is short, a known constant where it is one, else exact.
    """
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return number(int(value))
    value = float(value)
    if not math.isfinite(value):
        return NAN if math.isnan(value) else scale(INFINITY, int(math.copysign(1, value)))
    if _SIMPLE.fullmatch(repr(value)):
        return number(Fraction(repr(value)))
    return _named_constant(reader, value) or _fraction(reader, value)


def _named_constant(reader: Reader, value: float) -> Poly | None:
    for name, (known, expression) in CONSTANTS.items():
        for factor in _MULTIPLES:
            for inverted in (False, True):
                target = float(factor) * (1 / known if inverted else known)
                if abs(abs(value) - target) <= math.ulp(target):
                    shown = f"{factor}/({name})" if inverted else f"{factor}·{name}"
                    reader.assume("literal", f"{value!r} is read as {shown.removeprefix('1·')}")
                    found = scale(power(expression, -1 if inverted else 1), factor)
                    return scale(found, int(math.copysign(1, value)))
    return None


def _fraction(reader: Reader, value: float) -> Poly:
    simple = Fraction(value).limit_denominator(1000)
    if abs(float(simple) - value) <= math.ulp(value):
        reader.assume("literal", f"{value!r} is read as {simple}")
        return number(simple)
    return number(Fraction(value))


# --- axes that are merged and joined, found before anything is read ---


def note_axes(reader: Reader, jaxpr: Any) -> None:
    """Learn in which order axes are merged by reshapes and joined by concatenations and pads.

    Calls included.
    """
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        name, params = equation.primitive.name, equation.params
        shapes = [v.aval.shape for v in (*equation.invars, *equation.outvars)]
        if name == "reshape":
            _note_merged(reader, reader.shape(shapes[0]), reader.shape(shapes[-1]))
        elif name == "concatenate":
            axis = params["dimension"]
            _note_joined([reader.dim(shape[axis]) for shape in shapes[:-1]])
        elif name == "pad":
            for (low, high, _), n in zip(params["padding_config"], shapes[0], strict=True):
                _note_joined([reader.dim(low), reader.dim(n), reader.dim(high)])
        for inner in params.values():
            if hasattr(getattr(inner, "jaxpr", inner), "eqns"):
                note_axes(reader, inner)


def _note_joined(parts: list[Poly]) -> None:
    parts = [n for n in parts if n]
    if len(parts) > 1 and all(at_least_zero(n) for n in parts):
        whole = add(parts)
        if constant(whole) is None:
            JOINED[whole.key] = tuple(parts)


def _note_merged(reader: Reader, before: Shape, after: Shape) -> None:
    """Match the two shapes from the left, axis group by axis group."""
    for few, many in ((before, after), (after, before)):
        rest = list(many)
        for n in few:
            group, whole = [], ONE
            while rest and whole != n:
                group.append(rest.pop(0))
                whole = whole * group[-1]
            if whole == n:
                reader.merged(group, n)


# --- the loop ---

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register the rule of primitives.

    Called with the reader, the equation and the arrays that go in.
    """

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


WRAPPING = ("add", "sub", "mul", "neg")


def read(reader: Reader, jaxpr: Any, inputs: Sequence[Array]) -> list[Array]:
    """The outputs of a closed jaxpr for these inputs."""
    known: dict[Any, Array] = {}
    for variable, value in zip(jaxpr.jaxpr.constvars, jaxpr.consts, strict=True):
        known[variable] = _constant_array(reader, value)
    known.update(zip(jaxpr.jaxpr.invars, inputs, strict=True))

    def value_of(atom: Any) -> Array:
        return known[atom] if not hasattr(atom, "val") else _constant_array(reader, atom.val)

    for equation in jaxpr.jaxpr.eqns:
        name = equation.primitive.name
        if name not in RULES:
            raise Undecided(f"the primitive {name}")
        if name in WRAPPING and getattr(equation.outvars[0].aval.dtype, "kind", "") == "u":
            raise Undecided("arithmetic of unsigned integers, which wraps around")
        outputs = RULES[name](reader, equation, *map(value_of, equation.invars))
        outputs = [outputs] if isinstance(outputs, Array) else outputs
        known.update(zip(equation.outvars, outputs, strict=True))
    return [value_of(atom) for atom in jaxpr.jaxpr.outvars]


def _constant_array(reader: Reader, value: Any) -> Array:
    if str(getattr(value, "dtype", "")).startswith("float0"):
        return Array((), "f", lambda _: ZERO)
    value = np.asarray(value)
    shape, kind = tuple(map(number, value.shape)), kind_of(value.dtype)
    if value.size == 0 or (value == value.flat[0]).all():
        same = literal(reader, value.flat[0]) if value.size else ZERO
        return Array(shape, kind, lambda _: same)
    if value.size > 64:
        raise Undecided(f"a constant array of shape {value.shape}")
    return Array(shape, kind, lambda at: _picked(reader, value, at))


def _picked(reader: Reader, value: np.ndarray, at: tuple[Poly, ...]) -> Poly:
    positions = [constant(i) for i in at]
    known = tuple(int(p) for p in positions if p is not None)
    if len(known) == len(positions):
        return literal(reader, value[known])
    cells = np.ndindex(value.shape)
    return add(
        product([literal(reader, value[c]), *(delta(i - k) for i, k in zip(at, c, strict=True))])
        for c in cells
    )


def elementwise(function: Callable[..., Poly]) -> Rule:
    """The rule of a primitive that works entry by entry."""

    def apply(reader: Reader, equation: Any, *arrays: Array) -> Array:
        out = equation.outvars[0].aval
        return Array(
            reader.shape(out.shape),
            kind_of(out.dtype),
            lambda at: function(reader, *(array(*at) for array in arrays)),
        )

    return apply


from derivations import reading_arrays, reading_values  # noqa: E402, F401 (they fill RULES)
