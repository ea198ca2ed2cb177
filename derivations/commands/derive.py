"""`python -m derivations derive TARGET SIZES…`: the gradient of any function, no rule needed."""

import argparse

from derivations.algebra.terms import Undecided
from derivations.commands.prove import add_seconds, add_static, given_static
from derivations.commands.targets import targets
from derivations.proving.arguments import UsageError
from derivations.proving.derive import derive

DERIVED, UNKNOWN = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `derive`."""
    parser.add_argument("target", help="module:name")
    parser.add_argument("sizes", nargs="*", help="one for each argument, such as 'n d'")
    parser.add_argument("--latex", action="store_true", help="print LaTeX")
    add_static(parser)
    add_seconds(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for the gradient of each argument; 3 if something cannot be read."""
    if ":" not in arguments.target:
        raise UsageError(f"derive needs one function, got {arguments.target}; write module:name")
    (function,) = targets(arguments.target).values()
    try:
        options = {"static": given_static(arguments), "seconds": arguments.seconds}
        gradients = derive(function, *arguments.sizes, **options)
    except UsageError as error:
        raise UsageError(f"{arguments.target}: {error}") from None
    except Undecided as reason:
        print(f"{arguments.target}: UNKNOWN - {reason}")
        return UNKNOWN
    for gradient in gradients:
        print(gradient.equation_latex() if arguments.latex else gradient)
    return DERIVED
