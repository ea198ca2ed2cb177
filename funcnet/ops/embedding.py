"""Rows of a table, picked by number."""

from typing import Annotated

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Integer

from funcnet.contract import Labels, checked
from funcnet.ops.labels import one_or_nan
from funcnet.ops.shapes import Shape

Tokens = Labels("v", remedy="number the rows of the table from 0")


@jax.custom_vjp
@checked
def embedding(
    table: Float[Array, "v d"], tokens: Annotated[Integer[Array, "n"], Tokens]
) -> Float[Array, "n d"]:
    r"""The rows of a table, $y_{nj} = t_{i_n j}$ for the number $i_n$ of each token.

    The pullback adds up what reaches each row, $\bar t_{vj} = \sum_n [i_n = v] \bar y_{nj}$. A
    number out of range gives nan under `jit`, where it cannot raise.
    """
    picked = table.at[tokens].get(mode="clip", wrap_negative_indices=False)
    return picked * one_or_nan(tokens, table.shape[0])[..., None]


def embedding_forward(table, tokens):
    return embedding.fun(table, tokens), (tokens, Shape(table.shape))


def embedding_backward(residuals, y_bar):
    tokens, shape = residuals
    y_bar = y_bar * one_or_nan(tokens, shape.axes[0])[..., None]
    return jnp.zeros(shape.axes, y_bar.dtype).at[tokens].add(
        y_bar, mode="clip", wrap_negative_indices=False
    ), None


embedding.defvjp(embedding_forward, embedding_backward)
