"""The ops: `jax.custom_vjp` functions, each a definition, a forward and a backward by hand.

Every op of every family file is found here by itself and exported under its name.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import jax


def _found() -> dict[str, jax.custom_vjp]:
    families = [import_module(f"{__name__}.{family.name}") for family in iter_modules(__path__)]
    names = {n: op for m in families for n, op in vars(m).items() if isinstance(op, jax.custom_vjp)}
    return dict(sorted(names.items()))


globals().update(_found())
__all__ = [*_found()]  # noqa: PLE0604

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Whatever the families define."""
