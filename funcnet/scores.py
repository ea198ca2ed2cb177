"""How good predictions are: accuracy, F1, confusion, R²."""

import math
from typing import NamedTuple

import numpy as np


class ClassScores(NamedTuple):
    """Confusion (true, predicted); precision, recall and F1 of each class; accuracy and mean F1."""

    confusion: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    accuracy: float
    mean_f1: float


class ValueScores(NamedTuple):
    """R², the share of the variance explained; root of the mean squared and mean absolute error."""

    r2: float
    root_mean_square: float
    mean_absolute: float


def class_scores(labels: np.ndarray, predicted: np.ndarray, count: int) -> ClassScores:
    """Scores of class numbers (n) against the true ones (n).

    A class that nobody predicts has precision 0, and one that does not occur recall 0.
    """
    confusion = np.zeros((count, count), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    right = np.diag(confusion)
    precision = right / np.maximum(confusion.sum(axis=0), 1)
    recall = right / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * right / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    present = confusion.sum(axis=0) + confusion.sum(axis=1) > 0
    accuracy = float(right.sum() / len(labels))
    return ClassScores(confusion, precision, recall, f1, accuracy, float(f1[present].mean()))


def value_scores(targets: np.ndarray, predicted: np.ndarray) -> ValueScores:
    """Scores of values (n) against the true ones (n); R² is nan where these are all alike."""
    residual = predicted.astype(float) - targets
    spread = float(((targets - targets.mean()) ** 2).mean())
    square = float((residual**2).mean())
    r2 = 1 - square / spread if spread > 0 else math.nan
    return ValueScores(r2, math.sqrt(square), float(np.abs(residual).mean()))
