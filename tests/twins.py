"""Random expressions, each with two lives: in the kernel, and evaluated plainly by mpmath.

An expression is a tree of tuples with indices by name, so that the kernel's normal form and the
plain evaluation share nothing but the tree. `Off` says that a point is outside the domain or too
near a kink; where indices coincide, as x[p] - x[q] = 0 for p = q, a point is not off.
"""

import random
from fractions import Fraction
from typing import NamedTuple

import mpmath
import numpy as np
from hypothesis import strategies as st

from derivations.algebra import functions as f
from derivations.algebra import numeric
from derivations.algebra.brackets import at_least, delta, positive, zero
from derivations.algebra.sums import largest, product_over, total
from derivations.algebra.terms import Poly, entry, fresh, number, poly, size, variable

MP = mpmath.mp.clone()
MP.dps = 40
SIZES = {"n": poly(size("n")), "m": poly(size("m"))}
AXES = {"x": "n", "e": "n", "y": "nm", "l": "n", "a": "", "b": ""}
SIGNS = {"e": "+", "b": "+"}
FREE = {"p": "n", "q": "n", "r": "m"}
NAMES = {i: variable(i, SIZES[s]) for i, s in FREE.items()}
NEAR, NOTHING, FAR = 1e-3, 1e-25, 1e6


class Off(Exception):
    """Outside the domain, or too near a kink."""


# --- in the kernel ---


def _quotient(u: Poly, v: Poly) -> Poly:
    return u * f.power(v, -1)


IN_KERNEL = {
    "add": lambda u, v: u + v,
    "sub": lambda u, v: u - v,
    "mul": lambda u, v: u * v,
    "div": _quotient,
    "max2": f.maximum,
    "min2": f.minimum,
    "exp": f.exp,
    "log": f.log,
    "tanh": f.tanh,
    "logistic": f.logistic,
    "sinh": f.sinh,
    "cosh": f.cosh,
    "abs": f.absolute,
    "sign": f.sign_of,
    "positive": positive,
    "zero": zero,
    "same": lambda i, j: delta(i - j),
    "ahead": lambda i, j: at_least(i - j),
    **{name: lambda u, name=name: f.fn(name, u) for name in ("sin", "cos", "erf", "atan")},
}


def built(t: tuple, names: dict = NAMES) -> Poly:
    """The normal form of a tree."""
    match t:
        case ("number", c):
            return number(c)
        case ("size", s):
            return SIZES[s]
        case ("index", i):
            return poly(names[i])
        case ("back", i, s):
            return SIZES[s] - 1 - poly(names[i])
        case ("entry", name, *at):
            upper = SIZES["m"] if name == "l" else None
            return entry(
                name, *(built(i, names) for i in at), sign=SIGNS.get(name, ""), upper=upper
            )
        case ("power", u, q):
            return f.power(built(u, names), q)
        case ("sum" | "largest" | "product" as binder, i, s, u):
            index = fresh(SIZES[s])
            bind = {"sum": total, "largest": largest, "product": product_over}[binder]
            return bind((index,), built(u, {**names, i: index}))
    return IN_KERNEL[t[0]](*(built(u, names) for u in t[1:]))


# --- plainly ---


def _off_kinks(v):
    if NOTHING < abs(v) < NEAR:
        raise Off
    return v if abs(v) >= NEAR else MP.mpf(0)


def _power(v, q):
    q = Fraction(q)
    if ((q < 0 or q.denominator > 1) and abs(v) < NEAR) or (q.denominator > 1 and v < 0):
        raise Off
    return v ** int(q) if q.denominator == 1 else v ** (MP.mpf(q.numerator) / q.denominator)


def _log(v):
    if v < NEAR:
        raise Off
    return MP.log(v)


