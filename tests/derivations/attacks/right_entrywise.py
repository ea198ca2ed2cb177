"""Right rules of functions of one number or two, by other formulas than those of the definition."""

import jax
import jax.numpy as jnp
import numpy as np

from .cases import entrywise, right, rule, square

REAL = [0.7, -1.3]
OTHER = [0.4, 1.1]
UNIT = [0.7, 0.3]
sigmoid, softplus = jax.nn.sigmoid, jax.nn.softplus
GELU = np.sqrt(2 / np.pi)


def _on(points, definition, slope):
    return right(entrywise(definition, slope), points)


def _on_pairs(definition, backward, **options):
    return right(rule(definition, backward), REAL, OTHER, sizes="n,n", **options)


def _stable_softplus(x):
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def _sigmoid_by_sign(x):
    return jnp.where(x >= 0, 1 / (1 + jnp.exp(-x)), jnp.exp(x) / (1 + jnp.exp(x)))


def _sech_squared(x):
    e = jnp.exp(-2 * jnp.abs(x))
    return 4 * e / (1 + e) ** 2


def _gelu(x):
    return 0.5 * x * (1 + jnp.tanh(GELU * (x + 0.044715 * x**3)))


def _gelu_slope(x):
    t = jnp.tanh(GELU * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU * (1 + 3 * 0.044715 * x * x)


def _gelu_by_erfc(x):
    return x * 0.5 * jax.scipy.special.erfc(-x / np.sqrt(2))


def _gelu_by_erfc_slope(x):
    density = jnp.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return 0.5 * (1 + jax.scipy.special.erf(x / np.sqrt(2))) + x * density


def _mish_slope(x):
    t = jnp.tanh(softplus(x))
    return t + x * (1 - t**2) * sigmoid(x)


def _focal_slope(x):
    return -2 * sigmoid(-x) ** 2 * sigmoid(x) * softplus(-x) - sigmoid(-x) ** 3


def _gaussian(x, m, s):
    return -0.5 * square((x - m) / s) - jnp.log(s) - 0.5 * np.log(2 * np.pi)


def _gaussian_backward(g, x, m, s):
    z = (x - m) / s
    return -g * z / s, g * z / s, g * (z * z - 1) / s


def _student(x, v):
    return (v + 1) / 2 * jnp.log1p(x * x / v)


def _student_backward(g, x, v):
    of_v = 0.5 * jnp.log1p(x * x / v) - (v + 1) / 2 * x * x / (v * (v + x * x))
    return g * (v + 1) * x / (v + x * x), g * of_v


def _angle_backward(g, y, x):
    squares = x * x + y * y
    return g * x / squares, -g * y / squares


def _hypot_backward(g, x, y):
    r = jnp.hypot(x, y)
    return g * x / r, g * y / r


def _sine_of_sum_backward(g, x, y):
    bar = g * (jnp.cos(x) * jnp.cos(y) - jnp.sin(x) * jnp.sin(y))
    return bar, bar


def _power_backward(g, x, y):
    return g * y * x ** (y - 1), g * x**y * jnp.log(x)


RIGHT = {
    "softplus by its greater part": _on(REAL, _stable_softplus, sigmoid),
    "softplus by logaddexp": _on(REAL, lambda x: jnp.logaddexp(x, 0.0), sigmoid),
    "log-sigmoid": _on(REAL, lambda x: -_stable_softplus(-x), lambda x: sigmoid(-x)),
    "sigmoid by the sign": _on(REAL, _sigmoid_by_sign, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "sigmoid by tanh": _on(
        REAL, lambda x: 0.5 * (1 + jnp.tanh(x / 2)), lambda x: sigmoid(x) * sigmoid(-x)
    ),
    "sech² by exp(−2|x|)": _on(REAL, jnp.tanh, _sech_squared),
    "sech² by cosh": _on(REAL, jnp.tanh, lambda x: 1 / jnp.cosh(x) ** 2),
    "tanh by expm1": _on(
        REAL,
        lambda x: jnp.expm1(2 * x) / (jnp.expm1(2 * x) + 2),
        lambda x: 1 - jnp.tanh(x) ** 2,
    ),
    "tanh of the double": _on(
        REAL,
        lambda x: jnp.tanh(2 * x),
        lambda x: 2 * (1 - (2 * jnp.tanh(x) / (1 + jnp.tanh(x) ** 2)) ** 2),
    ),
    "log cosh": _on(
        REAL, lambda x: jnp.abs(x) + jnp.log1p(jnp.exp(-2 * jnp.abs(x))) - np.log(2.0), jnp.tanh
    ),
    "tan": _on(REAL, jnp.tan, lambda x: 1 + jnp.tan(x) ** 2),
    "tan by cos": _on(REAL, jnp.tan, lambda x: 1 / jnp.cos(x) ** 2),
    "sin of the double": _on(
        REAL, lambda x: jnp.sin(2 * x), lambda x: 2 * jnp.cos(x) ** 2 - 2 * jnp.sin(x) ** 2
    ),
    "cos²": _on(REAL, lambda x: jnp.cos(x) ** 2, lambda x: -jnp.sin(2 * x)),
    "asinh by its logarithm": _on(
        REAL, lambda x: jnp.log(x + jnp.sqrt(x * x + 1)), lambda x: jax.lax.rsqrt(1 + x * x)
    ),
    "atanh by logarithms": _on(
        UNIT, lambda x: (jnp.log1p(x) - jnp.log1p(-x)) / 2, lambda x: 1 / (1 - x * x)
    ),
    "logit": _on(UNIT, lambda x: jnp.log(x / (1 - x)), lambda x: 1 / x + 1 / (1 - x)),
    "entropy": _on(
        UNIT,
        lambda x: -x * jnp.log(x) - (1 - x) * jnp.log1p(-x),
        lambda x: jnp.log1p(-x) - jnp.log(x),
    ),
    "log(1 − x²)": _on(UNIT, lambda x: jnp.log1p(-x * x), lambda x: 1 / (1 + x) - 1 / (1 - x)),
    "pseudo-Huber": _on(
        REAL, lambda x: jnp.sqrt(x * x + 1) - 1, lambda x: x * jax.lax.rsqrt(x * x + 1)
    ),
    "gelu by tanh": _on(REAL, _gelu, _gelu_slope),
    "gelu by erfc": _on(REAL, _gelu_by_erfc, _gelu_by_erfc_slope),
    "silu": _on(REAL, lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
    "mish": _on(REAL, lambda x: x * jnp.tanh(softplus(x)), _mish_slope),
    "focal loss": _on(REAL, lambda x: sigmoid(-x) ** 2 * softplus(-x), _focal_slope),
    "√x by x rsqrt(x)³": _on(UNIT, jnp.sqrt, lambda x: 0.5 * x * jax.lax.rsqrt(x) ** 3),
    "cube root": _on(REAL, jnp.cbrt, lambda x: 1 / (3 * jnp.cbrt(x) ** 2)),
    "√(x²)": _on(REAL, lambda x: jnp.sqrt(x * x), jnp.sign),
    "log x²": _on(REAL, lambda x: jnp.log(x * x), lambda x: 2 / x),
    "Horner's scheme": _on(
        REAL, lambda x: ((2 * x - 3) * x + 4) * x - 5, lambda x: 6 * x * x - 6 * x + 4
    ),
    "a quotient of polynomials": _on(REAL, lambda x: (x**3 - 1) / (x - 1), lambda x: 2 * x + 1),
    "x⁹ of a cube root": _on(REAL, lambda x: jnp.cbrt(x) ** 9, lambda x: 3 * x * x),
    "cross entropy of logits": _on_pairs(
        lambda x, y: jnp.maximum(x, 0) - x * y + jnp.log1p(jnp.exp(-jnp.abs(x))),
        lambda g, x, y: (g * (sigmoid(x) - y), -g * x),
    ),
    "sin of a sum": _on_pairs(lambda x, y: jnp.sin(x + y), _sine_of_sum_backward),
    "hypot": _on_pairs(jnp.hypot, _hypot_backward),
    "angle": _on_pairs(jnp.arctan2, _angle_backward),
    "the power of both": right(
        rule(lambda x, y: x**y, _power_backward),
        [0.7, 1.3],
        OTHER,
        sizes="n,n",
        options={"assuming": ["x > 0"]},
    ),
    "Gaussian": right(rule(_gaussian, _gaussian_backward), REAL, OTHER, [2.0, 3.0], sizes="n,n,n"),
    "divergence of Gaussians": _on_pairs(
        lambda m, s: 0.5 * (s * s + m * m - 1) - jnp.log(s),
        lambda g, m, s: (g * m, g * (s - 1 / s)),
    ),
    "Student": _on_pairs(_student, _student_backward, options={"assuming": ["v > 0"]}),
}
