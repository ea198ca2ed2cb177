"""The dict of the evaluator's rules, and the one way to put a rule into it."""

from collections.abc import Callable
from typing import Any

from derivations.witness.numbers import CannotEvaluate

Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register the rule of primitives.

    Called with the surroundings, the equation and the numbers that go in; returns a number, or a
    list of as many as the primitive has results.
    """

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def refused(reason: str) -> Rule:
    """The rule of a primitive that is not evaluated, which says why."""

    def refuse(*_: Any) -> Any:
        raise CannotEvaluate(reason)

    return refuse


def input_types(equation: Any) -> list[Any]:
    """The dtypes of what goes in."""
    return [atom.aval.dtype for atom in equation.invars]


def result_type(equation: Any) -> Any:
    """The dtype of the first result."""
    return equation.outvars[0].aval.dtype


def result_shape(equation: Any) -> tuple[int, ...]:
    """The shape of the first result."""
    return tuple(equation.outvars[0].aval.shape)
