"""How a rule of the kernel is named: its number, what it says, why it holds, and what it needs.

Everything that the algebra takes for granted is declared with `identity` on the function that does
it. `trusted.rules()` lists the declarations, and a test demands a property test for each of them.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar


class Rule(NamedTuple):
    """One trusted step of rewriting, and the function that takes it."""

    number: str
    statement: str
    why: str
    needs: str
    module: str
    function: str


RULES: dict[str, Rule] = {}
Function = TypeVar("Function", bound=Callable)


def identity(
    number: str, statement: str, *, why: str, needs: str = ""
) -> Callable[[Function], Function]:
    """Declare that a function uses the identity; an empty `needs` means that it always holds."""

    def declared(function: Function) -> Function:
        if number in RULES:
            raise ValueError(f"two rules are called {number}")
        RULES[number] = Rule(number, statement, why, needs, function.__module__, function.__name__)
        return function

    return declared
