"""How many of forty historical gradient bugs a sampler finds, and how many the prover.

The sampler is jax.test_util.check_grads, up to second derivatives, at several random points.

    python -m benchmarks.detection
"""

import sys
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads
from tqdm import tqdm

from benchmarks.historical import BUGS, op_of
from derivations.proving.proof import prove

POINTS = 5  # of either distribution
SIZE = 3


def shape_of(spec):
    return tuple(int(d) if d.isdigit() else SIZE for d in spec.partition(":")[0].split())


def draws(sizes, draw):
    """Random points all over, or between 0 and 1, where logarithms are defined."""
    for distribution in (draw.normal, draw.random):
        yield [
            jnp.asarray(draw.integers(0, SIZE, shape_of(s)))
            if ":" in s
            else jnp.asarray(distribution(size=shape_of(s)))
            for s in sizes
        ]


def passes(op, points):
    """Whether check_grads finds nothing, up to second derivatives."""
    floats = [k for k, x in enumerate(points) if x.dtype.kind == "f"]

    def of_floats(*values):
        every = list(points)
        for k, x in zip(floats, values, strict=True):
            every[k] = jnp.asarray(x)
        return op(*every)

    try:
        check_grads(of_floats, [points[k] for k in floats], 2, ["rev"])
    except AssertionError:
        return False
    return True


def is_found_by_sampling(bug):
    """Whether it complains of the wrong rule at a point at which it does not of the right one."""
    right, wrong = (op_of(bug.definition, rule) for rule in (bug.right, bug.wrong))
    draw = np.random.default_rng(0)
    return any(
        not passes(wrong, points) and passes(right, points)
        for _ in range(POINTS)
        for points in draws(bug.sizes, draw)
    )


def is_found_by_proving(bug):
    """Whether the wrong rule is refuted, or its derivative, where the right one is not."""
    right, wrong = (op_of(bug.definition, rule) for rule in (bug.right, bug.wrong))
    return any(
        prove(wrong, *bug.sizes, order=order).verdict == "REFUTED"
        and prove(right, *bug.sizes, order=order).verdict != "REFUTED"
        for order in (1, 2)
    )


def main():
    count, sampled, proved, right = Counter(), Counter(), Counter(), 0
    for bug in tqdm(BUGS.values(), leave=False, disable=not sys.stderr.isatty()):
        count[bug.kind] += 1
        proved[bug.kind] += is_found_by_proving(bug)
        sampled[bug.kind] += is_found_by_sampling(bug)
        right += bool(prove(op_of(bug.definition, bug.right), *bug.sizes))
    print(f"{'the mistake shows':18} bugs  found by check_grads  by prove")
    for kind in count:
        print(f"{kind:18} {count[kind]:4}  {sampled[kind]:20}  {proved[kind]:8}")
    total = f"{count.total():4}  {sampled.total():20}  {proved.total():8}"
    print(f"{'all':18} {total}\nright rules proved: {right} of {count.total()}")


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main()