PLAINLY = {
    "add": lambda u, v: u + v,
    "sub": lambda u, v: u - v,
    "mul": lambda u, v: u * v,
    "div": lambda u, v: u * _power(v, -1),
    "max2": lambda u, v: v + max(_off_kinks(u - v), 0),
    "min2": lambda u, v: v + min(_off_kinks(u - v), 0),
    "exp": MP.exp,
    "log": _log,
    "tanh": MP.tanh,
    "logistic": lambda u: 1 / (1 + MP.exp(-u)),
    "sinh": MP.sinh,
    "cosh": MP.cosh,
    "abs": lambda u: abs(_off_kinks(u)),
    "sign": lambda u: MP.sign(_off_kinks(u)),
    "positive": lambda u: MP.mpf(_off_kinks(u) > 0),
    "zero": lambda u: MP.mpf(_off_kinks(u) == 0),
    "same": lambda i, j: MP.mpf(i == j),
    "ahead": lambda i, j: MP.mpf(i >= j),
    "sin": MP.sin,
    "cos": MP.cos,
    "erf": MP.erf,
    "atan": MP.atan,
}


class Point(NamedTuple):
    """Sizes, arrays and the values of free indices, by name."""

    sizes: dict
    arrays: dict
    indices: dict

    def at(self, **indices: int) -> "Point":
        return self._replace(indices={**self.indices, **indices})

    def place(self) -> numeric.Place:
        """The same for the kernel's evaluator."""
        return numeric.Place(
            self.sizes, self.arrays, {NAMES[i]: v for i, v in self.indices.items()}
        )


def plainly(t: tuple, point: Point):
    """The value of a tree, or Off."""
    found = _plainly(t, point)
    if abs(found) > FAR:
        raise Off
    return found


def _plainly(t: tuple, point: Point):
    match t:
        case ("number", c):
            return MP.mpf(Fraction(c).numerator) / Fraction(c).denominator
        case ("size", s):
            return MP.mpf(point.sizes[s])
        case ("index", i):
            return MP.mpf(point.indices[i])
        case ("back", i, s):
            return MP.mpf(point.sizes[s] - 1 - point.indices[i])
        case ("entry", name, *at):
            return MP.mpf(point.arrays[name][tuple(int(plainly(i, point)) for i in at)])
        case ("power", u, q):
            return _power(plainly(u, point), q)
        case ("sum" | "largest" | "product" as binder, i, s, u):
            values = [plainly(u, point.at(**{i: k})) for k in range(point.sizes[s])]
            return {"sum": MP.fsum, "largest": _largest, "product": MP.fprod}[binder](values)
    return PLAINLY[t[0]](*(plainly(u, point) for u in t[1:]))


def _largest(values: list):
    ordered = sorted(values)
    if len(ordered) > 1 and ordered[-1] - ordered[-2] < NEAR:
        raise Off  # a tie
    return ordered[-1]


def in_kernel(p: Poly, point: Point):
    """The value of a normal form."""
    return numeric.value(p, point.place())


def points(seed: int = 0, sizes=((1, 2), (2, 1), (3, 2), (2, 3))) -> list[Point]:
    """A generic point for each pair of sizes; the free indices meet in some, differ in others."""
    rng = random.Random(seed)
    return [_point(rng, {"n": n, "m": m}) for n, m in sizes]


def _point(rng: random.Random, sizes: dict) -> Point:
    arrays = {}
    for name, axes in AXES.items():
        low = 0.2 if name in SIGNS else -1.5
        array = np.empty(tuple(sizes[s] for s in axes), dtype=object)
        for at in np.ndindex(array.shape):
            is_label = name == "l"
            array[at] = rng.randrange(sizes["m"]) if is_label else MP.mpf(rng.uniform(low, 1.7))
        arrays[name] = array
    return Point(sizes, arrays, {i: rng.randrange(sizes[s]) for i, s in FREE.items()})


# --- at random ---

CONSTANTS = (-2, -1, 1, 2, 3, Fraction(1, 2), Fraction(-2, 3))
UNARY = ("exp", "log", "tanh", "logistic", "sinh", "cosh", "sin", "cos", "erf", "atan")
SWITCHES = ("positive", "zero", "abs", "sign")
POLYNOMIAL = ("add", "sub", "mul", "mul", "sum", "sum", "same", "square")
EVERYTHING = (
    *("add", "sub", "mul", "mul", "div", "sum", "sum", "square", "root", "composite", "function"),
    *("function", "switch", "two", "same", "ahead", "largest", "product"),
)


