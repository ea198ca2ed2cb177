"""Points that are looked at whatever the program is, inside the domains of the arguments."""

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.historical import op_of
from derivations.proving.arguments import Argument
from derivations.proving.points import Layout, structured
from derivations.proving.proof import prove
from derivations.proving.ranks import problems
from derivations.reading.rules import RULES as READ
from funcnet.contract import Between


@pytest.fixture(scope="module")
def rows():
    """Structured rows of x y + x y, by array: the cotangent, x and y of three entries each."""
    (problem,) = problems(lambda x, y: x * y, ("3", "3"), {}, 1)
    found = structured(Layout(problem, {}, ((3,),)), np.random.default_rng(5))
    return found.reshape(len(found), 3, 3)


def test_arrays_are_0_alone_and_together_and_so_are_single_entries(rows):
    zeros = (rows == 0).sum(axis=2)
    for wanted in ([0, 3, 0], [0, 0, 3], [3, 0, 0], [0, 3, 3], [3, 3, 3], [0, 1, 0], [0, 0, 2]):
        assert (zeros == wanted).all(axis=1).any(), wanted


def test_entries_are_tied_nearly_tied_and_tied_for_the_greatest(rows):
    x = rows[:, 1]
    gaps = np.diff(np.sort(x[(x % 0.5 != 0).all(axis=1)], axis=1), axis=1)
    assert ((gaps[:, 1] == 0) & (gaps[:, 0] > 0)).any()
    assert ((gaps[:, 0] == 0) & (gaps[:, 1] > 0)).any()
    assert (gaps == 0).all(axis=1).any()
    assert ((gaps < 0.02).all(axis=1) & (gaps > 0).any(axis=1)).any()


def test_entries_lie_far_out_on_either_side(rows):
    assert rows[:, 1].max() > 1e12
    assert rows[:, 1].min() < -1e12


def test_arrays_are_equal_opposite_and_parallel(rows):
    x, y = rows[:, 1], rows[:, 2]
    is_0 = (x == 0).any(axis=1)
    for factor in (1, -1, 2):
        assert ((y == factor * x).all(axis=1) & ~is_0).any()


@pytest.mark.parametrize(
    ("domain", "sign", "moved"),
    [
        (Between(0.0, above=True), "+", [0.25, 0.5, 2.0, 3.0]),
        (Between(0.0), "0+", [0.0, 0.5, 2.0, 3.0]),
        (Between(1.0), "+", [2.0, 1.5, 4.0, 3.0]),
        (Between(-1.0), "", [0.0, 0.5, 0.0, 3.0]),
    ],
)
def test_points_are_moved_into_a_domain(domain, sign, moved):
    argument = Argument("x", "float", ("4",), (domain,))
    (problem,) = problems(lambda x: x, ("4",), {}, 1)
    problem = type(problem)(problem.target, (argument,))
    layout = Layout(problem, {}, ((4,),))
    row = np.array([[1.0, 1.0, 1.0, 1.0, 0.0, 0.5, -2.0, 3.0]])

    assert argument.sign == sign
    assert layout.admitted(row)[0, 4:].tolist() == moved


@pytest.mark.parametrize("factor", [2.0, 1 + 2.0**-15])
def test_tiny_numbers_are_judged_relatively(factor):
    by_backward = op_of(lambda x: 2.0**-60 * x, lambda g, x: factor * 2.0**-60 * g)
    assert prove(by_backward, "n").verdict == "REFUTED"
    by_forward = op_of(lambda x: 2.0**-60 * x, lambda g, x: 2.0**-60 * g)
    by_forward.defvjp(lambda x: (factor * 2.0**-60 * x, None), lambda _, g: (2.0**-60 * g,))
    assert prove(by_forward, "n").verdict == "REFUTED"


@pytest.mark.parametrize("size", [3, 7])
def test_code_that_is_not_read_is_run_at_other_sizes_too(monkeypatch, size):
    monkeypatch.delitem(READ, "sinh")
    op = op_of(jnp.cosh, lambda g, x: g * jnp.sinh(x) * (2 if str(x.shape) == f"({size},)" else 1))

    assert prove(op, "n").verdict == "REFUTED"


AT_A_POINT = {  # what is right but at 12.25
    "a comparison": lambda x: jnp.where(x == 12.25, 0.0, 1.0),
    "a divisor": lambda x: (x - 12.25) / (x - 12.25),
    "an exponent": lambda x: (x - 12.25) * (x - 12.25) ** -1,
    "a sign": lambda x: jnp.abs(jnp.sign(x - 12.25)),
    "an absolute value": lambda x: jnp.abs(x - 12.25) / jnp.abs(x - 12.25),
    "a floor": lambda x: jnp.floor(x - 12.25) + jnp.ceil(12.25 - x) + jnp.where(x == 12.25, 5, 1),
}


@pytest.mark.parametrize("name", AT_A_POINT)
def test_a_point_is_found_in_code_that_is_not_read(monkeypatch, name):
    monkeypatch.delitem(READ, "sinh")
    factor = AT_A_POINT[name]
    op = op_of(jnp.cosh, lambda g, x: g * jnp.sinh(x) * factor(x))

    assert prove(op, "1").verdict == "REFUTED"
