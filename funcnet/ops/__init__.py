"""The ops: `jax.custom_vjp` functions, each with a definition, a forward and a hand-written backward."""

from funcnet.ops.activations import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from funcnet.ops.dense import dense
from funcnet.ops.losses import (
    binary_cross_entropy,
    cross_entropy,
    cross_entropy_with_integer_labels,
    l2_penalty,
    sigmoid_binary_cross_entropy,
    softmax_cross_entropy,
    softmax_cross_entropy_with_integer_labels,
    squared_error,
    svm_hinge,
)
from funcnet.ops.normalization import batch_norm, batch_norm_evaluation, layer_norm
from funcnet.ops.softmax import log_softmax, softmax
from funcnet.ops.statistics import mean, standard_deviation, variance

__all__ = [
    "batch_norm",
    "batch_norm_evaluation",
    "binary_cross_entropy",
    "cross_entropy",
    "cross_entropy_with_integer_labels",
    "dense",
    "elu",
    "gelu",
    "l2_penalty",
    "layer_norm",
    "leaky_relu",
    "log_softmax",
    "mean",
    "relu",
    "sigmoid",
    "sigmoid_binary_cross_entropy",
    "silu",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
    "softplus",
    "squared_error",
    "standard_deviation",
    "svm_hinge",
    "tanh",
    "variance",
]
