"""Rules of the reader for what works on entries.

Arithmetic, functions, comparisons, choices, and calls.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from derivations.algebra import functions as f
from derivations.algebra.brackets import at_least, delta, off_boundaries, positive, zero
from derivations.algebra.ranges import at_least_zero, bounds, divided
from derivations.algebra.terms import ONE, ZERO, Poly, Undecided, add, constant, number, scale
from derivations.reading import RULES, Array, Reader, elementwise, frozen, kind_of, read, rule

HALF = Fraction(1, 2)
WIDE = 32  # bits
MOST_TURNS = 16  # of a loop that is read turn by turn


def _reciprocal(reader: Reader, p: Poly) -> Poly:
    reader.needs("nonzero", p)
    return f.power(p, -1)


def _power(reader: Reader, p: Poly, q: Any) -> Poly:
    if Fraction(q).denominator != 1:
        reader.needs("positive", p)
    elif q < 0:
        reader.needs("nonzero", p)
    return f.power(p, q)


def _log(reader: Reader, p: Poly) -> Poly:
    reader.needs("positive", p)
    return f.log(p)


def _expm1(_: Reader, p: Poly) -> Poly:
    return f.exp(p) - 1


def _cube_root(reader: Reader, p: Poly) -> Poly:
    up, down = positive(p), positive(-p)
    third = Fraction(1, 3)
    return reader.boundary(up) * f.power(p, third) - down * f.power(-p, third)


def _uncut(reader: Reader, p: Poly) -> Poly:
    """In value the identity; the value's derivative is judged, not what JAX makes of it."""
    if reader.cuts:
        return frozen(p)
    reader.assume(
        "literal", "stop_gradient is read as the identity: the value's derivative is judged"
    )
    return p


REAL = {
    "neg": lambda _, a: -a,
    "add": lambda _, a, b: a + b,
    "add_any": lambda _, a, b: a + b,
    "sub": lambda _, a, b: a - b,
    "square": lambda _, a: a * a,
    "sqrt": lambda r, a: _power(r, a, HALF),
    "rsqrt": lambda r, a: _power(r, a, -HALF),
    "cbrt": _cube_root,
    "exp": lambda _, a: f.exp(a),
    "exp2": lambda _, a: f.exp(a * f.log(number(2))),
    "expm1": _expm1,
    "log": _log,
    "log1p": lambda r, a: _log(r, a + 1),
    "logistic": lambda _, a: f.logistic(a),
    "tanh": lambda _, a: f.tanh(a),
    "sinh": lambda _, a: f.sinh(a),
    "cosh": lambda _, a: f.cosh(a),
    "sin": lambda _, a: f.fn("sin", a),
    "cos": lambda _, a: f.fn("cos", a),
    "tan": lambda r, a: f.fn("sin", a) * _reciprocal(r, f.fn("cos", a)),
    "erfc": lambda _, a: ONE - f.fn("erf", a),
    "one_minus_square": lambda _, a: ONE - a * a,
    "abs": lambda r, a: r.boundary(f.absolute(a)),
    "max": lambda r, a, b: r.boundary(f.maximum(a, b)),
    "min": lambda r, a, b: r.boundary(f.minimum(a, b)),
    "copy": lambda _, a: a,
    "copy_p": lambda _, a: a,
    "stop_gradient": _uncut,
    "reduce_precision": lambda _, a: a,
    "real": lambda _, a: a,
}
RULES.update({name: elementwise(function) for name, function in REAL.items()})

NEEDS: dict[str, tuple[str, Callable[[Poly], Poly]]] = {  # where a function of the table is smooth
    "erf_inv": ("positive", lambda a: ONE - a * a),
    "asin": ("positive", lambda a: ONE - a * a),
    "acos": ("positive", lambda a: ONE - a * a),
    "atanh": ("positive", lambda a: ONE - a * a),
    "acosh": ("positive", lambda a: a - 1),
    "lgamma": ("off poles", lambda a: a),
    "digamma": ("off poles", lambda a: a),
    "floor": ("no integer", lambda a: a),
    "round": ("no integer", lambda a: a - HALF),
}


