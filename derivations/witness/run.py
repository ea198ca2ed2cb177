"""The evaluator: runs jaxprs at small sizes in 40 digits, with tangents, without the algebra.

It has two duties. It keeps the algebra honest: nothing is called PROVED unless the two agree at
several sizes and random points. And it finds the concrete inputs that a refutation needs. The true
derivative comes from forward-mode tangents of the definition, so no derivative rule of JAX and none
of the algebra is used.

Entries are what IEEE 754 makes of real numbers: nan and ±∞ come where a machine of endless
precision would have them. Integers are those of the machine, and so are conversions to a narrower
type. See `numbers` for what a tangent is.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from derivations.witness import (  # noqa: F401 (each fills the dict of rules)
    arithmetic,
    choices,
    control,
    conversions,
    functions,
    linear,
    orders,
    places,
    reductions,
    refusals,
    shapes,
    windows,
)
from derivations.witness.evaluate import evaluate, given, refuse_complex
from derivations.witness.numbers import (
    MP,
    NAN,
    STILL,
    CannotEvaluate,
    Number,
    Surroundings,
    by_entry,
)


def run(
    jaxpr: Any,
    args: Sequence[np.ndarray],
    tangents: Sequence[np.ndarray | None],
    poles: bool = True,
    keeps_digits: bool = False,
) -> tuple[list[Number], bool]:
    """The outputs of a closed jaxpr, and whether a kink was near.

    Where a value is nan, so is its tangent. Without poles 1 / 0 is nan rather than ∞. With digits
    kept, conversions to narrower floats do not round.
    """
    around = Surroundings(has_no_poles=not poles, keeps_digits=keeps_digits)
    variables = jaxpr.jaxpr.invars
    numbers = [_entering(*x) for x in zip(variables, args, tangents, strict=True)]
    with jax.enable_x64(True), np.errstate(all="ignore"):
        outputs = evaluate(around, jaxpr.jaxpr, jaxpr.consts, numbers)
    for variable in jaxpr.jaxpr.outvars:
        refuse_complex(getattr(variable.aval, "dtype", None))
    return [_leaving(x) for x in outputs], around.near_kink


def _entering(variable: Any, value: Any, tangent: np.ndarray | None) -> Number:
    refuse_complex(variable.aval.dtype)
    value = np.asarray(value)
    if value.shape != tuple(variable.aval.shape):
        raise CannotEvaluate(f"an argument of shape {value.shape} for {variable.aval}")
    x = given(Number(value), variable.aval.dtype)
    if tangent is None or not x.is_float:
        return x
    return Number(x.value, by_entry(lambda t: MP.mpf(t) if t else STILL, tangent))


def _leaving(x: Number) -> Number:
    if x.tangent is None or not x.is_float:
        return Number(x.value)
    slopes = by_entry(lambda a, t: NAN if MP.isnan(a) else MP.mpf(t), x.value, x.tangent)
    return Number(x.value, slopes)
