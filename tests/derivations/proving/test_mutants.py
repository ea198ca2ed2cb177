"""Our own rules with one mistake each are never proved where they differ, and mostly refuted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mutants import mutants_of, ops

from derivations.proving.arguments import UsageError
from derivations.proving.points import Layout, generic
from derivations.proving.proof import prove
from derivations.proving.ranks import problems

pytestmark = pytest.mark.slow


def differs(mutant):
    """Whether JAX itself sees another gradient at random points, sizes and ranks."""
    draw = np.random.default_rng(3)
    for problem in problems(mutant, (), {}, 1):
        for shift in range(3):
            sizes = {
                name: 2 + (k + shift) % 3 + dict(problem.minimal).get(name, 1) - 1
                for k, name in enumerate(problem.sizes)
            }
            if _differs_at(mutant, problem, sizes, draw):
                return True
    return False


def _differs_at(mutant, problem, sizes, draw):
    layout = Layout(problem, sizes, ())
    point = layout.point(layout.admitted(generic(layout, draw, 1))[0])
    arrays = [
        np.asarray(x, dtype=np.int32 if x.dtype.kind == "i" else np.float64) for x in point.inputs
    ]
    with jax.enable_x64(True):
        arrays = [
            float(x) if a.kind == "static" else jnp.asarray(x)
            for a, x in zip(problem.arrays, arrays, strict=True)
        ]
        floats = [k for k, a in enumerate(problem.arrays) if a.kind == "float"]
        values, pull = jax.vjp(
            lambda *x: problem.value(*_filled(arrays, floats, x)), *(arrays[k] for k in floats)
        )
        bars = jax.tree.map(
            lambda v: jnp.asarray(np.random.default_rng(1).normal(size=v.shape)), values
        )
        found = problem.by_hand(bars, *arrays)
        true = pull(bars)
    pairs = [(found[0], values), *zip(found[1], true, strict=True)]
    return any(
        not np.allclose(x, y, rtol=1e-7, atol=1e-10)
        for a, b in pairs
        for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )


def _filled(arrays, floats, values):
    result = list(arrays)
    for k, value in zip(floats, values, strict=True):
        result[k] = value
    return result


OPS = {name: (op, module) for name, op, module in ops()}


@pytest.mark.parametrize("name", OPS)
def test_no_mutant_that_differs_is_proved(name):
    verdicts = {"PROVED": [], "REFUTED": [], "UNKNOWN": []}
    for label, mutant in mutants_of(name, *OPS[name]):
        try:
            proof = prove(mutant)
        except (UsageError, NameError, AttributeError):
            continue  # JAX would not take it either
        if "tracing it raised" not in proof.reason:
            verdicts[proof.verdict].append((label, mutant, proof))

    assert not [label for label, mutant, _ in verdicts["PROVED"] if differs(mutant)]
    assert not [label for label, _, proof in verdicts["REFUTED"] if proof.witness is None]
    unknown = [label for label, *_ in verdicts["UNKNOWN"]]
    # of all ops together fewer than 5 in 100
    assert len(unknown) <= max(3, 0.05 * len(verdicts["REFUTED"])), unknown


def test_there_are_enough_mutants():
    assert sum(1 for name in OPS for _ in mutants_of(name, *OPS[name])) >= 600
