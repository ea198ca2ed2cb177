"""What one writes for an op with jax.numpy, jax.nn and optax, where there is such a thing."""

import jax
import jax.numpy as jnp
import optax


def dense(x, w, b):
    return x.reshape(len(x), -1) @ w + b


def batch_norm(x, gamma, beta, eps):
    mean, variance = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / jnp.sqrt(variance + eps) + beta, mean, variance


def batch_norm_evaluation(x, gamma, beta, mean, variance, eps):
    return gamma * (x - mean) / jnp.sqrt(variance + eps) + beta


def layer_norm(x, gamma, beta, eps):
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return gamma * (x - mean) / jnp.sqrt(variance + eps) + beta


def rms_norm(x, gamma, eps):
    return gamma * x / jnp.sqrt((x**2).mean(axis=-1, keepdims=True) + eps)


def attention(query, key, value, _):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return jax.nn.softmax(scores) @ value


def softmax_of_classes(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def cross_entropy_of_classes(p, labels, eps):
    return -jnp.log(jnp.maximum(p, eps))[jnp.arange(len(p)), labels].mean()


def huber(predictions, targets, delta):
    return optax.losses.huber_loss(predictions, targets, delta).sum() / len(targets)


PEERS = {
    "attention": attention,
    "batch_norm": batch_norm,
    "batch_norm_evaluation": batch_norm_evaluation,
    "cross_entropy_with_integer_labels": cross_entropy_of_classes,
    "dense": dense,
    "elu": jax.nn.elu,
    "embedding": lambda table, tokens: table[tokens],
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "huber": huber,
    "layer_norm": layer_norm,
    "leaky_relu": jax.nn.leaky_relu,
    "log_softmax": jax.nn.log_softmax,
    "mean": jnp.mean,
    "relu": jax.nn.relu,
    "rms_norm": rms_norm,
    "sigmoid": jax.nn.sigmoid,
    "sigmoid_binary_cross_entropy": lambda x, y: (
        optax.sigmoid_binary_cross_entropy(x, y).sum() / len(x)
    ),
    "silu": jax.nn.silu,
    "softmax": jax.nn.softmax,
    "softmax_cross_entropy": lambda x, y: optax.softmax_cross_entropy(x, y).mean(),
    "softmax_cross_entropy_with_integer_labels": softmax_of_classes,
    "softplus": jax.nn.softplus,
    "squared_error": lambda p, t: optax.squared_error(p, t).sum() / len(p),
    "standard_deviation": lambda x, axis, ddof: jnp.std(x, axis, ddof=ddof),
    "tanh": jnp.tanh,
    "variance": lambda x, axis, ddof: jnp.var(x, axis, ddof=ddof),
}
