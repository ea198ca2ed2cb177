"""The examples that `fit` is given: parted, and looked at before the first step."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from funcnet.batches import order

Batch = tuple[Array, Array]


def held_out(
    x: Array, targets: Array, validation: Any, key: PRNGKeyArray
) -> tuple[Batch, Batch | None]:
    """What to train on and what to validate on: a pair as given, or a share drawn at random.

    Raises:
        ValueError: the share is not between 0 and 1, or leaves nothing on one side.
    """
    if validation is None:
        return (x, targets), None
    if not isinstance(validation, float):
        return (x, targets), _pair(validation, x)
    n = len(x)
    held = max(1, round(validation * n))
    if not 0 < validation < 1 or held >= n:
        raise ValueError(
            f"fit needs a share 0 < validation < 1 that leaves rows to train on, got {validation} "
            f"of {n}; pass a share such as 0.2"
        )
    rows = order(key, n)
    return (x[rows[held:]], targets[rows[held:]]), (x[rows[:held]], targets[rows[:held]])


def _pair(validation: Any, x: Array) -> Batch:
    try:
        held_x, held_targets = map(jnp.asarray, validation)
    except (TypeError, ValueError):
        raise ValueError(
            "fit needs validation as a pair (x, targets) or a share, got "
            f"{type(validation).__name__}; pass validation=(x, targets) or 0.2"
        ) from None
    if held_x.shape[1:] != x.shape[1:] or len(held_x) != len(held_targets) or not len(held_x):
        raise ValueError(
            f"fit needs validation of examples of shape {x.shape[1:]} with a target each, got x "
            f"{held_x.shape} and targets {held_targets.shape}; pass what the training has"
        )
    return held_x.astype(x.dtype), held_targets


def require_examples(network, loss, params, state, data: Batch, rest: Batch | None) -> None:
    """Everything that one look at the examples can tell, outside of `jit`, where it can be said.

    Raises:
        ValueError: no examples; nan in x or targets; a label out of range; targets that the loss
            would broadcast; a loss that is no scalar.
    """
    x, targets = data
    _require_finite("x", x)
    _require_finite("targets", targets)
    for name, value in zip(("x of validation", "targets of validation"), rest or (), strict=False):
        _require_finite(name, value)
    y, _ = jax.eval_shape(lambda *given: network.apply(*given, True), params, state, x)
    for part in (targets, *(() if rest is None else rest[1:])):
        _ask_once(loss, jnp.zeros((len(part), *y.shape[1:]), y.dtype), part)


def _require_finite(name: str, value: Array) -> None:
    if not len(value):
        raise ValueError(f"fit needs at least one row in {name}, got none; pass examples")
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return
    bad = np.asarray(~np.isfinite(value).reshape(len(value), -1).all(axis=1))
    if bad.any():
        raise ValueError(
            f"fit needs finite numbers in {name}, got nan or inf in {bad.sum()} of {len(bad)} rows,"
            f" the first of them row {bad.argmax()}; fill or leave out these rows"
        )


def _ask_once(loss, y: Array, targets: Array) -> None:
    """Call the loss outside of `jit`, where it can say that a label is out of range."""
    value = loss(y, targets)
    if jnp.shape(value) != ():
        raise ValueError(
            f"fit needs a loss that gives one number, got shape {jnp.shape(value)}; take its mean"
        )
    if y.shape == (len(y), 1) and targets.shape == (len(y),) and len(y) > 1:
        _require_no_broadcast(loss, y, targets)


def _require_no_broadcast(loss, y: Array, targets: Array) -> None:
    """Outputs (n, 1) against targets (n) would give n² differences, without a word."""
    try:
        with jax.numpy_rank_promotion("raise"):
            loss(y, targets)
    except ValueError:
        raise ValueError(
            f"fit needs targets of the outputs' shape {y.shape}, got {targets.shape}, which the "
            "loss would broadcast; pass targets[:, None]"
        ) from None
