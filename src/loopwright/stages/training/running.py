"""From rows and a configuration to a run: fit, predict, score."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import EmptySample, TrainingError, Undefined
from loopwright.measures import METRICS, best_threshold, score
from loopwright.records import Artifact, FeatureSet, LabelSet, Run
from loopwright.records.run import RunMetric
from loopwright.stages.features.matrix import matrix
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.material import Configuration, Material
from loopwright.stages.training.objective import objective
from loopwright.stages.training.persisting import to_skops
from loopwright.stages.training.pipelines import pipeline
from loopwright.stages.training.recency import recency_weights
from loopwright.stages.training.simple_answers import baseline, heuristic
from loopwright.usercode import blamed

__all__ = ["TIME", "Keep", "Part", "baseline_run", "fitted_run", "heuristic_run", "parts_of", "threshold_of"]

TIME = "__time"
"""Column of examples that says when a row happened; there only if rows are weighted by their age."""

_RECORDED = ("loopwright", "scikit-learn", "numpy", "polars")

Array = NDArray[np.float64]


class Keep(Protocol):
    """Keeps bytes as an artifact."""

    def __call__(self, content: bytes, *, name: str, media_type: str) -> Artifact:
        """Keep bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The rows of one part, as estimators take them.

    Attributes
    ----------
    rows : int64 array of shape (n_rows,)
        Their positions in the dataset version.
    inputs : DataFrame of shape (n_rows, n_features)
    truth : array of shape (n_rows,)
        Class codes (int64) or numbers (float64).
    times : Series of shape (n_rows,), or None
        When they happened, where the examples say so.
    """

    rows: NDArray[np.int64]
    inputs: pl.DataFrame
    truth: NDArray[np.int64] | Array
    times: pl.Series | None = None


def parts_of(rows: pl.DataFrame, *, features: FeatureSet, labels: LabelSet, row: str) -> dict[str, Part]:
    """Divide examples into parts, without rows that have no label.

    Parameters
    ----------
    rows : DataFrame
        Features with ``__part`` and ``__label``, and ``__time`` where ages matter.
    features : FeatureSet
    labels : LabelSet
    row : str
        Column with the position of the row.
    """
    known = rows.filter(pl.col("__label").is_not_null())
    kind = pl.Int64 if labels.classes else pl.Float64
    return {
        part: Part(
            rows=group[row].cast(pl.Int64).to_numpy(),
            inputs=matrix(group, features.features),
            truth=group["__label"].cast(kind).to_numpy(),
            times=group[TIME] if TIME in group.columns else None,
        )
        for part in ("train", "validation", "test")
        for group in [known.filter(pl.col("__part") == part)]
    }


def fitted_run(rows: pl.DataFrame, *, name: str, of: Material, by: Configuration, keep: Keep, row: str) -> Run:
    """Fit a configuration on the training part and score it.

    A trial sees the validation part only; a final fit and a baseline predict the test part too, for the
    evaluation to judge. If the material has a half-life, the rows must have ``__time``; the weights enter the fit of
    trials and of the final model, never that of a baseline, and scores count all rows the same.

    Raises
    ------
    TrainingError
        If a final fit or a baseline fails; of a trial the run says so.
    """
    start = time.perf_counter()
    parts = parts_of(rows, features=of.features, labels=of.labels, row=row)
    try:
        model = pipeline(
            by.estimator,
            by.params,
            features=of.features.features,
            frame=parts["train"].inputs,
            task=of.charter.task,
            seed=by.seed,
        )
        weights = _weights(parts["train"], half_life_days=_half_life(of, by))
        fitted = fit(
            model, parts["train"].inputs, parts["train"].truth, classes=len(of.labels.classes), weights=weights
        )
        seen = ("train", "validation") if by.role == "trial" else ("train", "validation", "test")
        predicted = {part: predict(model, parts[part].inputs, task=of.charter.task) for part in seen}
    except TrainingError as error:
        if by.role != "trial":
            raise
        return _run(name, of, by, failed=str(error), seconds=time.perf_counter() - start)
    kept = None
    if by.role != "trial":
        kept = keep(to_skops(model), name="pipeline.skops", media_type="application/octet-stream")
    return _scored_run(name, of, by, predicted, parts, keep=keep, start=start, pipeline=kept, notes=fitted.notes)


def baseline_run(rows: pl.DataFrame, *, name: str, of: Material, seed: int, keep: Keep, row: str) -> Run:
    """Score one of the baselines that look at no feature: ``random``, ``majority``, ``mean`` or ``median``."""
    start = time.perf_counter()
    parts = parts_of(rows, features=of.features, labels=of.labels, row=row)
    predicted = {
        part: baseline(
            name,
            parts["train"].truth,
            rows=len(parts[part].rows),
            task=of.charter.task,
            classes=len(of.labels.classes),
            seed=seed,
        )
        for part in ("train", "validation", "test")
    }
    by = Configuration(role="baseline", estimator=name, params={}, seed=seed)
    return _scored_run(name, of, by, predicted, parts, keep=keep, start=start)


def heuristic_run(
    rows: pl.DataFrame,
    source: pl.DataFrame,
    rule: Callable[..., object],
    *,
    name: str,
    file: str,
    of: Material,
    keep: Keep,
    row: str,
) -> Run:
    """Score the user's rule, which sees source columns as features do: as expressions named by its parameters.

    Raises
    ------
    UserCodeError, UnknownColumn
    """
    start = time.perf_counter()
    parts = parts_of(rows, features=of.features, labels=of.labels, row=row)
    with blamed(file, name.removeprefix("heuristic "), doing="the rule was applied"):
        said = _apply(rule, source)
    predicted = {
        part: heuristic(said[parts[part].rows], task=of.charter.task, classes=of.labels.classes)
        for part in ("train", "validation", "test")
    }
    by = Configuration(
        role="baseline", estimator=f"{file.removesuffix('.py')}:{name.rsplit(maxsplit=1)[-1]}", params={}, seed=0
    )
    return _scored_run(name, of, by, predicted, parts, keep=keep, start=start)


def threshold_of(wanted: float | str, truth: NDArray[np.int64], probability: Array) -> float:
    """Return the charter's threshold: a probability as it stands, or the best one for a metric on these rows."""
    if isinstance(wanted, str):
        return best_threshold(truth, probability, maximise=wanted)
    return float(wanted)


