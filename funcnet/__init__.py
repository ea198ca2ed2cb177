"""funcnet: neural networks as pure JAX functions whose every gradient is written by hand."""

from typing import TYPE_CHECKING, Any

from funcnet import checkpoint, data, layers, ops, optimisers, training
from funcnet.fitting import fit
from funcnet.history import Fitted, History, TrainingState
from funcnet.jacobian import input_jacobian
from funcnet.layers import Layer, parameter_table, residual, serial
from funcnet.loop import Interrupted, NotFinite
from funcnet.model import Model, load, save
from funcnet.ops import *  # noqa: F403
from funcnet.training import accuracy, evaluate, train_step
from funcnet.weights import example_weights

__all__ = [  # noqa: PLE0604 - the names of the ops are found
    "Fitted",
    "History",
    "Interrupted",
    "Layer",
    "Model",
    "NotFinite",
    "TrainingState",
    "accuracy",
    "checkpoint",
    "data",
    "evaluate",
    "example_weights",
    "fit",
    "input_jacobian",
    "layers",
    "load",
    "optimisers",
    "parameter_table",
    "residual",
    "save",
    "serial",
    "train_step",
    "training",
    *ops.__all__,
]

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Any op."""
