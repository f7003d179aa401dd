"""What happens to the SIMULATED taxi city while a model serves: faults, a real change, and what is harmless.

No trip here exists; see ``city.py``. Because every happening is scheduled, a tool that watches the trips can be
scored: what it noticed, after how long, and how often it cried wolf.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl

__all__ = [
    "HAPPENINGS", "LIVE_END", "LIVE_START", "PER_DAY", "REAL_END", "REAL_HAPPENINGS", "REAL_START", "Happening",
    "arriving", "changes", "moments", "really_arriving",
]

LIVE_START, LIVE_END = date(2015, 7, 6), date(2016, 5, 2)
PER_DAY = 80                       # of which three quarters take place

# The real trips: windows of four weeks from a Monday on.
REAL_START, REAL_END = datetime(2015, 5, 18), datetime(2016, 12, 26)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that is scheduled.

    Attributes
    ----------
    name : str
    start, end : date
        First day, and the day after the last.
    what : str
        One sentence for people.
    cause : str or None
        What a watcher should suspect, in the words of ``loopwright.records.Alert``; None if it is harmless and no
        alarm is right.
    columns : tuple of str
        What moves because of it, besides the prediction and its quality.
    """

    name: str
    start: date
    end: date
    what: str
    cause: str | None
    columns: tuple[str, ...] = ()


HAPPENINGS: tuple[Happening, ...] = (
    Happening(
        name="festival", start=date(2015, 8, 3), end=date(2015, 8, 17), cause=None,
        what="Two weeks of concerts: a quarter more trips, most of them in the evening.",
    ),
    Happening(
        name="cents", start=date(2015, 9, 7), end=date(2015, 10, 5), cause="unit change", columns=("fare",),
        what="For four weeks the meters' new software sends the fare in cents.",
    ),
    Happening(
        name="rename", start=date(2015, 11, 2), end=date(2015, 11, 23), cause="renamed category",
        columns=("payment_type",),
        what="For three weeks the payment provider writes Card where it wrote Credit Card.",
    ),
    Happening(
        name="silence", start=date(2015, 12, 14), end=date(2015, 12, 21), cause="missing traffic",
        what="For a week no trip arrives.",
    ),
    Happening(
        name="habits", start=date(2016, 1, 11), end=LIVE_END, cause="real change",
        what="New terminals propose tips: short trips are tipped less, long ones more, for good.",
    ),
)

REAL_HAPPENINGS: tuple[Happening, ...] = (
    Happening(
        name="cents", start=date(2015, 11, 2), end=date(2015, 11, 30), cause="unit change", columns=("fare",),
        what="Injected: for four weeks the fare is sent in cents.",
    ),
    Happening(
        name="rename", start=date(2016, 5, 23), end=date(2016, 6, 20), cause="renamed category",
        columns=("payment_type",), what="Injected: for four weeks Credit Card is written Card.",
    ),
)

_BY_NAME = {happening.name: happening for happening in HAPPENINGS}
_EVENING = [19, 20, 21, 22, 23, 0, 1]


def changes() -> dict[str, date]:
    """Return what the city must be made with: cards stop growing when serving starts, habits change later."""
    return {"card_growth_until": LIVE_START, "new_habits_from": _BY_NAME["habits"].start}


def arriving(trips: pl.DataFrame) -> pl.DataFrame:
    """Return trips as they arrive at the service, with everything that is scheduled.

    Parameters
    ----------
    trips : polars.DataFrame
        As a city made with ``changes`` returns them, for a city a third busier than wanted: outside of the festival
        a quarter of the trips does not take place, during it only those by day are fewer.

    Returns
    -------
    polars.DataFrame
        The same columns; fewer rows. Tips are always in dollars.
    """
    kept = trips.filter(_takes_place(trips), ~_during("silence"))
    in_cents = pl.when(_during("cents")).then(pl.col("fare") * 100).otherwise(pl.col("fare"))
    is_renamed = _during("rename") & (pl.col("payment_type") == "Credit Card")
    return kept.with_columns(
        fare=in_cents.round(2),
        payment_type=pl.when(is_renamed).then(pl.lit("Card")).otherwise(pl.col("payment_type")),
    )


def really_arriving(trips: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return real trips as they arrive at the service, with the two faults that are injected.

    Parameters
    ----------
    trips : polars.DataFrame
        With ``fare`` and ``payment_type``.
    column : str
        Column that says when; see ``moments``.
    """
    at = moments(trips[column])
    cents, rename = (
        at.is_between(_midnight(item.start), _midnight(item.end), closed="left") for item in REAL_HAPPENINGS
    )
    is_renamed = rename & (trips["payment_type"] == "Credit Card").fill_null(value=False)
    return trips.with_columns(
        fare=pl.when(cents).then(pl.col("fare") * 100).otherwise(pl.col("fare")).round(2),
        payment_type=pl.when(is_renamed).then(pl.lit("Card")).otherwise(pl.col("payment_type")),
    )


def moments(times: pl.Series) -> pl.Series:
    """Return when trips began, from moments or from seconds since 1970.

    Examples
    --------
    >>> moments(pl.Series([1_435_708_800]))[0]
    datetime.datetime(2015, 7, 1, 0, 0)
    """
    return times if times.dtype.is_temporal() else pl.from_epoch(times, time_unit="s").cast(pl.Datetime("us"))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _during(name: str) -> pl.Expr:
    happening = _BY_NAME[name]
    first, after = (datetime(day.year, day.month, day.day) for day in (happening.start, happening.end))
    return pl.col("trip_start").is_between(first, after, closed="left")


def _takes_place(trips: pl.DataFrame) -> pl.Series:
    """Say which trips take place, by their number, so that the same trip always does or does not."""
    number = trips["trip_id"].str.slice(-5).cast(pl.Int64).to_numpy()
    chance = (number * 2_654_435_761 % 2**32) / 2**32
    in_the_evening = trips.select(_during("festival") & pl.col("trip_start").dt.hour().is_in(_EVENING)).to_series()
    return pl.Series(np.where(in_the_evening.to_numpy(), chance < 1.0, chance < 0.75))
