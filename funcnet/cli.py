"""The command line: `python -m funcnet train`, `predict`, `evaluate` and `jacobian`."""

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from funcnet import command_train, command_use
from funcnet.interrupts import deferred
from funcnet.recipes import RECIPES

MISTAKES = (ValueError, TypeError, OSError, ModuleNotFoundError, FloatingPointError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when all went well, 2 for a usage error, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings(), deferred():
            warnings.filterwarnings("always", category=UserWarning, module="funcnet")
            warnings.showwarning = lambda message, *_: print(f"note: {message}", file=sys.stderr)
            return options.run(options) or 0
    except MISTAKES as error:
        print(f"funcnet {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nfuncnet {options.command}: interrupted", file=sys.stderr)
        return command_train.INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m funcnet", description="Train networks by hand-written gradients."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_train(commands.add_parser("train", help="train on the digits, or on a table of one's own"))
    for name, purpose, run, output in (
        (
            "predict",
            "what a trained network says of a table",
            command_use.predict,
            "predictions.csv",
        ),
        (
            "evaluate",
            "how good that is, where the table has the target",
            command_use.evaluate,
            None,
        ),
        ("jacobian", "derivatives by the inputs", command_use.jacobian, "jacobian.npz"),
    ):
        _add_use(commands.add_parser(name, help=purpose), run, output)
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", metavar="FILE", help=".csv or .npz; the digits without it")
    add("--target", metavar="NAME", help="the target's column (default: target, label, class or y)")
    add("--drop", type=_names, metavar="A,B", help="columns to leave out, such as ids")
    add("--task", choices=("classes", "values"), help="what the target is (default: as it looks)")
    add("--recipe", choices=RECIPES, help="for the digits (default: source)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_number(int, 1), help="number of steps")
    length.add_argument("--epochs", type=_number(int, 1), help="times all rows, for --data")
    add("--rate", type=_number(float, 0, above=True), help="Adam's rate, for --data (0.003)")
    add("--decay", type=_number(float, 0), help="weight decay, for --data (0)")
    add("--clip", type=_number(float, 0, above=True), help="norm the gradient is clipped to")
    add("--batch-size", type=_number(int, 2), help="examples a step (default: all, at most 512)")
    add("--hidden", type=_widths, metavar="32,16", help="hidden widths (32,16)")
    add("--validate", type=_share, metavar="SHARE", help="share of rows held out (0.2)")
    add("--patience", type=_number(int, 1), help="stop after so many measurements without a better")
    add("--seed", type=_number(int, 0), help="of weights, batches and what is held out (0)")
    add("--output", type=Path, default=Path("output"), metavar="FOLDER", help="for all files")
    add("--resume", action="store_true", help="go on from the last checkpoint in the folder")
    add("--anew", action="store_true", help="forget an unfinished training in the folder")
    parser.set_defaults(run=command_train.train_command)


def _add_use(parser: argparse.ArgumentParser, run: Callable, output: str | None) -> None:
    add = parser.add_argument
    add("--model", type=Path, default=Path("output/model.npz"), metavar="FILE")
    add("--data", metavar="FILE", help="a table with the columns of the training (the digits)")
    add("--target", metavar="NAME", help=argparse.SUPPRESS)  # the model knows it
    if output is not None:
        add("--output", type=Path, default=Path("output") / output, metavar="FILE")
    parser.set_defaults(run=run)


def _number(kind: type, low: float, above: bool = False) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not (value > low if above else value >= low) or value == float("inf"):
            word = "an integer" if kind is int else "a number"
            bound = "above" if above else "of at least"
            raise argparse.ArgumentTypeError(f"needs {word} {bound} {low}, got {text!r}")
        return value

    return number


def _share(text: str) -> float:
    value = _number(float, 0, above=True)(text)
    if value >= 1:
        raise argparse.ArgumentTypeError(f"needs a share between 0 and 1, got {text!r}")
    return value


def _widths(text: str) -> tuple[int, ...]:
    return tuple(int(_number(int, 1)(part)) for part in text.split(",") if part.strip())


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