@st.composite
def trees(draw, depth: int = 3, kinds=EVERYTHING, scope: tuple = tuple(FREE.items())):
    """A tree with indices from the scope."""
    if depth == 0 or draw(st.integers(0, 7)) == 0:
        return draw(leaves(scope))
    kind = draw(st.sampled_from(kinds))

    def inner(extra: tuple = (), lower: int = 1):
        return draw(trees(depth - lower, kinds, scope + extra))

    if kind in ("sum", "largest", "product"):
        name, s = f"i{len(scope)}", draw(st.sampled_from("nm"))
        return (kind, name, s, inner(((name, s),)))
    if kind == "square":
        return ("power", inner(), draw(st.sampled_from((2, 3))))
    if kind == "root":  # of what is positive, of squares, and of anything
        u = draw(st.sampled_from((inner(), ("power", inner(), 2), ("exp", inner()))))
        return ("power", u, Fraction(draw(st.sampled_from((-3, -1, 1, 3))), 2))
    if kind == "composite":  # a denominator of several terms
        u = ("add", ("power", inner(), 2), ("entry", "b"))
        return ("power", u, draw(st.sampled_from((-1, -2, Fraction(1, 2), Fraction(-1, 2)))))
    if kind in ("function", "switch"):
        names = UNARY if kind == "function" else SWITCHES
        return (draw(st.sampled_from(names)), inner())
    if kind == "two":
        return (draw(st.sampled_from(("max2", "min2"))), inner(), inner())
    if kind in ("same", "ahead"):
        s = draw(st.sampled_from("nm"))
        return ("mul", (kind, draw(places(scope, s)), draw(places(scope, s))), inner())
    return (kind, inner(), inner())


@st.composite
def leaves(draw, scope: tuple):
    kind = draw(st.sampled_from(("number", "size", "index", *AXES, *AXES)))
    if kind == "number":
        return ("number", draw(st.sampled_from(CONSTANTS)))
    if kind == "size":
        return ("size", draw(st.sampled_from("nm")))
    if kind == "index":
        return ("index", draw(st.sampled_from([i for i, _ in scope])))
    return ("entry", kind, *(draw(places(scope, s)) for s in AXES[kind]))


@st.composite
def places(draw, scope: tuple, s: str):
    """An index over a size: by name, counted from the end, or a label."""
    i = draw(st.sampled_from([i for i, of in scope if of == s]))
    return draw(st.sampled_from(choices_of_place(i, s)))


def choices_of_place(i: str, s: str) -> list:
    labels = [("entry", "l", ("index", "p"))] if s == "m" else []
    return [("index", i), ("index", i), ("index", i), ("back", i, s), *labels]


def close(found, expected, tolerance: float = 1e-15) -> bool:
    """Whether two values are the same up to rounding."""
    return abs(found - expected) <= tolerance * max(1, abs(expected))


# --- the same written otherwise, and what is almost the same ---


def renamed(t: tuple, names: dict[str, str]) -> tuple:
    """Free and bound indices renamed throughout the tree."""
    match t:
        case ("index", i):
            return ("index", names.get(i, i))
        case ("back", i, s):
            return ("back", names.get(i, i), s)
        case ("sum" | "largest" | "product" as binder, i, s, u):
            return (binder, names.get(i, i), s, renamed(u, names))
    return tuple(renamed(u, names) if isinstance(u, tuple) else u for u in t)


def _swapped(t: tuple) -> tuple:
    return (t[0], t[2], t[1])


def _distributed(t: tuple) -> tuple:
    _, u, (_, v, w) = t
    return ("add", ("mul", u, v), ("mul", u, w))


def _summed_apart(t: tuple) -> tuple:
    _, i, s, (_, u, v) = t
    return ("add", ("sum", i, s, u), ("sum", f"{i}'", s, renamed(v, {i: f"{i}'"})))


def _summed_the_other_way(t: tuple) -> tuple:
    _, i, s, (_, j, r, u) = t
    return ("sum", j, r, ("sum", i, s, u))


