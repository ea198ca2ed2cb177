"""Admissible points: small rationals first, then any, at sizes that hide no transposition."""

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from derivations.proving.arguments import Argument
from derivations.proving.problem import Problem, Traces, evaluated
from derivations.witness import reals
from funcnet.contract import Between, Labels


@dataclass(frozen=True)
class Point:
    """Inputs and cotangents at given sizes."""

    sizes: Mapping[str, int]
    inputs: tuple[np.ndarray, ...]
    cotangents: tuple[np.ndarray, ...]

    @cached_property
    def numbers(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Inputs and cotangents in high precision."""
        inputs = [reals(x) if x.dtype == object else x for x in self.inputs]
        return inputs, [reals(c) for c in self.cotangents]


def unequal_sizes(problem: Problem) -> list[dict[str, int]]:
    """Two choices in which different sizes differ, so that no transposition hides."""
    least, names = dict(problem.minimal), problem.sizes
    up = {name: max(2 + k % 3, least.get(name, 1)) for k, name in enumerate(names)}
    down = {name: max(3 - k % 3, least.get(name, 1)) for k, name in enumerate(names)}
    return [up, down] if names else [{}]


def small_sizes(problem: Problem) -> list[dict[str, int]]:
    """The smallest sizes first; a few of all equal, then all of 1, 2 for few names."""
    least, names = dict(problem.minimal), problem.sizes
    found = [{n: max(k, least.get(n, 1)) for n in names} for k in (1, 2, 3)]
    if len(names) <= 3:
        for values in itertools.product((1, 2, 3), repeat=len(names)):
            found.append({n: max(k, least.get(n, 1)) for n, k in zip(names, values, strict=True)})
    unique = {tuple(s.items()): s for s in found}
    return sorted(unique.values(), key=lambda s: math.prod(s.values()))


def drawn_point(
    problem: Problem,
    traces: Traces,
    sizes: Mapping[str, int],
    draw: random.Random,
    simple: bool,
    between_0_and_1: bool = False,
) -> Point:
    """Random admissible inputs and cotangents."""
    inputs = drawn_inputs(problem, sizes, draw, simple)
    if between_0_and_1:  # where logarithms and roots are most often defined
        inputs = [_squeezed(x) if x.dtype == object else x for x in inputs]
    inputs = _with_sums(problem, inputs)
    cotangents = tuple(random_array(shape, draw, simple) for shape in traces.outputs)
    return Point(sizes, tuple(inputs), cotangents)


def drawn_inputs(
    problem: Problem, sizes: Mapping[str, int], draw: random.Random, simple: bool
) -> list[np.ndarray]:
    """Random admissible inputs: small rationals, or any."""
    return [_drawn(a, sizes, draw, simple) for a in problem.arrays]


def _squeezed(array: np.ndarray) -> np.ndarray:
    result = array.copy()
    for place, x in np.ndenumerate(array):
        result[place] = abs(x) / (1 + abs(x))
    return result


def _with_sums(problem: Problem, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Make the sums over the last axis what they are assumed to be."""
    assumed = dict(problem.sums)
    for a, array in zip(problem.arrays, inputs, strict=True):
        if a.name in assumed:
            array[..., -1] += assumed[a.name] - array.sum(axis=-1)
    return inputs


def random_array(shape: Sequence[int], draw: random.Random, simple: bool) -> np.ndarray:
    """Rationals that are not zero."""
    result = np.empty(tuple(shape), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = Fraction(
            draw.choice([-3, -2, -1, 1, 2, 3])
            if simple
            else draw.choice([-1, 1]) * draw.randrange(1, 900),
            1 if simple else 301,
        )
    return result


def _drawn(a: Argument, sizes: Mapping[str, int], draw: random.Random, simple: bool) -> np.ndarray:
    shape = tuple(evaluated(d, sizes) for d in a.dims)
    result = np.empty(shape, dtype=np.int64 if a.kind == "int" else object)
    close = not simple and draw.random() < 1 / 6  # entries near one another, for mistakes in a band
    for place in np.ndindex(shape):
        result[place] = _label(a, sizes, draw) if a.kind == "int" else _entry(a, draw, simple)
        if close and a.kind != "int":
            result[place] = result.flat[0] + (result[place] - result.flat[0]) / 256
    return result


def _label(a: Argument, sizes: Mapping[str, int], draw: random.Random) -> int:
    top = next((evaluated(d.size, sizes) for d in a.domains if isinstance(d, Labels)), 2)
    return draw.randrange(top)


def _entry(a: Argument, draw: random.Random, simple: bool) -> Fraction:
    limits = next((d for d in a.domains if isinstance(d, Between)), None)
    value = (
        Fraction(draw.choice([-3, -2, -1, 1, 2, 3]), draw.choice([1, 2])) if simple else _any(draw)
    )
    if limits is None:
        return value
    if limits.high < math.inf:
        low, high = Fraction(limits.low), Fraction(limits.high)
        share = (
            Fraction(draw.randrange(1, 4), 4) if simple else Fraction(draw.randrange(1, 997), 997)
        )
        return low + (high - low) * share
    return Fraction(limits.low) + abs(value)


def _any(draw: random.Random) -> Fraction:
    spread = draw.choice([1, 1, 1, 4, Fraction(1, 8)])
    return spread * Fraction(draw.choice([-1, 1]) * draw.randrange(1, 2003), 1001)
