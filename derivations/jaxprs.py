"""What versions of JAX write differently into a jaxpr."""

from collections.abc import Mapping
from typing import Any

import jax


def scan_counts(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many operands of a scan are constants, and how many are carried from turn to turn."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    consts, carried, _ = params["ft_in"]  # from JAX 0.12 on: trees with None for each operand
    return _leaves(consts), _leaves(carried)


def _leaves(tree: Any) -> int:
    return len(jax.tree.leaves(tree, is_leaf=lambda leaf: leaf is None))