def _otherwise(t: tuple, rng: random.Random) -> tuple:
    """One identity at the root of a tree, if one fits."""
    match t:
        case ("mul", _, ("add", _, _)) if rng.random() < 0.5:
            return _distributed(t)
        case ("add" | "mul" | "same", _, _):
            return _swapped(t)
        case ("sub", u, v):
            return ("add", u, ("mul", ("number", -1), v))
        case ("div", u, v):
            return ("mul", ("power", v, -1), u)
        case ("number", c):
            return ("add", ("number", c - 3), ("number", 3))
        case ("sum", _, _, ("add", _, _)):
            return _summed_apart(t)
        case ("sum", _, _, ("sum", _, _, _)):
            return _summed_the_other_way(t)
        case ("sum" | "largest" | "product" as binder, i, s, u):
            return (binder, f"{i}'", s, renamed(u, {i: f"{i}'"}))
        case ("power", u, 2):
            return ("mul", u, u)
        case ("tanh", u):
            down = ("logistic", ("mul", ("number", -2), u))
            return ("sub", ("number", 1), ("mul", ("number", 2), down))
        case ("cosh", u):
            return ("add", ("sinh", u), ("exp", ("mul", ("number", -1), u)))
        case ("sin" | "erf" | "atan" as odd, u):
            return ("mul", ("number", -1), (odd, ("mul", ("number", -1), u)))
    return t


def otherwise(t: tuple, rng: random.Random) -> tuple:
    """The same expression, written otherwise throughout by identities of the normal form."""
    inner = tuple(otherwise(u, rng) if isinstance(u, tuple) else u for u in t)
    return _otherwise(inner, rng) if rng.random() < 0.8 else inner


def _spots(t: tuple) -> list[tuple[int, ...]]:
    """The paths to all parts of a tree."""
    inner = [(k, *path) for k, u in enumerate(t) if isinstance(u, tuple) for path in _spots(u)]
    return [(), *inner]


def _replaced(t: tuple, path: tuple[int, ...], change) -> tuple:
    if not path:
        return change(t)
    k, *rest = path
    return (*t[:k], _replaced(t[k], tuple(rest), change), *t[k + 1 :])


def _wrong(t: tuple) -> list[tuple]:
    """Mistakes that are easily made at the root of a tree; most change its value."""
    others = {"p": "q", "q": "p"}
    match t:
        case ("number", c):
            return [("number", c + 1), ("number", -c)]
        case ("size", s):
            return [("sub", t, ("number", 1)), ("size", "m" if s == "n" else "n")]
        case ("index", i) if i in others:
            return [("index", others[i]), ("back", i, "n")]
        case ("back", i, _):
            return [("index", i)]
        case ("power", u, q):
            return [("power", u, -q), ("power", u, q + 1), u]
        case ("sum" | "product" as binder, i, s, u):
            swapped = {"sum": "product", "product": "sum"}[binder]
            return [(swapped, i, s, u), ("mul", ("size", s), t)]
        case ("entry", "x", i):
            return [("entry", "e", i), ("abs", t)]
        case ("same", i, j):
            return [("ahead", i, j)]
        case ("positive", u):
            return [("sub", ("number", 1), t), ("positive", ("mul", ("number", -1), u))]
        case ("abs", u) | ("log", u) | ("exp", u):
            return [u]
        case ("max2", u, v):
            return [("min2", u, v), u]
    return [("mul", ("number", -1), t)]


PLACES = ("index", "back", "entry")


def mistaken(t: tuple, rng: random.Random) -> tuple:
    """The tree with one mistake, where a mistake keeps it well formed."""
    for _ in range(20):
        path = rng.choice(_spots(t))
        part, parents = t, []
        for k in path:
            parents.append(part[0])
            part = part[k]
        inside = bool(parents) and parents[-1] in ("entry", "same", "ahead")
        options = [w for w in _wrong(part) if not inside or w[0] in PLACES]
        if options and not (inside and part[0] == "entry"):
            return _replaced(t, path, lambda _, options=options: rng.choice(options))
    return ("add", t, ("number", 1))
