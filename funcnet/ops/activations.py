"""Element-wise activations: the Jacobian is diagonal, so each backward is one multiplication."""

import math
from functools import partial
from typing import Annotated

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from funcnet.contract import Between, checked

SQRT_HALF = math.sqrt(0.5)
DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)
Slope = Annotated[float, Between(0, remedy="pass the slope or level as a float such as 0.1")]


def minus_abs(x):
    """The negative absolute value; at 0 derivatives of every order are those of one branch, x."""
    return jnp.where(x > 0, -x, x)


@jax.custom_vjp
@checked
def sigmoid(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""Logistic sigmoid, $y = 1 / (1 + e^{-x})$, with $y' = s(x)\,s(-x)$.

    The derivative is r(1 - r) with $r = s(-|x|)$, the smaller of y and 1 - y, which keeps the
    digits that y(1 - y) loses: all of them from x = 37 on (x = 6 in bfloat16).
    """
    return lax.logistic(x)


def sigmoid_forward(x):
    sigmoid.fun(x)  # checks the argument
    r = lax.logistic(minus_abs(x))
    return jnp.where(x > 0, 1 - r, r), r


def sigmoid_backward(r, y_bar):
    return (y_bar * (r - r * r),)


sigmoid.defvjp(sigmoid_forward, sigmoid_backward)


@jax.custom_vjp
@checked
def tanh(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""Hyperbolic tangent, $y = 2 s(2x) - 1$, with $y' = 1 - y^2 = 4 r (1 - r)$, $r = s(-2|x|)$.

    The sigmoid keeps the digits that 1 - y² loses from |x| = 19 on (3.4 in bfloat16).
    """
    return jnp.tanh(x)


def tanh_forward(x):
    return tanh.fun(x), x


def tanh_backward(x, y_bar):
    r = lax.logistic(2 * minus_abs(x))
    return (y_bar * (4 * (r - r * r)),)


tanh.defvjp(tanh_forward, tanh_backward)


@jax.custom_vjp
@checked
def softplus(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""Softplus, $y = \log(1 + e^x)$, with $y' = s(x)$, the sigmoid.

    Reference:
        Dugas et al. (2001), Incorporating second-order functional knowledge for better option
        pricing.
    """
    # log(1 + e^x) overflows from x = 710 on
    return jnp.where(x > 0, x, 0) + jnp.log1p(jnp.exp(minus_abs(x)))


def softplus_forward(x):
    return softplus.fun(x), x


def softplus_backward(x, y_bar):
    e = jnp.exp(minus_abs(x))  # the value's own exponential, computed once where both are compiled
    return (y_bar * (jnp.where(x > 0, 1, e) / (1 + e)),)


softplus.defvjp(softplus_forward, softplus_backward)


@jax.custom_vjp
@checked
def relu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""Rectifier, $y = \max(x, 0)$, with $y' = [x > 0]$: 0 at the kink."""
    return jnp.where(x <= 0, 0, x)  # nan stays nan


def relu_forward(x):
    return relu.fun(x), x <= 0


def relu_backward(off, y_bar):
    return (jnp.where(off, 0, y_bar),)


relu.defvjp(relu_forward, relu_backward)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
@checked
def leaky_relu(x: Float[Array, "..."], alpha: Slope = 0.2) -> Float[Array, "..."]:
    r"""Leaky rectifier, $y = x$ for $x > 0$ and $\alpha x$ elsewhere; $y' = \alpha$ at the kink."""
    return jnp.where(x > 0, x, alpha * x)


def leaky_relu_forward(x, alpha):
    return leaky_relu.fun(x, alpha), x > 0


def leaky_relu_backward(alpha, positive, y_bar):
    return (jnp.where(positive, y_bar, alpha * y_bar),)


leaky_relu.defvjp(leaky_relu_forward, leaky_relu_backward)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
@checked
def elu(x: Float[Array, "..."], alpha: Slope = 1.0) -> Float[Array, "..."]:
    r"""Exponential linear unit, $y = x$ for $x > 0$ and $\alpha(e^x - 1)$ elsewhere.

    The derivative is 1 and $\alpha e^x = y + \alpha$; at the kink it is $\alpha$.

    Reference:
        Clevert et al. (2015), Fast and accurate deep network learning by exponential linear units.
    """
    return jnp.where(
        x > 0, x, alpha * jnp.expm1(jnp.where(x > 0, 0, x))
    )  # e^x may overflow where unused


def elu_forward(x, alpha):
    return elu.fun(x, alpha), x


def elu_backward(alpha, x, y_bar):
    return (jnp.where(x > 0, y_bar, alpha * y_bar * jnp.exp(jnp.where(x > 0, 0, x))),)


elu.defvjp(elu_forward, elu_backward)


@jax.custom_vjp
@checked
def silu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""Sigmoid linear unit, $y = x s(x)$, with $y' = s(x) (1 + x (1 - s(x)))$.

    Reference:
        Elfwing et al. (2018), Sigmoid-weighted linear units for neural network function
        approximation.
    """
    return x * lax.logistic(x)


def silu_forward(x):
    return silu.fun(x), x


def silu_backward(x, y_bar):
    s = lax.logistic(x)
    return (y_bar * (s * (1 + x * (1 - s))),)


silu.defvjp(silu_forward, silu_backward)


@jax.custom_vjp
@checked
def gelu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""Gaussian error linear unit, $y = x \Phi(x)$, with $y' = \Phi(x) + x \varphi(x)$.

    $\Phi(x) = \operatorname{erfc}(-x/\sqrt 2) / 2$, which keeps the digits of the left tail.

    Reference:
        Hendrycks and Gimpel (2016), Gaussian error linear units.
    """
    return 0.5 * x * lax.erfc(-x * SQRT_HALF)


def gelu_forward(x):
    return gelu.fun(x), (x, 0.5 * lax.erfc(-x * SQRT_HALF))


def gelu_backward(residuals, y_bar):
    x, below = residuals
    return (y_bar * (below + x * (DENSITY_AT_0 * jnp.exp(-0.5 * x * x))),)


gelu.defvjp(gelu_forward, gelu_backward)
