"""The derivative of a hand-written gradient: the backward as a function to be judged."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax

from derivations.algebra.terms import Undecided
from derivations.proving.arguments import Argument, name_of
from derivations.proving.handwritten import traceable
from derivations.proving.problem import Problem, bar_names


def second_order(problem: Problem) -> Problem:
    """The backward as a function of arguments and cotangents, whose derivative is judged."""
    first = replace(problem, order=1)
    try:
        outputs = first.traced(by_rule=False).outputs
    except Undecided as reason:
        return replace(problem, target=_unreadable(first, reason), order=2)
    names = bar_names(len(outputs), problem)
    bars = tuple(
        Argument(name, "float", tuple(str(n).replace(" ", "") for n in shape))
        for name, shape in zip(names, outputs, strict=True)
    )
    by_place = tuple(replace(a, keyword="", is_truth=False) for a in problem.arguments)
    return replace(problem, target=_backward(first), arguments=(*by_place, *bars), order=2)


def _backward(first: Problem) -> Callable:
    floats = [first.arrays.index(a) for a in first.differentiable()]
    target = traceable(first.target, first.arguments)

    def backward(*values: Any) -> Any:
        given, cotangents = values[: len(first.arguments)], values[len(first.arguments) :]
        arrays = [v for v, a in zip(given, first.arguments, strict=True) if a.is_array]

        def value(*inputs: Any) -> Any:
            every = list(arrays)
            for k, x in zip(floats, inputs, strict=True):
                every[k] = x
            return jax.tree.leaves(first.call(target, every))

        return jax.vjp(value, *(arrays[k] for k in floats))[1](list(cotangents))

    return _named(backward, first)


def _unreadable(first: Problem, reason: Undecided) -> Callable:
    def backward(*_: Any) -> Any:
        raise reason

    return _named(backward, first)


def _named(backward: Any, first: Problem) -> Callable:
    backward.__name__ = f"the backward of {name_of(first.target)}"
    backward.first = first
    return backward
