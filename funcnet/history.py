"""What training leaves: the last and the best parameters, and all that was measured, as arrays."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from funcnet import checkpoint
from funcnet.layers import Params, State


class TrainingState(NamedTuple):
    """All that a step changes."""

    params: Params
    state: State
    opt_state: Any


class Best(NamedTuple):
    """The parameters at the measurement that was best so far."""

    params: Params
    state: State
    step: int


class History(NamedTuple):
    """What was measured.

    `loss` has one entry a step. `step` (m) are the steps after which something else was measured,
    and `measures` has (m) numbers under each name.
    """

    loss: np.ndarray
    step: np.ndarray
    measures: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Fitted:
    """A training as far as it has come; `fit(resume=...)` goes on from it.

    Attributes:
        last: parameters, state and optimiser after the last step.
        best: parameters and state of the best measurement, where training stops early.
        step: the number of steps made.
        key: of batches and transforms.
        history: what was measured.
        stopped: why training ended: "steps", "patience" or "callback"; "" where it goes on.
    """

    last: TrainingState
    best: Best | None
    step: int
    key: PRNGKeyArray
    history: History
    stopped: str = ""

    @property
    def params(self) -> Params:
        """The best parameters where they were kept, else the last."""
        return self.last.params if self.best is None else self.best.params

    @property
    def state(self) -> State:
        """The state that goes with `params`."""
        return self.last.state if self.best is None else self.best.state

    @property
    def opt_state(self) -> Any:
        """The optimiser's state after the last step."""
        return self.last.opt_state


def began(training: TrainingState, key: PRNGKeyArray) -> Fitted:
    """A training before its first step."""
    dtype = jnp.result_type(float)
    nothing = History(np.zeros(0, dtype), np.zeros(0, int), {})
    return Fitted(training, None, 0, key, nothing)


def with_measures(fitted: Fitted, values: Mapping[str, Any]) -> Fitted:
    """The training with what was measured at its step."""
    old = fitted.history
    measures = {
        name: np.append(old.measures.get(name, np.zeros(0)), float(value))
        for name, value in values.items()
    }
    return replace(
        fitted, history=old._replace(step=np.append(old.step, fitted.step), measures=measures)
    )


def save(folder: Path, fitted: Fitted, settings: Mapping, steps: int, keep: int) -> Path:
    """Write a training to `step-….npz` and remove all but the `keep` last of these.

    Raises:
        OSError: the folder is full, or cannot be written.
    """
    path = folder / f"step-{fitted.step:010}.npz"
    facts = {
        "kind": "training",
        "step": fitted.step,
        "steps": steps,
        "finished": bool(fitted.stopped) or fitted.step >= steps,
        "best": None if fitted.best is None else fitted.best.step,
        "measured": len(fitted.history.step),
        "measures": list(fitted.history.measures),
        "loss": str(fitted.history.loss.dtype),
        "settings": dict(settings),
    }
    checkpoint.save(path, _tree(fitted), facts)
    for old in numbered(folder)[keep:]:
        old.unlink(missing_ok=True)
    return path


def numbered(folder: str | os.PathLike) -> list[Path]:
    """The checkpoints in a folder, the last one first."""
    return sorted(Path(folder).glob("step-*.npz"), reverse=True)


def facts(files: Sequence[Path]) -> dict:
    """What the newest whole one of these checkpoints says of itself; nothing if there is none."""
    for path in files:
        try:
            return checkpoint.about(path)
        except checkpoint.DamagedError:
            continue
    return {}


def restore(path: Path, like: TrainingState, key: PRNGKeyArray) -> tuple[Fitted, dict]:
    """The training of a file, and the settings that were written with it.

    Raises:
        ValueError: the file is damaged, or of another network or optimiser.
    """
    facts = checkpoint.about(path)
    tree = checkpoint.load(path, _template(facts, like, key))
    best = None if facts["best"] is None else Best(tree["best"][0], tree["best"][1], facts["best"])
    fitted = Fitted(tree["last"], best, facts["step"], tree["key"], tree["history"])
    return fitted, facts["settings"]


def _tree(fitted: Fitted) -> dict[str, Any]:
    best = () if fitted.best is None else fitted.best[:2]
    return {"last": fitted.last, "best": best, "key": fitted.key, "history": fitted.history}


def _template(facts: Mapping, like: TrainingState, key: PRNGKeyArray) -> dict[str, Any]:
    """What the file must hold: as much history as it says, beside the network and the optimiser."""
    m = facts["measured"]
    measures = {name: np.zeros(m) for name in facts["measures"]}
    return {
        "last": like,
        "best": () if facts["best"] is None else like[:2],
        "key": key,
        "history": History(np.zeros(facts["step"], facts["loss"]), np.zeros(m, int), measures),
    }
