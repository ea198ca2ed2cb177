"""The derivative of a network's output with respect to its input, in one forward pass."""

from typing import Annotated

import jax.numpy as jnp
from jaxtyping import Array, Float

from funcnet.contract import Rows, checked
from funcnet.layers import Layer, Params, State


@checked
def input_jacobian(
    network: Layer, params: Params, state: State, x: Annotated[Float[Array, "n *d"], Rows(1)]
) -> tuple[Float[Array, "n m"], Float[Array, "n m k"]]:
    r"""Value and Jacobian, $J = J_L \cdots J_1$ with $J_l = \operatorname{diag}(f'(z_l)) W_l$.

    The two are carried forward together, layer by layer, in evaluation mode; for each example `J[n,
    j, i]` is $\partial y_{nj} / \partial x_{ni}$. The result can be differentiated again, so that a
    network can be fitted to slopes.
    """
    x = x.reshape(x.shape[0], -1)  # trailing axes are flattened, as `dense` does
    n, d = x.shape
    identity = jnp.broadcast_to(jnp.eye(d, dtype=x.dtype), (n, d, d))
    return network.push(params, state, x, identity)
