"""The rows of a table, picked by number."""

from derivations.language.derivation import chapter_of
from derivations.language.notation import Derivative, array, delta, index, size, total

n, v, d = size("n"), size("v"), size("d")
i, h, p = index("i", n), index("h", v), index("p", v)
j, q = index("j", d), index("q", d)
table, tokens, y_bar = array("table"), array("tokens"), array("y_bar")


@chapter_of("embedding(table, tokens)", wrt=table[p, q])
def embedding():
    """A picked row is a sum with a delta; backward, the delta gathers what reaches the row."""
    y = total(h, delta(tokens[i], h) * table[h, j])
    yield "definition of the pullback", total((i, j), y_bar[i, j] * Derivative(y, table[p, q]))
    yield "y is linear in the table", total((i, j), y_bar[i, j] * delta(tokens[i], p) * delta(j, q))
    yield "the delta keeps j = q", total(i, delta(tokens[i], p) * y_bar[i, q])
