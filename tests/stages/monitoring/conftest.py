"""Windows of the simulated city as watching hands them on, with readings made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from loopwright.datasets import simulated_city
from loopwright.measures.distances import minimum_effect_test
from loopwright.records import Ref
from loopwright.stages.monitoring.windows import (
    ColumnReading,
    DoorReading,
    Histogram,
    QualityReading,
    TrafficReading,
    WindowReport,
)

COLUMNS = ("fare", "trip_miles", "trip_seconds", "payment_type", "company")
ACCEPTED = 0.1


@dataclass(frozen=True)
class Watched:
    """A reference, and what windows look like against it."""

    city: ModuleType
    reference: pl.DataFrame
    deployment: Ref = Ref(kind="deployment", digest="d" * 64)

    def week(self, start: date = date(2014, 11, 3), *, per_day: float = 80) -> pl.DataFrame:
        """Return the live rows of seven healthy days."""
        trips = self.city.City(3).trips(start, start + timedelta(days=7), per_day=per_day)
        return live(trips.drop("tips", "driver_name"), label=trips["tips"] > 0.2 * trips["fare"])

    def reading(self, column: str, frame: pl.DataFrame, *, alarmed: bool | None = None) -> ColumnReading:
        return reading(column, frame, self.reference, alarmed=alarmed)

    def readings(self, frame: pl.DataFrame) -> tuple[ColumnReading, ...]:
        return tuple(self.reading(column, frame) for column in COLUMNS)

    def report(
        self, frame: pl.DataFrame, *, week: int = 0, qualities: Sequence[QualityReading] = (),
        doors: Sequence[DoorReading] = (), traffic: TrafficReading | None = None, predictions: float | None = None,
        model: str = "m" * 64,
    ) -> WindowReport:
        """Return the report of a week; ``predictions`` is the effect of their drift."""
        start = datetime(2015, 9, 7) + timedelta(weeks=week)
        columns = self.readings(frame) if frame.height else ()
        return WindowReport(
            start=start.isoformat(), end=(start + timedelta(weeks=1)).isoformat(),
            deployment=self.deployment.digest if frame.height else "", model=model, rows=frame.height, columns=columns,
            predictions=None if predictions is None else drift("prediction", predictions), qualities=tuple(qualities),
            traffic=traffic or served(frame.height), doors=tuple(doors),
        )


def live(trips: pl.DataFrame, *, label: pl.Series) -> pl.DataFrame:
    number = np.arange(trips.height)
    return trips.with_columns(
        pl.Series("__id", [f"trip {place:05d}" for place in number]), pl.col("trip_start").alias("__at"),
        pl.col("trip_start").alias("__received"), pl.lit("app").alias("__consumer"),
        pl.Series("__score", (number % 10) / 10), pl.lit(None, pl.String).alias("__prediction"),
        pl.Series("__scores", [[place / 10] for place in number % 10]), pl.lit(5.0).alias("__latency_ms"),
        pl.Series("__flags", [[] for _ in number], dtype=pl.List(pl.String)), label.cast(pl.Float64).alias("__label"),
    )


def reading(
    column: str, frame: pl.DataFrame, reference: pl.DataFrame, *, alarmed: bool | None = None
) -> ColumnReading:
    """Return what a reader would say of a column: its histogram, its effect, and whether that is too much."""
    before, now = reference[column], frame[column]
    kind = "numeric" if before.dtype.is_numeric() else "categorical"
    histogram = _numbers(before, now) if kind == "numeric" else _values(before, now)
    effect = minimum_effect_test(histogram.reference, histogram.current).effect
    known, seen = before.drop_nulls().unique(), now.drop_nulls().unique()
    points = (0.05, 0.25, 0.5, 0.75, 0.95)
    is_number = kind == "numeric" and now.null_count() < now.len()
    return ColumnReading(
        column=column, kind=kind, rows=now.len(), effect=effect, accepted=ACCEPTED, p_value=0.5, evidence=0.0,
        limit=1000.0, alarmed=effect > ACCEPTED if alarmed is None else alarmed,
        missing=now.null_count() / now.len(), reference_missing=before.null_count() / before.len(),
        quantiles=tuple(float(now.quantile(p)) for p in points) if is_number else (),
        reference_quantiles=tuple(float(before.quantile(p)) for p in points) if is_number else (),
        new_values=() if kind == "numeric" else tuple(seen.filter(~seen.is_in(known.implode())).sort()[:10]),
        lost_values=(), histogram=histogram,
    )


def _numbers(before: pl.Series, now: pl.Series) -> Histogram:
    cuts = np.unique(np.quantile(before.drop_nulls().to_numpy(), np.arange(1, 10) / 10))
    sides = [
        [*np.bincount(np.searchsorted(cuts, side.drop_nulls().to_numpy()), minlength=cuts.size + 1), side.null_count()]
        for side in (before, now)
    ]
    labels = [f"bin {place}" for place in range(cuts.size + 1)] + ["(missing)"]
    return Histogram(labels=tuple(labels), reference=tuple(map(int, sides[0])), current=tuple(map(int, sides[1])))


def _values(before: pl.Series, now: pl.Series) -> Histogram:
    known = before.drop_nulls().unique().sort().to_list()
    sides = [
        [*((side == value).sum() for value in known), side.null_count(), (~side.drop_nulls().is_in(known)).sum()]
        for side in (before, now)
    ]
    return Histogram(
        labels=(*known, "(missing)", "(new)"), reference=tuple(map(int, sides[0])), current=tuple(map(int, sides[1]))
    )


def drift(column: str, effect: float, *, accepted: float = ACCEPTED) -> ColumnReading:
    """Return a numeric reading that says only how far a column moved."""
    return ColumnReading(
        column=column, kind="numeric", rows=500, effect=effect, accepted=accepted, p_value=0.5, evidence=0.0,
        limit=1000.0, alarmed=effect > accepted, missing=0.0, reference_missing=0.0, quantiles=(1, 2, 3, 4, 6),
        reference_quantiles=(1, 2, 2.5, 3, 4), new_values=(), lost_values=(),
        histogram=Histogram(labels=("low", "high"), reference=(500, 500), current=(200, 300)),
    )


def quality(value: float | None = 0.8, *, metric: str = "roc_auc", **changes: object) -> QualityReading:
    """Return the reading of a quality that was 0.8 and may not fall below 0.75."""
    healthy = QualityReading(
        metric=metric, value=value, low=None if value is None else value - 0.02,
        high=None if value is None else value + 0.02, rows=0 if value is None else 400,
        pending=400 if value is None else 0, mature=value is not None, estimate=None, estimate_low=None,
        estimate_high=None, reference=0.8, limit=0.75, p_value=None, evidence=0.0, evidence_limit=1000.0,
        alarmed=value is not None and value < 0.75,
    )
    return replace(healthy, **changes)


def door(
    field: str, problem: str, *, rows: int, of: int = 500, refused: int = 0, examples: Sequence[str] = ()
) -> DoorReading:
    return DoorReading(
        field=field, problem=problem, rows=rows, share=rows / of, reference=0.0, p_value=0.0, alarmed=True,
        refused=refused, examples=tuple(examples),
    )


def served(rows: int, **changes: object) -> TrafficReading:
    healthy = TrafficReading(
        rows=rows, refused=0, failed=0, expected_low=100.0, expected_high=9_999.0, odd=0, latency_p50_ms=2.0,
        latency_p99_ms=9.0, over_limit=0, latency_limit_ms=20.0, labels_due=0, labels_come=0, alarmed=(), p_values={},
    )
    return replace(healthy, **changes)


@pytest.fixture(scope="session")
def watched() -> Watched:
    """Return a year of the simulated city as a reference."""
    module = simulated_city()
    trips = module.City(0).trips(date(2013, 7, 1), date(2014, 7, 1), per_day=30)
    return Watched(city=module, reference=trips.drop("tips", "driver_name"))


@pytest.fixture(scope="session")
def makes() -> ModuleType:
    """Return the makers of readings: ``drift``, ``quality``, ``door``, ``served``."""
    found = ModuleType("makes")
    for maker in (drift, quality, door, served):
        setattr(found, maker.__name__, maker)
    return found
