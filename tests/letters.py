"""Short names for what the tests of the kernel are written in."""

from fractions import Fraction

from derivations.algebra.terms import Poly, entry, fresh, poly, size

HALF = Fraction(1, 2)
N, M = poly(size("n")), poly(size("m"))
A, B, C = (entry(name) for name in "abc")
E = entry("e", sign="+")  # positive
Z = entry("z", sign="0+")  # not negative
I, J, K = (fresh(N) for _ in range(3))  # noqa: E741
P, Q = fresh(M), fresh(M)
i, j, k, p, q = map(poly, (I, J, K, P, Q))
LABEL = entry("label", i, upper=M)


def x(*at) -> Poly:
    """An entry of x; its indices may be numbers."""
    return entry("x", *map(poly, at))


def y(*at) -> Poly:
    """An entry of y."""
    return entry("y", *map(poly, at))
