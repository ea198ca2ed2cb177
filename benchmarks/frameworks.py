"""The digits step as one writes it with other libraries, those that are installed."""

from collections.abc import Callable


def in_frameworks(params, x, labels) -> dict[str, Callable]:
    """By name, functions `(steps) -> (loss, steps)`."""
    del params, x, labels
    return {}
