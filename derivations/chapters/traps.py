"""Formulas of the source documents that are right, and fail in floating point."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np

from funcnet.ops import softmax, standard_deviation


@dataclass(frozen=True)
class Trap:
    """A formula that is right and fails in floating point."""

    title: str
    text: str
    naive: Callable[[], float]
    ours: Callable[[], float]

    def latex(self) -> str:
        """The text with both numbers."""
        with np.errstate(all="ignore"):
            naive, ours = self.naive(), self.ours()
        numbers = f"The plain formula gives {_word(naive)}, this library {_word(ours)}."
        return rf"\subsection*{{{self.title}}}" + f"\n\n{self.text} {numbers}"


def _word(value: float) -> str:
    return f"${value:.6g}$" if np.isfinite(value) else "no number"


def _plain_softmax() -> float:
    e = np.exp(np.array([710.0, 709.0]))
    return float((e / e.sum())[0])


def _our_softmax() -> float:
    return float(softmax(np.array([710.0, 709.0]))[0])  # pyright: ignore - the op, not its module


def _plain_spread_gradient() -> float:
    a = np.array([3.0, 3.0, 3.0])
    return float(((a - a.mean()) / (len(a) * a.std()))[0])


def _our_spread_gradient() -> float:
    return float(jax.grad(standard_deviation)(np.array([3.0, 3.0, 3.0]))[0])


TRAPS = (
    Trap(
        "Softmax overflows",
        r"Without subtracting the maximum, $e^{710}$ is infinite in double precision; the first "
        r"weight of the scores $(710, 709)$ is wanted.",
        _plain_softmax,
        _our_softmax,
    ),
    Trap(
        "The standard deviation of equal entries",
        r"$(a_i - \bar a) / (N \sigma)$ is $0/0$ where all entries are equal; the least "
        r"subgradient there is 0.",
        _plain_spread_gradient,
        _our_spread_gradient,
    ),
)
