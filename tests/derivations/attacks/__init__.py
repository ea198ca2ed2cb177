"""Rules written to deceive a prover, and right ones that look like them.

A module is a kind. It has a table FALSE of wrong rules, none of which may ever be PROVED, or a
table RIGHT of right ones, none of which may be REFUTED; `cases` says what an entry is.
"""
