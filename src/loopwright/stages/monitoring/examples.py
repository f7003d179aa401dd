"""Which rows of a bad window show best what is wrong with it, by prediction id."""

from __future__ import annotations

import polars as pl

from loopwright.stages.monitoring.suspicions import Suspicion
from loopwright.stages.monitoring.windows import ColumnReading, WindowReport

__all__ = ["examples_of"]


def examples_of(
    quantity: str,
    suspicion: Suspicion,
    *,
    report: WindowReport,
    frame: pl.DataFrame | None,
    refusals: pl.DataFrame | None = None,
    most: int = 5,
) -> tuple[str, ...]:
    """Return ids of rows that show what is wrong.

    Parameters
    ----------
    quantity : str
        As in ``Alert``.
    suspicion : Suspicion
        Whose own rows come first, if it has any.
    report : WindowReport
    frame : DataFrame or None
        Rows of the window that were answered; without them there are no examples.
    refusals : DataFrame, optional
        Rows of the window that were not.
    most : int, default=5
    """
    if suspicion.cause == "schema break":
        return _refused(quantity.partition(":")[2], refusals, most)
    if frame is None or frame.is_empty() or "__id" not in frame.columns:
        return ()
    if suspicion.rows:
        return tuple(frame["__id"].gather([row for row in suspicion.rows[:most] if row < frame.height]).to_list())
    badness = _badness(quantity, report, frame)
    if badness is None:
        return ()
    return tuple(frame.sort(badness, "__id", descending=[True, False])["__id"].head(most).to_list())


def _refused(field: str, refusals: pl.DataFrame | None, most: int) -> tuple[str, ...]:
    if refusals is None or refusals.is_empty():
        return ()
    about = pl.col("problems").list.eval(pl.element().str.starts_with(f"{field}:")).list.any()
    rows = refusals.filter((about if field else pl.lit(value=True)) & (pl.col("id") != ""))
    return tuple(rows.sort("received", "id")["id"].head(most).to_list())


def _badness(quantity: str, report: WindowReport, frame: pl.DataFrame) -> pl.Expr | None:
    """Return a number per row that is larger the better the row shows what is wrong; None if no row shows it."""
    kind = quantity.partition(":")[0]
    has_label = "__label" in frame.columns and "__score" in frame.columns
    if kind == "quality" and has_label:
        return _error(frame).fill_null(-1.0).fill_nan(-1.0)
    if kind == "latency" and "__latency_ms" in frame.columns:
        return pl.col("__latency_ms").fill_null(-1.0)
    if kind == "nan" and "__score" in frame.columns:
        return (pl.col("__score").is_null() | ~pl.col("__score").is_finite().fill_null(value=False)).cast(pl.Float64)
    if kind == "labels" and has_label:
        return pl.col("__label").is_null().cast(pl.Float64)
    if quantity == "drift:prediction" and report.predictions is not None and "__score" in frame.columns:
        return _oddness(report.predictions)
    return None


def _error(frame: pl.DataFrame) -> pl.Expr:
    """Return how far each answer is from its outcome."""
    has_classes = "__prediction" in frame.columns and frame["__prediction"].null_count() < frame.height
    many = has_classes and "__scores" in frame.columns and frame["__scores"].list.len().max() not in {None, 1}
    if not many:
        return (pl.col("__score") - pl.col("__label")).abs()
    place = pl.col("__label").cast(pl.Int64)
    return pl.when(place.is_not_null()).then(1 - pl.col("__scores").list.get(place, null_on_oob=True))


def _oddness(reading: ColumnReading) -> pl.Expr | None:
    """Return how far a score lies from the middle of the reference, to the side that it moved to."""
    if len(reading.quantiles) < 3 or len(reading.reference_quantiles) < 3:
        return None
    half = len(reading.quantiles) // 2
    moved = reading.quantiles[half] - reading.reference_quantiles[half]
    away = pl.col("__score").fill_null(0.0).fill_nan(0.0) - reading.reference_quantiles[half]
    return away.abs() if moved == 0 else away * (1.0 if moved > 0 else -1.0)
