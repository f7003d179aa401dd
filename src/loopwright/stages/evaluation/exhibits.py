"""The numbers behind the pictures of a model card, small enough to keep as JSON beside the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from loopwright.errors import CorruptStore, Undefined
from loopwright.measures.calibration import Reliability, reliability
from loopwright.measures.confusion import confusion_matrix
from loopwright.measures.curves import PrecisionRecallCurve, RocCurve, precision_recall_curve, roc_curve
from loopwright.measures.samples import Floats, Ints, Task, checked
from loopwright.stages.evaluation.importance import FeatureImportance

__all__ = [
    "Confusion",
    "Counts",
    "Exhibit",
    "ImportanceBars",
    "PrecisionRecall",
    "ReliabilityDiagram",
    "Residuals",
    "Roc",
    "ScoreHistogram",
    "confusion",
    "decode_exhibit",
    "encode_exhibit",
    "exhibits_of",
    "residuals",
    "score_histogram",
]

_BINS = 20                        # of 0.05 each, for probabilities
_DOTS = 400                       # of a scatter plot: more hide each other
_BANDS = 10                       # tenths of the rows by prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Roc:
    """The ROC curve of a binary model."""

    curve: RocCurve
    kind: Literal["roc"] = "roc"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionRecall:
    """The precision-recall curve of a binary model, and the share of positive rows to read it against."""

    curve: PrecisionRecallCurve
    positive_share: float
    kind: Literal["precision_recall"] = "precision_recall"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityDiagram:
    """What a binary model predicted and what happened, by bins of the prediction."""

    bins: Reliability
    kind: Literal["reliability"] = "reliability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Rows by true class (outer) and the class that the model decides for (inner)."""

    classes: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    kind: Literal["confusion"] = "confusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows per bin of a histogram."""

    name: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreHistogram:
    """How sure the model is.

    For two classes: the probability of the positive one, by true class. For several: the probability of the
    class that the model decides for, by whether it is right.
    """

    edges: tuple[float, ...]
    series: tuple[Counts, ...]
    kind: Literal["score_histogram"] = "score_histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Errors of a regression (prediction minus truth) along the predicted value.

    Attributes
    ----------
    predicted, residual : tuple of float
        A random sample of at most 400 rows.
    band_predicted : tuple of float
        Mean prediction of each tenth of all rows, by prediction; fewer of fewer than ten rows.
    band_low, band_middle, band_high : tuple of float
        Of the residuals in each tenth: the value below which 10 %, 50 % and 90 % lie.
    """

    predicted: tuple[float, ...]
    residual: tuple[float, ...]
    band_predicted: tuple[float, ...]
    band_low: tuple[float, ...]
    band_middle: tuple[float, ...]
    band_high: tuple[float, ...]
    kind: Literal["residuals"] = "residuals"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportanceBars:
    """What each feature adds to the optimized metric, the largest first."""

    metric: str
    features: tuple[FeatureImportance, ...]
    kind: Literal["importance"] = "importance"


Exhibit: TypeAlias = (
    Roc | PrecisionRecall | ReliabilityDiagram | Confusion | ScoreHistogram | Residuals | ImportanceBars
)

_KINDS: dict[str, type[Exhibit]] = {
    "confusion": Confusion,
    "importance": ImportanceBars,
    "precision_recall": PrecisionRecall,
    "reliability": ReliabilityDiagram,
    "residuals": Residuals,
    "roc": Roc,
    "score_histogram": ScoreHistogram,
}


class _Kind(msgspec.Struct):
    kind: str


def encode_exhibit(exhibit: Exhibit) -> bytes:
    """Return an exhibit as JSON; equal exhibits give equal bytes."""
    return msgspec.json.encode(exhibit, order="deterministic")


def decode_exhibit(body: bytes) -> Exhibit:
    """Return the exhibit that `encode_exhibit` wrote.

    Raises
    ------
    CorruptStore
        If the bytes are no exhibit.

    Examples
    --------
    >>> matrix = confusion(np.array([0, 1]), np.array([0.2, 0.9]), task="binary", classes=("no", "yes"))
    >>> decode_exhibit(encode_exhibit(matrix)) == matrix
    True
    """
    try:
        found = _KINDS[msgspec.json.decode(body, type=_Kind).kind]
        return msgspec.json.decode(body, type=found)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
        raise CorruptStore(
            f"an exhibit cannot be read ({error!r}). Run the evaluation again to draw it anew."
        ) from error


def exhibits_of(
    truth: Ints | Floats,
    prediction: Floats,
    *,
    task: Task,
    classes: Sequence[str] = (),
    threshold: float | None = None,
) -> tuple[Exhibit, ...]:
    """Return what can be shown of predictions; curves that have no value on these rows are left out.

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes (int), or true values (float).
    prediction : float64 array of shape (n_rows,), or (n_rows, n_classes) for several classes
        Probability of class 1, probabilities of all classes, or predicted values.
    task : {"binary", "multiclass", "regression"}
    classes : sequence of str
        Names of the classes in the order of their codes; not needed for regression.
    threshold : float, optional
        Probability from which a binary row is called positive; 0.5 if not given.

    Raises
    ------
    EmptySample, DataError
        If there are no rows, or the arrays are not as described.

    Examples
    --------
    >>> [each.kind for each in exhibits_of(np.array([1.0, 2.0]), np.array([1.5, 2.5]), task="regression")]
    ['residuals']
    """
    if task == "regression":
        return (residuals(truth, prediction),)
    matrix = confusion(truth, prediction, task=task, classes=classes, threshold=threshold)
    histogram = score_histogram(truth, prediction, task=task, classes=classes)
    if task == "multiclass":
        return matrix, histogram
    diagram = ReliabilityDiagram(bins=reliability(truth, prediction))
    return *_curves(truth, prediction), diagram, matrix, histogram


def _curves(truth: Ints | Floats, probability: Floats) -> list[Exhibit]:
    drawn: list[Exhibit] = []
    try:
        drawn.append(Roc(curve=roc_curve(truth, probability)))
        curve = precision_recall_curve(truth, probability)
    except Undefined:             # one class only: there is nothing to draw
        return drawn
    return [*drawn, PrecisionRecall(curve=curve, positive_share=float(truth.mean()))]


def confusion(
    truth: Ints | Floats,
    prediction: Floats,
    *,
    task: Task,
    classes: Sequence[str],
    threshold: float | None = None,
) -> Confusion:
    """Count rows by true and decided class; parameters as for `exhibits_of`.

    Examples
    --------
    >>> confusion(np.array([0, 1]), np.array([0.7, 0.9]), task="binary", classes=("no", "yes")).rows
    ((0, 1), (0, 1))
    """
    codes, predicted = checked(truth, prediction, task=task)
    limit = 0.5 if threshold is None else threshold
    decided = (predicted >= limit).astype(np.int64) if task == "binary" else predicted.argmax(axis=1)
    matrix = confusion_matrix(codes, decided, classes=len(classes))
    return Confusion(classes=tuple(classes), rows=tuple(tuple(row) for row in matrix.tolist()))


def score_histogram(
    truth: Ints | Floats, prediction: Floats, *, task: Task, classes: Sequence[str]
) -> ScoreHistogram:
    """Count rows by how sure the model is; parameters as for `exhibits_of`.

    Examples
    --------
    >>> truth, probability = np.array([0, 1]), np.array([0.02, 0.99])
    >>> found = score_histogram(truth, probability, task="binary", classes=("no", "yes"))
    >>> [(each.name, each.rows[0], each.rows[-1]) for each in found.series]
    [('no', 1, 0), ('yes', 0, 1)]
    """
    codes, predicted = checked(truth, prediction, task=task)
    edges = np.linspace(0, 1, _BINS + 1)
    if task == "binary":
        groups = {name: predicted[codes == code] for code, name in enumerate(classes)}
    else:
        right = predicted.argmax(axis=1) == codes
        groups = {"right": predicted.max(axis=1)[right], "wrong": predicted.max(axis=1)[~right]}
    return ScoreHistogram(
        edges=tuple(edges.round(4).tolist()),
        series=tuple(
            Counts(name=name, rows=tuple(np.histogram(scores, bins=edges)[0].tolist()))
            for name, scores in groups.items()
        ),
    )


def residuals(truth: Ints | Floats, prediction: Floats) -> Residuals:
    """Return the errors of a regression along the prediction.

    Parameters
    ----------
    truth, prediction : arrays of shape (n_rows,)

    Examples
    --------
    >>> residuals(np.array([1.0, 2.0]), np.array([1.5, 2.0])).residual
    (0.5, 0.0)
    """
    known, predicted = checked(truth, prediction, task="regression")
    errors = predicted - known
    shown = np.sort(np.random.default_rng(0).permutation(len(errors))[:_DOTS])
    bands = np.array_split(np.argsort(predicted, kind="stable"), min(_BANDS, len(errors)))
    low, middle, high = np.array([np.quantile(errors[band], (0.1, 0.5, 0.9)) for band in bands]).T
    return Residuals(
        predicted=tuple(predicted[shown].tolist()),
        residual=tuple(errors[shown].tolist()),
        band_predicted=tuple(float(predicted[band].mean()) for band in bands),
        band_low=tuple(low.tolist()),
        band_middle=tuple(middle.tolist()),
        band_high=tuple(high.tolist()),
    )
