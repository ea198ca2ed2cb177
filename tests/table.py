"""One table over all primitives: programs of one step, and what they are given.

Each row is held against JAX in double precision at every entry, and each slope against a
difference in 40 digits.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name

inf, nan = float("inf"), float("nan")
SPECIAL = np.array([0, 1, -1, 0.5, -0.5, 2, -3, 3.7, 1e-200, 1e200, -1e200, inf, -inf, nan])
FLAT, OTHER = (np.tile(SPECIAL, len(SPECIAL)), np.repeat(SPECIAL, len(SPECIAL)))
X = np.array([[0.3, -1.7, 2.2], [-0.4, 0.9, -2.6]])
Y = np.array([[1.3, 0.6, -0.7], [2.9, -1.1, 0.23]])
P = np.array([[0.3, 1.7, 0.8], [0.6, 0.45, 2.6]])
UNIT = np.array([[0.3, -0.7, 0.2], [-0.4, 0.9, -0.6]])
ROWS_WITH_HOLES = np.array(
    [[1.0, -inf, 2.0, 0.5], [-inf] * 4, [0.1, inf, -1.0, 3.0], [0.2, nan, 1.0, nan]]
)
CUBE = np.arange(24.0).reshape(2, 3, 4) * np.array([1, -0.7, 0.3, 1.9]) - 5.3
IMAGE = np.sin(np.arange(50.0) ** 1.3).reshape(1, 2, 5, 5)
KERNEL = np.cos(np.arange(48.0) ** 1.1).reshape(4, 2, 2, 3)
I8 = np.array([-128, -127, -1, 0, 1, 2, 5, 126, 127], np.int8)
A8, B8 = np.tile(I8, 9), np.repeat(I8, 9)
U8, V8 = (
    np.tile(np.array([0, 1, 2, 7, 8, 127, 128, 255], np.uint8), 8),
    np.repeat(np.array([0, 1, 2, 7, 8, 127, 128, 255], np.uint8), 8),
)
I32 = np.array([-(2**31), -5, 0, 3, 2**31 - 1], np.int32)
I64 = np.array([-(2**63), -5, 0, 3, 2**63 - 1, 2**53 + 1], np.int64)
T, U = np.array([True, True, False, False]), np.array([True, False, True, False])
MASK = np.array([[True, False, True], [False, False, True]])
INDEX = np.array([[2], [0], [2], [-1], [3], [-4]])
REALS = np.array(
    [0.0, 0.4, -0.4, 2.5, -2.5, 3.5, 127.9, -128.9, 300.0, 1e10, 1e30, -1e30, inf, -inf, nan]
)
WIDE = np.array(
    [
        0.1,
        1 + 2**-8,
        1 + 3 * 2**-9,
        1 + 2**-8 + 2**-20,
        -70000.0,
        65519.9,
        65520.0,
        500.0,
        1e39,
        3e-5,
        inf,
        -inf,
        nan,
    ]
)


class Row(NamedTuple):
    """A primitive, a program that uses it, and its arguments."""

    name: str
    program: Any
    args: tuple
    is_close: float = 1e-12
    is_smooth: bool = True  # whether slopes are compared, where all is finite


ROWS: list[Row] = []


def row(name: str, program: Any, *args: Any, **options: Any) -> None:
    """Add one."""
    ROWS.append(Row(name, program, tuple(map(np.asarray, args)), **options))


# --- one real number ---

EVERYWHERE = (
    "exp",
    "exp2",
    "expm1",
    "logistic",
    "tanh",
    "sinh",
    "cosh",
    "atan",
    "asinh",
    "erf",
    "erfc",
    "square",
    "neg",
    "abs",
    "sign",
    "floor",
    "ceil",
    "cbrt",
    "is_finite",
)
for name in EVERYWHERE:
    row(name, getattr(lax, name), X)
    row(name, getattr(lax, name), SPECIAL)
NEAR = SPECIAL[np.abs(SPECIAL) != 1e200]  # where sines of double precision mean something
for name in ("sin", "cos", "tan"):
    row(name, getattr(lax, name), X)
    row(name, getattr(lax, name), NEAR)
for name in ("log", "log1p", "sqrt", "rsqrt", "lgamma", "digamma"):
    row(name, getattr(lax, name), P)
    # at its pole digamma is -∞ or nan, as versions of JAX have it
    row(name, getattr(lax, name), SPECIAL[SPECIAL != 0] if name == "digamma" else SPECIAL)
for name in ("asin", "acos", "atanh", "erf_inv"):
    row(name, getattr(lax, name), UNIT)
    row(name, getattr(lax, name), SPECIAL)
row("acosh", lax.acosh, P + 1)
row("acosh", lax.acosh, SPECIAL)
row("lgamma", lax.lgamma, X)
row("digamma", lax.digamma, X)
for name in ("bessel_i0e", "bessel_i1e"):
    row(name, getattr(lax, name), X)
    row(name, getattr(lax, name), np.array([0.0, inf, -inf, nan]))
row("round", lambda x: lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO), REALS)
row("round", lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN), REALS)
row(
    "integer_pow",
    lambda x: (lax.integer_pow(x, 3), lax.integer_pow(x, -2), lax.integer_pow(x, 0)),
    SPECIAL,
)
row(
    "integer_pow",
    lambda x: (lax.integer_pow(x, 3), lax.integer_pow(x, -2), lax.integer_pow(x, 4)),
    X,
)
LIMITED = (
    "neg",
    "abs",
    "square",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "rsqrt",
    "logistic",
)
for name in (*LIMITED, "tanh", "erf", "erfc", "sign", "is_finite"):
    f = getattr(lax, name)
    row(
        name,
        lambda x, f=f: f(jnp.where(x > 0, inf, -inf)),
        X,
        is_smooth=False,
    )
row("nextafter", lambda x: lax.nextafter(x, jnp.full_like(x, 2.0)), P, is_smooth=False)
row("copy", lambda x: lax.copy_p.bind(x), X)

# --- two real numbers, and more ---

for name in ("add", "sub", "mul", "div", "rem", "max", "min", "pow", "atan2"):
    f = getattr(lax, name)
    row(name, f, P, Y)
    row(name, f, FLAT, OTHER)
for name in ("div", "sub", "atan2", "rem"):
    row(name, getattr(lax, name), X, Y)
row("pow", lax.pow, X, np.array([[2, 3, -1], [0, 5, -2]]))
row("add_any", lambda x, y: jax.vjp(lambda a: (a * 2, a * 3), x)[1]((y, y)), X, Y)
for name in ("gt", "ge", "lt", "le", "eq", "ne"):
    row(name, getattr(lax, name), FLAT, OTHER)
    row(name, getattr(lax, name), A8, B8)
    row(name, getattr(lax, name), T, U)
for name in ("add", "sub", "mul", "div", "max", "min", "gt", "ge", "lt", "le", "eq", "ne"):
    f = getattr(lax, name)
    for far in (inf, -inf):
        row(
            name,
            lambda x, y, f=f, far=far: f(
                jnp.where(x > 0, inf, -jnp.exp(y)), jnp.where(y > 0, far, jnp.exp(x))
            ),
            X,
            Y,
            is_smooth=False,
        )
LOW, HIGH = np.array([-1.0, 2.0, -inf, nan, 0.0, -1.0]), np.array([1.0, -2.0, 0.0, 1.0, inf, 1.0])
row("clamp", lax.clamp, LOW, np.array([3.0, 0.5, 0.2, 1.0, -5.0, nan]), HIGH)
row("clamp", lambda x: lax.clamp(-0.5, x, 1.0), X)
row("clamp", lambda x: lax.clamp(jnp.full_like(x, 1.0), x, jnp.full_like(x, -0.5)), X)
row("clamp", lax.clamp, np.int8(-3), I8, np.int8(5))
row("clamp", lax.clamp, np.int8(5), I8, np.int8(-3))
row("igamma", lax.igamma, P, P[:, ::-1] + 0.1)
row("igammac", lax.igammac, P, P[:, ::-1] + 0.1)
row("polygamma", lambda x: lax.polygamma(jnp.full_like(x, 1.0), x), P, is_close=1e-10)
row("polygamma", lambda x: lax.polygamma(jnp.full_like(x, 3.0), x), P, is_close=1e-10)
row("zeta", lambda x: lax.zeta(jnp.full_like(x, 2.5), x), P, is_smooth=False)

# --- choices ---

row("select_n", lax.select_n, MASK, X, Y)
row(
    "select_n",
    lambda k, *x: lax.select_n(k, *x),
    np.array([0, 1, 2, 2], np.int32),
    FLAT[:4],
    FLAT[4:8],
    FLAT[8:12],
)
row(
    "select_n",
    lambda k, *x: lax.select_n(k, *x),
    np.array([-1, 3, 7, 1], np.int32),
    FLAT[1:5],
    FLAT[5:9],
    FLAT[9:13],
)
row("select_n", lambda k, *x: lax.select_n(k, *x), np.int32(1), X, Y, P)
row("select_n", lambda x: lax.select_n(x > 0, jnp.zeros_like(x), lax.sqrt(x)), X)
for name in ("and", "or", "xor"):
    f = getattr(lax, f"bitwise_{name}")
    row(name, f, A8, B8)
    row(name, f, U8, V8)
    row(name, f, T, U)
for args in (I8, U8, I64, T):
    row("not", lax.bitwise_not, args)
for args in (I8, U8, I64):
    row("population_count", lax.population_count, args)
    row("clz", lax.clz, args)

# --- machine integers ---

for name in ("add", "sub", "mul", "div", "rem", "max", "min"):
    f = getattr(lax, name)
    row(name, f, A8, B8)
    row(name, f, U8, V8)
    row(name, f, I64, I64[::-1].copy())
    row(
        name,
        f,
        np.array([-8, 7, 3, -1, 2], np.int16),
        np.array([-1, 7, 0, 5, -2], np.int16),
    )
for name in ("shift_left", "shift_right_logical", "shift_right_arithmetic"):
    row(name, getattr(lax, name), A8, B8)
    row(name, getattr(lax, name), U8, V8)
for name in ("neg", "abs", "sign", "square"):
    row(name, getattr(lax, name), I8)
    row(name, getattr(lax, name), I64)
row("neg", lax.neg, U8)
row("sign", lax.sign, U8)
for k in (0, 2, 5, 7):
    row("integer_pow", lambda x, k=k: lax.integer_pow(x, k), I8)
row("max", lax.max, T, U)
row("min", lax.min, T, U)
row(
    "iota",
    lambda: (
        lax.iota(np.int8, 300),
        lax.broadcasted_iota(np.uint8, (3, 2), 1),
        lax.iota(np.float64, 4),
    ),
)
row("iota", lambda: (lax.iota(np.int8, 128), lax.broadcasted_iota(np.float64, (2, 3), 1)))

# --- conversions ---

TYPES = ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "bool")
for to in (*TYPES, "int4", "uint4"):
    row(
        "convert_element_type",
        lambda x, to=to: lax.convert_element_type(x, to).astype(
            "int32" if to in ("int4", "uint4") else to
        ),
        REALS,
    )
for to in TYPES:
    for args in (I8, U8, I32, I64, T):
        if args.dtype != to:
            row("convert_element_type", lambda x, to=to: lax.convert_element_type(x, to), args)
FLOATS = ("float32", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3b11fnuz")
for to in FLOATS:
    for args in (WIDE, I8, I64):
        row(
            "convert_element_type",
            lambda x, to=to: lax.convert_element_type(lax.convert_element_type(x, to), "float64"),
            args,
            is_smooth=False,
        )
row("convert_element_type", lambda x: lax.convert_element_type(x, "float64"), I64)
for bits in ((8, 23), (5, 10), (8, 7), (11, 52), (4, 3)):
    row("reduce_precision", lambda x, b=bits: lax.reduce_precision(x, *b), WIDE, is_smooth=False)
row("bitcast_convert_type", lambda x: lax.bitcast_convert_type(x, np.uint8), I8)
row(
    "bitcast_convert_type",
    lambda x: lax.bitcast_convert_type(x, np.float64),
    np.array([4607182418800017408, 2**62 + 12345], np.uint64),
)

# --- axes ---

row(
    "broadcast_in_dim",
    lambda x: (
        lax.broadcast_in_dim(x, (3, 2, 3), (1, 2)),
        lax.broadcast_in_dim(x[:1], (4, 3), (0, 1)),
    ),
    X,
)
row(
    "slice",
    lambda x: (lax.slice(x, (0, 1, 0), (2, 3, 4), (1, 1, 2)), lax.slice(x, (1, 0, 1), (2, 3, 3))),
    CUBE,
)
row("reshape", lambda x: lax.reshape(x, (4, 6)), CUBE)
row("transpose", lambda x: lax.transpose(x, (2, 0, 1)), CUBE)
row("squeeze", lambda x: lax.squeeze(x, (0,)), X[None])
row("rev", lambda x: lax.rev(x, (1,)), CUBE)
row("concatenate", lambda x, y: lax.concatenate([x, y, 2 * x], 1), X, Y)
row("concatenate", lambda x, y: lax.concatenate([x, y], 0), I8, I8)
row("split", lambda x: lax.split(x, (1, 3), axis=2), CUBE)
row("split", lambda x: lax.split(x, (1, 2, 1), axis=2), CUBE)
row("pad", lambda x: lax.pad(x, 0.5, ((1, 2, 0), (0, 1, 2))), X)
row("pad", lambda x: lax.pad(x, -1.0, ((-1, 0, 0), (1, -2, 1))), X)
row("pad", lambda x, y: lax.pad(x, y, ((2, 0, 1),)), X[0], np.float64(3.0))
row("pad", lambda x: lax.pad(x, np.int8(3), ((1, 1, 0),)), I8)
row("tile", lambda x: lax.tile(x, (2, 3)), X)

# --- sums, extremes ---

row("reduce_sum", lambda x: (x.sum((0, 2)), x.sum(), x.sum(1)), CUBE)
row("reduce_sum", lambda x: x.sum(1), ROWS_WITH_HOLES)
row("reduce_prod", lambda x: (x.prod((0, 2)), x.prod(1)), CUBE)
row("reduce_prod", lambda x: x.prod(1), np.where(X > 2, 0, X))
for name in ("max", "min"):
    f = getattr(jnp, name)
    row(f"reduce_{name}", lambda x, f=f: (f(x, (0, 2)), f(x), f(x, 1)), CUBE)
    row(f"reduce_{name}", lambda x, f=f: (f(x, 1), f(x, 0)), ROWS_WITH_HOLES)
    row(f"reduce_{name}", lambda x, f=f: f(x), I8)
    row(f"reduce_{name}", lambda x, f=f: f(x, 1), MASK)
    arg = getattr(lax, f"arg{name}")
    for dtype in (np.int8, np.int32, np.uint8):
        row(f"arg{name}", lambda x, f=arg, d=dtype: (f(x, 1, d), f(x, 0, d)), ROWS_WITH_HOLES)
    row(f"arg{name}", lambda x, f=arg: (f(x, 0, np.int32), f(x, 1, np.int32)), MASK)
    row(f"arg{name}", lambda x, f=arg: f(x, 0, np.int32), np.array([3, 1, 3, 1, 2]))
    row(
        f"arg{name}",
        lambda x, f=arg: f(x, 0, np.int8),
        np.abs(np.arange(300) - (200 if name == "min" else 0)),
    )
row(
    "reduce_max", lambda x: lax.reduce_max_p.bind(x, axes=(1,), out_sharding=None), np.zeros((2, 0))
)
for name in ("reduce_sum", "reduce_prod"):
    for args in (I8, U8, I64):
        row(
            name,
            lambda x, n=name: getattr(lax, f"{n}_p").bind(
                x,
                axes=(0,),
                out_sharding=None,
            ),
            args,
        )
for name in ("reduce_or", "reduce_and", "reduce_xor"):
    f = getattr(lax, name)
    row(name, lambda x, f=f: (f(x, (0,)), f(x, (1,)), f(x, (0, 1))), MASK)
    row(name, lambda x, f=f: f(x, (0,)), U8[3:6])
NUMBERS = (((2,), (1,)), ((0,), (0,)))
row("dot_general", lambda x, y: lax.dot_general(x, y, NUMBERS), CUBE, CUBE.transpose(0, 2, 1) / 3)
row(
    "dot_general",
    lambda x, y: lax.dot_general(x, y, (((2,), (0,)), ((0,), (2,)))),
    CUBE,
    CUBE.transpose(2, 1, 0) / 3,
)
row(
    "dot_general",
    lambda x, y: lax.dot_general(x, y, (((0, 2), (2, 0)), ((), ()))),
    CUBE,
    CUBE.transpose(2, 1, 0) / 3,
)
row("dot_general", lambda x, y: x @ y.T, X, Y)
row("dot_general", lambda x, y: x @ y.T, ROWS_WITH_HOLES, np.array([[1.0, 0, 2, -1], [0, 0, 0, 1]]))
row("dot_general", lambda x, y: lax.dot(x, y), MASK, MASK.T)
row("dot_general", lambda x, y: lax.dot(x, y), I8[None], I8[:, None])
row(
    "dot_general",
    lambda x, y: lax.dot(x, y, preferred_element_type=np.int32),
    I8[None],
    I8[:, None],
)

# --- orders, and along an axis ---

row("sort", lambda x: (lax.sort(x, dimension=1), lax.sort(x, dimension=0)), CUBE[0])
row("sort", lambda x: lax.sort(x, dimension=1), ROWS_WITH_HOLES)
row(
    "sort",
    lambda x, y: lax.sort((x, y), dimension=0, num_keys=1),
    np.array([2.0, 1.0, 2.0, 1.0]),
    np.arange(4),
    is_smooth=False,
)
row(
    "sort",
    lambda x, y: lax.sort((x, y), dimension=0, num_keys=2),
    np.array([2, 1, 2, 1]),
    np.array([0.4, 2.0, 0.3, 1.0]),
)
row("top_k", lambda x: lax.top_k(x, 2), CUBE)
row("top_k", lambda x: lax.top_k(x, 3), ROWS_WITH_HOLES)
row("top_k", lambda x: lax.top_k(x, 3), I8[::-1].copy())
for name in ("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"):
    f = getattr(lax, name)
    row(name, lambda x, f=f: (f(x, 1), f(x, 1, reverse=True), f(x, 0)), CUBE[0])
    row(name, lambda x, f=f: (f(x, 1), f(x, 1, reverse=True)), ROWS_WITH_HOLES)
    if name != "cumlogsumexp":
        row(name, lambda x, f=f: (f(x, 0), f(x, 0, reverse=True)), I8)
        row(name, lambda x, f=f: (f(x, 0), f(x, 0, reverse=True)), U8)

# --- indices ---

MODES = ("clip", "fill", "promise_in_bounds")
for mode in MODES:
    for dtype in (np.int32, np.int8, np.uint8, np.int64):
        row(
            "gather",
            lambda x, i, m=mode: (_gathered(x, i, m), _gathered(x, i, m, window=True)),
            CUBE[0],
            INDEX.astype(dtype),
        )
    row(
        "gather",
        lambda x, i, m=mode: _gathered(x, i, m),
        np.arange(12, dtype=np.uint8).reshape(3, 4),
        INDEX,
    )
    row(
        "gather",
        lambda x, i, m=mode: _gathered(x, i, m),
        np.arange(12, dtype=np.int16).reshape(3, 4),
        INDEX,
    )
    row("gather", lambda x, i, m=mode: _gathered(x, i, m), MASK.T, INDEX)
row("gather", lambda x, i: x.at[i].get(mode="fill", fill_value=7.5), X[0], INDEX[:, 0])
row("gather", lambda x, i: jnp.take_along_axis(x, i, 1), X, np.array([[2, 0, -1], [1, 1, 5]]))
row("gather", lambda x, i: jax.vmap(lambda a, k: a[k])(x, i), X, np.array([2, 0]))
row(
    "dynamic_slice",
    lambda x, i: (
        lax.dynamic_slice(x, (i[1], i[0]), (2, 3)),
        lax.dynamic_slice(x, (i[3], i[4]), (1, 2)),
    ),
    CUBE[0],
    INDEX[:, 0],
)
row(
    "dynamic_update_slice",
    lambda x, y, i: (
        lax.dynamic_update_slice(x, y, (i[1], i[0])),
        lax.dynamic_update_slice(x, y, (i[3], i[4])),
    ),
    CUBE[0],
    X[:, :2],
    INDEX[:, 0],
)
NEW = np.array([[0.3, 1.1, -0.7, 2.0]]) * np.arange(1, 7)[:, None] / 3
SCATTERS = {
    "scatter": lax.scatter,
    "scatter-add": lax.scatter_add,
    "scatter-sub": lax.scatter_sub,
    "scatter-mul": lax.scatter_mul,
    "scatter-min": lax.scatter_min,
    "scatter-max": lax.scatter_max,
}
for name, f in SCATTERS.items():
    for mode in ("clip", "fill"):
        row(
            name,
            lambda x, i, y, f=f, m=mode: _scattered(f, x, i, y, m),
            CUBE[0],
            INDEX[1:5],
            NEW[1:5],
        )
    row(
        name,
        lambda x, i, y, f=f: _scattered(f, x, i, y, "fill"),
        CUBE[0],
        INDEX[1:5],
        NEW[1:5, :2],
    )
    row(
        name,
        lambda x, i, y, f=f: _scattered(f, x, i, y, "fill"),
        np.arange(12, dtype=np.int8).reshape(3, 4) * np.int8(10),
        INDEX,
        (NEW * 40).astype(np.int8),
    )
row(
    "scatter-add", lambda x, i, y: _scattered(lax.scatter_add, x, i, y, "clip"), CUBE[0], INDEX, NEW
)
row("scatter", lambda x, i: x.at[i].apply(jnp.sin), X[0], np.array([0, 2]))
row("scatter", lambda x, y: x.at[:, 1].set(y), X, Y[:, 0])
row("scatter", lambda x, y: x.at[jnp.arange(2), 2 - jnp.arange(2)].set(y), X, Y[:, 0])
row("scatter-add", lambda x, y: x.at[1, jnp.arange(2) + 1].add(y), X, Y[0, :2])
row(
    "scatter", lambda x, y: jax.vmap(lambda a, b: a.at[jnp.array([2, 0])].set(b))(x, y), X, Y[:, :2]
)

# --- windows ---

for name in ("reduce_window_max", "reduce_window_sum", "reduce_window_min"):
    start, combine = {"max": (-inf, lax.max), "min": (inf, lax.min), "sum": (0.0, lax.add)}[
        name[-3:]
    ]
    row(
        name,
        lambda x, s=start, c=combine: lax.reduce_window(x, s, c, (2, 3), (1, 2), ((1, 0), (0, 1))),
        IMAGE[0, 0],
    )
    row(
        name,
        lambda x, s=start, c=combine: lax.reduce_window(
            x, s, c, (2, 2), (1, 1), "VALID", (2, 1), (1, 2)
        ),
        IMAGE[0, 0],
    )


def _pooled(x):
    return lax.reduce_window(x, -inf, lax.max, (2, 3), (1, 2), "VALID")


row("select_and_scatter_add", lambda x: jax.vjp(_pooled, x)[1](_pooled(x) * 2), IMAGE[0, 0])
row("select_and_gather_add", lambda x, y: jax.jvp(_pooled, (x,), (y,)), IMAGE[0, 0], IMAGE[0, 1])
row(
    "conv_general_dilated",
    lambda x, w: lax.conv_general_dilated(x, w, (1, 2), ((1, 0), (2, 1))),
    IMAGE,
    KERNEL,
)
row(
    "conv_general_dilated",
    lambda x, w: lax.conv_general_dilated(x, w, (1, 1), ((0, 0), (1, 0)), (2, 1), (1, 2)),
    IMAGE,
    KERNEL,
)
row(
    "conv_general_dilated",
    lambda x, w: lax.conv_general_dilated(x, w[:, :1], (1, 1), "SAME", feature_group_count=2),
    IMAGE,
    KERNEL,
)
row(
    "conv_general_dilated",
    lambda x, w: lax.conv_general_dilated(
        x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    ),
    IMAGE.transpose(0, 2, 3, 1),
    KERNEL.transpose(2, 3, 1, 0),
)
row(
    "conv_general_dilated",
    lambda x, w: lax.conv_general_dilated(x, w, (1, 1), "SAME", batch_group_count=2),
    np.concatenate([IMAGE, 2 * IMAGE[:, ::-1]]),
    KERNEL,
)

# --- control ---


def _turn(carry, x):
    return carry * x + 1.0, carry - x


row("jit", lambda x: jax.jit(jnp.sin)(x), X)
row("remat2", lambda x: jax.checkpoint(lambda a: jnp.sin(a) * a)(x), X)
row("custom_jvp_call", jax.nn.relu, X)
row("cond", lambda k, x: lax.cond(k, jnp.sin, jnp.cos, x), np.bool_(True), X)
row("cond", lambda k, x: lax.switch(k, [jnp.sin, jnp.cos, jnp.tanh], x), np.int32(7), X)
row("cond", lambda k, x: lax.switch(k, [jnp.sin, jnp.cos, jnp.tanh], x), np.int32(-2), X)
row(
    "scan",
    lambda x: (lax.scan(_turn, 0.5, x), lax.scan(_turn, 0.5, x, reverse=True)),
    P.reshape(-1),
)
row("scan", lambda x: lax.scan(_turn, 0.5, x, length=0), np.zeros(0))
row(
    "while",
    lambda n, x: lax.fori_loop(0, n, lambda i, y: jnp.sin(y) * (i + 1) + x, x),
    np.int64(3),
    X,
)
row(
    "while",
    lambda n, x: lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 2, s[1] * x + s[0]), (0, x)),
    np.int64(7),
    X,
)
row("optimization_barrier", lax.optimization_barrier, X)
row("name", lambda x: checkpoint_name(x * 2, "twice"), X)
row("device_put", lambda x: jax.device_put(x) * 2, X)


@jax.custom_vjp
def _ruled(x):
    return jnp.sin(x) * 2


_ruled.defvjp(lambda x: (_ruled(x), x), lambda x, g: (7 * g,))
row("custom_vjp_call", _ruled, X)  # the value's own slope, whatever the rule says
row("empty", lambda: lax.empty((2, 3), np.float64), is_smooth=False) if hasattr(
    lax, "empty"
) else None


def _gathered(x, index, mode, window=False):
    numbers = lax.GatherDimensionNumbers(
        (1,) if not window else (1, 2), () if window else (0,), (0,)
    )
    sizes = (2, 3) if window else (1, x.shape[1])
    return lax.gather(x, index, numbers, sizes, mode=mode)


def _scattered(scatter, x, index, new, mode):
    numbers = lax.ScatterDimensionNumbers((1,), (0,), (0,))
    return scatter(x, index, new, numbers, mode=mode)


def _block(x, index, new, mode):
    numbers = lax.ScatterDimensionNumbers((0,), (), (0,))
    return lax.scatter_add(x, index, new, numbers, mode=mode)


for mode in ("clip", "fill"):
    for first in (1, 2):  # a block that reaches out is moved inside, or dropped as a whole
        row("scatter-add", lambda x, i, y, m=mode: _block(x, i, y, m), X[0], [first], Y[0, :2])

# --- random numbers, by JAX itself ---

KEY = np.array([7, 9], np.uint32)
row("random_bits", lambda k: jax.random.bits(jax.random.wrap_key_data(k), (3,)), KEY)
row("random_wrap", lambda k: jax.random.uniform(jax.random.wrap_key_data(k), (3,)), KEY)
row(
    "random_unwrap",
    lambda k: jax.random.key_data(jax.random.split(jax.random.wrap_key_data(k))[1]),
    KEY,
)
row(
    "random_fold_in",
    lambda k: jax.random.key_data(jax.random.fold_in(jax.random.wrap_key_data(k), 3)),
    KEY,
)
row("random_seed", lambda s, x: jax.random.normal(jax.random.key(s), (2, 3)) * x, np.int64(5), X)


# --- triangular matrices ---

POSITIVE = np.stack(
    [np.array([[2.0, 0.3, -0.5], [0.3, 1.5, 0.2], [-0.5, 0.2, 0.9]]) * k for k in (1, 3)]
)
row("cholesky", lambda x: lax.linalg.cholesky(x), POSITIVE)
for left in (True, False):
    for lower in (True, False):
        for turned in (True, False):

            def solved(a, b, left=left, lower=lower, turned=turned):
                options = {"left_side": left, "lower": lower, "transpose_a": turned}
                return [
                    lax.linalg.triangular_solve(a, b if left else b.mT, unit_diagonal=u, **options)
                    for u in (False, True)
                ]

            row("triangular_solve", solved, POSITIVE, CUBE[:, :3, :2] / 7)
