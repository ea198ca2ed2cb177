"""`python -m derivations prove | derive | compare | book | trust`.

TARGET is `module` or `module:name`. The exit status is 0 where all is proved or agrees, 1 where
something is refuted or differs, 3 where something is unknown, 2 after a usage error and 130 after
an interrupt.
"""

import argparse
import sys
from collections.abc import Sequence

import jax

from derivations import book
from derivations.commands import derive as commands_derive
from derivations.commands import prove as commands_prove
from derivations.commands.targets import targets
from derivations.compare import Comparison, compare
from derivations.language.checking import UnequalError
from derivations.proving import trust

AGREES, REFUTED, USAGE, INTERRUPTED = 0, 1, 2, 130
MISTAKES = (ValueError, TypeError, OSError, RuntimeError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module for its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except MISTAKES as error:
        print(f"derivations {options.command}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(f"derivations {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m derivations",
        description="Prove and derive gradients, compare their sources, write their derivations.",
        epilog="exit status: 0 all proved or agreed, 1 something refuted or different, "
        "2 usage error, 3 something unknown, 130 interrupted",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    proving = commands.add_parser("prove", help="judge hand-written rules for all inputs and sizes")
    commands_prove.add_arguments(proving)
    proving.set_defaults(run=commands_prove.run)
    deriving = commands.add_parser("derive", help="the gradient of a function, no rule needed")
    commands_derive.add_arguments(deriving)
    deriving.set_defaults(run=commands_derive.run)
    comparing = commands.add_parser("compare", help="hand-written, autodiff and SymPy side by side")
    comparing.add_argument("target", nargs="?", default="funcnet.ops", help="module or module:name")
    comparing.add_argument("--seed", type=int, default=0, help="for the arrays drawn")
    comparing.set_defaults(run=_compare)
    writing = commands.add_parser("book", help="every derivation as one document")
    writing.add_argument("--output", default="output/derivations.tex", help="a .tex or .pdf file")
    writing.set_defaults(run=_book)
    trusting = commands.add_parser("trust", help="what a verdict rests on, on one page")
    trusting.set_defaults(run=_trust)
    return parser


def _compare(options: argparse.Namespace) -> int:
    ops = targets(options.target, (jax.custom_vjp,))
    with jax.enable_x64(True):
        table = sum((compare(op, seed=options.seed) for op in ops.values()), Comparison(()))
    print("The largest difference of each hand-written gradient from the other sources:\n")
    print(table)
    return AGREES if table else REFUTED


def _trust(_: argparse.Namespace) -> int:
    print(trust.page())
    return AGREES


def _book(options: argparse.Namespace) -> int:
    count = 0

    def say(name: str) -> None:
        nonlocal count
        count += 1
        if sys.stderr.isatty():
            print(f"\r\033[Kchecked {count}: {name}", end="", flush=True, file=sys.stderr)

    try:
        book.write(options.output, say)
    except UnequalError as error:
        print(f"\nderivations book: {error}", file=sys.stderr)
        return REFUTED
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
    print(f"wrote {options.output}: {count} chapters and errata, every step checked")
    return AGREES
