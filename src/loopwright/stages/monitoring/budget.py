"""How many false alarms each watched thing may raise, so that all together stay within the project's number."""

from __future__ import annotations

from dataclasses import dataclass

from loopwright.errors import DataError
from loopwright.settings import MonitorSettings

__all__ = ["Allowance", "Budget", "budget"]

_HOURS_PER_YEAR = 24 * 365.25
# Drift has by far the most streams; what has none gives its part to the others.
_WEIGHTS = {"drift": 0.5, "quality": 0.2, "doors": 0.15, "others": 0.15}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one kind of watched things may cost in false alarms.

    Attributes
    ----------
    streams : int
        How many of them are watched.
    alarms_per_year : float
        Expected false alarms that all of them together may raise in a year.
    window_alpha : float
        Level of the test of a single window of one stream.
    detector_limit : float
        Where the sequential detector of one stream raises an alarm: its average run length in windows.
    """

    streams: int
    alarms_per_year: float
    window_alpha: float
    detector_limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The project's false alarms per year, divided over everything that is watched.

    Expected alarms add up whatever depends on whatever (the union bound), so the sum over all kinds, streams and
    windows is at most ``alarms_per_year``.

    Attributes
    ----------
    windows_per_year : float
    alarms_per_year : float
        What the project file allows in all.
    drift : Allowance
        Columns and the prediction.
    quality : Allowance
        Metrics of the charter.
    doors : Allowance
        Fields at the door.
    others : Allowance
        Traffic, errors, latency, missing numbers, labels.
    """

    windows_per_year: float
    alarms_per_year: float
    drift: Allowance
    quality: Allowance
    doors: Allowance
    others: Allowance


def budget(settings: MonitorSettings, *, columns: int, qualities: int, doors: int, others: int) -> Budget:
    """Divide the false alarms that a year may bring.

    Half of what a stream gets is for the test of each single window, half for its sequential detector. Windows
    that are joined for want of rows make fewer tests, so they cost less than was planned.

    Parameters
    ----------
    settings : MonitorSettings
        ``false_alarms_per_year`` and ``window_hours``.
    columns : int
        Source columns that are watched; the prediction is counted as one more.
    qualities : int
        Metrics that are watched.
    doors : int
        Fields that are checked at the door.
    others : int
        Other streams: traffic, errors, latency, missing numbers, labels.

    Returns
    -------
    Budget

    Raises
    ------
    DataError
        If a number is negative.

    Examples
    --------
    >>> found = budget(MonitorSettings(window_hours=168.0), columns=9, qualities=2, doors=10, others=5)
    >>> found.drift.streams, round(found.drift.alarms_per_year, 6)
    (10, 1.0)
    >>> round(found.drift.window_alpha, 6), round(found.drift.detector_limit)
    (0.000958, 1044)
    """
    streams = {"drift": columns + 1, "quality": qualities, "doors": doors, "others": others}
    if min(columns, qualities, doors, others) < 0:
        raise DataError(f"the number of watched streams cannot be negative; found {streams}.")
    windows = _HOURS_PER_YEAR / settings.window_hours
    alarms = settings.false_alarms_per_year
    watched = sum(weight for kind, weight in _WEIGHTS.items() if streams[kind])
    parts = {
        kind: _allowance(streams[kind], alarms=alarms * weight / watched, windows=windows)
        for kind, weight in _WEIGHTS.items()
    }
    return Budget(windows_per_year=windows, alarms_per_year=alarms, **parts)


def _allowance(streams: int, *, alarms: float, windows: float) -> Allowance:
    """Share a number of alarms out; a kind without streams may raise none, but keeps limits that can be used."""
    each = alarms / 2 / max(streams, 1)
    return Allowance(
        streams=streams,
        alarms_per_year=alarms if streams else 0.0,
        # A level is a probability, and a run length below two windows would be an alarm without evidence: with
        # windows of a year and a thousand alarms the limits end here, which only makes alarms rarer.
        window_alpha=min(each / windows, 0.05),
        detector_limit=max(windows / each, 20.0),
    )
