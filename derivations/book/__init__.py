"""The book: every chapter and erratum as one document."""

from derivations.book.document import latex, write

__all__ = ["latex", "write"]
