"""How far the columns of one window are from the reference, and whether that is an alarm."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from loopwright.measures.detectors import Detection, detect
from loopwright.stages.monitoring.budget import Allowance, Budget
from loopwright.stages.monitoring.reference import ColumnProfile, Counted, Profile, counted, own_windows, quantiles_of
from loopwright.stages.monitoring.verdicts import Verdict, verdict
from loopwright.stages.monitoring.windows import ColumnReading, Histogram

__all__ = ["backtest", "read_columns", "read_prediction"]

_MOST_NAMED = 10
_FREQUENT = 0.01
# So many rows of a lost value must have been expected that their absence is no chance (once in a thousand).
_LEAST_EXPECTED = 7.0


def read_columns(
    found: Profile, frame: pl.DataFrame, *, budget: Budget, previous: Sequence[ColumnReading] = ()
) -> tuple[ColumnReading, ...]:
    """Compare the source columns of one window with the reference.

    Parameters
    ----------
    found : Profile
    frame : DataFrame of n_rows
        Live rows of the window; a column that is not there counts as missing in every row.
    budget : Budget
    previous : sequence of ColumnReading, default=()
        Of the window before, if it was compared with the same reference: detectors go on from there.

    Returns
    -------
    tuple of ColumnReading
        In the order of the profile. A window with fewer than 20 rows says nothing and raises no alarm.

    Examples
    --------
    >>> from loopwright.settings import MonitorSettings
    >>> from loopwright.stages.monitoring.budget import budget
    >>> from loopwright.stages.monitoring.reference import profile
    >>> rows = pl.DataFrame({"paid": ["Cash", "Card"] * 500})
    >>> found = profile(rows, columns=["paid"], at=None, window_hours=24.0, window_rows=100, effect=0.02)
    >>> limits = budget(MonitorSettings(), columns=1, qualities=1, doors=1, others=5)
    >>> live = pl.DataFrame({"paid": ["Cash", "Kredit"] * 100})
    >>> reading, = read_columns(found, live, budget=limits)
    >>> reading.alarmed, reading.new_values, reading.lost_values
    (True, ('Kredit',), ('Card',))
    """
    before = {reading.column: reading for reading in previous}
    return tuple(
        _reading(item, _series(frame, item.column), allowed=budget.drift, before=before.get(item.column))
        for item in found.columns
    )


def read_prediction(
    found: ColumnProfile, frame: pl.DataFrame, *, budget: Budget, previous: ColumnReading | None = None
) -> ColumnReading:
    """Compare what the model said in one window with what it said on the reference.

    Parameters
    ----------
    found : ColumnProfile
        By ``prediction_profile``: of scores, or of classes.
    frame : DataFrame of n_rows
        Live rows; scores are in ``__score``, classes in ``__prediction``.
    budget : Budget
    previous : ColumnReading, optional
        Of the window before, if it was compared with the same reference.

    Returns
    -------
    ColumnReading
        Of the column ``"prediction"``.
    """
    column = "__score" if found.kind == "numeric" else "__prediction"
    return _reading(found, _series(frame, column), allowed=budget.drift, before=previous)


def backtest(found: Profile, rows: pl.DataFrame, *, budget: Budget) -> int:
    """Return how many alarms these limits would have raised on the reference's own windows.

    Parameters
    ----------
    found : Profile
    rows : DataFrame of n_rows
        The reference again, or other rows of which nothing is known to be wrong.
    budget : Budget

    Returns
    -------
    int
        Alarms that began, over all windows and columns.

    Examples
    --------
    >>> from loopwright.settings import MonitorSettings
    >>> from loopwright.stages.monitoring.budget import budget
    >>> from loopwright.stages.monitoring.reference import profile
    >>> rows = pl.DataFrame({"paid": ["Cash", "Card"] * 500})
    >>> found = profile(rows, columns=["paid"], at=None, window_hours=24.0, window_rows=100, effect=0.02)
    >>> backtest(found, rows, budget=budget(MonitorSettings(), columns=1, qualities=1, doors=1, others=5))
    0
    """
    alarms, previous = 0, tuple[ColumnReading, ...]()
    for frame in own_windows(found, rows):
        readings = read_columns(found, frame, budget=budget, previous=previous)
        were = {reading.column for reading in previous if reading.alarmed}
        alarms += sum(reading.alarmed and reading.column not in were for reading in readings)
        previous = readings
    return alarms


def _series(frame: pl.DataFrame, column: str) -> pl.Series:
    return frame[column] if column in frame.columns else pl.Series(column, [None] * frame.height, dtype=pl.String)


def _reading(
    item: ColumnProfile, values: pl.Series, *, allowed: Allowance, before: ColumnReading | None
) -> ColumnReading:
    now = counted(values, of=item)
    said = verdict(item, now.counts)
    after = _after(said, allowed=allowed, before=before)
    return ColumnReading(
        column=item.column, kind=item.kind, rows=values.len(), effect=said.effect, accepted=said.accepted,
        p_value=said.p_value, evidence=after.evidence, limit=allowed.detector_limit, alarmed=after.alarmed,
        missing=now.missing / max(values.len(), 1), reference_missing=item.missing,
        quantiles=quantiles_of(now.numbers), reference_quantiles=item.quantiles,
        new_values=_new(item, now), lost_values=_lost(item, now),
        histogram=Histogram(labels=item.labels, reference=item.counts, current=tuple(now.counts.tolist())),
    )


def _after(said: Verdict, *, allowed: Allowance, before: ColumnReading | None) -> Detection:
    """Move the column's detector on; a window that says nothing leaves it as it is."""
    evidence = before.evidence if before else 0.0
    if said.e_value is None:
        return Detection(evidence=evidence, alarmed=False)
    was_alarmed = before is not None and before.alarmed
    after = detect(evidence, said.e_value, limit=allowed.detector_limit, was_alarmed=was_alarmed)
    return Detection(evidence=after.evidence, alarmed=after.alarmed or said.p_value <= allowed.window_alpha)


def _new(item: ColumnProfile, now: Counted) -> tuple[str, ...]:
    if item.is_open:
        return ()
    known = set(item.known)
    return tuple(value for value in now.values if value not in known)[:_MOST_NAMED]


def _lost(item: ColumnProfile, now: Counted) -> tuple[str, ...]:
    if item.kind == "numeric":
        return ()
    rows = now.counts.sum()
    shares = ((value, count / item.rows) for value, count in zip(item.labels[:-3], item.counts[:-3], strict=True))
    return tuple(
        value for value, share in shares
        if share >= _FREQUENT and share * rows >= _LEAST_EXPECTED and value not in now.values
    )[:_MOST_NAMED]
