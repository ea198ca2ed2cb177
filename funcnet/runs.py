"""A run of training that reports: what `python -m funcnet train` does, as functions."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from funcnet import ops
from funcnet.data import Split, Table
from funcnet.layers import Layer, parameter_table
from funcnet.recipes import SOURCE, Recipe, printed_loss
from funcnet.training import evaluate, fit

REPORTS = 10


class Point(NamedTuple):
    """What was measured between two steps: the loss, and the quality on the validation part."""

    step: int
    loss: float
    by_running: float
    by_batch: float


class Run(NamedTuple):
    """A trained network, and what was measured on the way."""

    network: Layer
    params: Any
    state: Any
    losses: Array
    history: tuple[Point, ...]
    quality: str  # "accuracy" or "R²"


def train(
    network: Layer, recipe: Recipe, data: Split, seed: int = 0, say: Callable[[str], None] = print
) -> Run:
    """Train a network on the training part and measure it on the validation part, ten times.

    Raises:
        FloatingPointError: the loss is no longer finite.
    """
    init_key, key = jax.random.split(jax.random.key(seed))
    params, state = jax.jit(network.init, static_argnums=1)(init_key, data.train.x.shape[1:])
    say(parameter_table(network, params))
    quality = "R²" if data.train.classes is None else "accuracy"
    history: list[Point] = []
    with Progress(recipe.steps, say) as progress:

        def report(step, params, state):
            progress.reach(step)
            if step % _distance(recipe.steps) == 0 or step == recipe.steps:
                history.append(_measured(network, recipe, data, step, params, state))
                progress.say(_line(history[-1], quality))
                _require_finite(history[-1])

        training, losses = fit(
            network,
            recipe.loss,
            recipe.make_optimiser(recipe.steps),
            params,
            state,
            jnp.asarray(data.train.x),
            jnp.asarray(data.train.targets),
            recipe.steps,
            batch_size=recipe.batch_size,
            transform=recipe.transform,
            key=key,
            report=report,
            every=math.gcd(_distance(recipe.steps), 50),
        )
    say(_summary(history, quality))
    return Run(network, training.params, training.state, losses, tuple(history), quality)


def _distance(steps: int) -> int:
    """Steps between two reports."""
    return max(1, steps // REPORTS)


def _require_finite(point: Point) -> None:
    if not math.isfinite(point.loss):
        raise FloatingPointError(
            f"training needs a finite loss, got {point.loss} at step {point.step}; lower the rate"
        )


def _line(point: Point, quality: str) -> str:
    scale, unit = (100, " %") if quality == "accuracy" else (1, "")
    running, batch = scale * point.by_running, scale * point.by_batch
    return (
        f"step {point.step:>6}   loss {point.loss:>10.4g}   {quality} {running:6.2f}{unit} by "
        f"running averages, {batch:6.2f}{unit} by batch statistics"
    )


def _summary(history: list[Point], quality: str) -> str:
    first, last = history[0], history[-1]
    pairs = ((first.by_running, last.by_running), (first.by_batch, last.by_batch))
    shown = (
        f"{100 * a:.2f} % before, {100 * b:.2f} % after"
        if quality == "accuracy"
        else f"{a:.3f} before, {b:.3f} after"
        for a, b in pairs
    )
    by_running, by_batch = shown
    return (
        f"{quality} by running averages: {by_running} the training\n"
        f"{quality} by batch statistics: {by_batch}"
    )


def _measured(network: Layer, recipe: Recipe, data: Split, step: int, params, state) -> Point:
    """The document's protocol prints the document's loss; any other run the loss that it trains."""
    loss = printed_loss if recipe.name == SOURCE.name else recipe.loss
    x = data.validation.x
    by_running, by_batch = (
        _quality(evaluate(network, params, state, x, by_batch=by_batch), data.validation)
        for by_batch in (False, len(x) > 1)  # one row has no statistics of its own
    )
    outputs = evaluate(network, params, state, data.train.x, by_batch=True)
    return Point(step, float(loss(outputs, jnp.asarray(data.train.targets))), by_running, by_batch)


def _quality(outputs: Array, table: Table) -> float:
    """The accuracy, or for values the share of their variance that is explained."""
    if table.classes is not None:
        return float((np.asarray(outputs).argmax(axis=-1) == table.targets).mean())
    residual = np.asarray(outputs, dtype=float)[:, 0] - table.targets
    spread = ((table.targets - table.targets.mean()) ** 2).mean()
    return float(1 - (residual**2).mean() / spread) if spread > 0 else math.nan


def column_error(outputs: Array, targets: Array) -> Array:
    """Squared error of a single output column."""
    return ops.squared_error(outputs[:, 0], targets)


class Progress:
    """A bar on the terminal where tqdm is installed, and lines that go well with it."""

    def __init__(self, steps: int, write: Callable[[str], None]):
        try:
            from tqdm import tqdm
        except ModuleNotFoundError:
            self._bar, self.say = None, write
        else:
            self._bar = tqdm(total=steps, unit="step", leave=False, disable=write is not print)
            self.say = tqdm.write if write is print else write

    def reach(self, step: int) -> None:
        """Move the bar to a step."""
        if self._bar is not None:
            self._bar.update(step - self._bar.n)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()
