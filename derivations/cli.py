"""`python -m derivations compare | book TARGET`, where TARGET is `module` or `module:name`."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

import jax

from derivations import book
from derivations.checking import UnequalError
from derivations.compare import Comparison, compare

AGREES, REFUTED, USAGE = 0, 1, 2
MISTAKES = (ValueError, TypeError, OSError, RuntimeError, ImportError, AttributeError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module for its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except MISTAKES as error:
        print(f"derivations {options.command}: {error}", file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m derivations",
        description="Compare gradients from three sources; write their derivations.",
        epilog="exit status: 0 all agrees, 1 something differs, 2 usage error",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    comparing = commands.add_parser("compare", help="hand-written, autodiff and SymPy side by side")
    comparing.add_argument("target", nargs="?", default="funcnet.ops", help="module or module:name")
    comparing.add_argument("--seed", type=int, default=0, help="for the arrays drawn")
    comparing.set_defaults(run=_compare)
    writing = commands.add_parser("book", help="every derivation as one document")
    writing.add_argument("--output", default="output/derivations.tex", help="a .tex or .pdf file")
    writing.set_defaults(run=_book)
    return parser


def _compare(options: argparse.Namespace) -> int:
    ops = targets(options.target)
    with jax.enable_x64(True):
        table = sum((compare(op, seed=options.seed) for op in ops.values()), Comparison(()))
    print("The largest difference of each hand-written gradient from the other sources:\n")
    print(table)
    return AGREES if table else REFUTED


def _book(options: argparse.Namespace) -> int:
    count = 0

    def say(name: str) -> None:
        nonlocal count
        count += 1
        print(f"\r\033[Kchecked {count}: {name}", end="", flush=True, file=sys.stderr)

    try:
        book.write(options.output, say)
    except UnequalError as error:
        print(f"\nderivations book: {error}", file=sys.stderr)
        return REFUTED
    finally:
        print(file=sys.stderr)
    print(f"wrote {options.output}: {count} chapters and errata, every step checked")
    return AGREES


def targets(target: str) -> dict[str, Callable]:
    """The ops that a target names: one `module:name`, or all `jax.custom_vjp` objects of a module.

    Raises:
        ImportError: there is no such module.
        AttributeError: the module has no such name.
        ValueError: the module has no ops.
    """
    module_name, _, name = target.partition(":")
    module = importlib.import_module(module_name)
    if name:
        if not hasattr(module, name):
            raise AttributeError(
                f"{module_name} has no {name!r}; choose one of {', '.join(_ops(module))}"
            )
        return {name: getattr(module, name)}
    ops = _ops(module)
    if not ops:
        raise ValueError(f"{module_name} has no jax.custom_vjp functions; name another module")
    return ops


def _ops(module: object) -> dict[str, Callable]:
    return {name: op for name, op in vars(module).items() if isinstance(op, jax.custom_vjp)}
