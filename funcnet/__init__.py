"""funcnet: neural networks as pure JAX functions whose every gradient is written by hand."""

from funcnet import checkpoint, data, layers, ops, optimisers, training
from funcnet.jacobian import input_jacobian
from funcnet.layers import Layer, parameter_table, serial
from funcnet.ops import *  # noqa: F403
from funcnet.training import TrainingState, accuracy, fit, train_step

__all__ = [
    "Layer",
    "TrainingState",
    "accuracy",
    "checkpoint",
    "data",
    "fit",
    "input_jacobian",
    "layers",
    "optimisers",
    "parameter_table",
    "serial",
    "train_step",
    "training",
    *ops.__all__,
]
