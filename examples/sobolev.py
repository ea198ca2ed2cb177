"""Sobolev training: fit a network to values and slopes at once, by gradient and by a swarm.

Of an unknown surface y(x1, x2) some observations are values, others are dy/dx1, others dy/dx2, each
kind at places of its own. `input_jacobian` carries value and Jacobian through the network together,
so that all three enter one loss. The swarm is the library pyswarm's, and sees the loss alone.

    pip install 'funcnet[demo]'
    python examples/sobolev.py
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from pyswarm import pso

from funcnet import input_jacobian, layers, serial, sigmoid

NETWORK = serial(layers.dense(4), layers.activation(sigmoid), layers.dense(1))


def surface(x):
    return x[0] * jax.nn.sigmoid(2 * x[1])


def observed(places):
    """Values at the first set of places, dy/dx1 at the second, dy/dx2 at the third."""
    slopes = jax.vmap(jax.grad(surface))
    return jax.vmap(surface)(places[0]), slopes(places[1])[:, 0], slopes(places[2])[:, 1]


def predicted(params, state, places):
    """The same three kinds, as the network has them."""
    y, jacobian = input_jacobian(NETWORK, params, state, places.reshape(-1, 2))
    (y, _, _), (_, by_x1, by_x2) = jnp.split(y[:, 0], 3), jnp.split(jacobian[:, 0], 3)
    return y, by_x1[:, 0], by_x2[:, 1]


def by_gradient(loss, start, steps=2000):
    """Adam with a falling rate, all steps in one compiled loop."""
    optimiser = optax.adam(optax.cosine_decay_schedule(0.05, steps))

    def step(carry, _):
        at, memory = carry
        updates, memory = optimiser.update(jax.grad(loss)(at), memory)
        return (optax.apply_updates(at, updates), memory), None

    return jax.lax.scan(step, (start, optimiser.init(start)), length=steps)[0][0]


def by_swarm(loss, start, seed):
    """80 particles in a box, each drawn to its own best place more than to the swarm's."""
    loss, edge = jax.jit(loss), np.full(start.size, 3.0)
    pulls = {"omega": 0.8, "phip": 1.5, "phig": 0.5}
    never = {"minstep": 0.0, "minfunc": 0.0}  # a swarm that rests a moment is not done
    best, _ = pso(loss, -edge, edge, swarmsize=80, maxiter=1000, seed=seed, **pulls, **never)
    return jnp.asarray(best, start.dtype)


def main(seed: int = 0) -> None:
    places = jax.random.uniform(jax.random.key(seed), (3, 20, 2), minval=-2.0, maxval=2.0)
    targets = observed(places)
    params, state = NETWORK.init(jax.random.key(seed + 1), (2,))
    start, unravel = ravel_pytree(params)

    def loss(at, kinds=3):
        pairs = zip(predicted(unravel(at), state, places), targets, strict=True)
        return sum(jnp.mean((ours - theirs) ** 2) for ours, theirs in list(pairs)[:kinds])

    axis = jnp.linspace(-2.0, 2.0, 21)
    grid = jnp.stack(jnp.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    truth = jax.vmap(surface)(grid)
    print(f"{start.size} parameters, 20 values, 40 slopes; error of the values on a grid")
    for name, at, most in (
        ("values alone, by gradient", by_gradient(lambda at: loss(at, kinds=1), start), np.inf),
        ("values and slopes, by gradient", by_gradient(loss, start), 0.1),
        ("values and slopes, by the swarm", by_swarm(loss, start, seed), 0.2),
    ):
        y, _ = input_jacobian(NETWORK, unravel(at), state, grid)
        error = jnp.sqrt(jnp.mean((y[:, 0] - truth) ** 2)) / truth.std()
        print(f"{name:<32} {100 * error:5.1f} % of their spread")
        assert error < most


if __name__ == "__main__":
    main()
