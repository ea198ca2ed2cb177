"""Attention and its parts, of public reports: wrong rules beside the right ones."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .cases import right, rule, wrong
from .reports_norms import normal

everywhere = partial(wrong, where="everywhere")
CAP = 5.0
LIMIT = 7.0


def _capped(q, k):
    return CAP * jnp.tanh(q @ k.T / CAP)


def _capped_attention(q, k, v):
    return jax.nn.softmax(_capped(q, k)) @ v


def _capped_backward(slope):
    def backward(g, q, k, v):
        scores = _capped(q, k)
        p = jax.nn.softmax(scores)
        p_bar = g @ v.T
        s_bar = p * (p_bar - jnp.sum(p_bar * p, -1, keepdims=True)) * slope(scores)
        return s_bar @ k, s_bar.T @ q, p.T @ g

    return backward


def _quarter_turn(x):
    return jnp.stack([-x[:, 1], x[:, 0]], 1)


def _rotated(x, cos, sin):
    return x * cos + _quarter_turn(x) * sin


def _rotated_backward(g, x, cos, sin):
    return g * cos - _quarter_turn(g * sin), g * x, g * _quarter_turn(x)


def _sine_after_the_turn(g, x, cos, sin):
    return g * cos - _quarter_turn(g) * sin, g * x, g * _quarter_turn(x)


def _clamped_gate(gate, up):
    low, middle = jnp.minimum(gate, LIMIT), jnp.clip(up, -LIMIT, LIMIT)
    return low, middle, jax.nn.sigmoid(1.702 * low)


def _gated(gate, up):
    low, middle, s = _clamped_gate(gate, up)
    return (middle + 1) * low * s


def _gated_bars(g, gate, up):
    low, middle, s = _clamped_gate(gate, up)
    return g * (middle + 1) * (s + 1.702 * low * s * (1 - s)), g * low * s


def _gated_by_masks(g, gate, up):
    gate_bar, up_bar = _gated_bars(g, gate, up)
    is_inside = (up >= -LIMIT) & (up <= LIMIT)
    return jnp.where(gate <= LIMIT, gate_bar, 0.0), jnp.where(is_inside, up_bar, 0.0)


def _gated_by_clamped_values(g, gate, up):
    low, middle, _ = _clamped_gate(gate, up)
    gate_bar, up_bar = _gated_bars(g, gate, up)
    return gate_bar * low, up_bar * middle


def _decays(decay):
    return jnp.tril(jnp.exp(decay[:, None] - decay[None, :]))


def _gated_linear_attention(decay, q, k, v):
    return (_decays(decay) * (q @ k.T)) @ v


def _linear_attention_backward(scores_of_values):
    def backward(g, decay, q, k, v):
        a = _decays(decay)
        s_bar = g @ v.T
        w = s_bar * a * (q @ k.T)
        v_bar = scores_of_values(a, q, k).T @ g
        return jnp.sum(w, 1) - jnp.sum(w, 0), (s_bar * a) @ k, (s_bar * a).T @ q, v_bar

    return backward


def _below_the_diagonal(s):
    return jnp.tril(jnp.ones((s.shape[0], s.shape[0]), bool))


def _causal(fill):
    return lambda s: jax.nn.softmax(jnp.where(_below_the_diagonal(s), s, fill))


def _causal_backward(fill, guard=lambda s, s_bar: s_bar):
    def backward(g, s):
        p = _causal(fill)(s)
        return (guard(s, p * (g - jnp.sum(g * p, -1, keepdims=True))),)

    return backward


def _zero_above(s, s_bar):
    return jnp.where(_below_the_diagonal(s), s_bar, 0.0)


_ROWS = (normal(3, 2), normal(4, 2), normal(4, 3))
_ROW_SIZES = "n d,m d,m p"
_HALVES = (normal(3, 2, 4), normal(3, 2, 4), normal(3, 2, 4))
_HALF_SIZES = "n 2 h,n 2 h,n 2 h"
_GATES = (normal(4), normal(4))
_STEPS = (-0.3 * np.arange(4.0), normal(4, 2), normal(4, 2), normal(4, 3))
_STEP_SIZES = "t,t d,t d,t p"

FALSE = {
    "a soft cap ignored by the backward (flash-attention #2544)": everywhere(
        rule(_capped_attention, _capped_backward(jnp.ones_like)),
        *_ROWS,
        sizes=_ROW_SIZES,
        why="1 − tanh² is missing",
    ),
    "a sine after the quarter turn (PaddlePaddle #74716)": everywhere(
        rule(_rotated, _sine_after_the_turn),
        *_HALVES,
        sizes=_HALF_SIZES,
        why="right where the halves of the sine are equal",
    ),
    "clamped values for their masks (cudnn-frontend #447)": everywhere(
        rule(_gated, _gated_by_clamped_values), *_GATES, sizes="n,n", why="shapes agree"
    ),
    "values without the gate (flash-linear-attention #6)": everywhere(
        rule(
            _gated_linear_attention, _linear_attention_backward(lambda a, q, k: jnp.tril(q @ k.T))
        ),
        *_STEPS,
        sizes=_STEP_SIZES,
        why="right for decays of 1",
    ),
    "half of a Gram matrix (neon #169)": everywhere(
        rule(lambda x: x @ x.T, lambda g, x: (g @ x,)),
        normal(3, 4),
        sizes="n d",
        why="x stands there twice",
    ),
    "a causal softmax that keeps what was masked": everywhere(
        rule(_causal(-jnp.inf), lambda g, s: _causal_backward(-jnp.inf)(g + _zero_above(s, g), s)),
        normal(4, 4),
        sizes="t t",
        why="twice the gradient",
    ),
}
RIGHT = {
    "attention with a soft cap": right(
        rule(_capped_attention, _capped_backward(lambda s: 1 - (s / CAP) ** 2)),
        *_ROWS,
        sizes=_ROW_SIZES,
    ),
    "rotary positions": right(rule(_rotated, _rotated_backward), *_HALVES, sizes=_HALF_SIZES),
    "a clamped gate": right(rule(_gated, _gated_by_masks), *_GATES, sizes="n,n"),
    "gated linear attention": right(
        rule(_gated_linear_attention, _linear_attention_backward(lambda a, q, k: a * (q @ k.T))),
        *_STEPS,
        sizes=_STEP_SIZES,
    ),
    "a Gram matrix": right(
        rule(lambda x: x @ x.T, lambda g, x: ((g + g.T) @ x,)), normal(3, 4), sizes="n d"
    ),
    "a causal softmax, unguarded (flash-sparse-attention #109)": right(
        rule(_causal(-jnp.inf), _causal_backward(-jnp.inf)), normal(4, 4), sizes="t t"
    ),
    "a causal softmax, guarded": right(
        rule(_causal(-jnp.inf), _causal_backward(-jnp.inf, _zero_above)),
        normal(4, 4),
        sizes="t t",
    ),
}
