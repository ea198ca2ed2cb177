"""The loop of a training: chunk after chunk, with what happens between two of them."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from funcnet import history
from funcnet.diagnosis import first_not_finite
from funcnet.examples import Batch
from funcnet.files import clean, require_writable
from funcnet.history import Best, Fitted
from funcnet.interrupts import deferred
from funcnet.layers import Layer
from funcnet.progress import Progress
from funcnet.training import batch_of


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during `fit`; `fitted` is the training as far as it came, whole."""

    def __init__(self, fitted: Fitted):
        super().__init__(f"interrupted after step {fitted.step}; error.fitted is what there is")
        self.fitted = fitted


class NotFinite(FloatingPointError):
    """A loss or gradient was nan or infinite; `fitted` is the training before that step."""

    def __init__(self, message: str, fitted: Fitted):
        super().__init__(message)
        self.fitted = fitted


@dataclass(frozen=True)
class Plan:
    """All that stays fixed during one training; `fit` says what each means."""

    network: Layer
    loss: Callable
    penalty: Callable | None
    transform: Callable | None
    data: Batch
    steps: int
    chunk: Callable
    watched_chunk: Callable  # the same, which stops at the step that is not finite
    rows: Callable | None
    every: int
    measure_every: int
    measure: Callable
    settle: Callable
    watched: bool  # something looks at the state on the way
    monitor: str
    patience: int | None
    report: Callable | None
    callbacks: Sequence[Callable]
    folder: Path | None
    keep: int
    about: Mapping
    bar: bool


def run(plan: Plan, fitted: Fitted, arrived: bool) -> Fitted:
    """Go on until the steps are made, patience is lost, a callback wants it, or Ctrl-C.

    Where `arrived`, an earlier training has reported and measured at this step already.
    """
    _prepare(plan)
    with deferred() as flag, Progress(plan.steps, fitted.step, plan.bar) as progress:
        while True:
            if not arrived:
                fitted = _between(plan, fitted)
            if flag.raised:
                flag.raised, fitted = False, _settled(plan, fitted)
                _save(plan, fitted)
                raise Interrupted(fitted)
            if fitted.stopped or fitted.step >= plan.steps:
                return replace(fitted, stopped=fitted.stopped or "steps")
            fitted, arrived = _advanced(plan, fitted), False
            progress.reach(fitted.step, float(fitted.history.loss[-1]))


def _prepare(plan: Plan) -> None:
    """The folder is there and can be written before anything is computed."""
    if plan.folder is not None:
        require_writable(plan.folder, "fit's checkpoints")
        plan.folder.mkdir(parents=True, exist_ok=True)
        clean(plan.folder)


def _between(plan: Plan, fitted: Fitted) -> Fitted:
    """Take statistics anew, report; where it is time measure, judge, call back and save."""
    due = not fitted.step % plan.measure_every or fitted.step >= plan.steps
    if (plan.watched and (due or plan.report)) or fitted.step >= plan.steps:
        fitted = _settled(plan, fitted)
    if plan.report is not None:
        plan.report(fitted.step, fitted.last.params, fitted.last.state)
    if not due:
        return fitted
    values = plan.measure(fitted.last.params, fitted.last.state)
    fitted = _judged(plan, history.with_measures(fitted, values))
    for callback in plan.callbacks:
        if callback(fitted) and not fitted.stopped:
            fitted = replace(fitted, stopped="callback")
    _save(plan, fitted)
    return fitted


def _settled(plan: Plan, fitted: Fitted) -> Fitted:
    state = plan.settle(fitted.last.params, fitted.last.state)
    return replace(fitted, last=fitted.last._replace(state=state))


def _judged(plan: Plan, fitted: Fitted) -> Fitted:
    """Keep the parameters if they are the best so far; give up where none was for long."""
    if plan.patience is None:
        return fitted
    sign = -1 if plan.monitor == "loss" else 1
    series, steps = sign * fitted.history.measures[plan.monitor], fitted.history.step
    best = fitted.best
    if best is None or series[-1] > series[steps == best.step][0]:
        best = Best(fitted.last.params, fitted.last.state, fitted.step)
    lost = (steps > best.step).sum() >= plan.patience
    return replace(fitted, best=best, stopped="patience" if lost else "")


def _advanced(plan: Plan, fitted: Fitted) -> Fitted:
    """One chunk on, up to the next place where something is to be done."""
    start = fitted.step
    stop = min(plan.steps, *(start - start % n + n for n in (plan.every, plan.measure_every)))
    reached, finite = _made(plan, plan.chunk, fitted, stop)
    if finite:
        return reached
    watched, _ = _made(plan, plan.watched_chunk, fitted, reached.step)
    kept, _ = _made(plan, plan.chunk, fitted, watched.step - 1)
    _save(plan, kept)
    raise NotFinite(_sentence(plan, kept, float(watched.history.loss[-1])), kept)


def _made(plan: Plan, chunk: Callable, fitted: Fitted, stop: int) -> tuple[Fitted, bool]:
    """The training after step `stop`, or the first that is not finite; whether all was finite."""
    start = fitted.step
    rows = None if plan.rows is None else plan.rows(start, stop)
    last, losses, reached, finite = chunk(fitted.last, *plan.data, fitted.key, rows, start, stop)
    loss, old = np.asarray(losses)[: int(reached) - start], fitted.history
    joined = old._replace(loss=np.concatenate([old.loss.astype(loss.dtype), loss]))
    return replace(fitted, last=last, step=int(reached), history=joined), bool(finite)


def _sentence(plan: Plan, fitted: Fitted, loss: float) -> str:
    what = "loss" if not np.isfinite(loss) else "gradient"
    came = f"{loss:g}" if what == "loss" else "nan or inf"
    step = fitted.step
    rows = None if plan.rows is None else jnp.asarray(plan.rows(step, step + 1))
    batch = batch_of(*plan.data, fitted.key, rows, step, step, plan.transform)
    where = first_not_finite(plan.network, plan.loss, *fitted.last[:2], batch)
    return (
        f"fit needs a finite {what}, got {came} at step {step}, first {where}; lower the rate, or "
        "clip the gradient; the training before that step is kept"
    )


def _save(plan: Plan, fitted: Fitted) -> None:
    """Write a checkpoint. One that fails at the start is an error; later it is told, no more."""
    if plan.folder is None or jax.process_index() > 0:
        return
    try:
        history.save(plan.folder, fitted, plan.about, plan.steps, plan.keep)
    except OSError as error:
        found = history.numbered(plan.folder)
        if not found:
            raise
        warnings.warn(
            f"fit could not write the checkpoint of step {fitted.step} to {plan.folder} "
            f"({error.strerror or error}); training goes on, {found[0].name} is the last one",
            stacklevel=2,
        )