def _half_life(of: Material, by: Configuration) -> float | None:
    """Return the material's half-life; what is to be beaten does without."""
    return None if by.role == "baseline" else of.half_life_days


def _weights(train: Part, *, half_life_days: float | None) -> Array | None:
    if half_life_days is None:
        return None
    if train.times is None:
        raise TrainingError(
            "rows are to be weighted by their age, but it is not known when they happened. Name the column that says "
            'so as time under [data], or take "weighted" out of `data` under [retraining].'
        )
    return recency_weights(train.times, half_life_days=half_life_days)


def _apply(rule: Callable[..., object], source: pl.DataFrame) -> pl.Series:
    import inspect

    from loopwright.errors import UnknownColumn, UserCodeError

    columns = tuple(inspect.signature(rule).parameters)
    for column in columns:
        if column not in source.columns:
            raise UnknownColumn(column, known=source.columns, where=f"the rule `{rule.__name__}`")
    made = rule(*(pl.col(column) for column in columns))
    if not isinstance(made, pl.Expr):
        raise UserCodeError(f"the rule `{rule.__name__}` returned {type(made).__name__}, not a Polars expression.")
    return source.select(made.alias("said")).to_series()


def _scored_run(
    name: str,
    of: Material,
    by: Configuration,
    predicted: Mapping[str, Array],
    parts: Mapping[str, Part],
    *,
    keep: Keep,
    start: float,
    pipeline: Artifact | None = None,
    notes: tuple[str, ...] = (),
) -> Run:
    threshold = None
    if of.charter.task == "binary":
        truth = parts["validation"].truth.astype(np.int64)
        threshold = threshold_of(of.charter.threshold, truth, predicted["validation"])
    # The test part is for the evaluation alone; a run is compared with others on the validation part.
    metrics = tuple(
        metric
        for part in ("train", "validation")
        for metric in _metrics(parts[part].truth, predicted[part], part=part, of=of, threshold=threshold)
    )
    measured = {metric.metric: metric.value for metric in metrics if metric.part == "validation"}
    predictions = None
    if by.role != "trial":
        content = _parquet([(part, parts[part], predicted[part]) for part in ("validation", "test")])
        predictions = keep(content, name="predictions.parquet", media_type="application/vnd.apache.parquet")
    return _run(
        name,
        of,
        by,
        metrics=metrics,
        objective=objective(measured, of.charter.optimize),
        threshold=threshold,
        pipeline=pipeline,
        predictions=predictions,
        notes=notes,
        seconds=time.perf_counter() - start,
    )


def _run(
    name: str,
    of: Material,
    by: Configuration,
    *,
    seconds: float,
    metrics: tuple[RunMetric, ...] = (),
    objective: float | None = None,
    threshold: float | None = None,
    pipeline: Artifact | None = None,
    predictions: Artifact | None = None,
    failed: str | None = None,
    notes: tuple[str, ...] = (),
) -> Run:
    return Run(
        made_from=of.refs,
        name=name,
        role=by.role,
        estimator=by.estimator,
        params=by.params,
        seed=by.seed,
        metrics=metrics,
        objective=objective,
        failed=failed,
        round=by.round,
        threshold=threshold,
        half_life_days=_half_life(of, by),
        search={key: by.params[key] for key in by.searched if key in by.params},
        libraries={library: metadata.version(library) for library in _RECORDED},
        pipeline=pipeline,
        predictions=predictions,
        notes=notes,
        seconds=seconds,
    )


def _metrics(
    truth: NDArray[np.int64] | Array, predicted: Array, *, part: str, of: Material, threshold: float | None
) -> list[RunMetric]:
    """Return every metric of the task that has a value on these rows."""
    found = []
    for name, metric in METRICS.items():
        if of.charter.task not in metric.tasks:
            continue
        try:
            value = score(
                name, truth, predicted, task=of.charter.task, threshold=0.5 if threshold is None else threshold
            )
        except (Undefined, EmptySample):
            if name in of.charter.optimize:
                raise
            continue  # Not every metric has a value on every set of rows; what is missing from the list was undefined.
        found.append(RunMetric(metric=name, part=part, value=float(value)))
    return found


def _parquet(predicted: Sequence[tuple[str, Part, Array]]) -> bytes:
    """Return predictions as Parquet: __row, part, label, and one column per class or one prediction."""
    frames = []
    for name, part, values in predicted:
        columns = {"__row": part.rows, "part": [name] * len(part.rows), "label": part.truth.astype(np.float64)}
        if values.ndim == 1:
            columns["prediction"] = values
        else:
            columns |= {f"prediction_{code}": values[:, code] for code in range(values.shape[1])}
        frames.append(pl.DataFrame(columns))
    buffer = io.BytesIO()
    pl.concat(frames).write_parquet(buffer)
    return buffer.getvalue()
