"""A run of training that reports: what `python -m funcnet train` does, as functions."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from funcnet import ops
from funcnet.data import Split, Table
from funcnet.fitting import fit
from funcnet.history import Fitted
from funcnet.layers import Layer, parameter_table
from funcnet.progress import writer
from funcnet.recipes import SOURCE, Recipe, printed_loss
from funcnet.scores import value_scores
from funcnet.training import evaluate

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
    network: Layer,
    recipe: Recipe,
    data: Split,
    seed: int = 0,
    say: Callable[[str], None] = print,
    **options: Any,
) -> Run:
    """Train a network on the training part and measure it on the validation part, ten times.

    Args:
        say: gets the lines; a bar is shown where it is `print`.
        options: what else `fit` shall do, such as checkpoints, patience, resume.

    Raises:
        NotFinite: the loss or its gradient is no longer finite.
        Interrupted: Ctrl-C.
    """
    init_key, key = jax.random.split(jax.random.key(seed))
    params, state = jax.jit(network.init, static_argnums=1)(init_key, data.train.x.shape[1:])
    say(parameter_table(network, params))
    quality = "R²" if data.train.classes is None else "accuracy"
    write = writer() if say is print else say
    if options.get("patience"):
        options["validation"] = (data.validation.x, data.validation.targets)
    fitted, _ = fit(
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
        every=50,
        measure=lambda params, state: _measured(network, recipe, data, params, state),
        measure_every=_distance(recipe.steps),
        callbacks=[lambda fitted: write(_line(points(fitted)[-1], quality))],
        bar=say is print,
        **options,
    )
    run = run_of(network, fitted, quality)
    if fitted.best is not None:
        say(f"kept the parameters of step {fitted.best.step}, where the validation loss was least")
    kept = fitted.step if fitted.best is None else fitted.best.step
    say(_summary([point for point in run.history if point.step <= kept], quality))
    return run


def run_of(network: Layer, fitted: Fitted, quality: str) -> Run:
    """A training, finished or not, as a run."""
    losses = jnp.asarray(fitted.history.loss)
    return Run(network, fitted.params, fitted.state, losses, points(fitted), quality)


def points(fitted: Fitted) -> tuple[Point, ...]:
    """The measurements of a training one by one."""
    measures = fitted.history.measures
    columns = (measures[name].tolist() for name in ("printed", "by_running", "by_batch"))
    return tuple(map(Point, fitted.history.step.tolist(), *columns))


def _distance(steps: int) -> int:
    """Steps between two reports."""
    return max(1, steps // REPORTS)


def _line(point: Point, quality: str) -> str:
    scale, unit = (100, " %") if quality == "accuracy" else (1, "")
    running, batch = scale * point.by_running, scale * point.by_batch
    return (
        f"step {point.step:>6}   loss {point.loss:>10.4g}   {quality} {running:6.2f}{unit} by "
        f"running averages, {batch:6.2f}{unit} by batch statistics"
    )


def _summary(history: Sequence[Point], quality: str) -> str:
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


def _measured(network: Layer, recipe: Recipe, data: Split, params, state) -> dict[str, float]:
    """The document's protocol prints the document's loss; any other run the loss that it trains."""
    loss = printed_loss if recipe.name == SOURCE.name else recipe.loss
    x = data.validation.x
    by_running, by_batch = (
        quality_of(evaluate(network, params, state, x, by_batch=by_batch), data.validation)
        for by_batch in (False, len(x) > 1)  # one row has no statistics of its own
    )
    outputs = evaluate(network, params, state, data.train.x, by_batch=True)
    printed = float(loss(outputs, jnp.asarray(data.train.targets)))
    return {"printed": printed, "by_running": by_running, "by_batch": by_batch}


def quality_of(outputs: Array, table: Table) -> float:
    """The accuracy, or for values the share of their variance that is explained."""
    if table.classes is not None:
        return float((np.asarray(outputs).argmax(axis=-1) == table.targets).mean())
    return value_scores(table.targets, np.asarray(outputs)[:, 0]).r2


def column_error(outputs: Array, targets: Array) -> Array:
    """Squared error of a single output column."""
    return ops.squared_error(outputs[:, 0], targets)
