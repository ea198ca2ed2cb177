"""Time of a full-batch Adam step of the digits network: ours, plain JAX, NumPy, and peers.

All train the same network (64-32-16-10, batch normalisation, softmax, no bias before a
normalisation) on the same 1500 images in float32 with Adam, those in JAX in one compiled scan. They
take turns in one run, several times, and medians are printed, as ratios to the network's matrix
products alone. flax, equinox and torch take part where they are installed.

    python -m benchmarks.steps
"""

import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.frameworks import in_frameworks
from funcnet import data, train_step
from funcnet.recipes import perceptron, summed_cross_entropy

ROUNDS, STEPS, STEPS_OF_NUMPY, EPS, RATE = 15, 500, 40, 0.01, 0.001
OURS, PRODUCTS = "funcnet, gradients by hand", "its 8 matrix products alone"


def main() -> None:
    """Print the table."""
    train = data.digits().train
    x, labels = jnp.asarray(train.x), jnp.asarray(train.targets)
    network, source = perceptron((32, 16), 10, bias=False), perceptron((32, 16), 10)
    params, state = network.init(jax.random.key(0), (64,))
    with_bias, _ = source.init(jax.random.key(0), (64,))
    runs = {
        OURS: compiled(ours(network), params, state, x, labels),
        "plain JAX, optax, autodiff": compiled(plain, params, state, x, labels),
        "NumPy, as in the source": in_numpy(params, np.asarray(x), np.asarray(labels)),
        **in_frameworks(params, np.asarray(x), np.asarray(labels)),
    }
    require_same_loss(runs)
    runs["funcnet, with the source's biases"] = compiled(ours(source), with_bias, state, x, labels)
    runs[PRODUCTS] = products(params, x)
    times = timed(runs)
    print(f"{'one full-batch Adam step':<34} {'median':>10} {'/ products':>11} {'/ ours':>8}")
    for name, values in times.items():
        ratios = [ratio(values, times[other]) for other in (PRODUCTS, OURS)]
        median = 1e3 * statistics.median(values)
        print(f"{name:<34} {median:>7.3f} ms {ratios[0]:>11.2f} {ratios[1]:>8.2f}")


