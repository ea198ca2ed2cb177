"""The dict of rules, one for each kind of SymPy's expressions, and the walk that applies them."""

from collections.abc import Callable
from typing import Any

import sympy as sp

from derivations.language.evaluate.values import Scope, Value

Rule = Callable[[Any, Scope], Value]
RULES: dict[type, Rule] = {}


def rule(*kinds: type) -> Callable[[Rule], Rule]:
    """Register the value of expressions of these kinds, and of those derived from them."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(kinds, function))
        return function

    return register


def evaluate(e: sp.Expr, scope: Scope) -> Value:
    """The value of an expression in a scope, worked out once.

    Raises:
        TypeError: an expression of a kind without a rule.
    """
    if e not in scope.known:
        found = next((RULES[kind] for kind in type(e).__mro__ if kind in RULES), None)
        if found is None:
            raise TypeError(f"lambdify cannot evaluate {type(e).__name__}: {e}; work it out first")
        scope.known[e] = found(e, scope)
    return scope.known[e]
