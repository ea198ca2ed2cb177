"""The documents' optimisers as optax transformations, and the settings that match them.

| document's recurrence                                          | optax                         |
|----------------------------------------------------------------|-------------------------------|
| v ← μv + ηg; w ← w − v                                         | sgd(η, μ)                     |
| v ← μv + η clip(g(w − μv), ±1); w ← w − v                      | clip(1), sgd(η, μ, True)  (¹) |
| s ← s + g²; w ← w − ηg / √(s + ε)                              | adagrad(η, 0, ε)              |
| s ← ρs + (1 − ρ)g²; w ← w − ηg / √(s + ε)                      | rmsprop(η, ρ, ε)              |
| m, s likewise; w ← w − η m/(1 − β₁ᵗ) / (√(s/(1 − β₂ᵗ)) + ε)    | adam(η, β₁, β₂, ε)            |

¹ optax iterates the look-ahead point w − μv; the runs are the same after that change of variable.
"""

from typing import Annotated

import jax.numpy as jnp
import optax

from funcnet.contract import Between, checked

Rate = Annotated[float, Between(0, above=True, remedy="pass a small positive float such as 0.001")]
Decay = Annotated[float, Between(0, 1, remedy="pass a share between 0 and 1 such as 0.9")]
Epsilon = Annotated[float, Between(0, remedy="pass a small float such as 1e-8")]
Transformation = optax.GradientTransformation


@checked
def momentum(rate: Rate, mu: Decay = 0.9) -> Transformation:
    """Gradient descent with momentum, v ← μv + ηg."""
    return optax.sgd(rate, momentum=mu)


@checked
def nesterov(rate: Rate, mu: Decay = 0.9, clip: Rate = 1.0) -> Transformation:
    """Nesterov's accelerated gradient, entries of the gradient clipped to ±clip."""
    return optax.chain(optax.clip(clip), optax.sgd(rate, momentum=mu, nesterov=True))


@checked
def adagrad(rate: Rate, eps: Epsilon = 1e-8) -> Transformation:
    """AdaGrad with ε inside the root and sums that start at 0."""
    return optax.adagrad(rate, initial_accumulator_value=0.0, eps=eps)


@checked
def rmsprop(rate: Rate, rho: Decay = 0.9, eps: Epsilon = 1e-8) -> Transformation:
    """RMSprop with ε inside the root."""
    return optax.rmsprop(rate, decay=rho, eps=eps, eps_in_sqrt=True)


@checked
def adam(
    rate: Rate, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Epsilon = 1e-8
) -> Transformation:
    """Adam, with the bias of the averages corrected by 1 − βᵗ."""
    return optax.adam(rate, beta1, beta2, eps)


@checked
def adam_as_printed(rate: Rate, beta1: Decay = 0.9, beta2: Decay = 0.999) -> Transformation:
    """The digits document's Adam, which divides by 1 − β where Adam divides by 1 − βᵗ.

    It starts like Adam and ends up moving √(1 − β₂) / (1 − β₁) = 0.316 times as far. It is here to
    reproduce that document's training and for nothing else.
    """

    def printed_over_right(count):
        t = (count + 1).astype(jnp.result_type(float))
        return (1 - beta1**t) / (1 - beta1) * jnp.sqrt((1 - beta2) / (1 - beta2**t))

    return optax.chain(optax.adam(rate, beta1, beta2), optax.scale_by_schedule(printed_over_right))
