"""Misreadings of what moves, sums and orders entries, each with a wrong op that looks right."""

import jax
import jax.numpy as jnp
from jax import lax

from .faults import fault, named, read_as, with_parameters


def _below(x):
    k = jnp.arange(x.shape[0])
    return k[:, None] <= k[None, :]


def _sums_before(g, x):
    """Σ g_i over i ≤ j."""
    return (jnp.where(_below(x), g[:, None], 0.0).sum(0),)


def _sums_after(g, x):
    """Σ g_i over i ≥ j."""
    return (jnp.where(_below(x), g[None, :], 0.0).sum(1),)


def _sums_beyond(g, x):
    """Σ g_i over i > j."""
    return (_sums_after(g, x)[0] - g,)


def _ones(g, x):
    return (g * jnp.ones_like(x),)


def _as_it_is(g, x):
    return (g,)


def _of_columns(g, a, b):
    """The gradients of aᵀ b, by sums of products."""
    return (b[:, None, :] * g[None, :, :]).sum(2), (a[:, :, None] * g[None, :, :]).sum(1)


def _running_sums_from_the_end(x):
    return lax.scan(lambda total, a: (total + a, total), 0.0, x, reverse=True)[1]


def _if_the_sum_is_positive(x):
    return lax.cond(x.sum() > 0, lambda x: x, lambda x: 3 * x, x)


def _one_axis(params):
    return {"broadcast_dimensions": (1,)} if params["broadcast_dimensions"] == (0,) else {}


def _other_turn(params):
    return {"permutation": (0, 2, 1)} if params["permutation"] == (1, 2, 0) else {}


def _one_earlier(params):
    if params["start_indices"] != (1,):
        return {}
    return {"start_indices": (0,), "limit_indices": (2,)}


def _ends_swapped(params):
    ((low, high, inner),) = params["padding_config"]
    return {"padding_config": ((high, low, inner),)}


def _first_axes(params):
    return {"dimension_numbers": (((0,), (0,)), ((), ()))}


def _greatest(g, x):
    return (g * (x == x.max()),)


def _least(g, x):
    return (g * (x == x.min()),)


def _at_the_least(g, x):
    return (g * jax.nn.one_hot(jnp.argmin(x), x.shape[0]),)


def _put(g, x, i):
    return jnp.zeros_like(x).at[i].set(g), None


def _put_clipped(g, x, i):
    return jnp.zeros_like(x).at[jnp.clip(i, 0, x.shape[0] - 1)].add(g), None


def _as_they_come(around, equation, *operands):
    return list(operands)


def _concatenated_in_turn(rules):
    true = rules["concatenate"]
    return lambda around, equation, *parts: true(around, equation, *reversed(parts))


MOVES = [
    fault("transpose", read_as("copy"), lambda x: x.T, _as_it_is, "n n"),
    fault(
        "transpose",
        with_parameters("transpose", _other_turn),
        lambda x: x.transpose(1, 2, 0),
        lambda g, x: (g.transpose(0, 2, 1),),
        "n n n",
    ),
    fault("rev", read_as("copy"), lambda x: x[::-1], _as_it_is),
    fault(
        "slice",
        with_parameters("slice", _one_earlier),
        lambda x: lax.slice(x, (1,), (3,)),
        lambda g, x: (jnp.concatenate([g, jnp.zeros(2)]),),
        "4",
    ),
    fault(
        "pad",
        with_parameters("pad", _ends_swapped),
        lambda x: lax.pad(x, 0.0, [(1, 2, 0)]),
        lambda g, x: (lax.slice(g, (2,), (5,)),),
        "3",
    ),
    fault(
        "concatenate",
        _concatenated_in_turn,
        lambda x, y: jnp.concatenate([x, y]),
        lambda g, x, y: (lax.slice(g, (3,), (6,)), lax.slice(g, (0,), (3,))),
        "3,3",
    ),
    fault(
        "broadcast_in_dim",
        with_parameters("broadcast_in_dim", _one_axis),
        lambda x: lax.broadcast_in_dim(x, (3, 3), (0,)),
        lambda g, x: (g.sum(0),),
        "3",
    ),
    fault("scatter", read_as("scatter-add"), lambda x, i: x[i], _put, "k,n:int<k"),
    fault(
        "gather",
        with_parameters("gather", lambda _: {"mode": lax.GatherScatterMode.CLIP}),
        lambda x, i: x.at[i].get(mode="fill", fill_value=0.0),
        _put_clipped,
        "k,n:int",
    ),
]
SUMS = [
    fault("reduce_sum", read_as("reduce_max"), lambda x: x.sum(), _greatest),
    fault("reduce_max", named("reduce_max", "reduce_min"), lambda x: x.max(), _least),
    fault("reduce_min", named("reduce_min", "reduce_max"), lambda x: x.min(), _greatest),
    fault("reduce_prod", read_as("reduce_sum"), lambda x: x.prod(), _ones),
    fault("argmax", named("argmax", "argmin"), lambda x: x[jnp.argmax(x)], _at_the_least),
    fault(
        "cumsum",
        with_parameters("cumsum", lambda params: {"reverse": not params["reverse"]}),
        lambda x: lax.cumsum(x),
        _sums_before,
    ),
    fault("cumprod", read_as("cumsum"), lambda x: lax.cumprod(x), _sums_after),
    fault("sort", lambda _: _as_they_come, lambda x: lax.sort(x), _as_it_is),
    fault(
        "dot_general",
        with_parameters("dot_general", _first_axes),
        lambda a, b: a @ b,
        _of_columns,
        "n n,n n",
    ),
    fault(
        "integer_pow",
        with_parameters("integer_pow", lambda _: {"y": 2}),
        lambda x: lax.integer_pow(x, 3),
        lambda g, x: (2 * g * x,),
    ),
    fault(
        "cond",
        with_parameters("cond", lambda params: {"branches": params["branches"][::-1]}),
        _if_the_sum_is_positive,
        lambda g, x: (jnp.where(x.sum() > 0, 3 * g, g),),
    ),
    fault(
        "scan",
        with_parameters("scan", lambda _: {"reverse": False}),
        _running_sums_from_the_end,
        _sums_beyond,
        "4",
    ),
]
FAULTS_OF_ARRAYS = [*MOVES, *SUMS]
