"""What the caller takes for granted: signs, least sizes, sums over the last axis."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from derivations.proving.arguments import Argument, UsageError
from derivations.proving.problem import Problem
from funcnet.contract import Between


@dataclass(frozen=True)
class Assumptions:
    """Signs of arguments, least sizes, and arrays whose sums over the last axis are known."""

    given: tuple[str, ...]
    signs: Mapping[str, str]
    least: Mapping[str, int]
    sums: Mapping[str, int]

    @classmethod
    def parsed(cls, sentences: Iterable[str]) -> "Assumptions":
        """Read the sentences; what is not understood is refused."""
        signs, least, sums = {}, {}, {}
        given = tuple([sentences] if isinstance(sentences, str) else sentences)
        for sentence in given:
            if m := re.fullmatch(r"\s*sum\(\s*(\w+)\s*,\s*-1\s*\)\s*==\s*(\d+)\s*", sentence):
                sums[m[1]] = int(m[2])
            elif m := re.fullmatch(r"\s*(\w+)\s*(>=|>)\s*0\s*", sentence):
                signs[m[1]] = "+" if m[2] == ">" else "0+"
            elif m := re.fullmatch(r"\s*(\w+)\s*(>=|>)\s*(\d+)\s*", sentence):
                least[m[1]] = int(m[3]) + (m[2] == ">")
            else:
                raise UsageError(
                    f"cannot read the assumption {sentence!r}; write "
                    "'sum(y, -1) == 1', 'eps > 0' or 'n >= 2'"
                )
        return cls(given, signs, least, sums)

    def applied(self, problem: Problem) -> Problem:
        """The problem, told so."""

        def told(a: Argument) -> Argument:
            extra = self.signs.get(a.name)
            if extra is None:
                return a
            return replace(a, domains=(*a.domains, Between(0, above=extra == "+")))

        least = dict(problem.minimal)
        for name, k in self.least.items():
            if name in problem.sizes:
                least[name] = max(k, least.get(name, 1))
        return replace(
            problem,
            arguments=tuple(map(told, problem.arguments)),
            minimal=tuple(least.items()),
            sums=tuple(self.sums.items()),
        )
