"""Metrics of order: how well scores put positive rows before negative ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loopwright.measures.confusion import ratio
from loopwright.measures.samples import Floats, Ints
from loopwright.measures.sums import Sums

__all__ = ["average_precision", "class_rank_sums", "mean_roc_auc", "rank_sums", "roc_auc", "score_bins"]


def roc_auc(sums: Floats) -> Floats:
    """Area under the ROC curve: how often a positive row scores above a negative one, ties counting half.

    Parameters
    ----------
    sums : float64 array of shape (..., 2 * bins)
        Per score from the lowest up, the count of negative rows and of positive rows.

    Returns
    -------
    float64 array of shape (...)
        Between 0 and 1; NaN without rows of both classes.

    Examples
    --------
    >>> float(roc_auc(np.array([2.0, 0.0, 1.0, 1.0, 0.0, 1.0])))
    0.9166666666666666
    """
    negative, positive = _split(sums)
    below = np.cumsum(negative, axis=-1) - negative / 2
    pairs = negative.sum(axis=-1) * positive.sum(axis=-1)
    return ratio((positive * below).sum(axis=-1), pairs)


def average_precision(sums: Floats) -> Floats:
    """Precision at each distinct score, weighted by the share of positive rows found there.

    Parameters
    ----------
    sums : float64 array of shape (..., 2 * bins)
        Per score from the lowest up, the count of negative rows and of positive rows.

    Returns
    -------
    float64 array of shape (...)
        Between 0 and 1; NaN without positive rows.

    Examples
    --------
    >>> float(average_precision(np.array([1.0, 0.0, 0.0, 1.0])))
    1.0
    """
    negative, positive = _split(sums)
    hits = np.cumsum(positive[..., ::-1], axis=-1)
    found = hits + np.cumsum(negative[..., ::-1], axis=-1)
    precision = np.divide(hits, found, out=np.zeros_like(hits), where=found > 0)
    return ratio((positive[..., ::-1] * precision).sum(axis=-1), hits[..., -1])


def rank_sums(truth: Ints, score: Floats, *, value: Callable[[Floats], Floats], bins: int | None) -> Sums:
    """Return a rank metric as sums: two for each distinct score, or for each of ``bins`` score bins."""
    code, width = score_bins(truth, score, bins=bins)
    return Sums(columns=(2 * code + truth)[:, None], values=None, width=2 * width, value=value)


def class_rank_sums(truth: Ints, probability: Floats, *, bins: int | None) -> Sums:
    """Return the one-versus-rest mean of ROC areas as sums, each class in turn being the positive one."""
    classes = probability.shape[1]
    positive = (truth[:, None] == np.arange(classes)).astype(np.int64)
    binned = [score_bins(positive[:, k], probability[:, k], bins=bins) for k in range(classes)]
    width = max(found for _, found in binned)
    columns = np.stack([2 * (k * width + code) for k, (code, _) in enumerate(binned)], axis=1) + positive
    return Sums(columns=columns, values=None, width=2 * width * classes, value=mean_roc_auc(classes))


def mean_roc_auc(classes: int) -> Callable[[Floats], Floats]:
    """Return the function that takes sums of several classes, one after the other, to their mean ROC area."""

    def value(sums: Floats) -> Floats:
        areas = roc_auc(sums.reshape(*sums.shape[:-1], classes, -1))
        return np.asarray(areas.mean(axis=-1))

    return value


def score_bins(truth: Ints, score: Floats, *, bins: int | None) -> tuple[Ints, int]:
    """Return a number for each row's score, from the lowest up, merging neighbours beyond ``bins`` numbers.

    No merged bin holds more than about ``2 / bins`` of the positive or of the negative rows, so that rare
    positives keep their order among themselves.

    Parameters
    ----------
    truth : int64 array of shape (n_rows,)
        0 or 1.
    score : float64 array of shape (n_rows,)
    bins : int or None
        Most bins wanted; None for one per distinct score.

    Returns
    -------
    code : int64 array of shape (n_rows,)
    width : int
        Number of bins.

    Examples
    --------
    >>> score_bins(np.array([0, 1, 1]), np.array([0.1, 0.7, 0.1]), bins=None)
    (array([0, 1, 0]), 2)
    """
    distinct, code = np.unique(score, return_inverse=True)
    if bins is None or len(distinct) <= bins:
        return code.astype(np.int64), len(distinct)
    share = np.zeros(len(distinct))
    for side in (0, 1):
        found = np.bincount(code[truth == side], minlength=len(distinct))
        share += np.cumsum(found) / max(found.sum(), 1)
    merged = np.minimum(np.ceil(share / 2 * bins) - 1, bins - 1).astype(np.int64)
    return np.maximum(merged, 0)[code], bins


def _split(sums: Floats) -> tuple[Floats, Floats]:
    pairs = sums.reshape(*sums.shape[:-1], -1, 2)
    return pairs[..., 0], pairs[..., 1]
