"""What is true of every chapter, and that the checks would notice a mistake in one."""

import re

import numpy as np
import pytest
import sympy as sp
from found import OPS

from derivations import chapter, chapter_of, chapters
from derivations.chapters.errata import errata
from derivations.chapters.traps import TRAPS
from derivations.language.checking import UnequalError, require_equal
from derivations.language.notation import (
    Derivative,
    Max,
    array,
    bracket,
    define,
    delta,
    exp,
    index,
    log,
    mean_over,
    scalar,
    size,
    sqrt,
    total,
)
from funcnet.contract import parameters

DERIVATIONS = {
    f"{one.name}, {d.argument or 'topic'}": d for one in chapters() for d in one.derivations
}
n = size("n")
i, j, h = index("i", n), index("j", n), index("h", n)
x, y_bar = array("x"), array("y_bar")
every_derivation = pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=DERIVATIONS)


@every_derivation
def test_every_equals_sign_holds(derivation):
    assert len(derivation.steps) > 1
    derivation.check()


def test_ops_and_chapters_correspond():
    derived = {(one.name, d.argument) for one in chapters() for d in one.derivations if d.of_op}
    wanted = {
        (name, p.name) for name, op in OPS.items() for p in parameters(op) if p.kind == "float"
    }
    for op, argument in wanted - derived:
        pytest.fail(
            f"{op} has no derivation of {argument}_bar; add one to derivations/chapters, "
            f"in the file that is called as the one of the op"
        )
    for op, argument in derived - wanted:
        pytest.fail(
            f"the chapter of {op} derives {argument}_bar, but funcnet.ops has no such op with that "
            "argument; add the op, or make the chapter a topic"
        )


@every_derivation
def test_latex_is_balanced_and_has_no_name_of_code(derivation):
    text = derivation.latex()
    assert text.count("{") == text.count("}")
    assert len(re.findall(r"\\left\W", text)) == len(re.findall(r"\\right\W", text))
    assert text.count(r"\tag*") == len(derivation.steps)
    formulas = re.sub(r"\\tag\*{.*}", "", text.split(r"\begin{align*}")[1])
    assert not re.search(r"\w_bar|KroneckerDelta|labels|logits|probabilities|\*\*", formulas)
    assert derivation.steps[-1]._repr_latex_().startswith("$")


def test_chapters_are_found_by_op_by_name_and_by_argument():
    assert chapter(OPS["dense"]) == chapter("dense")
    assert len(chapter("dense").derivations) == 3
    assert chapter("dense", "w").derivations[0].argument == "w"
    with pytest.raises(KeyError, match=r"chapter needs one of .*sigmoid.*, got 'nope'"):
        chapter("nope")
    with pytest.raises(KeyError, match="chapter dense derives the cotangents of x, w, b, got 'z'"):
        chapter("dense", "z")


def softmax(k):
    return exp(x[k]) / total(h, exp(x[h]))


MISTAKES = {
    "a sign": (Derivative(softmax(i), x[j]), softmax(i) * (delta(i, j) + softmax(j))),
    "a missing term": (Derivative(softmax(i), x[j]), softmax(i) * delta(i, j)),
    "a factor": (Derivative(mean_over(i, x[i]), x[j]), sp.Integer(1)),
    "n - 1": (mean_over(i, x[i]), total(i, x[i]) / (n - 1)),
    "an index": (total(i, x[i] * y_bar[i]), total(i, x[i]) * y_bar[j]),
    "√x² is not x": (sqrt(x[i] ** 2), x[i]),
    "a bracket of another entry": (bracket(x[i] > 0), bracket(x[j] > 0)),
    "a maximum taken for a constant": (Derivative(Max(x[i], x[j]), x[i]), sp.Integer(0)),
    "a captured index": (total(i, x[i] * total(h, x[h])), total(i, x[i] ** 2)),
    "log(ab)": (log(x[i] * x[j]), log(x[i]) + log(x[j])),
    "a rounded constant": (sp.Rational(1, 2) * x[i], sp.Float(0.5000000001) * x[i]),
}


@pytest.mark.parametrize(("left", "right"), MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_step_is_noticed(left, right):
    with pytest.raises(UnequalError, match=r"differ by|no size"):
        require_equal(left, right, "step")


TRUTHS = {
    "√x² is |x|": (sqrt(x[i] ** 2), sp.Abs(x[i])),
    "a nested sum": (total(i, x[i] * total(h, x[h])), total(i, x[i]) ** 2),
    "log of exponentials": (log(exp(x[i]) / exp(x[j])), x[i] - x[j]),
    "split roots": (sqrt(n * total(i, x[i] ** 2)), sqrt(n) * sqrt(total(i, x[i] ** 2))),
    "the maximum": (
        Derivative(Max(x[i], x[j]), x[i]),
        bracket(x[i] > x[j]) * (1 - delta(i, j)) + delta(i, j),
    ),
}


@pytest.mark.parametrize(("left", "right"), TRUTHS.values(), ids=TRUTHS)
def test_a_right_step_is_accepted(left, right):
    require_equal(left, right, "step")


def test_a_wrong_chapter_is_noticed_with_the_place():
    @chapter_of("wrong(x)", wrt=x[j])
    def wrong():
        yield "definition", total(i, y_bar[i] * Derivative(x[i] ** 2, x[j]))
        yield "power rule", y_bar[j] * x[j]

    with pytest.raises(
        UnequalError, match=r"wrong: power rule \(sizes n=.*, entry j=1\): .*differ"
    ):
        wrong.check()


@pytest.mark.parametrize("erratum", errata(), ids=lambda erratum: erratum.title)
def test_errata(erratum):
    erratum.check()
    wrong, right = erratum.numbers()
    assert np.isfinite(wrong).all()
    assert np.isfinite(right).all()
    assert r"\text{printed}" in erratum.latex()


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.title)
def test_traps_of_floating_point(trap):
    with np.errstate(all="ignore"):
        assert not np.isfinite(trap.naive())
    assert np.isfinite(trap.ours())


def test_names_do_not_capture():
    """A name used under a sum that binds the same index as the name's own sum."""
    mean = define("mu", [i], mean_over(h, array("a")[i, h]))
    nested = total(h, mean(h))
    entry = array("a")
    require_equal(nested, total(i, mean_over(j, entry[i, j])), "renamed")
    scaled = scalar("c") * mean(j)
    assert scaled.has(entry)
