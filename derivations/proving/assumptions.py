"""What the caller takes for granted: signs, least sizes, sums over the last axis."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from derivations.proving import names
from derivations.proving.arguments import Argument, UsageError
from derivations.proving.problem import Problem
from funcnet.contract import Between

NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
SUM = re.compile(r"\s*sum\(\s*(\w+)\s*,\s*-1\s*\)\s*==\s*(\d+)\s*")
LEAST = re.compile(rf"\s*(\w+)\s*(>=|>)\s*{NUMBER}\s*")
EXAMPLES = "'sum(y, -1) == 1', 'eps > 0' or 'n >= 2'"


@dataclass(frozen=True)
class Assumptions:
    """Lower ends by name, and arrays whose sums over the last axis are known."""

    given: tuple[str, ...]
    least: Mapping[str, tuple[Between, ...]]
    sums: Mapping[str, int]

    @classmethod
    def parsed(cls, sentences: Iterable[str]) -> "Assumptions":
        """Read the sentences; what is not understood is refused."""
        given = tuple([sentences] if isinstance(sentences, str) else sentences)
        least: dict[str, tuple[Between, ...]] = {}
        sums: dict[str, int] = {}
        for sentence in given:
            text = sentence if isinstance(sentence, str) else ""
            if m := SUM.fullmatch(text):
                sums[names.of_argument(m[1])] = int(m[2])
            elif m := LEAST.fullmatch(text):
                one = Between(float(m[3]), above=m[2] == ">")
                least[m[1]] = (*least.get(m[1], ()), one)
            else:
                raise UsageError(f"cannot read the assumption {sentence!r}; write {EXAMPLES}")
        return cls(given, least, sums)

    def applied_to(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems, told so.

        Raises:
            UsageError: an assumption fits nothing that there is.
        """
        for name in self.sums:
            _require_axis(name, problems)
        for name, ends in self.least.items():
            _require_known(name, problems)
            for end in ends:
                _require_sense(name, end, problems)
        return [self.applied(problem) for problem in problems]

    def applied(self, problem: Problem) -> Problem:
        """The problem, told so, as far as it has what is spoken of."""
        minimal = dict(problem.minimal)
        for name, ends in self.least.items():
            if names.of_size(name) in problem.sizes:
                known = minimal.get(names.of_size(name), 1)
                minimal[names.of_size(name)] = max(known, *map(_first_integer, ends))
        known = {a.name for a in problem.arguments if a.dims}
        return replace(
            problem,
            arguments=tuple(map(self._told, problem.arguments)),
            minimal=tuple(minimal.items()),
            sums=tuple((name, total) for name, total in self.sums.items() if name in known),
        )

    def _told(self, a: Argument) -> Argument:
        ends = {names.of_argument(name): ends for name, ends in self.least.items()}.get(a.name, ())
        return replace(a, domains=(*a.domains, *ends)) if a.is_array else a


def _first_integer(end: Between) -> int:
    whole = int(end.low // 1)
    return whole + 1 if end.above or whole < end.low else whole


def _require_known(name: str, problems: Sequence[Problem]) -> None:
    arguments = {a.name for p in problems for a in p.arguments}
    sizes = {size for p in problems for size in p.sizes}
    if (names.of_argument(name) in arguments) == (names.of_size(name) in sizes):
        known = f"{', '.join(sorted(arguments))}, and the sizes {', '.join(sorted(sizes)) or '-'}"
        if names.of_size(name) in sizes:
            raise UsageError(f"{name} is both an argument and a size; give one another name")
        raise UsageError(f"the assumption is about {name}, which there is not; choose from {known}")


def _require_axis(name: str, problems: Sequence[Problem]) -> None:
    found = {a.name for p in problems for a in p.arguments if a.kind == "float" and a.dims}
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise UsageError(
            f"sum({name}, -1) needs an array of floats with an axis; {name} is none, choose from "
            f"{known}"
        )


def _require_sense(name: str, end: Between, problems: Sequence[Problem]) -> None:
    """Floats may be bounded below; integers are by their labels, and static values are known."""
    found = [a for p in problems for a in p.arguments if a.name == names.of_argument(name)]
    for a in found:
        if a.kind == "int":
            raise UsageError(
                f"{name} holds integers, which can be assumed to be labels alone; "
                "write its sizes as 'n:int<k'"
            )
        if not a.is_array and (not _is_number(a.value) or end.violation(a.value, {})):
            raise UsageError(f"{name} is {a.value!r}, and not {end}; leave the assumption out")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
