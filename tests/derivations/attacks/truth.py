"""What the code itself says of an entry: the rule, run by JAX, against the definition."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .cases import Case, floats_of, of_floats, pulled

STEP = 1e-5
PLAINLY = {"xla_backend_optimization_level": 0, "xla_allow_excess_precision": False}


def agrees(case: Case) -> bool:
    """Whether rule and derivative agree at the point of the entry, and so do the values."""
    case = replace(case, at=tuple(map(jnp.asarray, case.at)))
    case.before()
    definition = case.definition or case.op.fun
    value = definition(*case.at)
    assert all(bool(jnp.isfinite(y).all()) for y in jax.tree.leaves(value)), "no value here"
    bar = _cosines(value) if case.bar is None else jax.tree.map(jnp.asarray, case.bar)
    functions = case.runs or case.op, definition
    try:
        found, true = _run(lambda at, bar: [_both(f, at, bar, case) for f in functions], case, bar)
    except (TypeError, ValueError):
        if case.is_refused:
            return False
        raise
    tolerance = max(case.tolerance, *(_rounding(case.at[k]) for k in floats_of(case.at)))
    if not all(bool(jnp.isfinite(t).all()) for t in true):
        true = [*jax.tree.leaves(value), *_differences(definition, case.at, bar)]
        tolerance = 1e-4
    return all(
        np.allclose(
            np.asarray(a, float), np.asarray(b, float), rtol=tolerance, atol=min(1e-12, tolerance)
        )
        for a, b in zip(found, true, strict=True)
    )


def _rounding(x: Any) -> float:
    return 0.0 if jnp.finfo(x.dtype).bits == 64 else 1e-2


def _cosines(value):
    """Cotangents of no pattern, in the types of the value."""
    return jax.tree.map(
        lambda y: jnp.cos(1.0 + jnp.arange(y.size)).reshape(y.shape).astype(y.dtype), value
    )


def _run(program: Any, case: Case, bar: Any) -> Any:
    """The program in one piece, which compiles sooner, but for rules that look how they are run."""
    if case.where == "trace":
        return program(case.at, bar)
    return jax.jit(program, compiler_options=PLAINLY)(case.at, bar)


def _both(function: Any, at: Any, bar: Any, case: Case) -> list:
    """Value and gradients; of second order those of the pullback too."""
    value, gradients = pulled(function, at, bar)
    found = [*jax.tree.leaves(value), *gradients]
    if case.options.get("order") == 2:
        found.append(jax.grad(lambda x: pulled(function, (x,), bar)[1][0].sum())(*at))
    return found


def _differences(definition, at, bar) -> list:
    """The gradients by central differences, entry by entry."""
    floats = floats_of(at)
    function = of_floats(definition, at)

    def total(values) -> float:
        found = jax.tree.leaves(function(*values))
        return float(sum((b * y).sum() for b, y in zip(jax.tree.leaves(bar), found, strict=True)))

    def moved(k, place, step):
        values = [np.array(at[j]) for j in floats]
        values[k][place] += step
        return total(values)

    return [
        np.array(
            [
                (moved(k, place, STEP) - moved(k, place, -STEP)) / (2 * STEP)
                for place in np.ndindex(at[j].shape)
            ]
        ).reshape(at[j].shape)
        for k, j in enumerate(floats)
    ]
