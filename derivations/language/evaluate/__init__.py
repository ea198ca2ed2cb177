"""Index expressions as vectorised functions of NumPy or JAX arrays.

Every value carries the indices that its last axes stand for; axes before them are batch axes, over
which the function is vectorised as NumPy broadcasts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np
import scipy.special
import sympy as sp

from derivations.language.evaluate import parts, sums  # noqa: F401 - they register their rules
from derivations.language.evaluate.rules import evaluate
from derivations.language.evaluate.values import Index, Scope, full, on_axes, plain


def lambdify(
    expression: sp.Expr,
    arguments: Sequence[str],
    output: Sequence[Index] = (),
    module: str = "jax",
    also: Sequence[sp.Expr] = (),
) -> Callable:
    """A function of arrays, positional in the order of `arguments` or by name.

    Args:
        expression: may contain entries, sums, deltas, brackets and elementary functions.
        output: the free indices, in the order of the axes of the result.
        module: "jax" or "numpy".
        also: further expressions to read sizes off: in ȳ/n no entry tells what n is.

    Raises:
        ValueError: another module.
    """
    if module not in ("jax", "numpy"):
        raise ValueError(f"lambdify needs module 'jax' or 'numpy', got {module!r}")

    entries = sorted(set().union(*(_entries(e) for e in (expression, *also))), key=str)

    def function(*values, **named):
        arrays = {**dict(zip(arguments, values, strict=False)), **named}
        with _permissive(module):
            xp, erf = _namespace(module)
            arrays = {name: xp.asarray(array) for name, array in arrays.items()}
            scope = Scope(xp, erf, arrays, _sizes(entries, arrays))
            value = plain(evaluate(expression, scope), scope)
            return full(on_axes(value, tuple(output), scope), scope)

    return function


@contextmanager
def _permissive(module: str) -> Iterator[None]:
    """Broadcasting over batch axes is meant here, and so are infinities of branches not taken."""
    if module == "numpy":
        with np.errstate(all="ignore"):
            yield
        return
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def _namespace(module: str) -> tuple[ModuleType, Callable]:
    if module == "numpy":
        return np, scipy.special.erf
    return jnp, jax.scipy.special.erf


def _sizes(entries: Sequence[sp.Indexed], arrays: dict) -> dict[sp.Expr, int]:
    """Each symbolic size, read off the shape of an array that an index of that range stands in.

    Raises:
        ValueError: two arrays disagree on a size.
    """
    sizes: dict[sp.Expr, int] = {}
    for entry in entries:
        name = str(entry.base.label)
        if name not in arrays:
            continue  # a definition may use more than the formula; `_entry` tells what is missing
        shape = arrays[name].shape
        if len(shape) < len(entry.indices):
            raise ValueError(
                f"the derived function needs {name} with {len(entry.indices)} axes, got {shape}"
            )
        for i, found in zip(entry.indices, shape[len(shape) - len(entry.indices) :], strict=True):
            if isinstance(i, Index) and sizes.setdefault(i.upper, found) != found:
                raise ValueError(
                    f"the derived function needs {i.upper}={sizes[i.upper]} in {name}, got {found}"
                )
    return sizes


def _entries(e: sp.Expr) -> set[sp.Indexed]:
    """The entries in an expression, also those inside of names."""
    if isinstance(e, sp.Indexed):
        return {e, *set().union(*(_entries(i) for i in e.indices))}
    return set().union(*(_entries(part) for part in e.args)) if e.args else set()
