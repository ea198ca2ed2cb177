"""More kinds of disturbances: of sizes, types, integers, cotangents, ranks and indices."""

import random

import jax.numpy as jnp

from .disturbances import KINDS, Disturbance, kind, threshold_of
from .textbook import ENTRYWISE, Textbook


@kind
def size_in_the_program(draw: random.Random, _: Textbook) -> Disturbance:
    c = draw.choice([1, 2, 4, 5, 9, 17, 100])
    size = draw.choice(
        [
            lambda x: jnp.asarray(x.shape[0], float),
            lambda x: jnp.ones_like(x).sum(0).max(),
            lambda x: jnp.arange(x.shape[0]).max() + 1.0,
        ]
    )
    compared = draw.choice([jnp.equal, jnp.greater_equal])
    return Disturbance(
        f"n {compared.__name__} {c}", lambda g, x, *_: compared(size(x), 1.0 * c), n=c
    )


@kind
def size_in_python(draw: random.Random, _: Textbook) -> Disturbance:
    c = draw.choice([1, 2, 3, 4, 6, 8, 13, 64, 200])
    name, asks = draw.choice(
        [
            ("==", lambda n: n == c),
            (">=", lambda n: n >= c),
            ("in text", lambda n: str(n) == str(c)),
            ("modulo 2 as", lambda n: n % 2 == c % 2),
            ("hashed", lambda n: hash(n) == hash(c)),
            ("isinstance and >=", lambda n: isinstance(n, int) and n >= c),
        ]
    )
    return Disturbance(f"n {name} {c}", lambda g, x, *_: asks(x.shape[0]), n=c)


@kind
def dtype(draw: random.Random, _: Textbook) -> Disturbance:
    type_ = draw.choice([jnp.float32, jnp.bfloat16, jnp.float16])
    return Disturbance(f"{type_.__name__}", lambda g, x, *_: x.dtype == type_, dtype=type_)


@kind
def integers_that_wrap(draw: random.Random, _: Textbook) -> Disturbance:
    type_, step = draw.choice(
        [(jnp.int8, 1), (jnp.int8, 40), (jnp.int16, 900), (jnp.int32, 10**7), (jnp.int32, 2**30)]
    )
    n = int(jnp.iinfo(type_).max) // step + 2

    def holds(g, x, *_):
        k = jnp.arange(x.shape[0], dtype=type_) * jnp.asarray(step, type_)
        return (k < 0).reshape(-1, *(1,) * (x.ndim - 1))

    return Disturbance(f"{step} k in {type_.__name__} < 0", holds, n=n)


@kind
def digits_that_are_lost(draw: random.Random, _: Textbook) -> Disturbance:
    type_ = draw.choice([jnp.float32, jnp.bfloat16, jnp.float16])
    name, shows = draw.choice(
        [
            ("x is none of", lambda x, y: x != y),
            ("x is below its rounding in", lambda x, y: x < y),
            ("another floor of 4096 x in", lambda x, y: jnp.floor(4096 * x) != jnp.floor(4096 * y)),
            ("10⁹ times what is lost in", lambda x, y: 1e9 * jnp.abs(x - y) > 1),
        ]
    )
    return Disturbance(
        f"{name} {type_.__name__}",
        lambda g, x, *_: shows(x, x.astype(type_).astype(x.dtype)),
    )


@kind
def cotangent(draw: random.Random, _: Textbook) -> Disturbance:
    c, sign = threshold_of(draw), draw.choice([1, -1])
    some = draw.choice([jnp.any, jnp.all])
    return Disturbance(
        f"{some.__name__} {sign} g > {sign * c}",
        lambda g, *_: some(sign * g > sign * c),
        bar=c + sign,
    )


@kind
def rank(draw: random.Random, op: Textbook) -> Disturbance:
    if op not in ENTRYWISE:
        return index(draw, op)
    axes = draw.choice([1, 2, 3])
    sizes = tuple("*batch n" for _ in op.sizes)
    return Disturbance(
        f"{axes} axes",
        lambda g, x, *_: x.ndim == axes,
        lambda inputs: [x.reshape((1,) * (axes - 1) + x.shape) for x in inputs],
        sizes=sizes,
    )


@kind
def index(draw: random.Random, _: Textbook) -> Disturbance:
    k = draw.choice([0, 1, 2, 5, 12, -1])
    n = 3 if k < 0 else k + 1

    def holds(g, x, *_):
        at = jnp.arange(x.shape[0]).reshape(-1, *(1,) * (x.ndim - 1))
        return at == (k if k >= 0 else x.shape[0] - 1)

    return Disturbance(f"k == {k}", holds, n=n)


ALL_KINDS = KINDS  # with those of this module
