"""TARGET on the command line: `module`, all its ops, or `module:name`."""

import importlib
import os
import sys
from collections.abc import Callable

import jax

RULES = (jax.custom_vjp, jax.custom_jvp)


def targets(target: str, kinds: tuple[type, ...] = RULES) -> dict[str, Callable]:
    """What a target names: one `module:name`, or all objects of these kinds in a module.

    Raises:
        ValueError: there is no such module or name, or the module has no ops.
    """
    module_name, _, name = target.partition(":")
    if os.getcwd() not in sys.path:  # as with `python -m`, also for the command `derivations`
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        raise ValueError(
            f"TARGET needs a module that can be imported, got {module_name!r} "
            f"({type(error).__name__}: {error}); "
            "write module or module:name"
        ) from None
    found = {key: op for key, op in sorted(vars(module).items()) if isinstance(op, kinds)}
    if name:
        if not hasattr(module, name):
            known = f"choose one of {', '.join(found)}" if found else "it has no ops at all"
            raise ValueError(f"{module_name} has no {name!r}; {known}")
        return {name: getattr(module, name)}
    if not found:
        raise ValueError(f"{module_name} has no jax.custom_vjp functions; name another module")
    return found
