"""Layers as pairs of pure functions, in the manner of stax, and `serial` to chain them.

The contract of every layer, for a batch x of n examples, which are rows:

    init(key, shape)                -> (params, state)     shape: that of one example, without n
    apply(params, state, x, train)  -> (y, state)          the state is passed and returned
    push(params, state, x, J)       -> (y, J)              evaluation, the Jacobian beside it

J has shape (n, width of x, inputs); it is the derivative of each example's x by that example's
input of the network. A layer that also takes examples as columns has `columns` beside `apply`.
"""

from funcnet.layers.activations import activation, dropout, softmax
from funcnet.layers.dense import DenseParams, dense
from funcnet.layers.images import average_pool, conv, max_pool, reshape
from funcnet.layers.layer import Layer, Params, Shape, State
from funcnet.layers.networks import parameter_table, residual, serial
from funcnet.layers.normalization import (
    NormParams,
    RunningStatistics,
    batch_norm,
    layer_norm,
    rms_norm,
)
from funcnet.layers.sequences import AttentionParams, attention, embedding

__all__ = [
    "AttentionParams",
    "DenseParams",
    "Layer",
    "NormParams",
    "Params",
    "RunningStatistics",
    "Shape",
    "State",
    "activation",
    "attention",
    "average_pool",
    "batch_norm",
    "conv",
    "dense",
    "dropout",
    "embedding",
    "layer_norm",
    "max_pool",
    "parameter_table",
    "reshape",
    "residual",
    "rms_norm",
    "serial",
    "softmax",
]
