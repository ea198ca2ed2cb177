"""What a chapter is made of: steps, and derivations, one for each argument."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import cleandoc
from itertools import pairwise
from typing import Any

import sympy as sp

from derivations.language import checking, evaluate, printing
from derivations.language.border import equal


@dataclass(frozen=True)
class Step:
    """An expression and the reason why it equals the one before."""

    reason: str
    expression: sp.Expr

    def latex(self) -> str:
        """The expression in LaTeX."""
        return printing.latex(self.expression)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


@dataclass(frozen=True)
class Derivation:
    """A chain of equal expressions, from a definition to the formula that a backward implements.

    `op` is the name of the op, or the title of a topic that no op implements; `wrt` is the entry of
    the argument whose cotangent is derived, such as `x[j]`, or None for a topic.
    """

    op: str
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    wrt: Any
    text: str
    steps: tuple[Step, ...]
    of_op: bool = True

    @property
    def argument(self) -> str | None:
        """The name of the argument whose cotangent this is."""
        return None if self.wrt is None else printing.base_name(self.wrt)

    def check(self) -> tuple[str, ...]:
        """Show every equals sign: by the algebra for all sizes, or else exactly at small ones.

        Returns:
            The reasons of the steps that the algebra does not decide; empty where all are proved.

        Raises:
            checking.UnequalError: two steps differ, or it cannot be decided that they do not.
        """
        undecided = []
        for before, after in pairwise(self.steps):
            if equal(before.expression, after.expression) != "equal":
                where = f"{self.op}: {after.reason}"
                checking.require_equal(before.expression, after.expression, where)
                undecided.append(after.reason)
        return tuple(undecided)

    def lambdify(self, module: str = "jax") -> Callable:
        """The last formula as a function of the op's arguments and its outputs' cotangents."""
        names = (*self.arguments, *(f"{output}_bar" for output in self.outputs))
        indices = self.wrt.indices if isinstance(self.wrt, sp.Indexed) else ()
        *before, last = (step.expression for step in self.steps)
        return evaluate.lambdify(last, names, indices, module, also=before)

    def latex(self) -> str:
        """The chain as an `align*` environment, one step a line, the reasons beside them."""
        return printing.chain(
            self.text, self.wrt, [(step.reason, step.expression) for step in self.steps]
        )

    def _repr_latex_(self) -> str:
        return self.latex()


@dataclass(frozen=True)
class Chapter:
    """All derivations of one op, or of one topic."""

    name: str
    derivations: tuple[Derivation, ...] = field(repr=False)

    def check(self) -> tuple[str, ...]:
        """Check every step of every derivation; see `Derivation.check`."""
        return tuple(reason for derivation in self.derivations for reason in derivation.check())

    def lambdify(self, module: str = "jax") -> Callable:
        """The cotangent as a function, or, where there are several, a function to their tuple."""
        functions = [derivation.lambdify(module) for derivation in self.derivations]
        if len(functions) == 1:
            return functions[0]
        return lambda *values, **named: tuple(f(*values, **named) for f in functions)

    def latex(self) -> str:
        """The chapter as LaTeX, without a document around it."""
        title = rf"\subsection{{{self.name.replace('_', ' ')}}}"
        return "\n\n".join([title, *(derivation.latex() for derivation in self.derivations)])

    def _repr_latex_(self) -> str:
        return self.latex()


def chapter_of(signature: str, wrt: sp.Expr) -> Callable[[Callable], Derivation]:
    """Make a derivation of the generator that it decorates.

    Args:
        signature: the op with its arguments and outputs, as `"batch_norm(x, gamma) -> y, mean"`;
            the output of an op that names none is y.
        wrt: the entry whose cotangent the chain derives.
    """
    call, _, outputs = signature.partition("->")
    op, _, arguments = call.strip().rstrip(")").partition("(")

    def derive(generator: Callable[[], Iterator[tuple[str, sp.Expr]]]) -> Derivation:
        text = cleandoc(generator.__doc__ or "")
        named = _names(arguments), _names(outputs) or ("y",)
        return Derivation(op, *named, wrt, text, _steps(generator))

    return derive


def topic(title: str) -> Callable[[Callable], Derivation]:
    """Make a derivation that belongs to no op."""

    def derive(generator: Callable[[], Iterator[tuple[str, sp.Expr]]]) -> Derivation:
        text = cleandoc(generator.__doc__ or "")
        return Derivation(title, (), (), None, text, _steps(generator), of_op=False)

    return derive


def in_columns(rows: Derivation, *arrays: str) -> Derivation:
    """The derivation of `<op>_columns`: the two indices of these arrays change places throughout.

    It is a chain of its own, every step of which is checked as any other.
    """
    steps = tuple(Step(s.reason, _turned(s.expression, arrays)) for s in rows.steps)
    text = f"{rows.text} Here examples are columns."
    named = f"{rows.op}_columns", rows.arguments, rows.outputs
    return Derivation(*named, _turned(rows.wrt, arrays), text, steps)


def _turned(expression: Any, arrays: tuple[str, ...]) -> Any:
    if isinstance(expression, sp.Indexed):
        is_turned = printing.base_name(expression) in arrays
        indices = reversed(expression.indices) if is_turned else expression.indices
        return expression.base[tuple(indices)]
    if not expression.args or isinstance(expression, (sp.Idx, sp.IndexedBase)):
        return expression
    return expression.func(*(_turned(part, arrays) for part in expression.args))


def _steps(generator: Callable) -> tuple[Step, ...]:
    return tuple(Step(reason, sp.sympify(expression)) for reason, expression in generator())


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())
