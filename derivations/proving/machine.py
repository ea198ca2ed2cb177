"""The program that was traced, run in double precision at many points at once.

NumPy does it where its table reaches; else JAX compiles it. It is the third opinion, beside the
algebra and the evaluator, and it finds the points that these look at: its runs also return every
*gap*, a number of the program whose sign decides what happens next, such as the two sides of a
comparison subtracted, a divisor, or the argument of a root.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from derivations.limits import MOST_GAPS, MOST_OF_ONE
from derivations.proving.by_numpy import program
from derivations.proving.points import Layout
from derivations.proving.problem import Problem
from derivations.proving.traces import Traces
from derivations.reading.jaxprs import CALLS, bind, inner_of

BATCH = 256  # points in one call
FAST_TO_COMPILE = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}
UNSEEN = frozenset({"debug_callback", "debug_print"})


@dataclass(frozen=True)
class Runs:
    """What many points gave, a row each: everything flat, the value's entries before the bars'."""

    hand: np.ndarray
    auto: np.ndarray  # the definition, and JAX's own derivative of it, all rules taken out
    gaps: np.ndarray

    def __getitem__(self, rows: Any) -> "Runs":
        return Runs(self.hand[rows], self.auto[rows], self.gaps[rows])


@dataclass(frozen=True, eq=False)
class Machine:
    """A problem at given sizes, made to run once."""

    problem: Problem
    traces: Traces
    layout: Layout

    @cached_property
    def parts(self) -> dict[str, slice]:
        """Where each quantity stands in a row: the value, and each gradient."""
        shapes = [v.aval.shape for v in self.traces.hand.jaxpr.outvars]
        sizes = [int(np.prod(s, dtype=int)) for s in shapes]
        count, found, start = len(self.traces.outputs), {}, 0
        found["value"] = slice(0, start := sum(sizes[:count]))
        for a, size in zip(self.problem.differentiable(), sizes[count:], strict=True):
            found[a.name] = slice(start, start := start + size)
        return found

    def place(self, name: str, position: int) -> tuple[int, ...]:
        """The place of an entry of a gradient in its array."""
        shape = next(s for n, s in self.layout.shapes if n == name)
        return tuple(int(k) for k in np.unravel_index(position, shape)) if shape else ()

    def run(self, rows: np.ndarray) -> Runs:
        """All points, in batches of one size so that nothing is compiled twice."""
        count = len(rows)
        if not count:
            return self.run(np.zeros((1, self.layout.width)))[:0]
        padded = np.concatenate([rows, np.repeat(rows[-1:], -count % BATCH, axis=0)])
        found = [self._program(padded[k : k + BATCH]) for k in range(0, len(padded), BATCH)]
        return Runs(*(np.concatenate([np.asarray(f[k]) for f in found]) for k in range(3)))[:count]

    @cached_property
    def _program(self) -> Callable:
        with jax.enable_x64(True):
            shape = jax.ShapeDtypeStruct((BATCH, self.layout.width), np.float64)
            traced = jax.jit(jax.vmap(self._at)).trace(shape)
            quick = program(traced.jaxpr)
            if quick is not None:
                return quick
            run = traced.lower().compile(compiler_options=FAST_TO_COMPILE)

        def call(rows: np.ndarray) -> tuple:
            with jax.enable_x64(True):
                return run(jax.device_put(rows))

        return call

    def _at(self, row: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        bars, inputs = self.layout.unpacked(row)
        gaps: list[jax.Array] = []
        hand = run_inlined(self.traces.hand, [*bars, *inputs], gaps)
        floats = [self.problem.arrays.index(a) for a in self.problem.differentiable()]

        def value(*given: Any) -> list:
            every = list(inputs)
            for k, x in zip(floats, given, strict=True):
                every[k] = x
            return run_inlined(self.traces.value, every, [])

        values = run_inlined(self.traces.value, inputs, gaps)
        try:
            _, pull = jax.vjp(value, *(inputs[k] for k in floats))
            auto = pull(list(bars))
        except Exception:  # as of a loop that JAX cannot differentiate
            auto = hand[len(values) :]
        return _flat(hand), _flat([*values, *auto]), _flat(gaps)[:MOST_GAPS]


def _flat(arrays: Iterable[Any]) -> jax.Array:
    parts = [jnp.ravel(jnp.asarray(x, np.float64)) for x in arrays]
    return jnp.concatenate(parts) if parts else jnp.zeros(0)


def run_inlined(closed: Any, args: Sequence[Any], gaps: list[jax.Array]) -> list[Any]:
    """A jaxpr's outputs, with the custom rules in it taken out, and the gaps that it meets."""
    jaxpr = getattr(closed, "jaxpr", closed)
    known = dict(zip(jaxpr.constvars, getattr(closed, "consts", ()), strict=True))
    known |= dict(zip(jaxpr.invars, args, strict=True))

    def value_of(atom: Any) -> Any:
        return atom.val if hasattr(atom, "val") else known[atom]

    for equation in jaxpr.eqns:
        name, given = equation.primitive.name, list(map(value_of, equation.invars))
        gaps.extend(_few(gap) for gap in _gaps(name, equation, given))
        if name in UNSEEN:
            continue
        is_call = name in CALLS
        found = run_inlined(inner_of(equation), given, gaps) if is_call else bind(equation, given)
        known |= dict(zip(equation.outvars, found, strict=True))
    return [value_of(atom) for atom in jaxpr.outvars]


def _few(gap: Any) -> jax.Array:
    """Some entries of an array of gaps: every so many, and the last one."""
    flat = jnp.ravel(gap)
    if flat.size <= MOST_OF_ONE:
        return flat
    return jnp.concatenate([flat[:: -(-flat.size // MOST_OF_ONE)], flat[-1:]])


def _waves(x: Any) -> Any:
    return jnp.sin(jnp.pi * x)  # 0 at integers


def _inside(x: Any) -> Any:
    return 1 - x * x


GAPS: dict[str, Callable[..., Iterable[Any]]] = {
    **dict.fromkeys(("gt", "lt", "ge", "le", "eq", "ne", "max", "min"), lambda a, b: (a - b,)),
    "clamp": lambda low, x, high: (x - low, x - high),
    **dict.fromkeys(("abs", "sign", "sqrt", "rsqrt", "log", "cbrt"), lambda x: (x,)),
    "log1p": lambda x: (1 + x,),
    **dict.fromkeys(("div", "rem"), lambda _, b: (b,)),
    "pow": lambda x, _: (x,),
    **dict.fromkeys(("asin", "acos", "atanh", "erf_inv"), lambda x: (_inside(x),)),
    **dict.fromkeys(("floor", "ceil", "convert_element_type"), lambda x: (_waves(x),)),
    "round": lambda x: (_waves(x - 0.5),),
    "acosh": lambda x: (x - 1,),
    "atan2": lambda y, x: (y, x),
    "reduce_precision": lambda _: (),
}


def _gaps(name: str, equation: Any, given: list[Any]) -> Iterable[Any]:
    """What decides in one equation of floats."""
    if not all(jnp.issubdtype(jnp.result_type(x), jnp.floating) for x in given):
        return ()
    if name == "integer_pow":
        return (given[0],) if equation.params["y"] < 0 else ()
    if name == "convert_element_type":
        kind = jnp.dtype(equation.params["new_dtype"])
        return GAPS[name](*given) if jnp.issubdtype(kind, jnp.integer) else ()
    return GAPS[name](*given) if name in GAPS else ()
