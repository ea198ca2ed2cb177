"""The evaluator: the second opinion that shares no code with the algebra."""

from derivations.witness.conversions import coarsest
from derivations.witness.numbers import (
    MP,
    CannotEvaluate,
    Number,
    as_array,
    more_digits,
    real,
    reals,
)
from derivations.witness.run import run

__all__ = [
    "MP",
    "CannotEvaluate",
    "Number",
    "as_array",
    "coarsest",
    "more_digits",
    "real",
    "reals",
    "run",
]
