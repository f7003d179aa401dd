"""All that is found out about a registered model on the test part, as evidence."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import EmptySample, Undefined
from loopwright.records import Artifact, Evidence, Model
from loopwright.stages.evaluation.ageing import aged
from loopwright.stages.evaluation.comparing import compared
from loopwright.stages.evaluation.exhibits import ImportanceBars, encode_exhibit, exhibits_of
from loopwright.stages.evaluation.explaining import explained
from loopwright.stages.evaluation.importance import importance, importance_evidence
from loopwright.stages.evaluation.metrics import metric_evidence
from loopwright.stages.registry.applying import Applied
from loopwright.stages.training.running import Keep, Part, parts_of

if TYPE_CHECKING:
    from loopwright.stages.training import Material

__all__ = ["Subject", "evaluated", "most_telling", "predictions_in"]

_TOLERANCE = 1e-4  # the parity gate's
_MOST_MEASURED = 200  # features whose importance is measured: each takes five more predictions of the part
_MOST_CELLS = 100_000  # measured features times all features: predicting from thousands of columns takes its time


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The model that is judged."""

    model: Model
    applied: Applied


def evaluated(
    subject: Subject,
    rows: pl.DataFrame,
    source: pl.DataFrame,
    *,
    of: Material,
    final: bytes,
    baselines: Mapping[str, bytes],
    rival: Applied | None,
    keep: Keep,
    row: str,
    at: str,
) -> tuple[Evidence, ...]:
    """Judge a model on the test part.

    Parameters
    ----------
    subject : Subject
    rows : DataFrame
        Examples.
    source : DataFrame
        The source rows in order; the model is applied to these, from raw columns on.
    of : Material
    final : bytes
        Predictions of the fit in memory, as Parquet; the registered model must say the same.
    baselines : mapping of str to bytes
        Predictions of the baselines, as Parquet.
    rival : Applied or None
        The champion.
    keep : Keep
    row, at : str
    """
    parts = parts_of(rows, features=of.features, labels=of.labels, row=row)
    test, charter, ref = parts["test"], of.charter, subject.model.ref
    there = source[test.rows]
    said = subject.applied.predict(there)
    others = {name: predictions_in(content, "test") for name, content in baselines.items()}
    if rival is not None:
        others["champion"] = rival.predict(there)
    threshold = subject.model.threshold
    slices = {name: there[name] for name in charter.slices if name in there.columns}
    return (
        *metric_evidence(
            test.truth, said, subject=ref, charter=charter, part="test", threshold=threshold, slices=slices, at=at
        ),
        *compared(test.truth, said, others, subject=ref, charter=charter, part="test", threshold=threshold, at=at),
        *_importances(subject, test, of, keep=keep, at=at),
        *_pictures(subject, test, said, of, keep=keep, at=at),
        _end_to_end(subject, said, predictions_in(final, "test"), at=at),
        explained(subject.applied, there, features=of.features, at=at),
        *aged(parts, source, subject.applied, of=of, at=at),
    )


def predictions_in(content: bytes, part: str) -> NDArray[np.float64]:
    """Return the predictions that a run kept for a part."""
    frame = pl.read_parquet(io.BytesIO(content)).filter(pl.col("part") == part)
    if "prediction" in frame.columns:
        return frame["prediction"].to_numpy()
    columns = [name for name in frame.columns if name.startswith("prediction_")]
    return frame.select(columns).to_numpy()


def _importances(subject: Subject, test: Part, of: Material, *, keep: Keep, at: str) -> tuple[Evidence, ...]:
    most = max(10, min(_MOST_MEASURED, _MOST_CELLS // test.inputs.width))
    names = most_telling(test.inputs, test.truth, most=most)
    try:
        found = importance(
            subject.applied.scorer.predict,
            test.inputs,
            names,
            test.truth,
            charter=of.charter,
            threshold=subject.model.threshold,
        )
    except (Undefined, EmptySample) as error:
        claim = f"what each feature adds cannot be known: {error}"
        return (
            Evidence(
                made_from=(subject.model.ref,),
                check="importance",
                subject=subject.model.ref,
                claim=claim,
                passed=None,
                at=at,
            ),
        )
    ranked = tuple(sorted(found, key=lambda item: -item.mean))
    bars = ImportanceBars(metric=next(iter(of.charter.optimize)), features=ranked)
    picture = _picture("importance", encode_exhibit(bars), subject, keep=keep, at=at)
    return (*importance_evidence(found, subject=subject.model.ref, charter=of.charter, part="test", at=at), picture)


def most_telling(inputs: pl.DataFrame, truth: NDArray[np.int64] | NDArray[np.float64], *, most: int) -> list[str]:
    """Return the columns to measure one by one: all, or of very many those that move most with the label.

    Parameters
    ----------
    inputs : DataFrame of shape (n_rows, n_features)
    truth : array of shape (n_rows,)
    most : int
        So many at the most; text columns come first, and numbers by their correlation with the label.

    Examples
    --------
    >>> rows = pl.DataFrame({"noise": [1.0, 1.0, 2.0, 2.0], "signal": [0.0, 1.0, 0.0, 1.0]})
    >>> most_telling(rows, np.array([0, 1, 0, 1]), most=1)
    ['signal']
    """
    if inputs.width <= most:
        return inputs.columns
    text = [name for name, kind in inputs.schema.items() if kind == pl.String]
    numbers = inputs.drop(text)
    values = np.nan_to_num(numbers.to_numpy().astype(np.float64))
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    covariance = np.abs((truth - truth.mean()) @ centred)
    strength = np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 0)
    return [*text, *(numbers.columns[place] for place in np.argsort(-strength))][:most]


def _pictures(
    subject: Subject, test: Part, said: NDArray[np.float64], of: Material, *, keep: Keep, at: str
) -> tuple[Evidence, ...]:
    found = exhibits_of(
        test.truth, said, task=of.charter.task, classes=of.labels.classes, threshold=subject.model.threshold
    )
    return tuple(_picture(each.kind, encode_exhibit(each), subject, keep=keep, at=at) for each in found)


def _picture(kind: str, content: bytes, subject: Subject, *, keep: Keep, at: str) -> Evidence:
    exhibit: Artifact = keep(content, name=f"{kind}.json", media_type="application/json")
    return Evidence(
        made_from=(subject.model.ref,),
        check=f"exhibit.{kind}",
        subject=subject.model.ref,
        passed=None,
        part="test",
        claim=f"what the {kind.replace('_', ' ')} picture of the test part shows",
        exhibit=exhibit,
        at=at,
    )


def _end_to_end(subject: Subject, said: NDArray[np.float64], before: NDArray[np.float64], *, at: str) -> Evidence:
    """Compare what the registered model says of raw rows with what the fit said of the stored features."""
    largest = float(np.abs(said - before).max(initial=0.0))
    # A value is judged by its size, a probability as it is.
    scale = max(1.0, float(np.abs(before).max(initial=0.0))) if subject.model.task == "regression" else 1.0
    passed = largest <= _TOLERANCE * scale
    claim = (
        f"from raw rows through its own copy of the feature code, the registered model says of {len(said)} rows "
        + (
            "what the fit in training said"
            if passed
            else f"something else than the fit in training, by up to {largest:.3g}"
        )
        + f" (largest difference {largest:.2g})"
    )
    return Evidence(
        made_from=(subject.model.ref,),
        check="pipeline.end_to_end",
        subject=subject.model.ref,
        claim=claim,
        passed=passed,
        value=largest,
        limit=f"<= {_TOLERANCE * scale:g}",
        rows=len(said),
        part="test",
        at=at,
    )
