"""`python -m derivations prove TARGET`: the verdicts on all ops of a module, or on one."""

import argparse
import ast
import json
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from derivations.commands.targets import targets
from derivations.proving.arguments import UsageError
from derivations.proving.proof import PROVED, REFUTED, UNKNOWN, ArgumentProof, Proof, prove

ALL_PROVED, SOME_REFUTED, USAGE, SOME_UNKNOWN = 0, 1, 2, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `prove`."""
    parser.add_argument("target", nargs="?", default="funcnet.ops", help="module or module:name")
    parser.add_argument("sizes", nargs="*", help="one for each argument, such as 'n d'; for one op")
    parser.add_argument("--wrt", action="append", help="judge this argument alone; may be repeated")
    parser.add_argument("--assuming", action="append", default=[], help="such as 'sum(y, -1) == 1'")
    add_static(parser)
    parser.add_argument("--order", type=int, default=1, help="2: judge the derivative of the rule")
    add_seconds(parser)
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


def add_seconds(parser: argparse.ArgumentParser) -> None:
    """The time that one op may take."""
    parser.add_argument(
        "--seconds",
        type=float,
        default=60.0,
        help="for each op; what is not decided by then is unknown; 0 for no limit (default: 60)",
    )


def given_static(arguments: argparse.Namespace) -> dict[str, Any]:
    """What --static gave: numbers, tuples, True, None; anything else is text."""
    found = {}
    for pair in arguments.static:
        name, equals, value = pair.partition("=")
        if not (equals and name.strip()):
            raise UsageError(f"--static needs NAME=VALUE, got {pair!r}; write such as axis=-1")
        try:
            found[name.strip()] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            found[name.strip()] = value
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
    options = options_of(arguments)
    started = time.perf_counter()
    proofs = [_proved(name, op, arguments, options) for name, op in found.items()]
    _show(proofs, time.perf_counter() - started, arguments)
    return status(proofs)


def status(proofs: Iterable[Proof]) -> int:
    """The exit status for these verdicts, all of them."""
    verdicts = {proof.verdict for proof in proofs}
    if REFUTED in verdicts:
        return SOME_REFUTED
    return SOME_UNKNOWN if UNKNOWN in verdicts else ALL_PROVED


def options_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of `prove` that the command line gave."""
    return {
        "wrt": arguments.wrt,
        "assuming": arguments.assuming,
        "static": given_static(arguments),
        "order": arguments.order,
        "seconds": arguments.seconds,
    }


def _proved(name: str, op: Callable, arguments: argparse.Namespace, options: dict) -> Proof:
    """The proof; of one op in a module that cannot be judged, a row that says why."""
    try:
        return prove(op, *arguments.sizes, **options)
    except UsageError as error:
        if ":" in arguments.target:
            raise UsageError(f"{name}: {error}") from None
        return _unjudged(name, str(error))
    except Exception as error:
        said = next(iter(str(error).splitlines()), "")
        reason = f"the prover raised {type(error).__name__}: {said}; please report it"
        return _unjudged(name, reason)


def _unjudged(name: str, reason: str) -> Proof:
    return Proof(name, (ArgumentProof("not judged", UNKNOWN, reason=reason),))


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
    found = {
        "name": proof.name,
        "verdict": proof.verdict,
        "arguments": [vars(a) for a in proof.arguments],
        "conditions": list(proof.conditions),
        "witness": None if witness is None else {**vars(witness), "sizes": dict(witness.sizes)},
        "seconds": round(proof.seconds, 4),
    }
    return _without_nan(found)


def _without_nan(value: Any) -> Any:
    """Text for nan and infinite numbers, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
