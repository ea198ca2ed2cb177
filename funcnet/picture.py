"""A picture of a training run."""

import os

import numpy as np

from funcnet.data import Table
from funcnet.files import written_whole
from funcnet.runs import Run
from funcnet.training import evaluate

INK, BLUE, ORANGE = "#333333", "#1f6fb2", "#d9741a"


def draw(run: Run, validation: Table, path: str | os.PathLike) -> None:
    """Write a picture: the loss, the quality by both statistics, and what is still confused.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    _draw_loss(left, run)
    _draw_quality(middle, run)
    outputs = np.asarray(evaluate(run.network, run.params, run.state, validation.x))
    (_draw_confusion if validation.classes else _draw_values)(right, outputs, validation)
    for axes in (left, middle):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("step")
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=130)


def _draw_loss(axes, run: Run) -> None:
    losses = np.asarray(run.losses, dtype=float)
    window = max(1, len(losses) // 200)
    kept = losses[: len(losses) // window * window].reshape(-1, window).mean(axis=1)
    axes.plot(np.arange(len(kept)) * window, kept, color=INK, linewidth=1.2)
    if (losses > 0).all():
        axes.set_yscale("log")
    axes.set_title("training loss")


def _draw_quality(axes, run: Run) -> None:
    steps = [point.step for point in run.history]
    scale, unit = (100, " in %") if run.quality == "accuracy" else (1, "")
    for values, color, label in (
        ([point.by_batch for point in run.history], ORANGE, "by batch statistics"),
        ([point.by_running for point in run.history], BLUE, "by running averages"),
    ):
        axes.plot(
            steps, np.multiply(values, scale), color=color, marker="o", markersize=3, label=label
        )
    if run.quality != "accuracy":
        later = [p.by_running for p in run.history[1:] if np.isfinite(p.by_running)]
        axes.set_ylim(min(0, *later, 0), 1.02)
    axes.set_title(f"validation {run.quality}{unit}")
    axes.legend(frameon=False, loc="lower right")


def _draw_confusion(axes, outputs: np.ndarray, table: Table) -> None:
    """How often each class (row) is taken for each other (column)."""
    classes = table.classes or ()
    count = len(classes)
    confusion = np.zeros((count, count), dtype=int)
    np.add.at(confusion, (table.targets, outputs.argmax(axis=1)), 1)
    mistakes = confusion * (1 - np.eye(count, dtype=int))
    axes.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(1, mistakes.max()))
    if count <= 12:
        for row, column in np.argwhere(confusion):
            weight = "bold" if row != column else "normal"
            dark = mistakes[row, column] > 0.6 * mistakes.max()
            color = "#999999" if row == column else "white" if dark else INK
            axes.text(
                column, row, confusion[row, column], ha="center", va="center",
                color=color, fontsize=8, fontweight=weight,
            )  # fmt: skip
        axes.set_xticks(range(count), [name[:8] for name in classes], fontsize=8)
        axes.set_yticks(range(count), [name[:8] for name in classes], fontsize=8)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{mistakes.sum()} mistakes in {len(table.targets)}")


def _draw_values(axes, outputs: np.ndarray, table: Table) -> None:
    ends = [table.targets.min(), table.targets.max()]
    axes.plot(ends, ends, color=INK, linewidth=0.8)
    axes.plot(table.targets, outputs[:, 0], ".", color=BLUE, markersize=4)
    axes.set_xlabel("target")
    axes.set_ylabel("prediction")
    axes.set_title("validation")
