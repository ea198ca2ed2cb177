"""The search for points at which a rule may be wrong: both sides of every gap, and the gap itself.

A gap is a number of the program whose sign decides what happens next. Along rays from a few points
its changes of sign are bracketed, from 1e-9 to 1e9, and narrowed to a root; what is found on both
sides, at several distances, and on the root itself becomes a value that each entry is tried with,
in combinations. Nothing here is trusted: a candidate is a point to judge, in many digits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from derivations.limits import (
    APART,
    COMBINED,
    MOST_BESIDE,
    MOST_BRACKETS,
    MOST_CANDIDATES,
    MOST_RAYS,
    MOST_UNTOLD,
    OF_ONE_GAP,
    TOO_FAR,
    TURNS,
)
from derivations.proving.machine import Machine, Runs
from derivations.proving.points import generic, structured

STEPS = np.concatenate([-(2.0 ** np.arange(34, -34, -3)), [0.0], 2.0 ** np.arange(-33, 35, 3)])
BESIDE = 2.0 ** -np.array([1.0, 5, 10, 18, 24, 31])  # distances from a root, as parts of 1 + |x|
UNTOLD = 1e-12


@dataclass(frozen=True)
class Candidate:
    """A point at which a quantity looks wrong, and the entry that does most."""

    row: np.ndarray
    name: str
    position: int


@dataclass(frozen=True)
class Seen:
    """All rows that were run, and what they gave."""

    rows: np.ndarray
    runs: Runs


def look(machine: Machine, seed: int = 5) -> Seen:
    """Run the code at structured points, on all gaps and beside them, and at combinations."""
    draw = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        first = structured(machine.layout, draw)
        roots = machine.layout.admitted(_roots(machine, draw))
        beside = _combinations(machine, roots, draw)
        rows = np.concatenate([first, roots, beside])
        return Seen(rows, machine.run(rows))


# --- roots of gaps ---


def _roots(machine: Machine, draw: np.random.Generator) -> np.ndarray:
    """Rows on the gaps and close to them."""
    found = [np.zeros((0, machine.layout.width))]
    bases = machine.layout.admitted(generic(machine.layout, draw, 2))
    bases[1] = np.abs(bases[1]) / (1 + np.abs(bases[1]))
    for base in np.round(bases * 128) / 128:
        rays = _rays(machine, base, draw)
        at, way, ends = _brackets(machine, base, rays, draw)
        if len(at):
            found.append(_around(machine, base, rays[way], at, ends, draw))
    return np.concatenate(found)


def _rays(machine: Machine, base: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Single entries, whole arrays moved and stretched, everything stretched."""
    layout, width = machine.layout, machine.layout.width
    floats = layout.floats
    single = floats if len(floats) <= MOST_RAYS else draw.permutation(floats)[:MOST_RAYS]
    rays = [np.zeros((len(single), width))]
    rays[0][np.arange(len(single)), single] = 1
    for s in layout.slices:
        mask = np.zeros(width)
        mask[s] = 1
        mask[np.setdiff1d(np.arange(width), floats)] = 0
        rays.append(np.stack([mask, mask * base]))
    return np.unique(np.concatenate([*rays, base[None]]), axis=0)


