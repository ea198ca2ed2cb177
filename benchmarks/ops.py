"""Every op's value and gradient against autodiff of its own definition: time, and bytes kept.

Both are compiled, take the same arrays and the same cotangent, and take turns in one run; a ratio
below 1 says that the hand-written rule is faster. The bytes are those that wait between forward and
backward. With `--peers`, also against what one writes with jax.numpy, jax.nn and optax.

    python -m benchmarks.ops
    python -m benchmarks.ops --peers
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import PEERS
from derivations.compare import draw
from funcnet import ops
from funcnet.contract import parameters

ROUNDS, SECONDS = 11, 0.01
SIZES = {
    "a batch of the digits": {
        "n": 1500, "k": 64, "d": 64, "m": 32, "h": 8, "w": 8, "c": 4, "v": 64, "p": 64,
        "*batch": (1500,), "*d": (64,), "...": (1500, 32),
    },
    "rows of 512": {
        "n": 256, "k": 512, "d": 512, "m": 256, "h": 16, "w": 16, "c": 8, "v": 1000, "p": 128,
        "*batch": (128,), "*d": (512,), "...": (128, 1024),
    },
}  # fmt: skip


def main() -> None:
    """Print a table, and the geometric means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="against jax.numpy, jax.nn, optax")
    parser.add_argument("names", nargs="*", help="some ops only")
    options = parser.parse_args()
    names = options.names or (PEERS if options.peers else ops.__all__)
    print(f"{'op':<46} " + " ".join(f"{size:>22}" for size in SIZES) + "   bytes kept")
    found: dict[str, list[float]] = {size: [] for size in SIZES}
    for name in names:
        op = getattr(ops, name)
        other = PEERS[name] if options.peers else op.fun
        kept = ""
        for size, ratios in found.items():
            ratio, kept = compared(op, other, SIZES[size])
            ratios.append(ratio)
        print(f"{name:<46} " + " ".join(f"{r[-1]:>22.2f}" for r in found.values()) + f"   {kept}")
    means = [math.exp(statistics.mean(map(math.log, ratios))) for ratios in found.values()]
    print(f"{'geometric mean':<46} " + " ".join(f"{mean:>22.2f}" for mean in means))


def compared(op: Callable, other: Callable, sizes: dict[str, Any]) -> tuple[float, str]:
    """The ratio of the times, the hand-written rule's first, and of the bytes kept."""
    arrays = [_narrow(a) for a in draw(op, np.random.default_rng(0), sizes)]
    floats = [k for k, a in enumerate(arrays) if jnp.issubdtype(a.dtype, jnp.floating)]
    static = [p.default for p in parameters(op) if p.kind == "static"]
    y_bar = jax.tree.map(jnp.ones_like, op.fun(*arrays, *static))
    calls = [gradient_of(f, floats, static) for f in (op, other)]
    kept = [bytes_kept(f, arrays, floats, static) for f in (op, other)]
    ours, theirs = times([lambda c=call: c(arrays, y_bar) for call in calls])
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return ratio, f"{kept[0] / kept[1]:.2f}" if kept[1] else ("0" if not kept[0] else "more")


def gradient_of(function: Callable, floats: Sequence[int], static: Sequence) -> Callable:
    """The compiled value and cotangents of the float arrays."""

    @jax.jit
    def call(arrays, y_bar):
        y, pull = jax.vjp(_of_floats(function, arrays, floats, static), *_at(arrays, floats))
        return y, pull(y_bar)

    return call


def bytes_kept(function: Callable, arrays: Sequence, floats: Sequence[int], static) -> int:
    """What the pullback holds between forward and backward."""

    def pull(*given):
        return jax.vjp(_of_floats(function, arrays, floats, static), *given)[1]

    leaves = jax.tree.leaves(jax.eval_shape(pull, *_at(arrays, floats)))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves if leaf.size > 1)


def times(calls: Sequence[Callable]) -> Iterator[list[float]]:
    """Seconds a call, in turns; each turn repeats a call for about `SECONDS`."""
    repeats = []
    for call in calls:
        jax.block_until_ready(call())
        start = time.perf_counter()
        jax.block_until_ready(call())
        repeats.append(max(1, int(SECONDS / (time.perf_counter() - start))))
    spent: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, repeat, seconds in zip(calls, repeats, spent, strict=True):
            start = time.perf_counter()
            for _ in range(repeat):
                result = call()
            jax.block_until_ready(result)
            seconds.append((time.perf_counter() - start) / repeat)
    return iter(spent)


def _of_floats(function, arrays, floats, static):
    def call(*given):
        full = list(arrays)
        for k, value in zip(floats, given, strict=True):
            full[k] = value
        return function(*full, *static)

    return call


def _at(arrays, positions):
    return [arrays[k] for k in positions]


def _narrow(array):
    array = np.asarray(array)
    return jnp.asarray(array, np.float32 if array.dtype.kind == "f" else np.int32)


if __name__ == "__main__":
    main()
