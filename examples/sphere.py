"""Fit a sphere to noisy points: the loss is the standard deviation of distances to its centre.

All points of a sphere are equally far from its centre, so the right centre is where the distances
scatter least; their mean is the radius, and the scatter that is left is the noise. The points lie
on the upper half alone, so that their centroid is far off.

    python examples/sphere.py
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax

import funcnet

CENTRE, RADIUS, NOISE = np.array([1.0, -2.0, 0.5]), 3.0, 0.1


def noisy_points(n: int, seed: int = 0) -> np.ndarray:
    """Points on the upper half of the sphere, with normal noise in every direction."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(n, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions[:, 2] = np.abs(directions[:, 2])
    return (CENTRE + RADIUS * directions + NOISE * rng.normal(size=(n, 3))).astype(np.float32)


def distances(centre: jax.Array, points: jax.Array) -> jax.Array:
    return jnp.sqrt(((points - centre[None]) ** 2).sum(axis=1))


def scatter(centre: jax.Array, points: jax.Array) -> jax.Array:
    return funcnet.standard_deviation(distances(centre, points))


def fitted_centre(points: jax.Array, steps: int = 500) -> jax.Array:
    """Gradient descent with momentum, from the centroid of the points."""
    optimiser = funcnet.optimisers.momentum(0.1)
    centre = points.mean(axis=0)
    velocity = optimiser.init(centre)

    @jax.jit
    def step(centre, velocity):
        updates, velocity = optimiser.update(jax.grad(scatter)(centre, points), velocity)
        return optax.apply_updates(centre, updates), velocity

    for _ in range(steps):
        centre, velocity = step(centre, velocity)
    return centre


def described(centre: jax.Array, points: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The sphere about a centre: centre, radius, and the scatter of the distances."""
    return centre, funcnet.mean(distances(centre, points)), scatter(centre, points)


def main(seed: int = 0) -> None:
    points = jnp.asarray(noisy_points(1000, seed))
    centre, radius, rest = described(fitted_centre(points), points)

    print("          centre                        radius  scatter")
    for name, c, r, s in (
        ("centroid", *described(points.mean(axis=0), points)),
        ("fitted", centre, radius, rest),
        ("truth", CENTRE, RADIUS, NOISE),
    ):
        print(f"{name:<9} {c[0]:8.4f} {c[1]:8.4f} {c[2]:8.4f} {r:9.4f} {s:9.4f}")

    assert np.linalg.norm(centre - CENTRE) < NOISE / 2
    assert abs(radius - RADIUS) < NOISE / 2


if __name__ == "__main__":
    main()
