"""Scaled dot-product attention."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from funcnet.contract import checked
from funcnet.ops.softmax import softmax, softmax_backward


@partial(jax.custom_vjp, nondiff_argnums=(3,))
@checked
def attention(
    query: Float[Array, "*batch q d"],
    key: Float[Array, "*batch k d"],
    value: Float[Array, "*batch k m"],
    causal: bool = False,
) -> Float[Array, "*batch q m"]:
    r"""Scaled dot-product attention, $y_i = \sum_j p_{ij} v_j$.

    The weights are $p_i = \operatorname{softmax}(q_i k^\top / \sqrt d)$. With the cotangent $\bar
    s$ of the scores, that of softmax, the pullback is $\bar v = p^\top \bar y$, $\bar q = \bar s k
    / \sqrt d$ and $\bar k = \bar s^\top q / \sqrt d$.

    Args:
        causal: query i meets the keys up to i alone; then there are as many keys as queries.

    Reference:
        Vaswani et al. (2017), Attention is all you need, section 3.2.1.
    """
    return _weights(query, key, causal) @ value


def attention_forward(query, key, value, causal):
    y = attention.fun(query, key, value, causal)
    return y, (query, key, value, _weights(query, key, causal))


def attention_backward(causal, residuals, y_bar):
    del causal  # a masked weight is 0, and so is its score's cotangent
    query, key, value, p = residuals
    (scores_bar,) = softmax_backward(p, y_bar @ value.mT)
    scores_bar = scores_bar / _root(query)
    return scores_bar @ key, scores_bar.mT @ query, p.mT @ y_bar


attention.defvjp(attention_forward, attention_backward)


def _weights(query, key, causal):
    scores = (query @ key.mT) / _root(query)
    if causal:
        places = jnp.arange(query.shape[-2])[:, None], jnp.arange(key.shape[-2])[None]
        later = (places[0] < places[1])[(None,) * (query.ndim - 2)]
        scores = jnp.where(later, -jnp.inf, scores)
    return softmax.fun(scores)


def _root(query):
    return jnp.sqrt(jnp.asarray(query.shape[-1], query.dtype))
