"""The sizes that are tried: everyday ones, 0, and those at and beyond the numbers of a program."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from derivations.proving.equality import Readings
from derivations.proving.problem import Problem, evaluated

SIZES = (1, 2, 3, 5, 7, 8, 16, 33, 128, 1000)
MOST_NUMBERS = 300  # in a point of the search
MOST_ENTRIES = 10**6
MOST_LITERALS = 8


def usual_sizes(problem: Problem) -> Iterator[dict[str, int]]:
    """Every name at every size, beside others; and all equal."""
    least, names = dict(problem.minimal), problem.sizes
    turned = [
        {n: SIZES[(s + 3 * k) % len(SIZES)] for k, n in enumerate(names)} for s in range(len(SIZES))
    ]
    equal = [dict.fromkeys(names, s) for s in (1, 2, 7)] if len(names) > 1 else []
    seen: set[tuple] = set()
    for sizes in sorted([*turned, *equal], key=lambda s: sorted(s.values(), reverse=True)):
        found = {n: max(k, least.get(n, 1)) for n, k in sizes.items()}
        key = tuple(found.items())
        if names and key not in seen and _entries(problem, found) <= MOST_ENTRIES:
            seen.add(key)
            yield found


def empty_sizes(problem: Problem) -> Iterator[dict[str, int]]:
    """One size 0 beside others, where nothing says that it is not."""
    least = dict(problem.minimal)
    for name in problem.sizes:
        if name not in least:
            others = {n: max(2 + k % 3, least.get(n, 1)) for k, n in enumerate(problem.sizes)}
            yield {**others, name: 0}


def _entries(problem: Problem, sizes: Mapping[str, int]) -> int:
    return max((math.prod(evaluated(d, sizes) for d in a.dims) for a in problem.arrays), default=0)


def sizes_beyond(
    problem: Problem, readings: Readings, sizes: Mapping[str, int]
) -> Mapping[str, int]:
    """Sizes that are greater than every small number that the program holds, where that is few."""
    top = max((k for k in _literals(readings) if k <= 40), default=0)
    if top < min(sizes.values(), default=top):
        return sizes
    larger = {n: max(k, top + 2 + j) for j, (n, k) in enumerate(sizes.items())}
    return larger if _entries(problem, larger) * len(problem.arrays) <= MOST_NUMBERS else sizes


def sizes_of_literals(problem: Problem, readings: Readings) -> Iterator[dict[str, int]]:
    """Sizes at and beside the numbers that a program holds, and the smallest ones."""
    least = dict(problem.minimal)
    found = [*sorted(_literals(readings))[:MOST_LITERALS], 1, 2, 3]
    every = [s for k in found for s in (k + 1, k, k - 1)]
    for s in dict.fromkeys(every):
        for n in problem.sizes:
            sizes = {m: max(s if m == n else 2, least.get(m, 1), 1) for m in problem.sizes}
            if _entries(problem, sizes) <= 2000:
                yield sizes


def _literals(readings: Readings) -> set[int]:
    """The whole numbers that occur in the programs."""
    if readings.sides is None:
        return set()
    traces, found = readings.sides.traces, set()
    for value in traces.numbers():
        array = np.asarray(value)
        if array.size == 1 and array.dtype.kind in "iuf":
            x = float(array.reshape(())[()])
            if math.isfinite(x) and 1 <= abs(x) <= 1100 and x == int(x):
                found.add(abs(int(x)))
    return found
