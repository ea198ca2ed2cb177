"""Forty gradient bugs that public projects shipped, or nearly: definition, right and wrong rule.

Each stands for a kind: where the mistake shows. "everywhere", "half" (of the space), "band" (an
interval), "point" (one point of a smooth function), "kink", "extreme" (large, small or close
numbers), "shape", "cotangent" (other than ones) or "second" (derivatives).
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Bug:
    """A definition with two backwards; they take the cotangent first and return all gradients."""

    kind: str
    definition: Callable
    right: Callable
    wrong: Callable
    sizes: tuple[str, ...] = ("n",)


def op_of(definition: Callable, backward: Callable) -> jax.custom_vjp:
    """An op whose residuals are its arguments."""
    op = jax.custom_vjp(definition)

    def backwards(args, g):
        bars = backward(*map(jnp.asarray, (g, *args)))  # check_grads hands over NumPy's
        return bars if isinstance(bars, tuple) else (bars,)

    op.defvjp(lambda *args: (definition(*args), args), backwards)
    return op


def _softmax(x):
    return jax.nn.softmax(x, axis=-1)


def _rms_norm(x, w):
    return w[None] * x / jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)


def _rms_norm_backward(g, x, w, *, by_weight):
    r = 1 / jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)
    gw = g * w[None] if by_weight else g
    return r * gw - x * r**3 * (gw * x).mean(-1, keepdims=True), (g * x * r).sum(0)


def _standardize(x):
    m = x.mean()
    return (x - m) / (jnp.sqrt(((x - m) ** 2).mean()) + 1e-5)


def _standardize_backward(g, x, *, right):
    m = x.mean()
    variance = ((x - m) ** 2).mean()
    s = jnp.sqrt(variance)
    total = (g * (x - m)).sum()
    if right:
        s_bar = -total / (s + 1e-5) ** 2
        # s_bar (x - m) is 0 where s is, so that the whole is smooth there
        v_bar = jnp.where(s > 0, s_bar / (2 * jnp.where(s > 0, s, 1.0)), 0.0)
    else:
        s_bar = -total / variance
        v_bar = s_bar / (2 * (s + 1e-5))
    d = g / (s + 1e-5) + 2 * v_bar * (x - m) / x.shape[0]
    return d - d.mean()


_SELU, _ALPHA = 1.0507, 1.6733
_DCT = jnp.array([[0.5**0.5] * 2, [0.5**0.5, -(0.5**0.5)]])


def _pool(x):
    """Maxima of windows of 3 with stride 2 over 5 entries."""
    return jnp.stack([x[0:3].max(), x[2:5].max()])


def _pool_backward(g, x, *, add):
    first, second = (x[0:3] == x[0:3].max()) * g[0], (x[2:5] == x[2:5].max()) * g[1]
    shared = first[2] + second[0] if add else jnp.where(x[2] == x[2:5].max(), second[0], first[2])
    return jnp.concatenate([first[:2], shared[None], second[1:]])


def _sinc(x):
    p = jnp.pi * jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 1.0, jnp.sin(p) / p)


def _sinc_slope(x):
    safe = jnp.where(x == 0, 1.0, x)
    p = jnp.pi * safe
    return jnp.where(x == 0, 0.0, (jnp.cos(p) - jnp.sin(p) / p) / safe)


def _bce(x, t):
    return (jax.nn.softplus(x) - t * x).sum()


def _bce_slope_of(g, x, t):
    return g * (x - t) / (x * (1 - x))


def _bce_slope_backward(bar, g, x, t):
    """The second derivative sums over the entries where it should not."""
    slope = g * (x * x + t - 2 * t * x) / (x * (1 - x)) ** 2
    return (
        ((x - t) / (x * (1 - x)) * bar).sum(),
        (slope * bar).sum() + 0 * x,
        -g * bar / (x * (1 - x)),
    )


def _elu_slope_of(x):
    return jnp.where(x > 0, 1, jnp.exp(jnp.minimum(x, 0)))


def _others(x):
    """The product of the other entries of a triple."""
    return jnp.stack([x[1] * x[2], x[0] * x[2], x[0] * x[1]])


def _take(x, i):
    return x[i]


_bce_slope = op_of(_bce_slope_of, _bce_slope_backward)
_elu_slope = op_of(_elu_slope_of, lambda bar, x: 0 * bar)  # flat on the left too

BUGS = {
    "max_loosetol_mniml": Bug(
        "band",
        lambda x: x.max(),
        lambda g, x: g * (x == x.max()),
        lambda g, x: g * (jnp.abs(x - x.max()) < 0.01),
    ),
    "softplus_threshold_pytorch": Bug(
        "band",
        lambda x: jax.nn.softplus(3 * x) / 3,
        lambda g, x: g * jax.nn.sigmoid(3 * x),
        lambda g, x: g * jnp.where(jax.nn.softplus(3 * x) > 1, 1, jax.nn.sigmoid(3 * x)),
    ),
    "huber_gy_chainer": Bug(
        "cotangent",
        lambda d: jnp.where(jnp.abs(d) <= 1, d**2 / 2, jnp.abs(d) - 0.5).sum(-1),
        lambda g, d: g[:, None] * jnp.clip(d, -1, 1),
        lambda g, d: jnp.clip(d, -1, 1) + 0 * g[:, None],
        ("n d",),
    ),
    "atan2_mlx": Bug(
        "everywhere",
        lambda y, x: jnp.arctan2(y, x),
        lambda g, y, x: (g * x / (x**2 + y**2), -g * y / (x**2 + y**2)),
        lambda g, y, x: (g / (x**2 + y**2), -g / (x**2 + y**2)),
        ("n", "n"),
    ),
    "clamp_ttmetal": Bug(
        "everywhere",
        lambda x: jnp.clip(x, -1, 1),
        lambda g, x: g * ((x >= -1) & (x <= 1)),
        lambda g, x: g * ((x <= -1) & (x >= 1)),
    ),
    "dct_zygote": Bug(
        "everywhere",
        lambda x: jnp.array([[1.0, 2.0], [3.0, 5.0]]) @ x,
        lambda g, x: jnp.array([[1.0, 2.0], [3.0, 5.0]]).T @ g,
        lambda g, x: 2 * jnp.array([[-5.0, 2.0], [3.0, -1.0]]) @ g,
        ("2",),
    ),
    "dropout_nomask_numpyml": Bug(
        "everywhere",
        lambda x, mask: x * mask / (1 - 0.25),
        lambda g, x, mask: (g * mask / (1 - 0.25), g * x / (1 - 0.25)),
        lambda g, x, mask: (g / (1 - 0.25), g * x / (1 - 0.25)),
        ("n", "n"),
    ),
    "logaddexp2_mygrad": Bug(
        "everywhere",
        lambda a, b: jnp.log2(2**a + 2**b),
        lambda g, a, b: (g / (1 + 2 ** (b - a)), g / (1 + 2 ** (a - b))),
        lambda g, a, b: (
            g / ((1 + jnp.exp(b - a)) * jnp.log(2.0)),
            g / ((1 + jnp.exp(a - b)) * jnp.log(2.0)),
        ),
        ("n", "n"),
    ),
    "logsoftmax_mlpack": Bug(
        "everywhere",
        lambda x: jax.nn.log_softmax(x),
        lambda g, x: g - _softmax(x) * g.sum(-1, keepdims=True),
        lambda g, x: g + _softmax(x),
        ("n k",),
    ),
    "nan_to_num_autograd": Bug(
        "everywhere",
        lambda x: jnp.nan_to_num(x),
        lambda g, x: jnp.where(jnp.isfinite(x), g, 0),
        lambda g, x: jnp.zeros_like(x) + 0 * g,
    ),
    "pseudohuber_rubixml": Bug(
        "everywhere",
        lambda r: 4 * (jnp.sqrt(1 + (r / 2) ** 2) - 1),
        lambda g, r: g * 2 * r / jnp.sqrt(r**2 + 4),
        lambda g, r: g * r / jnp.sqrt(r**2 + 4),
    ),
    "relentropy_rubixml": Bug(
        "everywhere",
        lambda t, o: (t * jnp.log(t / o)).sum(),
        lambda g, t, o: (g * (jnp.log(t / o) + 1), -g * t / o),
        lambda g, t, o: (g * (jnp.log(t / o) + 1), g * (1 - t / o)),
        ("n", "n"),
    ),
    "rmsnorm_noweight_llmc": Bug(
        "everywhere",
        _rms_norm,
        lambda g, x, w: _rms_norm_backward(g, x, w, by_weight=True),
        lambda g, x, w: _rms_norm_backward(g, x, w, by_weight=False),
        ("n d", "d"),
    ),
    "set_subtensor_theano": Bug(
        "everywhere",
        lambda x, y: x.at[1].set(y),
        lambda g, x, y: (g.at[1].set(0), g[1]),
        lambda g, x, y: (g, g[1]),
        ("3", ""),
    ),
    "sigmoid_yizt": Bug(
        "everywhere",
        lambda x: jax.nn.sigmoid(x),
        lambda g, x: g * jax.nn.sigmoid(x) * (1 - jax.nn.sigmoid(x)),
        lambda g, x: jax.nn.sigmoid(x) * (1 - jax.nn.sigmoid(g)),
    ),
    "softmax_diag_libnd4j": Bug(
        "everywhere",
        _softmax,
        lambda g, x: _softmax(x) * (g - (g * _softmax(x)).sum(-1, keepdims=True)),
        lambda g, x: g * _softmax(x) * (1 - _softmax(x)),
        ("n k",),
    ),
    "sort_mlx": Bug(
        "everywhere",
        lambda x: jnp.sort(x),
        lambda g, x: jnp.zeros_like(x).at[jnp.argsort(x)].set(g),
        lambda g, x: g[jnp.argsort(x)],
    ),
    "sqdiff_tfnet": Bug(
        "everywhere",
        lambda x, y: (x - y) ** 2,
        lambda g, x, y: (2 * g * (x - y), -2 * g * (x - y)),
        lambda g, x, y: (x + 0 * g, y + 0 * g),
        ("n", "n"),
    ),
    "expm1_cancel_jax": Bug(
        "extreme",
        lambda x: jnp.expm1(x),
        lambda g, x: g * jnp.exp(x),
        lambda g, x: g * (jnp.expm1(x) + 1),
    ),
    "sinc_near0_jax": Bug(
        "extreme",
        _sinc,
        lambda g, x: g * _sinc_slope(x),
        lambda g, x: g * _sinc_slope(x),
    ),
    "softplus_overflow_ttmetal": Bug(
        "extreme",
        lambda x: jnp.log(1 + jnp.exp(x)),
        lambda g, x: g * jax.nn.sigmoid(x),
        lambda g, x: g * jnp.exp(x) * (1 / (jnp.exp(x) + 1)),
    ),
    "standardize_eps_chainer": Bug(
        "extreme",
        _standardize,
        lambda g, x: _standardize_backward(g, x, right=True),
        lambda g, x: _standardize_backward(g, x, right=False),
    ),
    "tanh_cancel_ttmetal": Bug(
        "extreme",
        lambda x: jnp.tanh(x),
        lambda g, x: g / jnp.cosh(x) ** 2,
        lambda g, x: g * (1 - jnp.tanh(x) ** 2),
    ),
    "maxpool_overlap_nnlib": Bug(
        "half",
        _pool,
        lambda g, x: _pool_backward(g, x, add=True),
        lambda g, x: _pool_backward(g, x, add=False),
        ("5",),
    ),
    "rem_jax": Bug(
        "half",
        lambda x, y: jax.lax.rem(x, y),
        lambda g, x, y: (g, -g * jnp.trunc(x / y)),
        lambda g, x, y: (g, -g * jnp.floor(x / y)),
        ("n", "n"),
    ),
    "selu_rubixml": Bug(
        "half",
        lambda x: _SELU * jnp.where(x > 0, x, _ALPHA * (jnp.exp(x) - 1)),
        lambda g, x: g * jnp.where(x > 0, _SELU, _SELU * _ALPHA * jnp.exp(x)),
        lambda g, x: (
            g
            * _SELU
            * jnp.where(x > 0, 1, _SELU * _ALPHA * (jnp.exp(jnp.minimum(x, 0)) - 1) + _ALPHA)
        ),
    ),
    "hardswish_ends_pytorch": Bug(
        "kink",
        lambda x: x * jnp.clip(x + 3, 0, 6) / 6,
        lambda g, x: g * jnp.where(x <= -3, 0, jnp.where(x >= 3, 1, (2 * x + 3) / 6)),
        lambda g, x: g * jnp.where(x < -3, 0, jnp.where(x > 3, 1, (2 * x + 3) / 6)),
    ),
    "max_ties_mxnet": Bug(
        "kink",
        lambda x: x.max(),
        lambda g, x: g * (x == x.max()) / (x == x.max()).sum(),
        lambda g, x: g * (x == x.max()),
    ),
    "maximum_ties_theano": Bug(
        "kink",
        lambda a, b: jnp.maximum(a, b),
        lambda g, a, b: (g * (a > b) + g * (a == b) / 2, g * (b > a) + g * (a == b) / 2),
        lambda g, a, b: (g * (a >= b), g * (b >= a)),
        ("n", "n"),
    ),
    "bce_logits_zero_pytorch": Bug(
        "point",
        _bce,
        lambda g, x, t: (g * (jax.nn.sigmoid(x) - t), -g * x),
        lambda g, x, t: (
            g * ((x > 0) - t - jnp.sign(x) * jax.nn.sigmoid(-jnp.abs(x))),
            -g * x,
        ),
        ("n", "n"),
    ),
    "ldexp_zero_jax": Bug(
        "point",
        lambda x: 2 * x,
        lambda g, x: 2 * g,
        lambda g, x: g * jnp.where(x == 0, 1, 2),
    ),
    "pow_x0_y1_chainrules": Bug(
        "point",
        lambda x: x**1.0,
        lambda g, x: g,
        lambda g, x: jnp.where(x == 0, 0, g * x / jnp.where(x == 0, 1, x)),
    ),
    "prod_zero_tinygrad": Bug(
        "point",
        lambda x: x[0] * x[1] * x[2],
        lambda g, x: g * _others(x),
        lambda g, x: g * x[0] * x[1] * x[2] / x,
        ("3",),
    ),
    "sinc_nan_pytorch": Bug(
        "point",
        _sinc,
        lambda g, x: g * _sinc_slope(x),
        lambda g, x: g * (jnp.pi * x * jnp.cos(jnp.pi * x) - jnp.sin(jnp.pi * x)) / (jnp.pi * x**2),
    ),
    "softplus_zero_jax": Bug(
        "point",
        lambda x: jax.nn.softplus(x),
        lambda g, x: g * jax.nn.sigmoid(x),
        lambda g, x: g * ((x > 0) - jnp.sign(x) * jax.nn.sigmoid(-jnp.abs(x))),
    ),
    "bce_double_sum_pytorch": Bug(
        "second",
        lambda x, t: -(t * jnp.log(x) + (1 - t) * jnp.log(1 - x)).sum(),
        lambda g, x, t: (g * (x - t) / (x * (1 - x)), g * (jnp.log(1 - x) - jnp.log(x))),
        lambda g, x, t: (_bce_slope(g, x, t), g * (jnp.log(1 - x) - jnp.log(x))),
        ("n", "n"),
    ),
    "elu_grad2_numpyml": Bug(
        "second",
        lambda x: jnp.where(x > 0, x, jnp.exp(jnp.minimum(x, 0)) - 1),
        lambda g, x: g * jnp.where(x > 0, 1, jnp.exp(jnp.minimum(x, 0))),
        lambda g, x: g * _elu_slope(x),
    ),
    "pow_second_jax": Bug(
        "second",
        lambda x, y: x**y,
        lambda g, x, y: (g * y * x ** (y - 1), g * x**y * jnp.log(x)),
        lambda g, x, y: (
            g * y * x ** jnp.where(y == 0, 1, y - 1),
            g * x**y * jnp.log(x),
        ),
        ("n", "n"),
    ),
    "matvec_square_cs249r": Bug(
        "shape",
        lambda a, b: a @ b,
        lambda g, a, b: (g[:, None] * b[None], a.T @ g),
        lambda g, a, b: (jnp.broadcast_to((g @ b)[None, None], a.shape), a.T @ g),
        ("n n", "n"),
    ),
    "take_dup_pytorch": Bug(
        "shape",
        _take,
        lambda g, x, i: (jnp.zeros_like(x).at[i].add(g), None),
        lambda g, x, i: (jnp.zeros_like(x).at[i].set(g), None),
        ("k", "n:int<k"),
    ),
}
