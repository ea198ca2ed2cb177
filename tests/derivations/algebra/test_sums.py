"""What binds an index: sums, maximisers and products."""

import pytest
from letters import HALF, LABEL, A, B, E, I, J, K, M, N, P, Q, i, j, k, p, x, y

from derivations.algebra import functions as f
from derivations.algebra.atoms import summand
from derivations.algebra.binders import by_whole_products
from derivations.algebra.brackets import at_least, delta, positive
from derivations.algebra.decide import is_zero
from derivations.algebra.session import joined, session
from derivations.algebra.sums import (
    instantiate,
    largest,
    maximiser,
    product_over,
    total,
)
from derivations.algebra.terms import (
    ONE,
    ZERO,
    Atom,
    entry,
    fresh,
    number,
    poly,
    single,
    size,
    substitute,
)
from derivations.limits import MOST_UNROLLED

S, S2 = total((I,), x(I)), total((I,), x(I) * x(I))

EQUAL = [
    (total((), A), A),
    (total((I,), ZERO), ZERO),
    (total((I,), ONE), N),
    (total((I, P), ONE), N * M),
    (total((I,), A), N * A),
    (total((I,), A * x(I)), A * S),
    (total((I,), x(I) + x(I)), 2 * S),
    (total((I,), x(I) + 1), S + N),
    (total((J,), x(J)), S),
    (total((I, J), x(I) * x(J)), S * S),
    (total((I, P), x(I) * y(P)), S * total((P,), y(P))),
    (total((I,), x(I) * S), S * S),
    (total((I,), S * S), N * S * S),
    (total((I,), total((J,), x(I, J))), total((J,), total((I,), x(I, J)))),
    (total((I, J), x(I, J)), total((I, J), x(J, I))),
    (total((I, J, K), x(I, J) * x(J, K)), total((I, J, K), x(K, I) * x(J, K))),
    (total((I, J), x(I) * f.exp(x(I) * x(J))), total((J, I), x(J) * f.exp(x(I) * x(J)))),
    # deltas
    (total((I,), delta(i - j) * x(I)), x(J)),
    (total((I,), delta(i - j) * A), A),
    (total((I, J), delta(i - j) * x(I, J)), total((I,), x(I, I))),
    (total((I,), delta(i - N + 1 + j) * x(I)), x(N - 1 - j)),
    (total((P,), delta(p - LABEL) * y(P)), y(LABEL)),
    (total((P,), delta(p - LABEL)), ONE),
    (total((P,), delta(p - i) * x(P)), total((P,), delta(i - p)) * x(I)),  # where i < m
    # axes joined, and of a few entries
    (total((fresh(number(2)),), A), 2 * A),
    (total((fresh(N + M),), A), (N + M) * A),
    (total((fresh(ONE),), A), A),
    # maximisers
    (largest((), A), A),
    (largest((I,), A), A),
    (largest((I,), x(I) + A), largest((J,), x(J)) + A),
    (largest((I,), E * x(I)), E * largest((I,), x(I))),
    (largest((I,), x(I) * f.power(E, -2) + x(J)), largest((I,), x(I)) * f.power(E, -2) + x(J)),
    (largest((I,), 3 * x(I) * HALF), largest((I,), x(I)) * 3 * HALF),
    (maximiser((I,), A + 1)[0], ZERO),
    # products
    (product_over((), A), A),
    (product_over((I,), ONE), ONE),
    (product_over((I,), x(I)), product_over((J,), x(J))),
]


@pytest.mark.parametrize(("found", "expected"), EQUAL)
def test_sums(found, expected):
    assert found == expected


