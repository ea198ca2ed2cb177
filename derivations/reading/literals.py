"""Numbers of a program: short decimals, known constants, exact fractions."""

import math
import re
from fractions import Fraction
from typing import Any

import numpy as np

from derivations.algebra.functions import INFINITY, NAN, PI, log, power
from derivations.algebra.terms import (
    Poly,
    number,
    scale,
)
from derivations.reading.reader import Reader

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
