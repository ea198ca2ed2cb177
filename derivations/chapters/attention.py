"""Scaled dot-product attention: softmax between two products."""

from derivations.language.derivation import chapter_of
from derivations.language.notation import (
    Derivative,
    array,
    define,
    delta,
    exp,
    index,
    size,
    sqrt,
    total,
)

q, k, d, m = size("q"), size("k"), size("d"), size("m")
i, p = index("i", q), index("p", q)
j, h, r = index("j", k), index("h", k), index("r", k)
c, e = index("c", d), index("e", d)
o, u = index("o", m), index("u", m)
query, key, value, y_bar = array("query"), array("key"), array("value"), array("y_bar")
s = define("s", [i, j], total(c, query[i, c] * key[j, c]) / sqrt(d))
weight = define("p", [i, j], exp(s(i, j)) / total(h, exp(s(i, h))))
weight_bar = define("w", [i, j], total(o, y_bar[i, o] * value[j, o]))
s_bar = define(
    "t", [i, j], weight(i, j) * (weight_bar(i, j) - total(h, weight_bar(i, h) * weight(i, h)))
)
ATTENTION = "attention(query, key, value)"
y = total(j, weight(i, j) * value[j, o])
PULLBACK = "definition of the pullback"


@chapter_of(ATTENTION, wrt=value[r, u])
def attention_value():
    r"""With matrices, $\bar v = p^\top \bar y$."""
    yield PULLBACK, total((i, o), y_bar[i, o] * Derivative(y, value[r, u]))
    yield "y is linear in the values", total((i, o), y_bar[i, o] * weight(i, r) * delta(o, u))
    yield "the delta keeps o = u", total(i, weight(i, r) * y_bar[i, u])


@chapter_of(ATTENTION, wrt=query[p, e])
def attention_query():
    r"""The cotangent t of the scores is that of softmax; then $\bar q = t k / \sqrt d$."""
    yield PULLBACK, total((i, o), y_bar[i, o] * Derivative(y, query[p, e]))
    yield "Jacobian of softmax", total(j, s_bar(p, j) * Derivative(s(p, j), query[p, e]))
    yield "scores are linear in a query", total(j, s_bar(p, j) * key[j, e]) / sqrt(d)


@chapter_of(ATTENTION, wrt=key[r, e])
def attention_key():
    r"""Every query meets the key: $\bar k = t^\top q / \sqrt d$."""
    yield PULLBACK, total((i, o), y_bar[i, o] * Derivative(y, key[r, e]))
    yield "Jacobian of softmax", total((i, j), s_bar(i, j) * Derivative(s(i, j), key[r, e]))
    yield "scores are linear in a key", total(i, s_bar(i, r) * query[i, e]) / sqrt(d)
