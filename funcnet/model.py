"""A trained network with all that its use needs: names of columns, scaling, classes."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from funcnet import checkpoint
from funcnet.columns import (
    Column,
    Target,
    columns_from,
    encode,
    target_from,
    to_plain,
)
from funcnet.jacobian import input_jacobian
from funcnet.layers import Layer, Params, State
from funcnet.recipes import perceptron
from funcnet.tables import Columns, columns_of, read
from funcnet.training import evaluate


class Prediction(NamedTuple):
    """What a model says of each row.

    `labels` (n) are names of classes, or values in the target's own units. `probabilities` (n, k)
    stand in the order of the model's classes, and are None for values.
    """

    labels: np.ndarray
    probabilities: np.ndarray | None


class Slopes(NamedTuple):
    """Derivatives of the outputs by the table's numbers, in the table's own units.

    `jacobian` (n, outputs, columns) is that of `value` (n, outputs): scores of classes, or values.
    Where a number is missing it is the derivative at the mean. Words have no derivative.
    """

    value: np.ndarray
    jacobian: np.ndarray
    outputs: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """A network, its parameters, and how a table's columns become its inputs.

    `arguments` are those of `perceptron` if the network is one, and None if it is another, which a
    file cannot hold: `load(path, network=...)` must be given it.
    """

    network: Layer
    params: Params
    state: State
    columns: tuple[Column, ...]
    target: Target
    arguments: Mapping[str, Any] | None = None

    def outputs(self, table: Any) -> np.ndarray:
        """The network's outputs (n, outputs) for a file, a data frame, named columns, or an array.

        Raises:
            ValueError: a column is missing, or holds what it did not in training.
        """
        return np.asarray(evaluate(self.network, self.params, self.state, self._inputs(table)))

    def predict(self, table: Any) -> Prediction:
        """Classes with their probabilities, or values.

        Raises:
            ValueError: a column is missing, or holds what it did not in training.
        """
        return predicted(self.target, self.outputs(table))

    def slopes(self, table: Any) -> Slopes:
        """The derivatives of the outputs by the columns of numbers.

        Raises:
            ValueError: a column is missing, or holds what it did not in training.
        """
        x = jnp.asarray(self._inputs(table))
        network, params, state = self.network, self.params, self.state
        y, by_input = jax.jit(lambda x: input_jacobian(network, params, state, x))(x)
        first = np.cumsum([0, *(column.width for column in self.columns)])
        numbers = [i for i, column in enumerate(self.columns) if column.categories is None]
        scale = np.array([self.columns[i].scale for i in numbers])
        jacobian = np.asarray(by_input)[:, :, first[numbers]] * self.target.scale / scale
        value = np.asarray(y) * self.target.scale + self.target.centre
        names = tuple(self.columns[i].name for i in numbers)
        return Slopes(value, jacobian, self.target.classes or (self.target.name,), names)

    def _inputs(self, table: Any) -> np.ndarray:
        return encode(self.columns, as_columns(table, self.columns))


def predicted(target: Target, outputs: np.ndarray) -> Prediction:
    """What a network's outputs (n, k) or (n, 1) mean."""
    if target.classes is None:
        return Prediction(outputs[:, 0].astype(float) * target.scale + target.centre, None)
    probabilities = np.exp(outputs - outputs.max(axis=1, keepdims=True), dtype=float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Prediction(np.array(target.classes)[outputs.argmax(axis=1)], probabilities)


def as_columns(table: Any, columns: Sequence[Column]) -> Columns:
    """Any table as named columns; an array (n, d) has those of the training, in their order.

    Raises:
        ValueError: an array of another shape.
    """
    if isinstance(table, (str, os.PathLike)):
        return read(table)
    if isinstance(table, Mapping) or hasattr(table, "columns"):
        return columns_of(table)
    array = np.asarray(table)
    array = array.reshape(len(array), -1) if array.ndim else array
    if array.ndim != 2 or array.shape[1] != len(columns):
        raise ValueError(
            f"the model needs rows of {len(columns)} entries, got an array of shape "
            f"{np.shape(table)}; pass the columns of the training in their order"
        )
    return columns_of({column.name: array[:, i] for i, column in enumerate(columns)})


def save(path: str | os.PathLike, model: Model) -> None:
    """Write a model, whole or not at all.

    Raises:
        OSError: the folder is missing, full, or cannot be written.
    """
    about = {
        "kind": "model",
        "arguments": None if model.arguments is None else dict(model.arguments),
        "columns": to_plain(model.columns),
        "target": to_plain(model.target),
    }
    checkpoint.save(path, {"params": model.params, "state": model.state}, about)


def load(path: str | os.PathLike, network: Layer | None = None) -> Model:
    """Read a model that `save` or `python -m funcnet train` wrote.

    Args:
        network: the network that was saved, if it was not the command line's.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, no model, or of another network.
    """
    about = checkpoint.about(path)
    if about.get("kind") != "model":
        raise ValueError(f"load needs a model, got {path} of another kind; pass a model.npz")
    columns, target = columns_from(about["columns"]), target_from(about["target"])
    arguments = about["arguments"]
    if network is None and arguments is None:
        raise ValueError(f"load needs the network of {path}, got none; pass network=")
    network = network or perceptron(**arguments)
    shape = (sum(column.width for column in columns),)
    params, state = jax.eval_shape(lambda key: network.init(key, shape), jax.random.key(0))
    tree = checkpoint.load(path, {"params": params, "state": state})
    return Model(network, tree["params"], tree["state"], columns, target, arguments)


def perceptron_for(hidden: Sequence[int], target: Target, warm: bool) -> dict[str, Any]:
    """The command line's arguments of `perceptron`: scores are normalised, values are free."""
    classes = target.classes
    return {
        "hidden": tuple(hidden),
        "outputs": 1 if classes is None else len(classes),
        "last_norm": classes is not None,
        "bias": not warm,  # a normalisation takes it away again; the digits' recipe has it
        "warm": warm,
    }