def _brackets(
    machine: Machine, base: np.ndarray, rays: np.ndarray, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which gap changes its sign, on which ray, between which steps."""
    rows = base + STEPS[None, :, None] * rays[:, None, :]
    gaps = machine.run(rows.reshape(-1, rows.shape[-1])).gaps
    signs = np.sign(gaps).reshape(len(rays), len(STEPS), -1)
    changes = (signs[:, 1:] * signs[:, :-1] <= 0) & np.isfinite(signs[:, 1:] + signs[:, :-1])
    changes &= (signs[:, 1:] != 0) | (signs[:, :-1] != 0)
    way, step, at = np.nonzero(changes)
    order = draw.permutation(len(at))
    rank = _rank_in_group(at[order])
    chosen = order[rank < OF_ONE_GAP][:MOST_BRACKETS]
    ends = np.stack([STEPS[step[chosen]], STEPS[step[chosen] + 1]], axis=1)
    return at[chosen], way[chosen], ends


def _rank_in_group(labels: np.ndarray) -> np.ndarray:
    """How many earlier entries have the same label."""
    order = np.argsort(labels, kind="stable")
    ranks = np.empty(len(labels), int)
    starts = np.searchsorted(labels[order], labels[order])
    ranks[order] = np.arange(len(labels)) - starts
    return ranks


def _around(
    machine: Machine,
    base: np.ndarray,
    ways: np.ndarray,
    at: np.ndarray,
    ends: np.ndarray,
    draw: np.random.Generator,
) -> np.ndarray:
    """The roots, their rounded neighbours, and points on both sides."""
    low, high = _narrowed(machine, base, ways, at, ends)
    roots = [low, high, *(np.round(low, k) for k in (0, 1, 2, 3, 6))]
    scale = 1 + np.abs(low)
    sides = [low + sign * d * scale for d in BESIDE for sign in (-1, 1)]
    steps = np.stack([*roots, *sides, ends[:, 0], ends[:, 1]])
    rows = np.unique((base + steps[..., None] * ways[None]).reshape(-1, len(base)), axis=0)
    return rows if len(rows) <= MOST_BESIDE else draw.permutation(rows)[:MOST_BESIDE]


def _narrowed(
    machine: Machine, base: np.ndarray, ways: np.ndarray, at: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The brackets narrowed, by turns with straight lines and by halves; exact roots stay."""

    def gap(steps: np.ndarray) -> np.ndarray:
        return machine.run(base + steps[:, None] * ways).gaps[np.arange(len(at)), at]

    low, high = ends[:, 0].copy(), ends[:, 1].copy()
    below, above = gap(low), gap(high)
    for turn in range(TURNS):
        slope = np.where(above == below, 1.0, above - below)
        middle = (low + high) / 2 if turn % 3 == 2 else low - below * (high - low) / slope
        middle = np.where((middle >= low) & (middle <= high), middle, (low + high) / 2)
        here = gap(middle)
        up = np.sign(here) == np.sign(above)
        up = np.where(here == 0, False, up)
        high, above = np.where(up, middle, high), np.where(up, here, above)
        low, below = np.where(up, low, middle), np.where(up, below, here)
        high = np.where(here == 0, middle, high)
        above = np.where(here == 0, here, above)
    return low, high


def _combinations(machine: Machine, roots: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Rows with some entries replaced by values that they have on or beside a gap."""
    layout = machine.layout
    count = COMBINED // 4 if not len(roots) else COMBINED
    rows = generic(layout, draw, count)
    if len(roots):
        kept = draw.integers(len(roots), size=count)
        rows = np.where(np.arange(count)[:, None] % 3 > 0, roots[kept], rows)
        other = roots[
            draw.integers(len(roots), size=(count, layout.width)), np.arange(layout.width)
        ]
        share = draw.choice([0.05, 0.3, 0.8], size=(count, 1))
        rows = np.where(draw.random(rows.shape) < share, other, rows)
        rows = np.concatenate([rows, _levels_of(layout, roots, draw)])
    return layout.admitted(rows)


def _levels_of(layout, roots: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Arrays of which every entry is one value that some entry has on or beside a gap."""
    found = []
    for s in layout.slices:
        if s.stop > s.start:
            values = np.unique(roots[:, s])
            values = draw.permutation(values[np.isfinite(values)])[:48]
            rows = generic(layout, draw, len(values))
            rows[:, s] = values[:, None]
            found.append(rows)
    return np.concatenate(found)


# --- candidates ---


def candidates(machine: Machine, seen: Seen, names: frozenset[str]) -> Iterator[Candidate]:
    """Points where the rule is not finite, or not JAX's own derivative, simplest first.

    On a gap also where it is another number than on all sides, for there JAX's derivative may be
    wrong too; off all gaps also where that is nan, as behind a guard that only the value has.
    """
    with np.errstate(all="ignore"):
        bad = np.maximum(_differences(machine, seen), _odd_ones_out(machine, seen))
        gaps = np.abs(np.nan_to_num(seen.runs.hand - seen.runs.auto))
    order = np.argsort(np.abs(seen.rows).max(axis=1, initial=0.0), kind="stable")
    signs = _signs(seen)
    taken: set = set()
    untold = 0
    for row in order[bad[order].any(axis=1)]:
        for name, part in machine.parts.items():
            here = bad[row, part]
            if name not in names or not here.size or not here.any():
                continue
            position = _worst(here, gaps[row, part])
            is_untold = bool(here[position] == UNTOLD)
            kind = (name, bool(np.isfinite(here[position])), signs[row].tobytes())
            if is_untold and (untold == MOST_UNTOLD or not signs[row].all()):
                continue
            if kind not in taken and len(taken) < MOST_CANDIDATES:
                taken.add(kind)
                untold += is_untold
                yield Candidate(seen.rows[row], name, position)


def _signs(seen: Seen) -> np.ndarray:
    """On which side of every gap each row is, of those that are not 0 by themselves, as x - x."""
    is_moving = (np.nan_to_num(seen.runs.gaps) != 0).any(axis=0)
    signs = np.sign(seen.runs.gaps[:, is_moving])
    return np.where(np.isnan(signs), 2.0, signs)


def _worst(bad: np.ndarray, gaps: np.ndarray) -> int:
    """Of the entries that are about as wrong, relatively, as the worst, that of most weight."""
    is_bad = bad >= 0.1 * bad.max()
    return int(np.argmax(np.where(is_bad, gaps if np.isfinite(bad.max()) else bad, -1.0)))


def _differences(machine: Machine, seen: Seen) -> np.ndarray:
    """How far the rule is from JAX's derivative, relatively; ∞ if not finite, 0 if near.

    Hardly anything, but not 0, where the value is finite and JAX's derivative is not.
    """
    hand, auto = seen.runs.hand, seen.runs.auto
    has_value = np.isfinite(auto[:, machine.parts["value"]]).all(axis=1)
    gap = np.abs(hand - auto)
    scale = np.abs(hand) + np.abs(auto)
    for part in machine.parts.values():
        scale[:, part] += 1e-4 * np.nan_to_num(scale[:, part]).max(axis=1, keepdims=True, initial=0)
    bad = np.where(gap > TOO_FAR * scale + 1e-300, gap / np.where(scale == 0, 1, scale), 0.0)
    bad = np.where(np.isfinite(hand) & ~np.isfinite(auto), UNTOLD, bad)
    return np.where(np.asarray(has_value)[:, None], np.where(np.isfinite(hand), bad, np.inf), 0.0)


def _odd_ones_out(machine: Machine, seen: Seen) -> np.ndarray:
    """Where the rule on a gap is far from JAX's derivative on all sides, which agree."""
    bad = np.zeros_like(seen.runs.hand)
    on = np.nonzero((seen.runs.gaps == 0).any(axis=1))[0][: 4 * MOST_CANDIDATES]
    if not len(on):
        return bad
    draw = np.random.default_rng(8)
    sides = []
    for _ in range(3):
        way = draw.normal(size=(len(on), machine.layout.width))
        way[:, np.setdiff1d(np.arange(machine.layout.width), machine.layout.floats)] = 0
        step = 1e-7 * (1 + np.abs(seen.rows[on])) * way
        sides += [
            machine.run(machine.layout.admitted(seen.rows[on] + sign * step)).auto
            for sign in (1, -1)
        ]
    around = np.stack(sides)
    middle, hand = np.median(around, axis=0), seen.runs.hand[on]
    scale = np.abs(middle) + np.abs(hand) + 1e-6
    is_smooth = (np.abs(around - middle) < APART * scale).all(axis=0)
    bad[on] = np.where(is_smooth & (np.abs(hand - middle) > 10 * APART * scale), 1.0, 0.0)
    return bad
