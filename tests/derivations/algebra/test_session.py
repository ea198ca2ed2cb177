"""A session of one proof: nothing outlives it, and it ends in time."""

import gc
import time

import pytest
from letters import A, B, I, N, x

from derivations.algebra import functions as f
from derivations.algebra.decide import is_zero
from derivations.algebra.session import (
    OutOfTime,
    Undecided,
    cached,
    joined,
    session,
    stage,
    tick,
    time_left,
)
from derivations.algebra.sums import total
from derivations.algebra.terms import natural_power


def counted():
    """A cached function and the arguments with which it was really called."""
    calls = []

    @cached
    def double(n):
        calls.append(n)
        return 2 * n

    return double, calls


def test_results_are_remembered_within_a_session_and_not_beyond():
    double, calls = counted()

    with session():
        assert (double(2), double(2)) == (4, 4)
        assert calls == [2]
        with session():
            double(2)
        assert calls == [2, 2]
        double(2)
    assert calls == [2, 2]
    with session():
        double(2)
    assert calls == [2, 2, 2]


def test_outside_of_a_session_little_is_remembered_and_no_session_sees_it():
    double, calls = counted()

    assert (double(3), double(3)) == (6, 6)
    assert calls == [3]
    with session():
        double(3)
    double(3)  # a session between two calls: what was before is forgotten
    assert calls == [3, 3, 3]


def test_a_refusal_is_not_remembered():
    tries = []

    @cached
    def refuse(n):
        tries.append(n)
        raise Undecided("no")

    with session():
        for _ in range(2):
            with pytest.raises(Undecided):
                refuse(1)
    assert tries == [1, 1]


def test_joined_axes_are_those_of_the_session():
    joined()["n"] = (N,)
    try:
        with session():
            assert joined() == {}
            joined()["m"] = (N,)
            with session():
                assert joined() == {}
            assert list(joined()) == ["m"]
        assert list(joined()) == ["n"]
    finally:
        joined().clear()


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_is_as_before_afterwards(was_enabled):
    before = gc.isenabled()
    (gc.enable if was_enabled else gc.disable)()
    try:
        with session(), session():
            assert not gc.isenabled()
        with pytest.raises(KeyError), session():
            raise KeyError
        assert gc.isenabled() == was_enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_without_seconds_there_is_no_deadline():
    with session():
        assert time_left() == float("inf")
        tick()
    tick()


def test_a_session_that_is_over_time_says_what_it_was_doing():
    with session(seconds=1e-3), stage("comparing x_bar"):
        time.sleep(2e-3)
        assert time_left() == 0
        with pytest.raises(OutOfTime, match=r"^stopped after 0.001 s while comparing x_bar$"):
            tick()
        with stage(lambda: f"multiplying {A * B}"), pytest.raises(OutOfTime, match="x_bar, multi"):
            tick()
        with pytest.raises(Undecided, match=r"while comparing x_bar$"):
            tick()
    with session(seconds=1e-9), pytest.raises(OutOfTime, match=r"^stopped after 1e-09 s$"):
        tick()


def test_an_inner_session_ends_no_later_than_the_outer_one():
    with session(seconds=100):
        with session(seconds=1000):
            assert 90 < time_left() <= 100
        with session():
            assert 90 < time_left() <= 100
        with session(seconds=10):
            assert time_left() <= 10
        assert time_left() > 90


@pytest.mark.parametrize(
    "work",
    [
        lambda: A * B,
        lambda: natural_power(A + B, 3),
        lambda: total((I,), x(I)),
        lambda: is_zero(A - A),
        lambda: f.exp(A) * f.exp(B),
    ],
)
def test_whatever_may_run_long_looks_at_the_clock(work):
    with session(seconds=1e-9):
        time.sleep(1e-4)
        with pytest.raises(OutOfTime):
            work()
