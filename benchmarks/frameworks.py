"""The digits step as one writes it with flax, equinox and torch; those that are installed."""

from collections.abc import Callable
from importlib.util import find_spec

import jax
import jax.numpy as jnp
import numpy as np
import optax

STEPS, STEPS_OF_TORCH, EPS, RATE = 500, 40, 0.01, 0.001
WIDTHS = (64, 32, 16, 10)


def in_frameworks(params, x, labels) -> dict[str, Callable]:
    """By name, functions `(steps) -> (loss, steps)` that all start from these parameters."""
    makers = {
        "flax": ("flax linen, scanned", in_flax),
        "equinox": ("equinox, scanned", in_equinox),
        "torch": ("torch, eager", in_torch),
    }
    kept = {name: make for module, (name, make) in makers.items() if find_spec(module)}
    return {name: make(params, x, labels) for name, make in kept.items()}


def in_flax(params, x, labels) -> Callable:
    """A linen module with mutable batch statistics."""
    from flax import linen

    class Network(linen.Module):
        @linen.compact
        def __call__(self, x):
            for k, act in enumerate((linen.sigmoid, linen.relu, lambda y: y)):
                x = linen.Dense(WIDTHS[k + 1], use_bias=False)(x)
                norm = linen.BatchNorm(use_running_average=False, epsilon=EPS, momentum=0.99)
                x = act(norm(x))
            return x

    network = Network()
    start = network.init(jax.random.key(0), jnp.asarray(x))
    weights = {f"Dense_{k}": {"kernel": params[3 * k].w} for k in range(3)}
    start = {**start, "params": {**start["params"], **weights}}

    def loss(params, statistics, x, labels):
        given = {"params": params, "batch_stats": statistics}
        scores, new = network.apply(given, x, mutable=["batch_stats"])
        each = optax.softmax_cross_entropy_with_integer_labels(scores, labels)
        return each.sum(), new["batch_stats"]

    return _scanned(loss, start["params"], start["batch_stats"], x, labels)


def in_equinox(params, x, labels) -> Callable:
    """A module of layers, batch normalisation over the axis of a vmap."""
    import equinox as eqx

    class Network(eqx.Module):
        linear: list
        norms: list

        def __call__(self, x, state):
            for k, act in enumerate((jax.nn.sigmoid, jax.nn.relu, lambda y: y)):
                x, state = self.norms[k](self.linear[k](x), state)
                x = act(x)
            return x, state

    def make():
        keys = jax.random.split(jax.random.key(0), 3)
        pairs = zip(WIDTHS[:-1], WIDTHS[1:], keys, strict=True)
        linear = [eqx.nn.Linear(a, b, use_bias=False, key=key) for a, b, key in pairs]
        norms = [eqx.nn.BatchNorm(b, "batch", eps=EPS, mode="batch") for b in WIDTHS[1:]]
        return Network(linear, norms)

    network, state = eqx.nn.make_with_state(make)()
    weights = [params[3 * k].w.T for k in range(3)]
    network = eqx.tree_at(lambda n: [layer.weight for layer in n.linear], network, weights)
    free, fixed = eqx.partition(network, eqx.is_inexact_array)

    def loss(free, state, x, labels):
        batched = jax.vmap(
            eqx.combine(free, fixed), axis_name="batch", in_axes=(0, None), out_axes=(0, None)
        )
        scores, state = batched(x, state)
        return optax.softmax_cross_entropy_with_integer_labels(scores, labels).sum(), state

    return _scanned(loss, free, state, x, labels)


def _scanned(loss: Callable, params, state, x, labels) -> Callable:
    adam = optax.adam(RATE)

    @jax.jit
    def scan(params, state, x, labels, numbers):
        def body(carry, _):
            params, state, opt_state = carry
            gradient_of = jax.value_and_grad(loss, has_aux=True)
            (value, state), gradient = gradient_of(params, state, x, labels)
            updates, opt_state = adam.update(gradient, opt_state, params)
            return (optax.apply_updates(params, updates), state, opt_state), value

        return jax.lax.scan(body, (params, state, adam.init(params)), numbers)[1]

    def run(steps: int = STEPS) -> tuple[float, int]:
        given = params, state, jnp.asarray(x), jnp.asarray(labels)
        return float(scan(*given, jnp.arange(steps))[-1]), steps

    return run


def in_torch(params, x, labels) -> Callable:
    """A sequential module, eager."""
    import torch

    inputs, targets = torch.from_numpy(np.array(x)), torch.from_numpy(np.array(labels)).long()

    def run(steps: int = STEPS_OF_TORCH) -> tuple[float, int]:
        parts = []
        for k, act in enumerate((torch.nn.Sigmoid(), torch.nn.ReLU(), torch.nn.Identity())):
            linear = torch.nn.Linear(WIDTHS[k], WIDTHS[k + 1], bias=False)
            linear.weight.data = torch.from_numpy(np.array(params[3 * k].w.T))
            parts += [linear, torch.nn.BatchNorm1d(WIDTHS[k + 1], eps=EPS, momentum=0.01), act]
        network = torch.nn.Sequential(*parts)
        adam = torch.optim.Adam(network.parameters(), lr=RATE)
        loss = torch.zeros(())
        for _ in range(steps):
            adam.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(inputs), targets, reduction="sum")
            loss.backward()
            adam.step()
        return float(loss.detach()), steps

    return run
