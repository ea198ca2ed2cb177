"""Names that the prover can use for what the user calls anything.

A size called `lambda` cannot be parsed as Python, one called `max` means something to JAX, and an
argument called `value` would be taken for the value of the function. Such a name gets an underscore
more, and so does one that already ends in underscores, so that no two names become one.
"""

import keyword
import re
import unicodedata

IDENTIFIER = r"[^\W\d]\w*"
OF_PYTHON = frozenset(keyword.kwlist)
OF_JAX = frozenset({"", "mod", "floordiv", "max", "min", "non_negative"})  # "": `_` is a wildcard
OF_THE_PROVER = frozenset({"value"})


def of_size(name: str) -> str:
    """The name of a size within the prover; Python reads some letters as others, such as ℓ as l."""
    return _apart(unicodedata.normalize("NFKC", name), OF_PYTHON | OF_JAX)


def of_argument(name: str) -> str:
    """The name of an argument within the prover."""
    return _apart(name, OF_THE_PROVER)


def _apart(name: str, taken: frozenset[str]) -> str:
    return f"{name}_" if name.rstrip("_") in taken else name


def sizes_in(dim: str) -> list[str]:
    """The names of sizes in an axis such as "n", "2*n*m" or "floordiv(n, 2)"."""
    return [name for name in re.findall(IDENTIFIER, dim) if name not in OF_JAX]


def free(name: str, taken: set[str]) -> str:
    """The name, with as many underscores as make it one that is not taken."""
    while name in taken:
        name += "_"
    return name
