"""Right rules of sums, means, orders and products of matrices."""

import jax
import jax.numpy as jnp
import numpy as np

from .cases import by_autodiff, entrywise, right, rule, square

VECTOR = [0.7, -1.3, 0.4]
POSITIVE = [0.7, 1.3, 0.4]
MATRIX = np.array([[1.0, 2.0], [3.0, 5.0]])
LOGITS = np.array([[1.0, 2.0, 4.0]])
softmax = jax.nn.softmax


def _on_vectors(definition, backward):
    return right(rule(definition, backward), VECTOR)


def _logsumexp_by_cut(x):
    m = jax.lax.stop_gradient(x.max())
    return m + jnp.log(jnp.exp(x - m).sum())


def _corrected_variance(x):
    d = x - x.mean()
    return ((d * d).sum() - d.sum() ** 2 / x.size) / x.size


def _deviations(g, x):
    return (2 * g * (x - x.mean()) / x.size,)


def _root_of_variance(x):
    return jnp.sqrt(square(x - x.mean()).mean() + 1e-5)


def _layer_norm_backward(g, x):
    r = _root_of_variance(x)
    y = (x - x.mean()) / r
    return ((g - g.mean() - y * (g * y).mean()) / r,)


def _unit_backward(g, x):
    r = jnp.sqrt((x * x).sum())
    return ((g - x / r * (g * x / r).sum()) / r,)


def _nearly_unit_backward(g, x):
    r = jax.lax.rsqrt((x * x).sum() + 1e-6)
    return (r * g - r**3 * x * (g * x).sum(),)


def _off_direction_backward(g, x, a):
    n, c, d = a @ a, a @ x, a @ g
    return g - a * d / n, -(g * c + x * d) / n + 2 * a * c * d / n**2


def _shared_among_ties(g, x):
    is_greatest = jnp.where(x == x.max(), 1.0, 0.0)
    return (g * is_greatest / is_greatest.sum(),)


def _exclusive_products(x):
    before = jnp.concatenate([jnp.ones(1), jnp.cumprod(x[:-1])])
    after = jnp.concatenate([jnp.cumprod(x[::-1])[::-1][1:], jnp.ones(1)])
    return before * after


def _products_of_others(g, x):
    return (g * jnp.where(jnp.eye(x.shape[0]) == 1, 1.0, x[None, :]).prod(1),)


def _roughness_backward(g, x):
    d = x[1:] - x[:-1]
    return (2 * g * (jnp.pad(d, (1, 0)) - jnp.pad(d, (0, 1))),)


def _neighbours_backward(g, x, w):
    x_bar = jnp.pad(w[0] * g, (1, 0)) + jnp.pad(w[1] * g, (0, 1))
    return x_bar, jnp.stack([(g * x[1:]).sum(), (g * x[:-1]).sum()])


def _smoothed_targets(z, y):
    return 0.9 * jax.nn.one_hot(y, z.shape[1]) + 0.1 / z.shape[1]


def _attention_backward(g, q, k, v):
    p = softmax(q @ k.T / 2)
    p_bar = g @ v.T
    s_bar = p * (p_bar - (p_bar * p).sum(-1, keepdims=True))
    return s_bar @ k / 2, s_bar.T @ q / 2, p.T @ g


def _softmax_backward(g, z):
    s = softmax(z)
    return (s * (g - (g * s).sum()),)


def _by_its_greatest(x):
    v = x / (1 + x[::-1] ** 2)
    return v / (1 + v.max() ** 2)


