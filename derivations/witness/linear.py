"""Rules of the evaluator for triangular matrices, of which batches are worked out together."""

from typing import Any

import numpy as np

from derivations.witness.arithmetic import divided
from derivations.witness.numbers import MP, Number, Surroundings, filled, moved
from derivations.witness.rules import RULES, rule
from derivations.witness.tangents import joined, multiplied, subtracted


def _cell(x: Number, i: int, j: int) -> Number:
    return moved(lambda a: a[..., i, j], x)


def _matrix(cells: list[list[Number]]) -> Number:
    rows = [[moved(lambda a: a[..., None, None], c) for c in row] for row in cells]
    return joined([joined(row, -1) for row in rows], -2)


@rule("cholesky")
def _cholesky(around: Surroundings, _: Any, x: Number) -> Number:
    """L with L Lᵀ = x, of which the lower triangle is read: column after column."""
    n, root = x.shape[-1], RULES["sqrt"]
    blank = Number(filled(x.shape[:-2], MP.mpf(0)))
    cells = [[blank] * n for _ in range(n)]
    for j in range(n):
        for i in range(j, n):
            rest = _cell(x, i, j)
            for k in range(j):
                rest = subtracted(rest, multiplied(cells[i][k], cells[j][k]))
            cells[i][j] = root(around, None, rest) if i == j else divided(rest, cells[j][j])
    return _matrix(cells) if n else x


def _turned(x: Number) -> Number:
    return moved(lambda a: np.swapaxes(a, -1, -2), x)


@rule("triangular_solve")
def _triangular_solve(_: Surroundings, equation: Any, a: Number, b: Number) -> Number:
    """The x with a x = b, or x a = b: entry after entry, from the end that has one unknown."""
    params = equation.params
    is_left, lower = params["left_side"], params["lower"]
    if bool(params["transpose_a"]) == is_left:  # x a = b is aᵀ xᵀ = bᵀ
        a, lower = _turned(a), not lower
    b = b if is_left else _turned(b)
    n = a.shape[-1]
    rows: dict[int, Number] = {}
    for i in range(n) if lower else reversed(range(n)):
        rest = moved(lambda v, i=i: v[..., i, :], b)
        for j, known in rows.items():
            factor = moved(lambda v, i=i, j=j: v[..., i, j, None], a)
            rest = subtracted(rest, multiplied(factor, known))
        pivot = moved(lambda v, i=i: v[..., i, i, None], a)
        rows[i] = rest if params["unit_diagonal"] else divided(rest, pivot)
    stacked = [moved(lambda v: v[..., None, :], rows[i]) for i in range(n)]
    found = joined(stacked, -2) if n else b
    return found if is_left else _turned(found)
