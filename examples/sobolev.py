"""Sobolev training: fit a network to values and slopes at once, by gradient and by a particle swarm.

Of an unknown surface y(x1, x2) some observations are values, others are dy/dx1, others dy/dx2, each
kind at places of its own. `input_jacobian` carries value and Jacobian through the network together,
so all three kinds enter one loss. The swarm is pyswarm's, and sees only the loss.

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

NETWORK = serial(layers.dense(5), layers.activation(sigmoid), layers.dense(1))
KINDS = ("values", "dy/dx1", "dy/dx2")


def surface(x):
    return jnp.sin(x[0]) * jnp.exp(-(x[1] ** 2) / 2)


def observations(places):
    """Values at the first row of places, slopes along x1 at the second and along x2 at the third."""
    slopes = jax.vmap(jax.grad(surface))
    return jax.vmap(surface)(places[0]), slopes(places[1])[:, 0], slopes(places[2])[:, 1]


def predictions(params, state, places):
    values, _ = input_jacobian(NETWORK, params, state, places[0])
    _, by_x1 = input_jacobian(NETWORK, params, state, places[1])
    _, by_x2 = input_jacobian(NETWORK, params, state, places[2])
    return values[:, 0], by_x1[:, 0, 0], by_x2[:, 0, 1]


def by_gradient(loss, start, steps=2000):
    """Adam, all steps in one compiled loop."""
    optimiser = optax.adam(optax.cosine_decay_schedule(0.05, steps))

    def step(carry, _):
        flat, memory = carry
        updates, memory = optimiser.update(jax.grad(loss)(flat), memory)
        return (optax.apply_updates(flat, updates), memory), None

    (flat, _), _ = jax.lax.scan(step, (start, optimiser.init(start)), length=steps)
    return flat


def by_swarm(loss, size, seed):
    """60 particles in a box; they are drawn to their own best places and to the swarm's."""
    compiled = jax.jit(loss)
    box = np.full(size, 5.0)
    found = pso(
        compiled,
        -box,
        box,
        swarmsize=60,
        omega=0.73,
        phip=1.5,
        phig=1.5,
        maxiter=600,
        minstep=0,
        minfunc=0,
        seed=seed,
    )
    return jnp.asarray(found.x, jnp.float32)


def main(seed=0):
    places = jax.random.uniform(jax.random.key(seed), (3, 12, 2), minval=-2.0, maxval=2.0)
    targets = observations(places)
    params, state = NETWORK.init(jax.random.key(seed + 1), (2,))
    start, unravel = ravel_pytree(params)

    def loss(flat, kinds=slice(None)):
        pairs = zip(predictions(unravel(flat), state, places)[kinds], targets[kinds], strict=True)
        return sum(jnp.mean((ours - theirs) ** 2) for ours, theirs in pairs)

    grid = jnp.stack(jnp.meshgrid(*2 * [jnp.linspace(-2, 2, 21)]), axis=-1).reshape(1, -1, 2)
    unseen = jnp.repeat(grid, 3, axis=0)

    def errors(flat):
        pairs = zip(predictions(unravel(flat), state, unseen), observations(unseen), strict=True)
        return [float(jnp.sqrt(jnp.mean((ours - theirs) ** 2))) for ours, theirs in pairs]

    import time

    for name, f in (
        ("values alone", lambda: by_gradient(lambda f: loss(f, slice(1)), start)),
        ("grad", lambda: by_gradient(loss, start)),
        ("swarm", lambda: by_swarm(loss, start.size, seed)),
    ):
        t = time.time()
        flat = f()
        print(seed, name, float(loss(flat)), errors(flat), round(time.time() - t, 2))


if __name__ == "__main__":
    for seed in range(6):
        main(seed)