DIFFERENT = [
    (S * S, S2),
    (total((I,), x(I)), total((P,), x(P))),
    (total((I,), x(I)), N * x(I)),
    (total((I,), x(I) * x(J)), S2),
    (total((I, J), x(I, J) * x(I, J)), total((I, J), x(I, J) * x(J, I))),
    (total((I,), x(I, I)), total((I, J), x(I, J))),
    (total((I, J, K), x(I, J) * x(J, K)), total((I, J, K), x(I, J) * x(I, K))),
    (total((I,), delta(i - j - 1) * x(I)), x(j + 1)),  # j + 1 may be n
    (total((P,), delta(p - i) * x(P)), x(I)),  # i may be beyond m
    (total((I,), f.exp(x(I))), f.exp(S)),
    (total((I,), f.power(x(I), -1)), f.power(S, -1)),
    (largest((I,), -x(I)), -largest((I,), x(I))),
    (largest((I,), A * x(I)), A * largest((I,), x(I))),
    (largest((I,), x(I) + y(I)), largest((I,), x(I)) + largest((I,), y(I))),
    (largest((I,), x(I)), x(I)),
    (product_over((I,), x(I)), product_over((P,), x(P))),
    (product_over((I,), A), A),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_sums_that_differ(one, other):
    assert one != other
    assert not is_zero(one - other)


def test_joined_and_short_axes_are_summed_part_by_part():
    three, many = fresh(number(3)), fresh(number(MOST_UNROLLED + 1))
    joined = fresh(N + M)

    assert total((three,), x(three)) == x(0) + x(1) + x(2)
    assert single(total((many,), x(many))) is not None
    found = total((joined,), x(joined))
    assert len(found.terms) == 2
    assert is_zero(found - total((fresh(N + M),), x(joined)) * 0 - found)


def test_axes_are_parted_in_the_order_in_which_they_were_joined():
    n, m = poly(size("n1")), poly(size("n2"))
    index = fresh(n + m)
    (a, b) = (fresh(m), fresh(n))
    expected = total((a,), x(a)) + total((b,), x(m + b))
    with session():
        joined()[(n + m).key] = (m, n)
        assert total((index,), x(index)) == expected
    assert total((index,), x(index)) != expected


def test_a_difference_and_a_half_are_not_parted():
    for n in (N - 1, N * HALF + HALF):
        index = fresh(n)
        assert single(total((index,), x(index))) is not None


def test_nested_sums_are_flattened_without_capture():
    inner = total((J,), x(I, J) * y(J))

    assert total((I,), inner * inner) == total((I, J, K), x(I, J) * x(I, K) * y(J) * y(K))
    assert total((I,), x(I) * S) != S2


def test_a_substitution_in_a_sum_over_a_delta_contracts():
    s = total((I,), delta(i - k) * x(I) + x(I) * y(K))

    assert substitute(s, {K: j}) == x(J) + S * y(J)


def test_sums_inside_denominators_keep_their_own_indices():
    softmax = f.exp(x(I)) * f.power(total((J,), f.exp(x(J))), -1)
    norm = f.power(1 + total((J,), x(I, J) * x(I, J)), -HALF)

    assert total((I,), softmax) == ONE
    assert total((I,), norm) == total((K,), substitute(norm, {I: k}))


def test_many_equal_indices_are_ordered_by_what_they_look_like():
    several = [fresh(N) for _ in range(5)]
    a, b, c, d, e = several

    def chain(o):
        return x(o[0], o[1]) * x(o[1], o[2]) * x(o[2], o[3]) * y(o[3], o[4]) * x(o[4])

    assert total(several, chain([a, b, c, d, e])) == total(several, chain([e, c, a, d, b]))


def test_a_great_symmetric_sum_is_still_a_sum():
    several = [fresh(N) for _ in range(6)]
    s = entry("t", *map(poly, several))
    ring = total(several, s * entry("t", *map(poly, reversed(several))))

    assert single(ring) is not None
    assert ring == total(several, s * entry("t", *map(poly, reversed(several))))


def test_instantiate_gives_fresh_names():
    names, summand = instantiate(single(S2))

    assert summand == x(names[0]) * x(names[0])
    assert names[0] != instantiate(single(S2))[0][0]


def test_the_maximiser_over_an_index_is_bound():
    top = largest((J,), x(I, J))

    assert J not in top.free
    assert substitute(top, {I: k}) == largest((J,), x(K, J))
    assert total((I,), top) == total((K,), largest((Q,), x(K, Q)) * 0 + largest((J,), x(K, J)))


def test_a_bracket_without_the_index_leaves_the_sum():
    assert total((I,), positive(A) * x(I)) == positive(A) * S
    assert total((I,), positive(A - B) * x(I) + x(I)) == (1 + positive(A - B)) * S
    assert Atom("positive", A).free == frozenset()


@pytest.mark.parametrize(("bound", "free"), [(I, J), (J, I)])
def test_a_comparison_that_new_names_turn_stays_one_of_two_cases(bound, free):
    """[k > i] = 1 - [i ≥ k]: whichever way it is written, a sum holds one product."""
    before, after = at_least(poly(free) - bound), at_least(poly(bound) - free - 1)
    parts = [total((bound,), case * f.exp(x(bound))) for case in (before, after)]
    assert parts[0] + parts[1] == total((bound,), f.exp(x(bound)))
    held = [atom for part in parts for m in part.terms for atom, _ in m]
    assert all(len(summand(atom).terms) == 1 for atom in held)


def test_a_product_of_all_but_one_is_a_quotient_only_by_what_is_not_0_on_a_region():
    def all_but_one(factor):
        return product_over((J,), delta(i - j) * A + (1 - delta(i - j)) * factor)

    exponential, part = f.exp(x(J)), f.maximum(x(J), ZERO)
    quotient = A * f.exp(-x(I)) * product_over((J,), exponential)
    assert by_whole_products(all_but_one(exponential)) == quotient
    assert by_whole_products(all_but_one(part)) == all_but_one(part)
