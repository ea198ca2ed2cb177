"""The document."""

import pytest
from found import OPS

from derivations import Chapter, book, chapter, chapter_of
from derivations.language import derivation
from derivations.language.checking import UnequalError
from derivations.language.notation import Derivative, array, index, size, total


@pytest.mark.slow
def test_the_book_is_written_whole(tmp_path):
    path = tmp_path / "folder" / "book.tex"
    seen = []
    book.write(path, seen.append)
    text = path.read_text()
    assert text.startswith(r"\documentclass")
    assert text.rstrip().endswith(r"\end{document}")
    assert text.isascii()
    assert all(rf"\subsection{{{name.replace('_', ' ')}}}" in text for name in OPS)
    assert len(seen) == text.count(r"\subsection{") + 7
    with pytest.raises(ValueError, match=r"book needs a .tex or .pdf file"):
        book.write(tmp_path / "book.doc")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def square(factor):
    n = size("n")
    i, j, x, y_bar = index("i", n), index("j", n), array("x"), array("y_bar")

    @chapter_of("square(x)", wrt=x[j])
    def steps():
        yield "definition", total(i, y_bar[i] * Derivative(x[i] ** 2, x[j]))
        yield "power rule", total(i, y_bar[i] * Derivative(x[i] ** 2, x[j]))
        yield "the delta keeps i = j", factor * x[j] * y_bar[j]

    return Chapter("square", (steps,))


@pytest.fixture
def short(monkeypatch):
    """A book of one chapter and no errata."""

    def write(one):
        monkeypatch.setattr(book.document, "families", lambda: {"squares": (one,)})
        monkeypatch.setattr(book.document, "errata", lambda: ())
        return book.latex()

    return write


def test_steps_that_were_checked_at_small_sizes_only_are_named(short, monkeypatch):
    assert "Checked at small sizes only" not in short(square(2))
    monkeypatch.setattr(derivation, "equal", lambda *_: "unknown")
    assert square(2).check() == ("power rule", "the delta keeps i = j")
    assert "Checked at small sizes only: power rule; the delta keeps i = j." in short(square(2))


def test_no_book_has_a_wrong_step(short):
    with pytest.raises(UnequalError, match="square: the delta keeps i = j"):
        short(square(3))


def test_no_book_has_a_wrong_erratum(short, monkeypatch):
    class Wrong:
        title = "what is printed"

        def check(self):
            raise UnequalError("what is printed: the two sides differ")

        def latex(self):
            return ""

    short(chapter("dense"))
    monkeypatch.setattr(book.document, "errata", lambda: (Wrong(),))
    with pytest.raises(UnequalError, match="what is printed"):
        book.latex()
