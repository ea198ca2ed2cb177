"""Rules of the evaluator for comparisons, truth values, and choices by them."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from derivations.witness.numbers import MP, Number, Surroundings, truth
from derivations.witness.rules import RULES, rule
from derivations.witness.tangents import chosen, meet

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "gt": operator.gt,
    "lt": operator.lt,
    "ge": operator.ge,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[..., Number]:
    """With nan all are false, but that it is not equal."""

    def apply(around: Surroundings, _: Any, a: Number, b: Number) -> Number:
        if a.is_float:
            meet(around, a, b)
        return Number(truth(compare(a.value, b.value)))

    return apply


RULES.update({name: _comparison(compare) for name, compare in COMPARISONS.items()})


@rule("is_finite")
def _is_finite(_: Surroundings, __: Any, a: Number) -> Number:
    return Number(truth(np.frompyfunc(MP.isfinite, 1, 1)(a.value)))


@rule("select_n")
def _select(_: Surroundings, __: Any, which: Number, *cases: Number) -> Number:
    """The case of this number, entry by entry or of the whole; the nearest one if there is none."""
    result = cases[0]
    for k, case in enumerate(cases[1:], start=1):
        result = chosen(truth(which.value >= k), result, case)
    return result