def _of_table(name: str) -> Callable[..., Poly]:
    def read(reader: Reader, *args: Poly) -> Poly:
        if name in NEEDS:
            kind, where = NEEDS[name]
            note = reader.assume if kind == "no integer" else reader.needs
            note(kind, where(args[0]))
        return f.fn(name, *args)

    return read


TABLE = ("erf", "atan", "asinh", "atan2", "bessel_i0e", "bessel_i1e", *NEEDS)
for _name in TABLE:
    RULES[_name] = elementwise(_of_table(_name))
RULES["polygamma"] = elementwise(lambda _, order, a: f.polygamma(order, a))
RULES["ceil"] = elementwise(lambda r, a: -_of_table("floor")(r, -a))


@rule("mul")
def _mul(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    return elementwise(lambda _, p, q: p * q)(reader, equation, a, b)


@rule("div")
def _div(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    if "f" in (a.kind, b.kind):
        return elementwise(lambda r, p, q: p * _reciprocal(r, q))(reader, equation, a, b)
    return elementwise(lambda _, p, q: _digit(p, q, 0))(reader, equation, a, b)


@rule("rem")
def _rem(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    if "f" in (a.kind, b.kind):
        return elementwise(_real_remainder)(reader, equation, a, b)
    return elementwise(lambda _, p, q: _digit(p, q, 1))(reader, equation, a, b)


def _real_remainder(reader: Reader, p: Poly, q: Poly) -> Poly:
    """X - y trunc(x / y)."""
    ratio = p * _reciprocal(reader, q)
    reader.assume("no integer", ratio)
    up = reader.boundary(positive(ratio))
    return p - q * (up * f.fn("floor", ratio) - (ONE - up) * f.fn("floor", -ratio))


def _digit(p: Poly, q: Poly, which: int) -> Poly:
    found, limits = divided(p, q), bounds(p)
    is_positive = limits is not None and at_least_zero(limits[0]) and at_least_zero(q - 1)
    if found is None or not is_positive:  # JAX rounds towards 0
        raise Undecided("an integer division that is not of digits")
    return found[which]


@rule("sign")
def _sign(reader: Reader, equation: Any, a: Array) -> Array:
    if a.kind == "i":
        return elementwise(lambda _, p: at_least(p - 1) - at_least(-p - 1))(reader, equation, a)
    return elementwise(lambda r, p: r.boundary(f.sign_of(p)))(reader, equation, a)


@rule("integer_pow")
def _integer_pow(reader: Reader, equation: Any, a: Array) -> Array:
    return elementwise(lambda r, p: _power(r, p, equation.params["y"]))(reader, equation, a)


@rule("pow")
def _pow(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
    def entry(r: Reader, p: Poly, q: Poly) -> Poly:
        exponent = constant(q)
        if exponent is not None:
            return _power(r, p, exponent)
        r.needs("positive", p)
        return f.symbolic_power(p, q)

    return elementwise(entry)(reader, equation, a, b)


# --- comparisons and choices ---


def _greater(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    if kind != "f":
        return at_least(a - b - 1)
    if f.is_undefined(a) or f.is_undefined(b):
        return _against_infinity(reader, a, b)
    return reader.boundary(positive(a - b))


def _against_infinity(reader: Reader, a: Poly, b: Poly) -> Poly:
    finite = [p for p in (a, b) if not f.is_undefined(p)]
    if len(finite) != 1 or f.NAN in (a, b):
        raise Undecided("a comparison of infinities or nan")
    reader.assume("finite", finite[0])
    return ONE if a == f.INFINITY or b == -f.INFINITY else ZERO


def _same(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    if kind == "b":
        return ONE - (a - b) * (a - b)
    if kind == "i":
        return delta(a - b)
    if f.is_undefined(a) or f.is_undefined(b):
        reader.assume("finite", b if f.is_undefined(a) else a)
        return ONE if a == b and a != f.NAN else ZERO
    return off_boundaries(reader.boundary(zero(a - b)))  # the boundaries are noted


def _not_less(reader: Reader, a: Poly, b: Poly, kind: str) -> Poly:
    return at_least(a - b) if kind != "f" else ONE - _greater(reader, b, a, kind)


COMPARISONS = {
    "gt": _greater,
    "lt": lambda r, a, b, kind: _greater(r, b, a, kind),
    "ge": _not_less,
    "le": lambda r, a, b, kind: _not_less(r, b, a, kind),
    "eq": _same,
    "ne": lambda r, a, b, kind: ONE - _same(r, a, b, kind),
}


def _comparison(name: str):
    def apply(reader: Reader, equation: Any, a: Array, b: Array) -> Array:
        entry = elementwise(lambda r, p, q: COMPARISONS[name](r, p, q, a.kind))
        return entry(reader, equation, a, b)

    return apply


RULES.update({name: _comparison(name) for name in COMPARISONS})

LOGIC = {
    "and": lambda _, a, b: a * b,
    "or": lambda _, a, b: a + b - a * b,
    "xor": lambda _, a, b: a + b - 2 * a * b,
    "not": lambda _, a: ONE - a,
}


def _logic(name: str):
    def apply(reader: Reader, equation: Any, *arrays: Array) -> Array:
        if any(array.kind != "b" for array in arrays):
            raise Undecided(f"the primitive {name} of integers")
        return elementwise(LOGIC[name])(reader, equation, *arrays)

    return apply


RULES.update({name: _logic(name) for name in LOGIC})


@rule("is_finite")
def _is_finite(reader: Reader, equation: Any, a: Array) -> Array:
    def entry(r: Reader, p: Poly) -> Poly:
        if f.is_undefined(p):
            return ZERO
        r.assume("finite", p)
        return ONE

    return elementwise(entry)(reader, equation, a)


@rule("select_n")
def _select(reader: Reader, equation: Any, which: Array, *cases: Array) -> Array:
    if len(cases) != 2:
        raise Undecided("a choice among more than two")

    def entry(at: tuple[Poly, ...]) -> Poly:
        condition = which(*at)
        if condition in (ZERO, ONE):  # the other case is not looked at
            return cases[0 if condition == ZERO else 1](*at)
        with reader.one_case():
            no, yes = cases[0](*at), cases[1](*at)
        return chosen(reader, condition, no, yes)

    out = equation.outvars[0].aval
    return Array(reader.shape(out.shape), kind_of(out.dtype), entry)


def chosen(reader: Reader, condition: Poly, no: Poly, yes: Poly) -> Poly:
    """Yes where the condition holds, else no.

    A branch that is nan by intent is a condition on the other one.
    """
    if no == f.NAN:
        reader.assume("holds", condition)
        return yes
    if yes == f.NAN:
        reader.assume("holds", ONE - condition)
        return no
    return condition * yes + (ONE - condition) * no


@rule("clamp")
def _clamp(reader: Reader, equation: Any, low: Array, x: Array, high: Array) -> Array:
    def entry(r: Reader, lo: Poly, p: Poly, hi: Poly) -> Poly:
        if x.kind == "i":
            p = lo + (p - lo) * at_least(p - lo)
            return hi + (p - hi) * at_least(hi - p)
        return r.boundary(f.minimum(r.boundary(f.maximum(p, lo)), hi))

    return elementwise(entry)(reader, equation, low, x, high)


@rule("convert_element_type")
def _convert(reader: Reader, equation: Any, a: Array) -> Array:
    to = kind_of(equation.params["new_dtype"])
    if a.kind == "f" and to == "i":
        raise Undecided("a conversion of floats to integers")
    if to == "b" and a.kind != "b":
        return elementwise(lambda r, p: ONE - _same(r, p, ZERO, a.kind))(reader, equation, a)
    if a.kind == "i" and to == "i":
        dtype = equation.params["new_dtype"]
        return elementwise(lambda _, p: require_no_wrap(p, dtype))(reader, equation, a)
    return elementwise(lambda _, p: p)(reader, equation, a)


def require_no_wrap(p: Poly, dtype: Any) -> Poly:
    """An integer that is certain to fit; sizes are taken to fit in 32 bits, and so do indices."""
    info = np.iinfo(dtype)
    limits = bounds(p) if info.min == 0 or info.bits < WIDE else None
    if info.min == 0 and (limits is None or not at_least_zero(limits[0])):
        raise Undecided(f"a conversion to {info.dtype}, which may wrap around")
    most = constant(limits[1]) if limits is not None else None
    if info.bits < WIDE and (most is None or most > info.max):
        raise Undecided(f"a conversion to {info.dtype}, which may wrap around")
    return p


# --- calls: the value is that of the definition ---


@rule(
    "pjit",
    "jit",
    "closed_call",
    "core_call",
    "remat",
    "remat2",
    "checkpoint",
    "custom_jvp_call",
    "custom_lin",
)
def _call(reader: Reader, equation: Any, *arrays: Array) -> list[Array]:
    inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
    return read(reader, _closed(inner), arrays)


@rule("custom_vjp_call", "custom_vjp_call_jaxpr")
def _custom_vjp(reader: Reader, equation: Any, *arrays: Array) -> list[Array]:
    inner = equation.params.get("call_jaxpr", equation.params.get("fun_jaxpr"))
    return read(reader, _closed(inner), arrays)


class _Closed:
    """An open jaxpr, such as that of remat, with no constants."""

    def __init__(self, jaxpr: Any):
        self.jaxpr, self.consts = jaxpr, ()


def _closed(jaxpr: Any) -> Any:
    return jaxpr if hasattr(jaxpr, "consts") else _Closed(jaxpr)


@rule("empty2", "empty")
def _empty(reader: Reader, equation: Any) -> Array:
    out = equation.outvars[0].aval
    return Array(reader.shape(out.shape), kind_of(out.dtype), lambda _: ZERO)


@rule("debug_callback", "debug_print")
def _unseen(*_: Any) -> list[Array]:
    return []


@rule("optimization_barrier", "device_put")
def _barrier(_: Reader, __: Any, *arrays: Array) -> list[Array]:
    return list(arrays)


@rule("cond")
def _cond(reader: Reader, equation: Any, which: Array, *args: Array) -> list[Array]:
    branches = equation.params["branches"]
    if len(branches) != 2:
        raise Undecided("a choice among more than two branches")
    no, yes = (read(reader, branch, args) for branch in branches)

    def either(a: Array, b: Array) -> Array:
        def entry(at: tuple[Poly, ...]) -> Poly:
            with reader.one_case():
                cases = a(*at), b(*at)
            return chosen(reader, which(), *cases)

        return Array(a.shape, a.kind, entry)

    return [either(a, b) for a, b in zip(no, yes, strict=True)]


@rule("scan")
def _scan(reader: Reader, equation: Any, *args: Array) -> list[Array]:
    """A loop of few turns, turn by turn."""
    params = equation.params
    length, consts, carried = params["length"], params["num_consts"], params["num_carry"]
    if not isinstance(length, int) or length > MOST_TURNS:
        raise Undecided(f"a scan of {length} turns, more than {MOST_TURNS}")
    state, rows = list(args[consts : consts + carried]), args[consts + carried :]
    outputs: dict[int, list[Array]] = {}
    for k in reversed(range(length)) if params["reverse"] else range(length):
        here = [_row(x, k) for x in rows]
        found = read(reader, params["jaxpr"], [*args[:consts], *state, *here])
        state, outputs[k] = found[:carried], found[carried:]
    stacked = [
        _rows([outputs[k][j] for k in range(length)]) for j in range(len(outputs.get(0, [])))
    ]
    return [*state, *stacked]


def _row(x: Array, k: int) -> Array:
    return Array(x.shape[1:], x.kind, lambda at: x(number(k), *at))


def _rows(parts: list[Array]) -> Array:
    def entries(at: tuple[Poly, ...]) -> Poly:
        return add(delta(at[0] - k) * part(*at[1:]) for k, part in enumerate(parts))

    return Array((number(len(parts)), *parts[0].shape), parts[0].kind, entries)


@rule("while")
def _refuse(_: Reader, equation: Any, *__: Array) -> None:
    raise Undecided(f"the control flow of {equation.primitive.name}")


__all__ = ["chosen", "scale"]