def timed(runs: dict[str, Callable]) -> dict[str, list[float]]:
    """Seconds a step of runs that are compiled, which take turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            steps = run()[1]
            times[name].append((time.perf_counter() - start) / steps)
    return times


def ratio(values: list[float], baseline: list[float]) -> float:
    """The median of the ratios of the rounds."""
    return statistics.median(t / b for t, b in zip(values, baseline, strict=True))


def require_same_loss(runs: dict[str, Callable]) -> None:
    """All must be the same training, or their times mean nothing; also compiles them."""
    ours = {steps: runs[OURS](steps)[0] for steps in (STEPS, STEPS_OF_NUMPY)}
    for name, run in runs.items():
        loss, steps = run()
        np.testing.assert_allclose(loss, ours[steps], rtol=1e-2, err_msg=name)


def ours(network) -> Callable:
    """The step as the library builds it."""
    return train_step(network, summed_cross_entropy, optax.adam(RATE))


def products(params, x) -> Callable:
    """Three products forward, three for the weights, two for the inputs, in plain descent."""

    @jax.jit
    def scan(weights, x, numbers):
        def body(weights, _):
            w1, w2, w3 = weights
            y1 = x @ w1
            y2 = y1 @ w2
            y3 = y2 @ w3
            g2 = y3 @ w3.T
            g1 = g2 @ w2.T
            gradients = x.T @ g1, y1.T @ g2, y2.T @ y3
            pairs = zip(weights, gradients, strict=True)
            return tuple(w - 1e-9 * g for w, g in pairs), y3[0, 0]

        return jax.lax.scan(body, weights, numbers)[1]

    def run(steps: int = STEPS) -> tuple[float, int]:
        weights = tuple(params[k].w for k in (0, 3, 6))
        return float(scan(weights, x, jnp.arange(steps))[-1]), steps

    return run


def plain(params, state, opt_state, batch):
    """What one writes with jax.numpy, jax.grad and optax."""
    x, labels = batch

    def normalised(z, norm):
        mean, variance = z.mean(axis=0), z.var(axis=0)
        y = norm.gamma * (z - mean) / jnp.sqrt(variance + EPS) + norm.beta
        return y, (mean, variance)

    def loss(params):
        first, norm1, _, second, norm2, _, third, norm3 = params
        a, s1 = normalised(x @ first.w, norm1)
        b, s2 = normalised(jax.nn.sigmoid(a) @ second.w, norm2)
        scores, s3 = normalised(jax.nn.relu(b) @ third.w, norm3)
        value = optax.softmax_cross_entropy_with_integer_labels(scores, labels).sum()
        return value, ((), s1, (), (), s2, (), (), s3)

    (value, batch_state), gradient = jax.value_and_grad(loss, has_aux=True)(params)
    state = jax.tree.map(
        lambda old, new: 0.99 * old + 0.01 * new,
        jax.tree.leaves(state),
        jax.tree.leaves(batch_state),
    )
    updates, opt_state = optax.adam(RATE).update(gradient, opt_state, params)
    return optax.apply_updates(params, updates), tuple(state), opt_state, value


def compiled(step: Callable, params, state, x, labels) -> Callable:
    """A scan of steps that starts anew at each call."""
    if step is plain:
        state = tuple(jax.tree.leaves(state))

    @jax.jit
    def scan(x, labels, numbers):
        def body(carry, _):
            *carry, value = step(*carry, (x, labels))
            return tuple(carry), value

        start = (params, state, optax.adam(RATE).init(params))
        return jax.lax.scan(body, start, numbers)[1]

    def run(steps: int = STEPS) -> tuple[float, int]:
        return float(scan(x, labels, jnp.arange(steps))[-1]), steps

    return run


def in_numpy(params, x, labels) -> Callable:
    """Layer by layer with arrays, as the source does it, in float32."""
    one_hot = np.eye(10, dtype=np.float32)[labels]

    def normalise(z, norm):
        mean, variance = z.mean(axis=0), z.var(axis=0)
        scale = np.sqrt(variance + EPS, dtype=np.float32)
        x_hat = (z - mean) / scale
        return norm[0] * x_hat + norm[1], x_hat, scale

    def normalise_back(g, norm, x_hat, scale):
        n = len(g)
        gamma_bar, beta_bar = (g * x_hat).sum(axis=0), g.sum(axis=0)
        return norm[0] / (n * scale) * (n * g - beta_bar - x_hat * gamma_bar), gamma_bar, beta_bar

    def gradient(w1, g1, e1, w2, g2, e2, w3, g3, e3):
        a1, h1, s1 = normalise(x @ w1, (g1, e1))
        y1 = 1 / (1 + np.exp(-a1))
        a2, h2, s2 = normalise(y1 @ w2, (g2, e2))
        y2 = np.maximum(a2, 0)
        a3, h3, s3 = normalise(y2 @ w3, (g3, e3))
        e = np.exp(a3 - a3.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(p)), labels]).sum()
        d3, g3_, e3_ = normalise_back(p - one_hot, (g3, e3), h3, s3)
        d2, g2_, e2_ = normalise_back((d3 @ w3.T) * (a2 > 0), (g2, e2), h2, s2)
        d1, g1_, e1_ = normalise_back((d2 @ w2.T) * y1 * (1 - y1), (g1, e1), h1, s1)
        return loss, (
            x.T @ d1, g1_, e1_,
            y1.T @ d2, g2_, e2_,
            y2.T @ d3, g3_, e3_,
        )  # fmt: skip

    def run(steps: int = STEPS_OF_NUMPY) -> tuple[float, int]:
        weights = [np.array(leaf) for leaf in jax.tree.leaves(params)]
        first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
        loss = 0.0
        for t in range(1, steps + 1):
            loss, gradients = gradient(*weights)
            for i, g in enumerate(gradients):
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g**2
                root = np.sqrt(second[i] / (1 - 0.999**t)) + 1e-8
                weights[i] = weights[i] - RATE * first[i] / (1 - 0.9**t) / root
        return float(loss), steps

    return run


if __name__ == "__main__":
    main()
