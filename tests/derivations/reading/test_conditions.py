"""What each primitive needs, in which case it needs it, and what is not read at all."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from derivations.algebra.brackets import positive, settled
from derivations.algebra.numeric import Place, value
from derivations.algebra.terms import Undecided, entry, number
from derivations.algebra.text import text
from derivations.reading import Array, Reader, note_axes, noted, read
from derivations.reading.notes import Condition, Guard
from derivations.reading.reader import kind_of

inf = float("inf")
S, V, I = ((), float), ((3,), float), ((3,), np.int32)  # noqa: E741


def entries_of(program, *arguments):
    """The entries of all outputs as they are read, with the conditions that each comes with."""
    with jax.enable_x64(True):
        args = [jax.ShapeDtypeStruct(*a) for a in arguments]
        traced = jax.make_jaxpr(lambda *a: jax.tree.leaves(program(*a)))(*args)
    reader, given = Reader(), []
    for name, a in zip("xyz", args, strict=False):
        kind = kind_of(a.dtype)
        sign = "integer" if kind == "i" else ""
        entries = lambda at, n=name, s=sign: entry(n, *at, sign=s)  # noqa: E731
        given.append(Array(tuple(map(number, a.shape)), kind, entries))
    note_axes(reader, traced)
    for out in read(reader, traced, given):
        sizes = [int(n.terms.get((), 0)) for n in out.shape]
        for at in np.ndindex(*sizes):
            with noted() as notes:
                found = out(*map(number, at))
            yield found, notes


def said(condition):
    """A condition in words, with the cases in which it is needed."""
    guards = " and ".join(text(g.expression) for g in condition.guards)
    return f"{condition.kind}: {text(condition.expression)}" + (f" if {guards}" if guards else "")


NEEDS = {
    "a root": (lambda x: jnp.sqrt(x), [S], ["nonneg: x", "edge: x"]),
    "a root of what is not negative": (lambda x: jnp.sqrt(x * x + 1), [S], []),
    "one over a root": (lambda x: lax.rsqrt(x), [S], ["positive: x"]),
    "a higher power": (lambda x: lax.pow(x, 1.5), [S], ["nonneg: x"]),
    "a negative one": (lambda x: lax.pow(x, -1.5), [S], ["positive: x"]),
    "a whole one": (lambda x: lax.integer_pow(x, -2), [S], ["nonzero: x"]),
    "a power of two numbers": (lambda x, y: lax.pow(x, y), [S, S], ["positive: x"]),
    "a quotient": (lambda x, y: x / y, [S, S], ["nonzero: y"]),
    "a quotient by a product": (lambda x, y: 1 / (x * y), [S, S], ["nonzero: x", "nonzero: y"]),
    "a logarithm": (lambda x: jnp.log(x), [S], ["positive: x"]),
    "a shifted one": (lambda x: jnp.log1p(x), [S], ["positive: 1 + x"]),
    "a tangent": (lambda x: lax.tan(x), [S], ["nonzero: cos(x)"]),
    "inverse functions": (
        lambda x: lax.asin(x) + lax.acos(x) + lax.atanh(x) + lax.erf_inv(x),
        [S],
        ["positive: 1 - x²"],
    ),
    "an inverse cosine of a greater number": (lambda x: lax.acosh(x), [S], ["positive: x - 1"]),
    "a factorial": (lambda x: lax.lgamma(x) + lax.digamma(x), [S], ["off poles: x"]),
    "a floor": (lambda x: lax.floor(x), [S], ["no integer: x"]),
    "a ceiling": (lambda x: lax.ceil(x), [S], ["no integer: -x"]),
    "a rounded number": (lambda x: lax.round(x), [S], ["no integer: x - 1 / 2"]),
    "a remainder": (
        lambda x, y: lax.rem(x, y),
        [S, S],
        ["nonzero: y", "no integer: x / y", "boundary: x·y"],
    ),
    "an absolute value": (lambda x: jnp.abs(x), [S], ["boundary: x"]),
    "the greater of two": (lambda x, y: jnp.maximum(x, y), [S, S], ["boundary: y - x"]),
    "a comparison": (lambda x, y: (x >= y).astype(float), [S, S], ["boundary: y - x"]),
    "equal numbers": (lambda x, y: (x == y).astype(float), [S, S], ["meeting: y - x"]),
    "the greatest": (lambda x: x.max(), [V], ["tie"]),
    "its place": (lambda x: x.argmax().astype(float), [V], ["unique"]),
    "sorted numbers": (lambda x: jnp.sort(x)[0], [V], ["tie"]),
    "numbers in the order of others": (
        lambda x, y: lax.sort((x, y), num_keys=1)[1][0],
        [V, V],
        ["unique"],
    ),
    "a sorted integer": (lambda x: jnp.sort(x)[0], [I], []),
    "an integer that may not fit": (
        lambda x: (x[0] * x[1]).astype(float),
        [I],
        ["fits in int32: x[0]·x[1]"],
    ),
    "one that does": (lambda x: (x[0] + x[1]).astype(float), [I], []),
    "an index of the caller's": (
        lambda x, i: x.at[i].get(mode="promise_in_bounds")[0],
        [V, I],
        ["holds"],
    ),
    "a case": (
        lambda x, y: jnp.where(y > 1, jnp.log(x), 0.0),
        [S, S],
        ["boundary: y - 1", "positive: x if [y > 1]"],
    ),
    "the other case": (
        lambda x, y: jnp.where(y > 1, 0.0, 1 / x),
        [S, S],
        ["boundary: y - 1", "nonzero: x if 1 - [y > 1]"],
    ),
    "a case in a case": (
        lambda x, y, z: jnp.where(y > 1, jnp.where(z > 2, 1 / x, 1.0), 0.0),
        [S, S, S],
        ["boundary: y - 1", "boundary: z - 2 if [y > 1]", "nonzero: x if [z > 2] and [y > 1]"],
    ),
    "what the case grants": (lambda x: jnp.where(x > 1, jnp.log(x), 0.0), [S], ["boundary: x - 1"]),
    "what the case denies": (
        lambda x: jnp.where(x > 1, 0.0, jnp.sqrt(x)),
        [S],
        ["boundary: x - 1", "nonneg: x if 1 - [x > 1]", "edge: x if 1 - [x > 1]"],
    ),
    "a quotient off a meeting": (
        lambda x: jnp.where(x == 0, 1.0, 1 / x),
        [S],
        ["meeting: x"],
    ),
    "a branch of two": (
        lambda x, y: lax.cond(y > 1, lambda x: jnp.log(x), lambda x: 1 / x, x),
        [S, S],
        ["boundary: y - 1", "nonzero: x if 1 - [y > 1]", "positive: x if [y > 1]"],
    ),
    "an entry that is overwritten": (
        lambda x: jnp.log(x).at[0].set(2.0)[0],
        [V],
        [],
    ),
}


@pytest.mark.parametrize("name", NEEDS)
def test_what_an_entry_needs(name):
    program, arguments, needs = NEEDS[name]
    found = {said(c) for _, notes in entries_of(program, *arguments) for c in notes}

    assert {f if f.split(":")[0] not in needs else f.split(":")[0] for f in found} == set(needs)


@pytest.mark.parametrize("name", ["gt", "ge", "lt", "le", "eq", "ne"])
def test_nothing_is_true_of_what_is_undefined_but_that_it_is_not_equal(name):
    compare, denied = getattr(lax, name), 1 - positive(entry("y"))
    for program in (lambda x, y: compare(x, jnp.log(y)), lambda x, y: compare(jnp.log(y), x)):
        ((found, _),) = entries_of(program, S, S)
        assert settled((1 - found if name == "ne" else found) * denied) == number(0)


BLOCK = lax.ScatterDimensionNumbers((0,), (), (0,))
INSIDE = {  # where the caller's index may point to, of three entries
    "taken": (lambda x, i: x.at[i].get(mode="promise_in_bounds"), range(3)),
    "added to": (lambda x, i: x.at[i].add(1.0, mode="promise_in_bounds"), range(3)),
    "the first of two": (
        lambda x, i: lax.scatter_add(x, i[:1], x[:2], BLOCK, mode="promise_in_bounds"),
        range(2),
    ),
}


@pytest.mark.parametrize("name", INSIDE)
def test_an_index_of_the_caller_s_has_to_point_inside(name):
    program, expected = INSIDE[name]
    _, notes = next(iter(entries_of(program, V, I)))
    (kind,) = {c.kind for c in notes}

    def is_inside(at):
        point = {"y": np.full(3, at)}
        indices = (dict.fromkeys(c.expression.free, 0) for c in notes)
        return all(
            value(c.expression, Place({}, point, here)) == 1
            for c, here in zip(notes, indices, strict=True)
        )

    assert kind == "holds"
    assert [at for at in range(4) if is_inside(at)] == list(expected)


def test_what_holds_without_a_case_is_a_fact():
    a = entry("a")
    held = Condition("holds", positive(a))
    in_a_case = Condition("holds", positive(a), (Guard("holds", positive(entry("b"))),))
    assert Condition("positive", a) in Reader(known=(held,)).facts()
    assert Condition("positive", a) not in Reader(known=(in_a_case,)).facts()
    assert Reader(known=(Condition("holds", positive(a) + positive(-a)),)).facts()[1:] == ()


def _masked(x, filler=-inf):
    return jnp.where(x > 0, x, filler)


REFUSED = {
    "floats to integers": ("of floats to integers", lambda x: x.astype(int), [V]),
    "8 bits": ("to int8, which may wrap", lambda i: i.astype(np.int8), [I]),
    "8 bits of places": ("to int8", lambda: lax.iota(np.int8, 300), []),
    "no sign": ("unsigned integers", lambda i: i.astype(np.uint32), [I]),
    "a difference without a sign": (
        "unsigned integers",
        lambda: jnp.arange(3, dtype=np.uint32) - np.uint32(1),
        [],
    ),
    "bits": ("and of integers", lambda i: i & 3, [I]),
    "all bits": ("reduce_and of integers", lambda i: lax.reduce_and(i, (0,)), [I]),
    "a whole quotient of either sign": ("integer division", lambda i: lax.div(i, 2 * i), [I]),
    "several keys": (
        "a sort by several keys",
        lambda x, y: lax.sort((x, y), num_keys=2)[0],
        [V, V],
    ),
    "the greatest truth": ("of truth values", lambda x: (x > 0).max(), [V]),
    "a long loop": (
        "a scan of 25 turns",
        lambda x: lax.scan(lambda c, _: (c * 2, None), x, None, length=25)[0],
        [S],
    ),
    "a loop with an end of its own": (
        "control flow of while",
        lambda x: lax.while_loop(lambda c: c < 1, lambda c: 2 * c, x),
        [S],
    ),
    "the same place twice": (
        "two may be the same",
        lambda x, i: x.at[i].set(1.0, mode="promise_in_bounds"),
        [V, I],
    ),
    "a case of none": (
        "none of its cases",
        lambda x, i: lax.select_n(i, x, 2 * x),
        [V, I],
    ),
    "a primitive without a rule": ("the primitive clz", lambda i: lax.clz(i), [I]),
    "complex numbers": ("the primitive complex", lambda x: lax.complex(x, x).real, [V]),
    "a large constant": (
        r"constant array of shape \(65,\)",
        lambda x: x + np.arange(65.0) ** 2,
        [S],
    ),
    "∞ times what may be 0": ("unknown sign", lambda x, y: _masked(x) * y, [S, S]),
    "∞ of unknown sign": ("unknown sign", lambda x, y: jnp.exp(inf * y), [S, S]),
    "a sine of ∞": ("sin of an infinity", lambda x: jnp.sin(_masked(x)), [S]),
    "a sum of infinities": ("a sum, a product or an order", lambda x: _masked(x).sum(), [V]),
    "an order of infinities": ("a sum, a product or an order", lambda x: _masked(x).argmax(), [V]),
    "infinities of either sign": (
        "either sign|more than one mask",
        lambda x: _masked(x, inf).max(),
        [V],
    ),
    "a number that may be undefined": (
        "may be undefined",
        lambda x: (jnp.log(x).sum() > 0).astype(float),
        [V],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_by_name(name):
    sentence, program, arguments = REFUSED[name]

    with pytest.raises(Undecided, match=sentence):
        list(entries_of(program, *arguments))
