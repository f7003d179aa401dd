"""What a suspicion says, and the sentences that several of them need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loopwright.records.alert import Cause
from loopwright.stages.monitoring.windows import ColumnReading, QualityReading

__all__ = [
    "FAULTS", "Suspicion", "discreet", "largest_bin", "largest_change", "null_of", "percent", "positions",
    "quality_words", "short_fall",
]

FAULTS: frozenset[Cause] = frozenset({
    "schema break", "unit change", "renamed category", "upstream null", "new category",
})
"""Causes that lie in the input itself: somebody can put it right, and nothing should be learned from the rows."""

_MOST_ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What probably lies behind something that moved.

    Attributes
    ----------
    cause : str
    title : str
        What happened, in a few words, for a phone.
    explanation : str
        What was seen, with numbers, and why the cause is suspected.
    advice : str
        What to do next.
    confidence : float
        Between 0 and 1; how well the cause explains what was seen. An ordering, no probability.
    rows : tuple of int
        Positions in the window's frame of rows that show it, best first, at most 50.
    seen : str
        What was measured, without the why; the whole explanation if it is not told apart.
    """

    cause: Cause
    title: str
    explanation: str
    advice: str
    confidence: float
    rows: tuple[int, ...] = ()
    seen: str = ""


def discreet(suspicion: Suspicion, column: str) -> Suspicion:
    """Return the suspicion without any value of a column that holds personal data."""
    hidden = f"{column} holds personal data, so no values are quoted; see its rows where they are kept."
    return replace(
        suspicion, title=f"{column}: {suspicion.cause}", explanation=f"Suspected is: {suspicion.cause}. {hidden}",
        advice=f"Look at how {column} is made and sent, and have it put right there.", seen="",
    )


def percent(share: float) -> str:
    """Return a share for people: more digits where it is small.

    Examples
    --------
    >>> percent(0.5), percent(0.012), percent(0.0004)
    ('50 %', '1.2 %', '0.04 %')
    """
    hundredths = 100 * share
    digits = 0 if hundredths >= 10 or hundredths == 0 else 1 if hundredths >= 0.1 else 2
    return f"{hundredths:.{digits}f} %"


def positions(frame: pl.DataFrame | None, condition: pl.Expr) -> tuple[int, ...]:
    """Return where in the frame a condition holds, at most 50 rows, spread evenly over the window."""
    if frame is None:
        return ()
    places = np.flatnonzero(frame.select(condition.fill_null(value=False)).to_series().to_numpy())
    chosen = np.unique(np.linspace(0, max(places.size - 1, 0), min(_MOST_ROWS, places.size)).astype(int))
    return tuple(int(place) for place in places[chosen])


def null_of(column: str, share: float, before: float, *, rows: tuple[int, ...], as_text: str = "") -> Suspicion:
    """Return the suspicion that values of a column are lost on their way.

    Parameters
    ----------
    column : str
    share, before : float
        Shares of rows without a value, in the window and in the reference.
    rows : tuple of int
        Positions of such rows.
    as_text : str, default=""
        What stands where a value should be, if something does.
    """
    form = f", as {as_text}" if as_text else ""
    return Suspicion(
        cause="upstream null",
        title=f"{column} is missing in {percent(share)} of the rows",
        explanation=(
            f"{column} has no value in {percent(share)} of the rows{form}; in the reference it was "
            f"{percent(before)}. Values are lost on their way, or are no longer asked for."
        ),
        advice=(
            f"Look at the join, the export or the form that fills {column}, and send the rows again once it does. "
            f"Do not train on these rows as they are."
        ),
        confidence=0.9,
        rows=rows,
    )


def largest_change(reading: ColumnReading) -> str:
    """Return the bin whose share changed most, for a sentence."""
    place = largest_bin(reading)
    if place is None:
        return ""
    histogram = reading.histogram
    before, after = (side[place] / sum(side) for side in (histogram.reference, histogram.current))
    return f", most of all {histogram.labels[place]!r}, from {percent(before)} to {percent(after)}"


def largest_bin(reading: ColumnReading) -> int | None:
    """Return the position of the bin whose share changed most; None if a side holds no rows."""
    before, after = (np.array(side, dtype=float) for side in (reading.histogram.reference, reading.histogram.current))
    if before.sum() == 0 or after.sum() == 0:
        return None
    return int(np.argmax(np.abs(after / after.sum() - before / before.sum())))


def quality_words(qualities: Sequence[QualityReading]) -> str:
    """Return one sentence on whether the quality holds."""
    fell = [quality for quality in qualities if quality.alarmed]
    expected = [quality for quality in qualities if quality.value is None and quality.estimate_alarmed]
    if fell:
        return "The quality fell: " + "; ".join(f"{quality.metric} is {short_fall(quality)}" for quality in fell) + "."
    if expected:
        return f"The quality is expected to fall: {expected[0].metric} is {short_fall(expected[0])}."
    known = [quality for quality in qualities if quality.value is not None]
    if known:
        return f"The quality holds: {known[0].metric} is {known[0].value:.4g} on {known[0].rows:,} outcomes."
    guessed = [quality for quality in qualities if quality.estimate is not None]
    if guessed:
        return f"The estimated quality holds: {guessed[0].metric} is about {guessed[0].estimate:.4g}."
    return "The quality is not known yet."


def short_fall(reading: QualityReading) -> str:
    """Return what became of a quality in a few words, such as ``"0.71 from 0.84"``."""
    value = reading.value if reading.value is not None else reading.estimate
    was = f" from {reading.reference:.3g}" if reading.reference is not None else ""
    about = "" if reading.value is not None else "about "
    return f"{about}{value:.3g}{was}" if value is not None else "by how much is not known yet"
