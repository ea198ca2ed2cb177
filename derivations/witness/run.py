"""The evaluator: runs jaxprs at small sizes in 40 digits, with tangents, without the algebra.

It has two duties. It keeps the algebra honest: nothing is called PROVED unless the two agree at
several sizes and random points. And it finds the concrete inputs that a refutation needs. The true
derivative comes from forward-mode tangents of the definition, so no derivative rule of JAX and none
of the algebra is used.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from derivations.witness.numbers import CannotEvaluate, Number, Surroundings, reals

RULES: dict[str, Callable] = {}


def constant(value: Any) -> Number:
    """A literal or a constant of the program, exactly."""
    if str(getattr(value, "dtype", "")) == "float0":
        return Number(reals(np.zeros(np.shape(value))))
    value = np.asarray(value)
    is_float = value.dtype.kind not in "iub"
    return Number(reals(value.astype(np.float64)) if is_float else value)


WRAPPING = ("add", "sub", "mul", "neg")


def _is_unsigned(equation: Any) -> bool:
    return getattr(equation.outvars[0].aval.dtype, "kind", "") == "u"


def evaluate(
    around: Surroundings, jaxpr: Any, consts: Sequence, args: Sequence[Number]
) -> list[Number]:
    """Run an open jaxpr."""
    known = dict(zip(jaxpr.constvars, map(constant, consts), strict=True))
    known.update(zip(jaxpr.invars, args, strict=True))

    def value_of(atom: Any) -> Number:
        return constant(atom.val) if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name not in RULES:
            raise CannotEvaluate(f"the primitive {name}")
        if name in WRAPPING and _is_unsigned(equation):
            raise CannotEvaluate("arithmetic of unsigned integers, which wraps around")
        params = {**equation.params, "_primitive": equation.primitive}
        params["_outputs"] = [v.aval for v in equation.outvars]
        try:
            outputs = RULES[name](around, params, *map(value_of, equation.invars))
        except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError) as error:
            raise CannotEvaluate(f"{name} could not be evaluated: {error}") from error
        outputs = [outputs] if isinstance(outputs, Number) else outputs
        known.update(zip(equation.outvars, outputs, strict=True))
    return [value_of(atom) for atom in jaxpr.outvars]


def run(
    jaxpr: Any, args: Sequence[np.ndarray], tangents: Sequence[np.ndarray | None]
) -> tuple[list[Number], bool]:
    """The outputs of a closed jaxpr, and whether a kink was near."""
    around = Surroundings()
    numbers = [Number(a, t) for a, t in zip(args, tangents, strict=True)]
    with jax.enable_x64(True):
        outputs = evaluate(around, jaxpr.jaxpr, jaxpr.consts, numbers)
    return outputs, around.near_kink


from derivations.witness import arrays, control, values  # noqa: E402, F401 (they fill RULES)
