"""`python -m derivations prove TARGET`: the verdicts on all ops of a module, or on one."""

import argparse
import ast
import json
import time
from collections.abc import Callable
from typing import Any

from derivations.commands.targets import targets
from derivations.proving.arguments import UsageError
from derivations.proving.proof import PROVED, REFUTED, UNKNOWN, Proof, prove

ALL_PROVED, SOME_REFUTED, USAGE, SOME_UNKNOWN = 0, 1, 2, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `prove`."""
    parser.add_argument("target", nargs="?", default="funcnet.ops", help="module or module:name")
    parser.add_argument("sizes", nargs="*", help="one for each argument, such as 'n d'; for one op")
    parser.add_argument("--wrt", action="append", help="judge this argument alone; may be repeated")
    parser.add_argument("--assuming", action="append", default=[], help="such as 'sum(y, -1) == 1'")
    add_static(parser)
    parser.add_argument("--order", type=int, default=1, help="2: judge the derivative of the rule")
    parser.add_argument("--explain", action="store_true", help="print gradients and conditions too")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--latex", action="store_true", help="print the true gradients as LaTeX")


def add_static(parser: argparse.ArgumentParser) -> None:
    """The values of arguments that are not arrays."""
    parser.add_argument(
        "--static",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of an argument that is no array, such as axis=-1; may be repeated",
    )


def given_static(arguments: argparse.Namespace) -> dict[str, Any]:
    """What --static gave: numbers, tuples, True, None; anything else is text."""
    found = {}
    for pair in arguments.static:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--static needs NAME=VALUE, got {pair!r}; write such as axis=-1")
        try:
            found[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            found[name] = value
    return found


def run(arguments: argparse.Namespace) -> int:
    """Print the verdicts.

    0 if all is proved, 1 if something is refuted, 3 if something is unknown.
    """
    found = targets(arguments.target)
    if arguments.sizes and len(found) != 1:
        raise UsageError(
            f"sizes fit one op, and {arguments.target} has {len(found)}; write module:name"
        )
    started = time.perf_counter()
    proofs = [_proved(name, op, arguments) for name, op in found.items()]
    _show(proofs, time.perf_counter() - started, arguments)
    verdicts = {proof.verdict for proof in proofs}
    if REFUTED in verdicts:
        return SOME_REFUTED
    return SOME_UNKNOWN if UNKNOWN in verdicts else ALL_PROVED


def _proved(name: str, op: Callable, arguments: argparse.Namespace) -> Proof:
    try:
        return prove(
            op,
            *arguments.sizes,
            wrt=arguments.wrt,
            assuming=arguments.assuming,
            static=given_static(arguments),
            order=arguments.order,
        )
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def _show(proofs: list[Proof], seconds: float, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(json.dumps([as_dict(proof) for proof in proofs], indent=2, ensure_ascii=False))
    elif arguments.latex:
        print("\n\n".join(f"% {proof.name}: {proof.verdict}\n{proof.latex()}" for proof in proofs))
    elif arguments.explain or len(proofs) == 1:
        print("\n\n".join(map(str, proofs)))
    else:
        print(table(proofs))
    if not (arguments.json or arguments.latex):
        print(f"\n{_count(proofs)} in {seconds:.1f} s")


def table(proofs: list[Proof]) -> str:
    """A line an op, with its conditions; what is not proved is explained below."""
    width = max(len(proof.name) for proof in proofs)
    lines = [f"{'op':{width}}  verdict   seconds  gradients"]
    for proof in proofs:
        gradients = ", ".join(a.name for a in proof.arguments if a.name != "value")
        lines.append(f"{proof.name:{width}}  {proof.verdict:8}  {proof.seconds:7.2f}  {gradients}")
        if proof and proof.conditions:
            lines.append(f"{'':{width}}  where {'; '.join(proof.conditions)}")
    return "\n".join([*lines, *(f"\n{proof}" for proof in proofs if not proof)])


def _count(proofs: list[Proof]) -> str:
    counts = ((v, sum(p.verdict == v for p in proofs)) for v in (PROVED, REFUTED, UNKNOWN))
    return ", ".join(f"{count} {verdict}" for verdict, count in counts if count)


def as_dict(proof: Proof) -> dict[str, Any]:
    """A proof as plain data."""
    witness = proof.witness
    return {
        "name": proof.name,
        "verdict": proof.verdict,
        "arguments": [vars(a) for a in proof.arguments],
        "conditions": list(proof.conditions),
        "witness": None if witness is None else {**vars(witness), "sizes": dict(witness.sizes)},
        "seconds": round(proof.seconds, 4),
    }
