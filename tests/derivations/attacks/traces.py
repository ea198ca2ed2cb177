"""Wrong in another mode than the one that is traced: eagerly, in another type, a later time."""

import jax
import jax.numpy as jnp
import numpy as np

from .cases import wrong
from .questions import three_times_if, tried

X = [0.7, -1.2, 2.3]
CALLS = [0]


def _is_concrete(x):
    return not isinstance(x, jax.core.Tracer)


@tried
def _has_a_positive_entry(x):
    return bool((x > 0).any())


def _is_a_late_call(_):
    CALLS[0] += 1
    return CALLS[0] > 40


def _be_late():
    CALLS[0] = 99


def _of(dtype):
    return three_times_if(lambda x: x.dtype == dtype)


FALSE = {
    "eager values": wrong(
        three_times_if(_is_concrete), X, where="trace", why="another rule for concrete arrays"
    ),
    "a value in a try": wrong(
        three_times_if(_has_a_positive_entry),
        X,
        where="trace",
        why="bool of a tracer raises, which the code catches",
    ),
    "the fortieth call": wrong(
        three_times_if(_is_a_late_call),
        X,
        where="trace",
        before=_be_late,
        why="traced again it is another rule",
    ),
    "float32": wrong(
        _of(jnp.float32), np.float32(X), where="dtype", why="wrong in JAX's default type"
    ),
    "bfloat16": wrong(
        _of(jnp.bfloat16),
        jnp.asarray(X, jnp.bfloat16),
        where="dtype",
        why="wrong in half precision",
    ),
    "float16": wrong(_of(jnp.float16), np.float16(X), where="dtype", why="wrong in half precision"),
}
