"""Attacks made by chance: a right rule, a disturbance of some kind, and a wrong value there.

python -m tests.derivations.attacks.generated [--count 300] [--seed 7] [--kind NAME] [--show]

judges as many attacks and their right twins, prints a table by kind, and the seeds of offenders.
"""

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .cases import Case, rule
from .disturbances import Disturbance
from .disturbed_programs import ALL_KINDS as KINDS
from .judging import Judged, against_right, against_wrong, judged
from .textbook import OPS, Textbook
from .truth import agrees

WRONG_VALUES: dict[str, Callable] = {
    "five times": lambda bar, others, g: 5 * bar,
    "1.001 times": lambda bar, others, g: 1.001 * bar,
    "the other sign": lambda bar, others, g: -bar,
    "zero": lambda bar, others, g: 0 * bar,
    "nan": lambda bar, others, g: bar + jnp.nan,
    "three": lambda bar, others, g: 0 * bar + 3.0,
    "one more": lambda bar, others, g: bar + 1.0,
    "another gradient": lambda bar, others, g: _alike(bar, [*others, g]),
}
TWINS = ("written twice", "times nothing", "times one")
OTHER_SIZES = {"k": 3, "d": 2, "m": 2}


def _alike(bar: Any, candidates: list[Any]) -> Any:
    """The gradient of another argument or the cotangent, where it has the shape."""
    return next((c for c in candidates if c.shape == bar.shape), 7 * bar)


@dataclass(frozen=True)
class Generated:
    """A wrong rule, the seed that it comes from, and its right twin."""

    seed: int
    kind: str
    text: str
    wrong: Case
    twin: Case


def generated(seed: int, among: Iterable[str] = ()) -> Generated:
    """The attack of a seed; the kinds come in turn, so that every run has all of them."""
    kinds = list(among) or list(KINDS)
    kind, draw = kinds[seed % len(kinds)], random.Random(seed)
    op = draw.choice(OPS)
    disturbance = KINDS[kind](draw, op)
    value, twin = draw.choice(list(WRONG_VALUES)), draw.choice(TWINS)
    if kind == "digits that are lost" and value == "1.001 times":
        value = "five times"  # 0.001 is what 16 bits round by, and rounding is not judged
    text = f"{op.name}, {value} where {disturbance.text}"
    inputs, bar = _place(op, disturbance, draw)
    sizes = disturbance.sizes or op.sizes
    known = {"at": tuple(inputs), "sizes": sizes, "bar": bar, "why": text}
    spoil = disturbance.spoilt or _where(disturbance, WRONG_VALUES[value], "")
    spare = disturbance.spared or _where(disturbance, WRONG_VALUES[value], twin)
    wrong_op, twin_op = (rule(op.definition, _backward(op, change)) for change in (spoil, spare))
    return Generated(
        seed, kind, text, Case(wrong_op, where="region", **known), Case(twin_op, **known)
    )


def _place(op: Textbook, disturbance: Disturbance, draw: random.Random) -> tuple[list, Any]:
    """Inputs and cotangent where the disturbance is met."""
    numbers = np.random.default_rng(draw.randrange(2**32))
    sizes = {**OTHER_SIZES, "n": disturbance.n}
    shapes = [tuple(sizes[d] for d in s.split()) for s in op.sizes]
    inputs = disturbance.moved([numbers.normal(size=s) for s in shapes])
    inputs = [np.asarray(jnp.asarray(x, disturbance.dtype)) for x in inputs]
    if disturbance.bar is None:
        return inputs, None
    shape = jax.eval_shape(op.definition, *inputs).shape
    return inputs, np.full(shape, disturbance.bar)


def _where(disturbance: Disturbance, value: Callable, twin: str) -> Callable:
    """The gradient that is another where the disturbance is met, or that only looks so."""

    def changed(bar, others, g, *args):
        holds = disturbance.holds(g, *args)
        if twin == "times nothing":
            return bar + 0.0 * jnp.where(holds, 1.0, 0.0).astype(bar.dtype)
        if twin == "times one":
            return bar * jnp.where(holds, 1.0, 1.0).astype(bar.dtype)
        other = bar if twin else value(bar, others, g)
        if isinstance(holds, bool):  # asked for by Python
            return other if holds else bar
        return jnp.where(holds, other, bar)

    return changed


def _backward(op: Textbook, change: Callable) -> Callable:
    def backward(g, *args):
        bar, *others = op.backward(g, *args)
        return change(bar, others, g, *args), *others

    return backward


@dataclass
class Tally:
    """How the attacks of a kind fared, and their twins."""

    wrong: dict[str, int]
    twins: dict[str, int]
    slowest: float = 0.0


def complaints(attack: Generated, found: Judged, twin: Judged) -> list[str]:
    """What there is to say against both verdicts.

    A PROVED counts where the code itself differs: a wrong value may happen to be the right one.
    """
    is_vacuous = found.verdict == "PROVED" and agrees(attack.wrong)
    against = [] if is_vacuous else [against_wrong(found)]
    return [f"seed {attack.seed}: {c}" for c in (*against, against_right(twin)) if c]


def judged_pair(attack: Generated) -> tuple[Judged, Judged]:
    """The verdicts on the attack and on its twin."""
    return judged(attack.kind, attack.wrong), judged(f"twin of {attack.kind}", attack.twin)


def main(words: list[str]) -> int:
    """Judge attacks and print how they fared; the status says whether there are offenders."""
    parser = argparse.ArgumentParser(prog="python -m tests.derivations.attacks.generated")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--kind", choices=[k.replace(" ", "_") for k in KINDS])
    parser.add_argument("--show", action="store_true", help="print every verdict")
    given = parser.parse_args(words)
    jax.config.update("jax_enable_x64", True)
    tallies: dict[str, Tally] = defaultdict(lambda: Tally(defaultdict(int), defaultdict(int)))
    offenders = 0
    for seed in range(given.seed, given.seed + given.count):
        attack = generated(seed, [given.kind.replace("_", " ")] if given.kind else [])
        found, twin = judged_pair(attack)
        against = complaints(attack, found, twin)
        tally = tallies[attack.kind]
        is_vacuous = found.verdict == "PROVED" and not against
        tally.wrong["vacuous" if is_vacuous else found.verdict] += 1
        tally.twins[twin.verdict] += 1
        tally.slowest = max(tally.slowest, found.seconds, twin.seconds)
        offenders += bool(against)
        for line in against or ([f"seed {seed}: {found}\n  {twin}"] if given.show else []):
            print(line, flush=True)
    _print_table(tallies)
    print(f"{given.count} attacks from seed {given.seed}: {offenders} with something against them")
    return int(offenders > 0)


def _print_table(tallies: dict[str, Tally]) -> None:
    columns = ("PROVED", "REFUTED", "UNKNOWN", "RAISED", "vacuous")
    print(f"{'kind':24}" + "".join(f"{c:>9}" for c in columns) + "   twins: P R U !   slowest")
    for kind, tally in sorted(tallies.items()):
        twins = " ".join(str(tally.twins[c]) for c in columns[:4])
        counts = "".join(f"{tally.wrong[c]:9}" for c in columns)
        print(f"{kind:24}{counts}   {twins:>15}   {tally.slowest:.1f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
