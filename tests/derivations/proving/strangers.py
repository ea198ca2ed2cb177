"""Ops that are not ours, each with a right backward and with wrong ones.

An entry is (definition, backward, sizes, wrong backwards).
"""

import jax
import jax.numpy as jnp


def rule(definition, backward):
    """An op whose residuals are its arguments; the backward takes the cotangent first."""
    op = jax.custom_vjp(definition)
    op.defvjp(lambda *args: (definition(*args), args), lambda args, g: backward(g, *args))
    return op


def softmax(s):
    e = jnp.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(q, k, v):
    return softmax(q @ k.T / jnp.sqrt(q.shape[1])) @ v


def attention_backward(g, q, k, v, *, scale=True, minus=True, transposed=False):
    root = jnp.sqrt(q.shape[1])
    p = softmax(q @ k.T / root)
    p_bar = g @ v.T
    s_bar = p * (p_bar - (p_bar * p).sum(-1, keepdims=True)) if minus else p * p_bar
    s_bar = s_bar / root if scale else s_bar
    v_bar = p.T @ g
    return s_bar @ k, (s_bar.T @ q) * (2 if transposed else 1), v_bar


def rms_norm(x, w):
    return w * x * jax.lax.rsqrt((x**2).mean(-1, keepdims=True) + 1e-6)


def rms_norm_backward(g, x, w, *, weight=True, power=2, mean=True):
    scale = jax.lax.rsqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    gw = g * w if weight else g
    dot = (gw * x).mean(-1, keepdims=True) if mean else (gw * x).sum(-1, keepdims=True)
    return gw * scale - x * scale ** (power + 1) * dot, (g * x * scale).sum(0)


def group_norm(x):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + 1e-5)


def group_norm_backward(g, x, *, center=True, spread=True, axis=-1):
    mean = x.mean(-1, keepdims=True)
    scale = 1 / jnp.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5)
    y = (x - mean) * scale
    result = g
    if center:
        result = result - g.mean(-1, keepdims=True)
    if spread:
        result = result - y * (g * y).mean(axis, keepdims=True)
    return (result * scale,)


def logsumexp(x):
    m = jax.lax.stop_gradient(x.max(-1, keepdims=True))
    return jnp.log(jnp.exp(x - m).sum(-1)) + m[..., 0]


def two_layers(x, w, b, v):
    return jnp.tanh(x @ w + b[None]) @ v


def two_layers_backward(g, x, w, b, v, *, slope=True, bias=True, order=True):
    h = jnp.tanh(x @ w + b[None])
    a_bar = (g @ v.T) * ((1 - h**2) if slope else (1 - h))
    b_bar = a_bar.sum(0) if bias else a_bar.mean(0)
    return a_bar @ w.T, x.T @ a_bar, b_bar, h.T @ g if order else h.T @ g * 2


def cosine(x, y):
    return (x * y).sum() / jnp.sqrt((x**2).sum() * (y**2).sum())


def cosine_backward(g, x, y, *, project=True, norm=2, sign=1):
    xx, yy, xy = (x**2).sum(), (y**2).sum(), (x * y).sum()
    c = xy / jnp.sqrt(xx * yy)
    x_bar = y / jnp.sqrt(xx * yy) - (sign * c * x / xx ** (norm / 2) if project else 0)
    return g * x_bar, g * (x / jnp.sqrt(xx * yy) - c * y / yy)


def huber(x, y):
    d = x - y
    return jnp.where(jnp.abs(d) <= 1, 0.5 * d**2, jnp.abs(d) - 0.5).sum(-1)


def huber_backward(g, x, y, *, outer=1.0, cut=1.0, cotangent=True):
    d = x - y
    slope = jnp.where(jnp.abs(d) <= cut, d, outer * jnp.sign(d))
    d_bar = g[:, None] * slope if cotangent else slope
    return d_bar, -d_bar


def kl(p, q):
    return (p * (jnp.log(p) - jnp.log(q))).sum(-1)


def kl_backward(g, p, q, *, one=1, sign=-1, ratio=True):
    g = g[:, None]
    return g * (jnp.log(p) - jnp.log(q) + one), sign * g * (p / q if ratio else q / p)


def distances(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)


def distances_backward(g, x, y, *, factor=2, swap=False, cross=True):
    x_bar = factor * (x * g.sum(1)[:, None] - (g @ y if cross else 0))
    y_bar = factor * (y * g.sum(0)[:, None] * (2 if swap else 1) - g.T @ x)
    return x_bar, y_bar


def variant(backward, **change):
    return lambda *args: backward(*args, **change)


STRANGERS = {
    "attention": (
        attention,
        attention_backward,
        ("n d", "m d", "m v"),
        [{"scale": False}, {"minus": False}, {"transposed": True}],
    ),
    "rms_norm": (
        rms_norm,
        rms_norm_backward,
        ("n d", "d"),
        [{"weight": False}, {"power": 1}, {"mean": False}],
    ),
    "group_norm": (
        group_norm,
        group_norm_backward,
        ("n g d",),
        [{"center": False}, {"spread": False}, {"axis": 0}],
    ),
    "logsumexp": (
        logsumexp,
        lambda g, x, factor=1, axis=-1, shift=0: (
            factor * g[:, None] * jnp.exp(x - logsumexp(x)[:, None] + shift),
        ),
        ("n k",),
        [{"factor": 2}, {"shift": 0.01}, {"factor": -1}],
    ),
    "two_layers": (
        two_layers,
        two_layers_backward,
        ("n d", "d h", "h", "h k"),
        [{"slope": False}, {"bias": False}, {"order": False}],
    ),
    "cosine": (
        cosine,
        cosine_backward,
        ("n", "n"),
        [{"project": False}, {"norm": 1}, {"sign": -1}],
    ),
    "huber": (
        huber,
        huber_backward,
        ("n d", "n d"),
        [{"outer": 0.5}, {"cut": 2.0}, {"cotangent": False}],
    ),
    "kl": (kl, kl_backward, ("n k", "n k"), [{"one": 0}, {"sign": 1}, {"ratio": False}]),
    "distances": (
        distances,
        distances_backward,
        ("n d", "m d"),
        [{"factor": 1}, {"swap": True}, {"cross": False}],
    ),
}