RIGHT = {
    "logsumexp by the greatest": _on_vectors(
        lambda x: x.max() + jnp.log(jnp.exp(x - x.max()).sum()),
        lambda g, x: (g * jnp.exp(x - jax.nn.logsumexp(x)),),
    ),
    "logsumexp with the shift cut": _on_vectors(_logsumexp_by_cut, lambda g, x: (g * softmax(x),)),
    "variance by the mean square": _on_vectors(
        lambda x: (x * x).mean() - x.mean() ** 2, _deviations
    ),
    "variance by pairs": _on_vectors(
        lambda x: square(x[:, None] - x[None, :]).mean() / 2, _deviations
    ),
    "variance with a correction that is 0": _on_vectors(_corrected_variance, _deviations),
    "deviation": _on_vectors(
        lambda x: jnp.std(x), lambda g, x: (g * (x - x.mean()) / (x.size * jnp.std(x)),)
    ),
    "layer norm of one row": _on_vectors(
        lambda x: (x - x.mean()) / _root_of_variance(x), _layer_norm_backward
    ),
    "unit vector": _on_vectors(lambda x: x / jnp.sqrt((x * x).sum()), _unit_backward),
    "unit vector by rsqrt": _on_vectors(
        lambda x: x * jax.lax.rsqrt((x * x).sum() + 1e-6), _nearly_unit_backward
    ),
    "projection off a direction": right(
        rule(lambda x, a: x - a * (a @ x) / (a @ a), _off_direction_backward),
        [0.7, -1.3],
        [0.4, 1.1],
        sizes="n,n",
    ),
    "maximum shared among ties": _on_vectors(lambda x: x.max(), _shared_among_ties),
    "maximum by argmax": _on_vectors(
        lambda x: x[jnp.argmax(x)],
        lambda g, x: (g * jax.nn.one_hot(jnp.argmax(x), x.shape[0]),),
    ),
    "range": _on_vectors(
        lambda x: x.max() - x.min(),
        lambda g, x: (g * ((x == x.max()) * 1.0 - (x == x.min()) * 1.0),),
    ),
    "sorted and weighted": right(
        rule(
            lambda x, w: (jnp.sort(x) * w).sum(),
            lambda g, x, w: (g * w[jnp.argsort(jnp.argsort(x))], g * jnp.sort(x)),
        ),
        VECTOR,
        [1.0, 2.0, 4.0],
        sizes="n,n",
    ),
    "cumulative sum": _on_vectors(
        lambda x: jnp.cumsum(x), lambda g, x: (jnp.cumsum(g[::-1])[::-1],)
    ),
    "cumulative sum by the whole": _on_vectors(
        lambda x: jnp.cumsum(x), lambda g, x: (g.sum() - jnp.cumsum(g) + g,)
    ),
    "product by exclusive products": _on_vectors(
        lambda x: x.prod(), lambda g, x: (g * _exclusive_products(x),)
    ),
    "product of three": right(
        rule(
            lambda x: x.prod(),
            lambda g, x: (g * jnp.stack([x[1] * x[2], x[0] * x[2], x[0] * x[1]]),),
        ),
        VECTOR,
        sizes="3",
    ),
    "product with zeros": right(rule(lambda x: x.prod(), _products_of_others), [0.0, 0.0, 2.0]),
    "geometric mean": right(
        rule(
            lambda x: jnp.exp(jnp.log(x).mean()),
            lambda g, x: (g * jnp.exp(jnp.log(x).mean()) / (x.size * x),),
        ),
        POSITIVE,
    ),
    "harmonic mean": right(
        rule(
            lambda x: x.size / (1 / x).sum(),
            lambda g, x: (g * x.size / ((1 / x).sum() * x) ** 2,),
        ),
        POSITIVE,
    ),
    "determinant of two rows": right(
        rule(
            lambda a: a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0],
            lambda g, a: (g * jnp.array([[1.0, -1.0], [-1.0, 1.0]]) * a[::-1, ::-1],),
        ),
        MATRIX,
        sizes="2 2",
    ),
    "cross product": right(
        rule(lambda a, b: jnp.cross(a, b), lambda g, a, b: (jnp.cross(b, g), jnp.cross(g, a))),
        [1.0, 2.0, 3.0],
        [5.0, 7.0, 11.0],
        sizes="3,3",
    ),
    "quadratic form": right(
        rule(lambda x, a: x @ a @ x, lambda g, x, a: (g * (a + a.T) @ x, g * jnp.outer(x, x))),
        [1.0, 2.0],
        MATRIX,
        sizes="n,n n",
    ),
    "trace of a product": right(
        rule(lambda a, b: jnp.trace(a @ b), lambda g, a, b: (g * b.T, g * a.T)),
        np.arange(6.0).reshape(2, 3),
        np.ones((3, 2)),
        sizes="n m,m n",
    ),
    "commutator": right(
        rule(
            lambda a, b: a @ b - b @ a,
            lambda g, a, b: (g @ b.T - b.T @ g, a.T @ g - g @ a.T),
        ),
        MATRIX,
        MATRIX.T + 1,
        sizes="n n,n n",
    ),
    "neighbours": right(
        rule(lambda x, w: w[0] * x[1:] + w[1] * x[:-1], _neighbours_backward),
        VECTOR,
        [1.0, 2.0],
        sizes="n,2",
    ),
    "roughness": _on_vectors(lambda x: square(jnp.diff(x)).sum(), _roughness_backward),
    "log-softmax of rows": right(
        rule(
            lambda z: jax.nn.log_softmax(z, -1),
            lambda g, z: (g - softmax(z, -1) * g.sum(-1, keepdims=True),),
        ),
        LOGITS,
        sizes="n k",
    ),
    "smoothed labels": right(
        rule(
            lambda z, y: -(_smoothed_targets(z, y) * jax.nn.log_softmax(z)).sum(),
            lambda g, z, y: (g * (softmax(z) - _smoothed_targets(z, y)), None),
        ),
        LOGITS,
        [1],
        sizes="n k,n:int<k",
    ),
    "attention": right(
        rule(lambda q, k, v: softmax(q @ k.T / 2) @ v, _attention_backward),
        np.ones((2, 3)),
        np.arange(6.0).reshape(2, 3) / 4,
        np.array([[1.0], [2.0]]),
        sizes="t d,s d,s e",
    ),
    "a softmax, its second derivative": right(
        rule(lambda z: softmax(z), _softmax_backward), [1.0, 2.0, 4.0], options={"order": 2}
    ),
    "a quotient by its greatest": right(by_autodiff(_by_its_greatest), VECTOR),
    "probabilities": right(
        rule(lambda y: jnp.abs(y).sum(), lambda g, y: (g * jnp.ones_like(y),)),
        [0.3, 0.7],
        sizes="k",
        options={"assuming": ["y > 0", "sum(y, -1) == 1"]},
    ),
    "rows of probabilities": right(
        rule(lambda y: jnp.sqrt(y * y).sum(), lambda g, y: (g * jnp.ones_like(y),)),
        np.array([[0.3, 0.7]]),
        sizes="n k",
        options={"assuming": ["y > 0", "sum(y, -1) == 1"]},
    ),
    "the same cotangent": right(entrywise(lambda x: x, jnp.ones_like), VECTOR),
}
