"""What a backward must know of an array of which it needs no entry."""

from dataclasses import dataclass
from typing import Any

import jax


@jax.tree_util.register_static
@dataclass(frozen=True)
class Shape:
    """A shape among the residuals, which takes no memory."""

    axes: tuple[Any, ...]
