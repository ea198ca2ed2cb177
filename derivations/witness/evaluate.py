"""The loop over the equations of a jaxpr."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from derivations.algebra.session import tick
from derivations.witness.integers import PLAIN, is_floating, is_key
from derivations.witness.numbers import MP, NAN, CannotEvaluate, Number, Surroundings, reals
from derivations.witness.rules import RULES

FAILURES = (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)


def constant(value: Any) -> Number:
    """A literal or a constant of the program, exactly."""
    if getattr(getattr(value, "dtype", None), "kind", "") in PLAIN:
        value = np.asarray(value)
        return Number(reals(value) if value.dtype.kind == "f" else value)
    name = str(getattr(value, "dtype", ""))
    if "float0" in name:
        return Number(reals(np.zeros(np.shape(value))))
    if name.startswith("key"):
        return Number(value)
    value = np.asarray(value)
    refuse_complex(value.dtype)
    if not is_floating(value.dtype):
        return Number(value)
    return Number(reals(value.astype(np.float64)))


# what has poles, at which a machine returns ±∞
POLES = frozenset(
    (
        *("div", "log", "log1p", "log2", "rsqrt", "pow", "integer_pow", "atanh", "erf_inv"),
        *("lgamma", "digamma", "polygamma"),
    )
)

EDGES = frozenset({"sqrt", "rsqrt", "cbrt", "pow"})  # of what begins at 0, or has no slope there


def given(x: Number, dtype: Any) -> Number:
    """A number in the type of its place; integers may come in a wider one."""
    kind = getattr(dtype, "kind", "")
    if x.is_float and kind == "f":
        return x
    if dtype is None or (kind not in PLAIN and (is_key(dtype) or "float0" in str(dtype))):
        return x
    if is_floating(dtype):
        return x if x.is_float else Number(reals(x.value))
    if x.is_float:
        return Number(np.asarray(x.value.astype(np.int64)).astype(dtype))
    return x if x.value.dtype == dtype else Number(x.value.astype(dtype))


def refuse_complex(dtype: Any) -> None:
    """Complex numbers are not evaluated, and none of their parts is dropped."""
    if getattr(dtype, "kind", "") == "c":
        raise CannotEvaluate("complex numbers")


def evaluate(
    around: Surroundings, jaxpr: Any, consts: Sequence, args: Sequence[Number]
) -> list[Number]:
    """Run an open jaxpr."""
    known = dict(zip(jaxpr.constvars, map(constant, consts), strict=True))
    known.update(zip(jaxpr.invars, args, strict=True))

    def value_of(atom: Any) -> Number:
        if not hasattr(atom, "val"):
            return known[atom]
        return given(constant(atom.val), getattr(atom.aval, "dtype", None))

    for equation in jaxpr.eqns:
        tick()
        known.update(zip(equation.outvars, _results(around, equation, value_of), strict=True))
    return [value_of(atom) for atom in jaxpr.outvars]


def _results(around: Surroundings, equation: Any, value_of: Any) -> Sequence[Number]:
    name = equation.primitive.name
    if name not in RULES:
        raise CannotEvaluate(f"the primitive {name}")
    for atom in (*equation.invars, *equation.outvars):
        refuse_complex(getattr(atom.aval, "dtype", None))
    try:
        outputs = RULES[name](around, equation, *map(value_of, equation.invars))
    except FAILURES as error:
        raise CannotEvaluate(f"{name} could not be evaluated: {error}") from error
    outputs = [outputs] if isinstance(outputs, Number) else outputs
    if around.has_no_poles and name in EDGES and _is_at_zero(value_of(equation.invars[0])):
        around.near_kink = True
    if around.has_no_poles and name in POLES:
        return [_without_poles(around, x, map(value_of, equation.invars)) for x in outputs]
    return outputs


def _is_at_zero(x: Number) -> bool:
    return x.is_float and not all(x.value.reshape(-1))


def _without_poles(around: Surroundings, found: Number, operands: Iterable[Number]) -> Number:
    """No number where finite ones make an infinite one: there the function has no value."""
    if not found.is_float:
        return found
    is_pole = np.vectorize(MP.isinf, otypes=[bool])(found.value)
    for x in operands:
        if is_pole.any() and x.is_float:
            is_pole &= np.vectorize(MP.isfinite, otypes=[bool])(x.value)
    if not is_pole.any():
        return found
    around.near_kink = True
    return Number(np.where(is_pole, NAN, found.value), found.tangent)


def called(around: Surroundings, inner: Any, args: Sequence[Number]) -> list[Number]:
    """Run a program that an equation carries, closed or open."""
    consts = getattr(inner, "consts", ())
    return evaluate(around, getattr(inner, "jaxpr", inner), consts, args)
