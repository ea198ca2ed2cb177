"""The script that a refutation prints, run as it is pasted."""

import contextlib
import io
import math

import jax
import pytest


def run_script(script, namespace):
    """The two numbers that the lines print, in a fresh namespace with these names bound."""
    out, before = io.StringIO(), jax.config.jax_enable_x64
    try:
        with (
            contextlib.redirect_stdout(out),
            jax.numpy_rank_promotion("allow"),
            jax.numpy_dtype_promotion("standard"),
        ):
            exec(compile(script, "pasted", "exec"), dict(namespace))
    finally:
        jax.config.update("jax_enable_x64", before)
    printed = dict(line.split(":") for line in out.getvalue().splitlines())
    assert set(printed) == {"by hand", "in truth"}, out.getvalue()
    return float(printed["by hand"]), float(printed["in truth"])


def assert_prints_its_headline(proof, op=None):
    """The numbers of the headline are those that the script prints."""
    assert proof.verdict == "REFUTED", str(proof)
    witness = proof.witness
    assert witness.is_seen
    headline = str(witness).splitlines()[0]
    assert f"{witness.shown[0]} by hand and {witness.shown[1]} in truth" in headline
    assert witness.shown[0] != witness.shown[1]
    by_hand, true = run_script(witness.script, {} if op is None else {"op": op})
    gap = abs(witness.by_hand - witness.true)
    close = 1e-3 * gap if math.isfinite(gap) else 1e-6 * (1 + abs(true))
    assert by_hand == pytest.approx(witness.by_hand, rel=1e-9, abs=0, nan_ok=True)
    assert true == pytest.approx(witness.true, rel=1e-5, abs=close)
    return by_hand, true
