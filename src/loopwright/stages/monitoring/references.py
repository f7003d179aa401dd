"""What live traffic of one model is compared with: the rows it was trained and judged on, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import CorruptStore
from loopwright.records import Charter, Evidence, Model, Schema
from loopwright.records.record import Artifact, Ref
from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.budget import Budget, budget
from loopwright.stages.monitoring.drift import backtest
from loopwright.stages.monitoring.quality import QualityReference, quality_reference
from loopwright.stages.monitoring.reference import ColumnProfile, Profile, prediction_profile, profile

__all__ = [
    "Answered", "References", "decoded_references", "encoded_references", "reference_evidence", "references", "shares",
]

_OTHERS = 5                        # traffic, errors, latency, missing numbers, labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Rows that the model was judged on, and what it says of them.

    Attributes
    ----------
    truth : float64 array of shape (n_rows,)
        Class codes or numbers.
    scores : float64 array of shape (n_rows,) or (n_rows, n_classes)
    at : Series of n_rows, or None
        When they happened.
    """

    truth: NDArray[np.float64]
    scores: NDArray[np.float64]
    at: pl.Series | None


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Everything that windows of one model's traffic are compared with.

    Attributes
    ----------
    columns : Profile
        Of the source columns that the model takes.
    prediction : ColumnProfile
    quality : QualityReference
    rows : int
        Rows that ``doors`` was counted on.
    doors : dict of str to float
        Share of the reference rows outside of the schema, by column.
    alarms : int
        How many alarms of drift the limits would have raised on the reference's own windows.
    """

    columns: Profile
    prediction: ColumnProfile
    quality: QualityReference
    rows: int
    doors: dict[str, float]
    alarms: int

    def budget(self, monitor: MonitorSettings) -> Budget:
        """Return what each thing that is watched may cost in false alarms."""
        watched = len(self.columns.columns)
        return budget(
            monitor, columns=watched, qualities=len(self.quality.metrics), doors=watched + 1, others=_OTHERS
        )


def references(
    rows: pl.DataFrame,
    answered: Answered,
    *,
    model: Model,
    charter: Charter,
    schema: Schema,
    monitor: MonitorSettings,
    at: str | None,
) -> References:
    """Describe the reference of a model.

    Parameters
    ----------
    rows : DataFrame
        All labelled rows of its dataset version, in the source's columns.
    answered : Answered
        Those of the test part.
    model : Model
    charter : Charter
    schema : Schema
    monitor : MonitorSettings
    at : str or None
        Column of moments.
    """
    watched = [item.name for item in model.inputs if item.name not in monitor.ignore and item.name != at]
    hours = monitor.window_hours
    columns = profile(
        rows, columns=watched, at=at, window_hours=hours, window_rows=monitor.min_rows, effect=monitor.effect
    )
    said = pl.Series(answered.scores) if answered.scores.ndim == 1 else _classes(answered.scores, model.classes)
    draft = References(
        columns=columns,
        prediction=prediction_profile(
            said, at=answered.at, window_hours=hours, window_rows=monitor.min_rows, effect=monitor.effect
        ),
        quality=quality_reference(
            answered.truth, answered.scores, charter=charter, threshold=model.threshold, late_days=monitor.late_days,
            rows_per_window=max(monitor.min_rows, len(answered.truth) // 8),
        ),
        rows=rows.height, doors=_doors(rows, schema, watched), alarms=0,
    )
    alarms = backtest(columns, rows, budget=draft.budget(monitor))
    return replace(draft, alarms=alarms)


def _classes(scores: NDArray[np.float64], classes: Sequence[str]) -> pl.Series:
    return pl.Series([classes[code] for code in scores.argmax(axis=1)])


def _doors(rows: pl.DataFrame, schema: Schema, watched: Sequence[str]) -> dict[str, float]:
    """Return the share of rows that the schema would flag, by column: it may tolerate some."""
    found: dict[str, float] = {}
    for column in schema.columns:
        if column.name not in watched or column.name not in rows.columns:
            continue
        value, odd = pl.col(column.name), pl.lit(value=False)
        if column.values is not None:
            odd = odd | ~value.cast(pl.String).is_in(list(column.values))
        if column.minimum is not None:
            odd = odd | (value < column.minimum)
        if column.maximum is not None:
            odd = odd | (value > column.maximum)
        found[column.name] = float(rows.select((odd & value.is_not_null()).mean()).item() or 0.0)
    return found


def shares(found: References) -> Mapping[tuple[str, str], float]:
    """Return the reference shares of what the door finds, by field and problem."""
    problems = ("above its range", "below its range", "new value")
    return {(field, problem): share for field, share in found.doors.items() for problem in problems}


def reference_evidence(found: References, *, model: Ref, artifact: Artifact, at: str) -> Evidence:
    """Return the evidence that holds a reference, and says how often it would have cried wolf."""
    skipped = "".join(f"; {item.column} is not watched: {item.reason}" for item in found.columns.skipped[:5])
    return Evidence(
        made_from=(model,), check="watch.reference", subject=model, passed=None, value=float(found.alarms),
        rows=found.rows, exhibit=artifact, at=at,
        claim=f"live traffic is compared with {found.rows:,} rows in {len(found.columns.columns)} columns; on windows "
        f"of these rows themselves the limits would have raised {found.alarms} alarms of drift{skipped}",
    )


def encoded_references(found: References) -> bytes:
    """Return a reference as JSON."""
    return msgspec.json.encode(found)


def decoded_references(content: bytes) -> References:
    """Return the reference that ``encoded_references`` wrote.

    Raises
    ------
    CorruptStore
        If the bytes are none.
    """
    try:
        return msgspec.json.decode(content, type=References)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptStore(
            f"a stored reference of the watcher cannot be read ({error}). Restore the artifact store from a backup."
        ) from error
