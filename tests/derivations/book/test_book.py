"""The document."""

import pytest
from found import OPS

from derivations import book


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
