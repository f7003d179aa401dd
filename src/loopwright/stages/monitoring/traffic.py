"""Whether requests come as they used to, get answers, get them in time, and whether their outcomes come back.

What is usual is learnt from earlier windows of the same kind: a Monday is compared with Mondays, an hour of the night
with that hour. Counts vary more than dice do, so how far earlier windows were from what the ones before them
suggested is part of the test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from loopwright.errors import DataError
from loopwright.measures.quantiles import normal_cdf, normal_quantile, student_p_value, student_quantile, wilson
from loopwright.measures.samples import Floats
from loopwright.stages.monitoring.spans import Span
from loopwright.stages.monitoring.windows import TrafficReading

__all__ = ["read_traffic"]

_FEWEST_ALIKE = 4                 # earlier windows of the same kind, to know what is usual
_MOST_ALIKE = 6                   # the newest so many count: growth and the seasons are followed
_RECENT = 100                     # earlier windows that show how far windows stray
_LOOKED_BACK = 1500               # windows in all: two months of hours
_STRAY = 0.1                      # relative deviation of a count that is always harmless ...
_STRAY_UNLIKE = 0.3               # ... and where little is known of how windows stray, or only of a like kind
_KNOWN_STRAYS = 12                # windows from which it is known
_TRUST = 10.0                     # windows that the harmless deviation counts for
_EFFICIENCY = 1.57                # variance of a median over that of a mean
_MISSED = 10.0                    # requests that must be expected for none to be an alarm
_USUAL_FAILURES = 0.001           # share of failures that is never an alarm
_SLOW = 0.01                      # share of answers that may be slower than the limit on the 99 % point
_LABELS_STRAY = 0.05              # by how much the share of outcomes that come may always fall
_FEWEST_LABELS = 30
_FEWEST_LABELLED = 3              # earlier windows with outcomes, to know that they come
_WEEK = 168.0


class _Past(NamedTuple):
    """An earlier window: how many came in how many hours."""

    start: datetime
    hours: float
    came: int


class _Usual(NamedTuple):
    """What is expected of a count: negative binomial with this mean, and variance mean + stray² * mean²."""

    mean: float
    stray: float
    freedom: float


def read_traffic(
    frame: pl.DataFrame,
    refusals: pl.DataFrame,
    *,
    span: Span,
    now: datetime,
    alpha: float,
    history: Sequence[tuple[Span, TrafficReading]] = (),
    latency_limit_ms: float | None = None,
    late_days: float = 7.0,
) -> TrafficReading:
    """Count what came in a window, and test it against what is usual and what is allowed.

    Five tests, each of which raises a false alarm in at most about ``alpha`` of the windows:

    - ``traffic``: as many came (answered, refused or failed) as earlier windows of the same kind suggest: the same
      hour of the same day of the week for windows of hours, the same day for windows of days. Four of them are
      needed, or of the same hour on working days, or at weekends. Windows may stray by a tenth (a standard
      deviation), by three tenths until a dozen of them have shown how much they do, and by what they showed.
    - ``errors``: the share of failures (5xx) is not above that of earlier windows, nor above one in a thousand.
    - ``latency``: no more than one request in a hundred takes longer than the limit. Rows of one request share their
      latency and are counted once here.
    - ``nan``: every answer is a number. There is no chance in it, so no level.
    - ``labels``: as large a share of the rows has an outcome as in earlier windows. Made once every row is
      ``late_days`` old or has its outcome, and once three earlier windows have shown that outcomes come.

    Parameters
    ----------
    frame : DataFrame
        The live frame of the window; needs ``__at``, ``__consumer``, ``__score``, ``__scores``, ``__latency_ms``,
        ``__label`` and ``__label_at``.
    refusals : DataFrame
        Of the window, with the columns of ``refused_schema``.
    span : (datetime, datetime)
        Start and end of the window, UTC without a zone.
    now : datetime
        Moment of the reading.
    alpha : float
        Level of each test, between 0 and 1.
    history : sequence of ((datetime, datetime), TrafficReading)
        Earlier windows at their newest reading, oldest first.
    latency_limit_ms : float, optional
        The charter's limit on ``latency_p99_ms``.
    late_days : float, default=7

    Returns
    -------
    TrafficReading

    Raises
    ------
    DataError
        If ``alpha`` is no probability, or the window ends before it starts.

    References
    ----------
    McCullagh & Nelder (1989), Generalized linear models, 2nd ed., section 6.2 (counts that vary more than Poisson's).
    """
    if not 0 < alpha < 1 or span[1] <= span[0]:
        raise DataError(
            f"a window must end after it starts, and a level lies between 0 and 1; found the window {span[0]} to "
            f"{span[1]} and the level {alpha!r}."
        )
    earlier = [(before, reading) for before, reading in history if before[1] <= span[0]]
    readings = [reading for _, reading in earlier]
    failed = refusals.filter(pl.col("status") >= 500).height
    refused = refusals.height - failed
    usual = _usual(_length(span), span[0], [_past(before, reading) for before, reading in earlier])
    latency = frame["__latency_ms"].drop_nulls()
    due, come = _labels(frame, late_days=late_days, now=now)
    odd = _odd(frame)
    tests = {
        "traffic": _traffic_test(frame.height + refused + failed, usual),
        "errors": _error_test(frame.height + failed, failed, readings),
        "latency": _latency_test(frame, latency_limit_ms),
        "labels": _label_test(due, come, readings) if due == frame.height else None,
    }
    p_values = {name: found for name, found in tests.items() if found is not None}
    bad = {name for name, found in p_values.items() if found <= alpha} | ({"nan"} if odd else set())
    low, high = _range(usual, alpha) if usual else (None, None)
    return TrafficReading(
        rows=frame.height,
        refused=refused,
        failed=failed,
        expected_low=low,
        expected_high=high,
        odd=odd,
        latency_p50_ms=_point(latency, 0.5),
        latency_p99_ms=_point(latency, 0.99),
        over_limit=int((latency > latency_limit_ms).sum()) if latency_limit_ms is not None else 0,
        latency_limit_ms=latency_limit_ms,
        labels_due=due,
        labels_come=come,
        alarmed=tuple(name for name in ("traffic", "errors", "latency", "nan", "labels") if name in bad),
        p_values=p_values,
    )


def _length(span: Span) -> float:
    return (span[1] - span[0]) / timedelta(hours=1)


def _past(span: Span, reading: TrafficReading) -> _Past:
    return _Past(start=span[0], hours=_length(span), came=reading.rows + reading.refused + reading.failed)


def _usual(hours: float, start: datetime, past: Sequence[_Past]) -> _Usual | None:
    """Return what earlier windows suggest; None where too few are like this one."""
    same = [each for each in past if each.hours == hours][-_LOOKED_BACK:]
    for kind, harmless in ((_slot, _STRAY), (_kind_of_day, _STRAY_UNLIKE)):
        mine = kind(start, hours)
        alike = [each.came for each in same if kind(each.start, hours) == mine][-_MOST_ALIKE:]
        if len(alike) >= _FEWEST_ALIKE:
            return _suggested(np.array(alike, dtype=np.float64), _strays(same, hours), harmless=harmless)
    # Windows joined for want of rows are of any length: with a day and more, their rates can be compared.
    long = [each.came / each.hours * hours for each in past if each.hours >= 24][-_MOST_ALIKE:]
    if hours < 24 or len(long) < _FEWEST_ALIKE or hours in {each.hours for each in past}:
        return None
    return _suggested(np.array(long), np.empty(0), harmless=_STRAY_UNLIKE)


def _slot(start: datetime, hours: float) -> tuple[int, float]:
    """Return what windows must share to be compared: weekday and time of day, as far as the length tells them apart."""
    day = 0 if hours % _WEEK == 0 else start.weekday()
    return day, 0.0 if hours % 24 == 0 else start.hour + start.minute / 60


def _kind_of_day(start: datetime, hours: float) -> tuple[int, float]:
    return int(start.weekday() >= 5), _slot(start, hours)[1]


def _suggested(alike: Floats, strays: Floats, *, harmless: float) -> _Usual:
    mean = max(float(np.median(alike)), 0.5)
    if len(strays) < _KNOWN_STRAYS:
        strays, harmless = np.append(strays, np.log((alike + 0.5) / (mean + 0.5))), _STRAY_UNLIKE
    # Robust, so that one outage or holiday does not make every later one look usual.
    variance = (1.4826 * float(np.median(np.abs(strays)))) ** 2
    stray = max(variance - 1 / mean, harmless**2)
    of_median = _EFFICIENCY * (1 / mean + stray) / len(alike)
    return _Usual(mean=mean, stray=float(np.sqrt(stray + of_median)), freedom=_TRUST + len(strays) / 2)


def _strays(past: Sequence[_Past], hours: float) -> Floats:
    """Return the logarithms of how far earlier windows were from what the ones before them suggested."""
    seen: dict[tuple[int, float], list[int]] = {}
    found = []
    for each in past:
        before = seen.setdefault(_slot(each.start, hours), [])
        if len(before) >= _FEWEST_ALIKE:
            mean = max(float(np.median(before[-_MOST_ALIKE:])), 0.5)
            found.append(float(np.log((each.came + 0.5) / (mean + 0.5))))
        before.append(each.came)
    return np.array(found[-_RECENT:])


def _traffic_test(came: int, usual: _Usual | None) -> float | None:
    if usual is None:
        return None
    below, above = _tails(came, usual)
    tail = min(below, above)
    if came == 0 and usual.mean >= _MISSED:
        return min(2 * tail, 1.0)  # nothing at all is no large deviation, it is another state
    z = -normal_quantile(min(max(tail, 1e-300), 0.5))
    return min(student_p_value(z, freedom=usual.freedom), 1.0)


def _tails(came: float, usual: _Usual) -> tuple[float, float]:
    """Return the chance of so few, and of so many."""
    from scipy.special import betainc

    size = 1 / usual.stray**2
    success = size / (size + usual.mean)
    return float(betainc(size, came + 1, success)), float(betainc(came, size, 1 - success)) if came > 0 else 1.0


def _range(usual: _Usual, alpha: float) -> tuple[float, float]:
    """Return the fewest and the most that are no alarm."""
    tail = normal_cdf(-student_quantile(1 - alpha / 2, freedom=usual.freedom))
    low = _first(lambda came: _tails(came, usual)[0] > tail, usual)
    high = _first(lambda came: _tails(came + 1, usual)[1] <= tail, usual)
    if usual.mean >= _MISSED and 2 * _tails(0, usual)[0] <= alpha:
        low = max(low, 1.0)
    return low, high


def _first(holds: Callable[[float], bool], usual: _Usual) -> float:
    """Return the smallest count for which a claim holds that holds for all larger ones too."""
    low, high = 0, int(usual.mean * 1000) + 1000
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return float(low)


def _error_test(asked: int, failed: int, history: Sequence[TrafficReading]) -> float | None:
    if asked == 0:
        return None
    calm = [each for each in history if "errors" not in each.alarmed][-_RECENT:]
    rows = sum(each.rows + each.failed for each in calm)
    usual = float(wilson(sum(each.failed for each in calm), rows)[1]) if rows else 0.0
    # The upper end of what earlier windows allow would be large if there were few rows in them.
    return _as_many(failed, asked, max(usual if rows >= 1 / _USUAL_FAILURES else 0.0, _USUAL_FAILURES))


def _latency_test(frame: pl.DataFrame, limit_ms: float | None) -> float | None:
    if limit_ms is None:
        return None
    requests = frame.select("__consumer", "__latency_ms").drop_nulls("__latency_ms").unique()
    slow = requests.filter(pl.col("__latency_ms") > limit_ms).height
    return _as_many(slow, requests.height, _SLOW) if requests.height else None


def _as_many(hits: int, rows: int, share: float) -> float:
    """Return the chance of so many hits or more."""
    from scipy.special import bdtrc

    return float(bdtrc(hits - 1, rows, share)) if hits > 0 else 1.0


def _point(values: pl.Series, share: float) -> float | None:
    found = values.quantile(share, interpolation="linear")
    return None if found is None else float(found)


def _odd(frame: pl.DataFrame) -> int:
    """Count answers with a number that is missing or infinite."""
    number = pl.element().is_finite().fill_null(False)
    whole = (
        pl.col("__score").is_finite().fill_null(False)
        & pl.col("__scores").list.eval(number).list.all().fill_null(False)
        & (pl.col("__scores").list.len().fill_null(0) > 0)
    )
    return frame.filter(~whole).height


def _labels(frame: pl.DataFrame, *, late_days: float, now: datetime) -> tuple[int, int]:
    """Return how many rows are old enough to have an outcome or have it already, and how many have it."""
    told = pl.col("__label").is_not_null() & (pl.col("__label_at").is_null() | (pl.col("__label_at") <= now))
    old = pl.col("__at") <= now - timedelta(days=late_days)
    return frame.filter(old | told).height, frame.filter(told).height


def _label_test(due: int, come: int, history: Sequence[TrafficReading]) -> float | None:
    """Return the chance of so few outcomes; None where earlier windows do not show that outcomes come."""
    from scipy.special import bdtr

    shares = np.array([
        each.labels_come / each.labels_due
        for each in history
        # Early outcomes alone would look as if all came: only windows that are settled tell a share.
        if each.labels_due == each.rows >= _FEWEST_LABELS and "labels" not in each.alarmed
    ][-_RECENT:])
    if due == 0 or len(shares) < _FEWEST_LABELLED:
        return None
    usual = float(np.median(shares))
    allowed = usual - max(_LABELS_STRAY, 3 * 1.4826 * float(np.median(np.abs(shares - usual))))
    return float(bdtr(come, due, allowed)) if allowed > 0 else None
