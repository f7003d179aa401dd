"""What was seen in one window of live traffic: the numbers that alerts, pages and evidence are views of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from loopwright.errors import CorruptStore

__all__ = [
    "ColumnReading", "DoorReading", "Histogram", "QualityReading", "TrafficReading", "WindowReport", "decoded",
    "encoded",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Row counts over the same bins on both sides.

    Attributes
    ----------
    labels : tuple of str
        One per bin: a category, or a range such as ``"4.5 to 6"``; missing values and unseen categories have bins
        of their own, ``"(missing)"`` and ``"(new)"``.
    reference, current : tuple of int
        Rows of the reference and of the window.
    """

    labels: tuple[str, ...]
    reference: tuple[int, ...]
    current: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """How far one column (or the prediction) of a window is from the reference.

    Attributes
    ----------
    column : str
        A source column, or ``"prediction"``.
    effect : float
        Squared effect less what chance adds; on the scale of the population stability index.
    accepted : float
        Effect that is no alarm: the project file's, or more where windows of the reference differ by more.
    p_value : float
        Of the minimum-effect test: how likely so large an effect is if the true one is just accepted.
    evidence : float
        The sequential detector's statistic after this window; grows over windows that differ a little.
    limit : float
        Where ``evidence`` raises an alarm.
    alarmed : bool
        By the test of this window alone, or by the detector.
    missing, reference_missing : float
        Shares of rows without a value.
    quantiles, reference_quantiles : tuple of float
        The 5, 25, 50, 75 and 95 % points of a number; empty for categories.
    new_values : tuple of str
        Values the reference does not have, most frequent first, at most 10.
    lost_values : tuple of str
        Frequent values of the reference (at least 1 %) that the window does not have, at most 10.
    """

    column: str
    kind: Literal["numeric", "categorical"]
    rows: int
    effect: float
    accepted: float
    p_value: float
    evidence: float
    limit: float
    alarmed: bool
    missing: float
    reference_missing: float
    quantiles: tuple[float, ...]
    reference_quantiles: tuple[float, ...]
    new_values: tuple[str, ...]
    lost_values: tuple[str, ...]
    histogram: Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReading:
    """How good the answers of a window were, as far as outcomes are known, and what was expected before.

    Attributes
    ----------
    metric : str
        Of the charter: the optimized ones and those with a limit.
    value, low, high : float or None
        On the rows whose outcome is known; None while they are too few.
    rows, pending : int
        Rows with and without outcome.
    mature : bool
        All outcomes that are to be expected have come: the window is older than ``late_days``, or none is pending.
    estimate, estimate_low, estimate_high : float or None
        What the metric was estimated to be from the scores alone; None where it cannot be estimated.
    reference : float or None
        The metric when the model was judged.
    limit : float or None
        The value at which the alarm begins: the charter's limit, or the reference less the tolerated loss.
    p_value : float or None
        How likely so bad a value is if the true one is at the limit.
    evidence, evidence_limit : float
        The sequential detector's statistic, and where it raises an alarm.
    alarmed : bool
        By outcomes: by the test of this window alone, or by the detector.
    estimate_p_value : float or None
        How likely so bad an estimate is if the expected metric is at the limit.
    estimate_alarmed : bool
        By the estimate of this window, whatever outcomes say; a reason to look, and not to be sure.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    rows: int
    pending: int
    mature: bool
    estimate: float | None
    estimate_low: float | None
    estimate_high: float | None
    reference: float | None
    limit: float | None
    p_value: float | None
    evidence: float
    evidence_limit: float
    alarmed: bool
    estimate_p_value: float | None = None
    estimate_alarmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReading:
    """How many came, how many were refused, how long answers took.

    Attributes
    ----------
    rows, refused, failed : int
        Answered; refused because they did not fit (4xx); failed in the model (5xx).
    expected_low, expected_high : float or None
        Range of all that come (answered, refused and failed) that earlier windows suggest; None while there are
        too few of them.
    odd : int
        Answers with a number that is missing or infinite; none may be.
    latency_p50_ms, latency_p99_ms : float or None
    over_limit : int
        Answers slower than the charter's latency limit.
    latency_limit_ms : float or None
    alarmed : tuple of str
        Of ``"traffic"``, ``"errors"``, ``"latency"``, ``"nan"``, ``"labels"``.
    p_values : dict
        The test behind each of these, where it was made.
    """

    rows: int
    refused: int
    failed: int
    expected_low: float | None
    expected_high: float | None
    odd: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    over_limit: int
    latency_limit_ms: float | None
    labels_due: int                # rows old enough to have an outcome, or with one
    labels_come: int               # those of them that have one
    alarmed: tuple[str, ...]
    p_values: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorReading:
    """What was odd about one field at the door, counted.

    Attributes
    ----------
    field : str
        Column; ``""`` for the row as a whole.
    problem : str
        In a few words without the value: ``"above its range"``, ``"new value"``, ``"wrong type"``.
    rows : int
        Rows of the window, refused ones included.
    share : float
        Of all rows that came.
    reference : float
        Share of the reference rows that the same check would have found.
    p_value : float
    alarmed : bool
    examples : tuple of str
        Values, at most 5.
    """

    field: str
    problem: str
    rows: int
    share: float
    reference: float
    p_value: float
    alarmed: bool
    refused: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReport:
    """One window of live traffic, compared with the reference of the model that answered.

    Attributes
    ----------
    start, end : str
        ISO 8601, UTC without a zone; the end is not in it.
    deployment, model : str
        Digests; of the last that answered in the window.
    columns : tuple of ColumnReading
        Source columns that the model takes.
    predictions : ColumnReading or None
        The model's own answers.
    """

    start: str
    end: str
    deployment: str
    model: str
    rows: int
    columns: tuple[ColumnReading, ...]
    predictions: ColumnReading | None
    qualities: tuple[QualityReading, ...]
    traffic: TrafficReading
    doors: tuple[DoorReading, ...]


def encoded(report: WindowReport) -> bytes:
    """Return the report as JSON.

    Examples
    --------
    >>> traffic = TrafficReading(
    ...     rows=0, refused=0, failed=0, expected_low=None, expected_high=None, odd=0, latency_p50_ms=None,
    ...     latency_p99_ms=None, over_limit=0, latency_limit_ms=None, labels_due=0, labels_come=0, alarmed=(),
    ...     p_values={},
    ... )
    >>> report = WindowReport(
    ...     start="2015-07-06T00:00:00", end="2015-07-13T00:00:00", deployment="", model="", rows=0, columns=(),
    ...     predictions=None, qualities=(), traffic=traffic, doors=(),
    ... )
    >>> decoded(encoded(report)) == report
    True
    """
    return msgspec.json.encode(report, order="deterministic")


def decoded(content: bytes) -> WindowReport:
    """Return the report that ``encoded`` wrote.

    Raises
    ------
    CorruptStore
        If the bytes are no report.
    """
    try:
        return msgspec.json.decode(content, type=WindowReport)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptStore(
            f"a stored window report cannot be read ({error}). Restore the artifact store from a backup, or run "
            f"`loopwright watch` again, which makes the report anew."
        ) from error
