"""`fit`: training in compiled chunks that measures, stops, saves and goes on."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from funcnet import history, training
from funcnet.batches import batches
from funcnet.contract import Between, checked
from funcnet.examples import Batch, held_out, require_examples
from funcnet.history import Fitted, TrainingState
from funcnet.interrupts import deferred
from funcnet.layers import Layer, Params, State
from funcnet.loop import Plan, run
from funcnet.resuming import resumed
from funcnet.settling import settling

Count = Annotated[int, Between(1, remedy="pass a positive integer")]


@checked
def fit(
    network: Layer,
    loss: Callable,
    optimiser: optax.GradientTransformation,
    params: Params,
    state: State,
    x: Float[Array, "n *d"],
    targets: Shaped[Array, "n *k"],
    steps: int | None = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    transform: Callable | None = None,
    penalty: Callable | None = None,
    key: PRNGKeyArray | None = None,
    report: Callable | None = None,
    every: Count = 100,
    validation: Any = None,
    metrics: Any = None,
    measure: Callable | None = None,
    measure_every: int | None = None,
    patience: int | None = None,
    monitor: str = "loss",
    callbacks: Any = (),
    checkpoints: Any = None,
    keep: Count = 3,
    resume: Any = False,
    about: Any = None,
    bar: bool = False,
) -> tuple[Fitted, Float[Array, "steps"]]:
    """Train for a number of steps or epochs.

    Schedules, clipping and weight decay are the optimiser's, any chain of optax's. Ctrl-C ends the
    training after the chunk that runs.

    Args:
        epochs: in place of steps: so many times all examples.
        batch_size: examples a step, drawn without repetition within an epoch; None for all of them.
        transform: `(key, x) -> x`, random changes of each batch, such as shifts of images.
        penalty: `params -> scalar`, added to the loss, such as `l2_penalty` of some weights.
        key: for batches, transform and a share to validate on; needed by any of these.
        report: called as `report(step, params, state)` at the start and after each chunk.
        every: steps in a chunk, which is compiled as one program.
        validation: `(x, targets)`, or a share of the examples, drawn at random and not trained on.
        metrics: names and functions `(outputs, targets) -> scalar`, measured on the validation.
        measure: `(params, state) -> names and numbers`, measured as well.
        measure_every: steps between two measurements, callbacks and checkpoints; without it an
            epoch where `epochs` is given, else a chunk.
        patience: stop after so many measurements in a row without a better one, and keep the best.
        monitor: what is to be better: less of "loss", that of the validation, or more of a metric.
        callbacks: functions of `Fitted`, called after each measurement; True ends the training.
        checkpoints: a folder to write to before the first step and after each measurement.
        keep: so many checkpoints are kept, the last ones.
        resume: a `Fitted`, a checkpoint or a folder of them to go on from; True for the newest one
            in `checkpoints`, or the start where there is none. The result has the same bits as if
            nothing had come between.
        about: what else a checkpoint shall say, such as names of columns; what JSON can hold.
        bar: show a bar with the rate and the time left.

    Returns:
        The training with its parameters, state, history, and the loss of every step.

    Raises:
        ValueError: an argument does not fit; a checkpoint is damaged or of another training.
        OSError: the folder of checkpoints cannot be written.
        NotFinite: a loss or gradient is nan or infinite, unless the optimiser takes that away; its
            `fitted` is the training before that step.
        Interrupted: Ctrl-C; its `fitted` is the training as far as it came.
    """
    options = dict(locals())
    with deferred():  # a Ctrl-C before the first step is obeyed there
        _require_counts(options)
        key = _key_for(options)
        data, rest = held_out(x, targets, validation, key)
        require_examples(network, loss, params, state, data, rest)
        plan = _planned(options, data, rest, key)
        like = jax.eval_shape(partial(_first, optimiser=optimiser), params, state)
        earlier = resumed(resume, plan.folder, like, key, plan.about)
        start = earlier or history.began(_first(params, state, optimiser), key)
        fitted = run(plan, start, arrived=earlier is not None)
        return fitted, jnp.asarray(fitted.history.loss)


def _first(params: Params, state: State, optimiser: optax.GradientTransformation) -> TrainingState:
    params, state = jax.tree.map(jnp.asarray, (params, state))
    return TrainingState(params, state, optimiser.init(params))


def _key_for(options: Mapping) -> PRNGKeyArray:
    random = {"batch_size": "batches", "transform": "transforms"}
    needs = [word for name, word in random.items() if options[name] is not None]
    needs += ["validation"] if isinstance(options["validation"], float) else []
    if options["key"] is None and needs:
        raise ValueError(
            f"fit needs key for random {' and '.join(needs)}, got None; pass jax.random.key(0)"
        )
    return jax.random.key(0) if options["key"] is None else options["key"]


def _require_counts(options: Mapping) -> None:
    for name in ("steps", "epochs", "batch_size", "measure_every", "patience"):
        count = options[name]
        if count is not None and count < 1:
            raise ValueError(f"fit needs {name} at least 1, got {count}; pass a positive integer")
    for callback in options["callbacks"]:
        if not callable(callback):
            raise TypeError(
                f"fit needs functions as callbacks, got {callback!r}; pass a list of them"
            )


def _planned(options: Mapping, data: Batch, rest: Batch | None, key: PRNGKeyArray) -> Plan:
    """The options as a plan: sizes counted, functions compiled when they are first called."""
    x, every = data[0], options["every"]
    n, batch_size = len(x), options["batch_size"]
    batch_size = None if batch_size is None or batch_size >= n else batch_size
    per_epoch = n // batch_size if batch_size else 1
    measure_every = options["measure_every"] or (per_epoch if options["epochs"] else every)
    names = ("network", "loss", "optimiser", "transform", "penalty")
    network, loss, optimiser, transform, penalty = (options[name] for name in names)
    folder = options["checkpoints"]
    return Plan(
        network, loss, penalty, transform, data,
        steps=_steps(options, per_epoch),
        chunk=training.compiled_chunk(network, loss, optimiser, transform, penalty, every),
        watched_chunk=training.compiled_chunk(
            network, loss, optimiser, transform, penalty, every, watched=True
        ),
        rows=batches(key, n, batch_size, every) if batch_size else None,
        every=every,
        measure_every=measure_every,
        measure=_measures(options, rest),
        settle=settling(network, options["state"], x),
        watched=any(options[name] is not None for name in ("report", "validation", "measure")),
        monitor=_monitor(options, rest),
        patience=options["patience"],
        report=options["report"],
        callbacks=tuple(options["callbacks"]),
        folder=None if folder is None else Path(os.fspath(folder)),
        keep=options["keep"],
        about={**(options["about"] or {}), "batch_size": batch_size, "examples": list(x.shape)},
        bar=options["bar"],
    )  # fmt: skip


def _steps(options: Mapping, per_epoch: int) -> int:
    steps, epochs = options["steps"], options["epochs"]
    if (steps is None) == (epochs is None):
        raise ValueError(
            f"fit needs either steps or epochs, got steps={steps} and epochs={epochs}; pass one"
        )
    return steps or epochs * per_epoch


def _monitor(options: Mapping, rest: Batch | None) -> str:
    monitor, known = options["monitor"], ["loss", *(options["metrics"] or {})]
    if options["patience"] is not None and rest is None:
        raise ValueError("fit needs validation to be patient, got None; pass a share such as 0.2")
    if options["metrics"] and rest is None:
        raise ValueError("fit needs validation for metrics, got None; pass a share such as 0.2")
    if monitor not in known:
        raise ValueError(f"fit needs monitor among {', '.join(known)}, got {monitor}; pass one")
    return monitor


def _measures(options: Mapping, rest: Batch | None) -> Callable:
    """Everything that is measured, as one function `(params, state) -> names and numbers`."""
    metrics = tuple((options["metrics"] or {}).items())
    own = options["measure"] or (lambda *_: {})
    if rest is None:
        return own
    compiled = training.compiled_measures(options["network"], options["loss"], metrics)
    return lambda params, state: {**compiled(params, state, *rest), **own(params, state)}
