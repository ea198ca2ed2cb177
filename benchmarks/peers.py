"""What one writes for an op with jax.numpy, jax.nn and optax, where there is such a thing."""

PEERS: dict = {}
