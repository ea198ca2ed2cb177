"""The ops that there are, and arguments for them: nothing in the tests lists ops."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from derivations.chapters import chapter
from derivations.compare import draw, sympy_cotangents
from funcnet import ops
from funcnet.contract import Between, Labels, Parameter, parameters

OPS = {name: getattr(ops, name) for name in ops.__all__}
SIZES = (
    {"n": 4, "k": 3, "d": 5, "m": 2, "v": 3, "*batch": (), "*d": (), "...": (4,)},
    {
        "n": 2,
        "k": 2,
        "d": 2,
        "m": 3,
        "v": 2,
        "*batch": (2,),
        "*d": (3,),
        "...": (2, 3),
    },
    {
        "n": 3,
        "k": 1,
        "d": 1,
        "m": 1,
        "v": 1,
        "*batch": (3, 1),
        "*d": (1, 2),
        "...": (1, 2, 1),
    },
    {"n": 2, "k": 4, "d": 3, "m": 2, "v": 5, "*batch": (1,), "*d": (2, 2), "...": (1,)},
)


def arrays_of(op, sizes, seed=0):
    """Random admissible arrays."""
    return [jnp.asarray(value) for value in draw(op, np.random.default_rng(seed), sizes)]


def of_kind(op, *kinds):
    return [p for p in parameters(op) if p.kind in kinds]


def complete(op, arrays):
    """All arguments by name: the arrays, and the defaults of the others."""
    given = dict(zip((p.name for p in of_kind(op, "float", "int")), arrays, strict=True))
    return {p.name: given.get(p.name, p.default) for p in parameters(op)}


def pullback(function, op, arrays, y_bar):
    """The cotangents of the float arguments, by name."""
    floats = [p.name for p in of_kind(op, "float")]
    values = complete(op, arrays)

    def of_floats(*given):
        return function(*({**values, **dict(zip(floats, given, strict=True))}).values())

    _, pull = jax.vjp(of_floats, *(values[name] for name in floats))
    return dict(zip(floats, pull(y_bar), strict=True))


def cotangent_of(op, arrays, seed=0):
    """A random cotangent for every output."""
    rng = np.random.default_rng(seed)
    y = jax.eval_shape(lambda *a: op.fun(*complete(op, a).values()), *arrays)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype), y)


@cache
def three_sources(op):
    """A compiled function of arrays and cotangent: by hand, by autodiff, by SymPy."""

    @jax.jit
    def sources(arrays, y_bar):
        by_hand = pullback(op, op, arrays, y_bar)
        by_jax = pullback(op.fun, op, arrays, y_bar)
        values = complete(op, arrays)
        by_sympy = sympy_cotangents(op, parameters(op), values, y_bar, chapter(op))
        return by_hand, by_jax, by_sympy

    return sources


SPECIAL = {
    "zeros": np.zeros,
    "equal": lambda shape: np.full(shape, 3.0),
    "minus one": lambda shape: np.full(shape, -1.0),
    "+1000": lambda shape: np.full(shape, 1000.0),
    "-1000": lambda shape: np.full(shape, -1000.0),
    "+-1000": lambda shape: 1000.0 * (-1.0) ** np.indices(shape).sum(axis=0),
    "steps of one": lambda shape: np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape),
    "ties": lambda shape: np.floor(np.arange(np.prod(shape, dtype=int)) / 2.0).reshape(shape),
}


def special_arrays(op, pattern, sizes):
    """Every float argument filled by a pattern, moved into its domain; labels at both ends."""
    drawn = draw(op, np.random.default_rng(0), sizes)
    pairs = zip(of_kind(op, "float", "int"), drawn, strict=True)
    return [jnp.asarray(_special(p, value, pattern, sizes)) for p, value in pairs]


def _special(parameter: Parameter, value, pattern, sizes):
    shape = np.shape(value)
    for domain in parameter.domains:
        if isinstance(domain, Labels):
            last = sizes[domain.size] - 1
            return np.where(np.arange(shape[0]) % 2 == 0, 0, last)
        if isinstance(domain, Between):
            return np.clip(SPECIAL[pattern](shape), domain.low, domain.high)
    return SPECIAL[pattern](shape)
