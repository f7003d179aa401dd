"""What probably lies behind a column that moved: another unit, a new name, missing values, or the world."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import EmptySample, Undefined
from loopwright.measures.distances import minimum_effect_test
from loopwright.stages.monitoring.renames import Rename, rename_of, value_counts
from loopwright.stages.monitoring.suspicions import (
    Suspicion,
    largest_bin,
    largest_change,
    null_of,
    percent,
    positions,
    quality_words,
)
from loopwright.stages.monitoring.units import UnitChange, unit_change, unit_change_of_quantiles
from loopwright.stages.monitoring.windows import ColumnReading, DoorReading, QualityReading

__all__ = ["suspect"]

_NOTHING = frozenset({
    "", "null", "none", "nan", "na", "n/a", "nil", "#n/a", "undefined", "missing", "-", "?", "(null)", "\\n",
})
_SENTINELS = (0.0, -1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)
_MOST_VALUES = 50                  # a text column with more values is a name, not a property
_SPECIAL_BINS = frozenset({"(missing)", "(new)", "(other)"})


def suspect(
    reading: ColumnReading,
    *,
    frame: pl.DataFrame | None = None,
    reference: pl.DataFrame | None = None,
    doors: Sequence[DoorReading] = (),
    others: Sequence[ColumnReading] = (),
    qualities: Sequence[QualityReading] = (),
) -> Suspicion:
    """Return the suspected cause of a column that moved.

    The causes that somebody can put right are tried first: another unit, values under a new name, values that
    are missing, values that were never seen. What none of them explains is a change of the population.

    Parameters
    ----------
    reading : ColumnReading
        Of a source column; of the prediction see ``suspect_prediction``.
    frame : DataFrame, optional
        Rows of the bad window; without them only the reading's own numbers are looked at.
    reference : DataFrame, optional
        Rows that the model was judged on.
    doors : sequence of DoorReading
        What was odd about this column at the door; rows refused there are not in the frame.
    others : sequence of ColumnReading
        The other columns in the same window.
    qualities : sequence of QualityReading
        Of the same window.
    """
    column = reading.column
    now, before = _with_values(frame, column), _with_values(reference, column)
    found = _unit(reading, now, before, others) if reading.kind == "numeric" else None
    if found is not None:
        return _of_unit(reading, found)
    return (
        (_of_missing(reading, now, before) if reading.kind == "numeric" else _of_values(reading, now, before, doors))
        or _of_sentinel(reading, now, before)
        or _of_population(reading, others, qualities, now)
    )


def _with_values(frame: pl.DataFrame | None, column: str) -> pl.DataFrame | None:
    """Return the frame if it has a value of the column."""
    if frame is None or column not in frame.columns or frame[column].null_count() == frame.height:
        return None
    return frame


def _unit(
    reading: ColumnReading, now: pl.DataFrame | None, before: pl.DataFrame | None, others: Sequence[ColumnReading]
) -> UnitChange | None:
    others_moved = any(other.alarmed for other in others if other.column not in {reading.column, "prediction"})
    if now is not None and before is not None:
        return unit_change(reading.column, now, before, others_moved=others_moved)
    return unit_change_of_quantiles(
        reading.column, reading.quantiles, reading.reference_quantiles, others_moved=others_moved
    )


def _of_unit(reading: ColumnReading, change: UnitChange) -> Suspicion:
    column, conversion = reading.column, change.conversion
    part = f"{percent(change.share)} of the values are" if change.share < 0.97 else "the values are"
    middle = ""
    if reading.quantiles and reading.reference_quantiles:
        half = len(reading.quantiles) // 2
        middle = f"; its median is {reading.quantiles[half]:.6g}, and was {reading.reference_quantiles[half]:.6g}"
    named = f", as from {conversion.name}" if conversion.name else "; no common pair of units has this factor"
    where = f" {change.where}" if change.where else ""
    return Suspicion(
        cause="unit change",
        title=f"{column} is {conversion.formula}" + (f" ({conversion.name})" if conversion.name else ""),
        explanation=(
            f"In {column} {part} those of the reference {conversion.formula}{named}{where}{middle}. Put right, the "
            f"difference from the reference falls from {change.effect:.2g} to {change.residual:.2g} (squared effect)."
        ),
        advice=(
            f"Ask who sends {column} what changed, and convert it back there or in front of the service. Do not "
            f"train on these rows as they are."
        ),
        confidence=0.95 if conversion.name and not conversion.is_near else 0.8,
        rows=change.rows,
    )


def _of_missing(
    reading: ColumnReading, now: pl.DataFrame | None, before: pl.DataFrame | None
) -> Suspicion | None:
    """Return the suspicion that values went missing on their way, if many more are missing than before."""
    more = reading.missing - reading.reference_missing
    noise = np.sqrt(max(reading.reference_missing, 0.01) / max(reading.rows, 1))
    # Where a third was always missing, other passengers may make it a half.
    is_natural = _odds(reading.missing) < 2.5 * _odds(reading.reference_missing)
    if more < max(0.05, 5 * noise) or is_natural or (more < 0.1 and _effect_of_the_rest(reading) > reading.accepted):
        return None
    if now is not None and before is not None and _always_missing(reading.column, now, before) > 0.5 * more:
        return None
    rows = positions(now, pl.col(reading.column).is_null())
    return null_of(reading.column, reading.missing, reading.reference_missing, rows=rows)


def _always_missing(column: str, now: pl.DataFrame, before: pl.DataFrame) -> float:
    """Return how much more would be missing if only such rows came more often as always lacked the value.

    Trips from the airport, say, that often end outside of the city. Each other column is asked by itself, and the
    one that explains most counts.
    """
    names = [
        name for name, kind in before.schema.items()
        if name != column and not name.startswith("__") and now.schema.get(name) == kind
        and (kind.is_numeric() or (kind == pl.String and before[name].n_unique() <= _MOST_VALUES))
    ]
    return max((_more_missing(column, name, now, before) for name in names), default=0.0)


def _more_missing(column: str, name: str, now: pl.DataFrame, before: pl.DataFrame) -> float:
    """Return how much more would be missing if nothing but another column had changed."""
    known = before[name].drop_nulls()
    cuts = None
    if known.dtype.is_numeric() and known.n_unique() > _MOST_VALUES:
        cuts = np.unique(np.quantile(known.to_numpy(), np.arange(1, 10) / 10))
    sides = [
        pl.DataFrame({"bin": _binned(side[name], cuts), "is_missing": side[column].is_null()}) for side in (before, now)
    ]
    rates = sides[0].group_by("bin").agg(pl.col("is_missing").mean().alias("rate"))
    expected = sides[1].join(rates, on="bin", how="left")["rate"].fill_null(0.0)
    return float(expected.to_numpy().mean() - sides[0]["is_missing"].to_numpy().mean())


def _binned(values: pl.Series, cuts: NDArray[np.float64] | None) -> pl.Series:
    """Return a text per row: the value, or its place between the cuts; ``""`` if it is missing."""
    if cuts is None:
        return values.cast(pl.String).fill_null("")
    numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return pl.Series(np.where(np.isnan(numbers), "", np.searchsorted(cuts, numbers).astype(str)))


def _odds(share: float) -> float:
    return share / max(1 - share, 1e-9)


def _effect_of_the_rest(reading: ColumnReading) -> float:
    """Return the effect among the rows that have a value."""
    kept = [place for place, label in enumerate(reading.histogram.labels) if label != "(missing)"]
    sides = [np.array([side[place] for place in kept]) for side in (
        reading.histogram.reference, reading.histogram.current
    )]
    try:
        return minimum_effect_test(*sides).effect
    except (EmptySample, Undefined):
        return 0.0


def _of_values(
    reading: ColumnReading, now: pl.DataFrame | None, before: pl.DataFrame | None, doors: Sequence[DoorReading]
) -> Suspicion | None:
    """Return the suspicion about a category: a new name, text for nothing, nothing, or a new value."""
    column = reading.column
    reference_counts, counts = _both_counts(reading, now, before)
    counts = _with_refused(counts, doors, reading.rows)
    total = max(sum(counts.values()), 1)
    renames = rename_of(
        column, reference_counts=reference_counts, counts=counts, reference=before,
        frame=now if not any(door.refused for door in doors) else None,
    )
    came = {value: rows / total for value, rows in counts.items() if value not in reference_counts}
    empty = {value: share for value, share in came.items() if value.strip().casefold() in _NOTHING}
    if empty and sum(empty.values()) >= 0.02:
        rows = positions(now, pl.col(column).cast(pl.String).is_in(list(empty)))
        text = " or ".join(f"the text {value!r}" for value in sorted(empty))
        share = (1 - reading.missing) * sum(empty.values()) + reading.missing
        return null_of(column, share, reading.reference_missing, rows=rows, as_text=text)
    if renames:
        return _of_renames(column, renames, now)
    missing = _of_missing(reading, now, before)
    return missing if missing is not None else _of_new(column, came, now)


def _both_counts(
    reading: ColumnReading, now: pl.DataFrame | None, before: pl.DataFrame | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Return rows per value on both sides: from the rows if there are any, else from the histogram."""
    histogram = reading.histogram
    known = [place for place, label in enumerate(histogram.labels) if label not in _SPECIAL_BINS]
    told = [{histogram.labels[place]: side[place] for place in known if side[place]}
            for side in (histogram.reference, histogram.current)]
    if "(new)" in histogram.labels and reading.new_values:
        unseen = histogram.current[histogram.labels.index("(new)")]
        told[1] |= {value: unseen // len(reading.new_values) for value in reading.new_values}
    return (
        value_counts(before[reading.column]) if before is not None else told[0],
        value_counts(now[reading.column]) if now is not None else told[1],
    )


def _with_refused(counts: dict[str, int], doors: Sequence[DoorReading], rows: int) -> dict[str, int]:
    """Return the counts with the new values that were refused at the door, and so are in no frame."""
    refused = [door for door in doors if door.refused and door.problem.startswith("new value") and door.examples]
    added = {value: door.refused // len(door.examples) for door in refused for value in door.examples}
    return {**counts, **{value: counts.get(value, 0) + more for value, more in added.items()}} if rows or added else {}


def _of_renames(column: str, renames: Sequence[Rename], now: pl.DataFrame | None) -> Suspicion:
    first = renames[0]
    pairs = ", ".join(f"{rename.old!r} to {rename.new!r}" for rename in renames[:5])
    more = f" and {len(renames) - 5} more" if len(renames) > 5 else ""
    shares = " and ".join(
        f"{rename.new!r} has {percent(rename.share)} of the rows, while {rename.old!r} lost {percent(rename.lost)}"
        for rename in renames[:2]
    )
    reasons = {"spelling": "both are spelled alike", "share": "the shares agree",
               "other columns": "in all other columns the rows look the same"}
    beside = f" (and {len(renames) - 1} more)" if len(renames) > 1 else ""
    why = " and ".join(reasons[name] for name in first.confirmed) or "nothing else fits"
    return Suspicion(
        cause="renamed category",
        title=f"{column}: {first.old!r} is now {first.new!r}{beside}",
        explanation=f"In {column} a value was renamed: {pairs}{more}. {shares}; {why}.",
        advice=(
            f"Give {column} its old values back at the source or in front of the service; or take the new ones into "
            f"the schema and map them in features.py, and train again."
        ),
        confidence=min(0.95, 0.5 + 0.2 * len(first.confirmed)),
        rows=positions(now, pl.col(column).cast(pl.String).is_in([rename.new for rename in renames])),
    )


def _of_new(column: str, came: dict[str, float], now: pl.DataFrame | None) -> Suspicion | None:
    if sum(came.values()) < 0.002:
        return None
    names = sorted(came, key=lambda value: (-came[value], value))
    shown = ", ".join(f"{value!r} ({percent(came[value])})" for value in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return Suspicion(
        cause="new category",
        title=f"{column} has a new value, {names[0]!r}",
        explanation=(
            f"{column} has values that the reference does not have: {shown}{more}. No old value gave way to them."
        ),
        advice=(
            f"Find out what the new value of {column} means. If it is right, take it into the schema and train again "
            f"once there are outcomes for it; if not, have it put right at the source."
        ),
        confidence=0.7,
        rows=positions(now, pl.col(column).cast(pl.String).is_in(names)),
    )


def _of_sentinel(
    reading: ColumnReading, now: pl.DataFrame | None, before: pl.DataFrame | None
) -> Suspicion | None:
    """Return the suspicion that one number stands for a missing value."""
    if reading.kind != "numeric" or now is None or before is None:
        return None
    column = reading.column
    seen, known = (side[column].cast(pl.Float64, strict=False) for side in (now, before))
    jumps = {value: _share_of(seen, value) - _share_of(known, value) for value in _SENTINELS}
    value = max(jumps, key=lambda name: jumps[name])
    # The rest must be as it was: half of a column that truly is zero changes the other half too.
    if jumps[value] < 0.05 or _apart(known.filter(known != value), seen.filter(seen != value)) > 0.1:
        return None
    share, old = _share_of(seen, value), _share_of(known, value)
    return null_of(column, share, old, rows=positions(now, pl.col(column) == value), as_text=f"the number {value:g}")


def _share_of(values: pl.Series, value: float) -> float:
    """Return the share of rows with exactly this value; missing ones are others."""
    return float(np.sum(values.fill_null(np.nan).to_numpy() == value)) / max(values.len(), 1)


def _apart(known: pl.Series, seen: pl.Series) -> float:
    left, right = known.drop_nulls().to_numpy(), seen.drop_nulls().to_numpy()
    if min(left.size, right.size) < 20:
        return 0.0
    cuts = np.unique(np.quantile(left, np.arange(1, 10) / 10))
    sides = [np.bincount(np.searchsorted(cuts, side, side="right"), minlength=cuts.size + 1) for side in (left, right)]
    try:
        return minimum_effect_test(*sides).effect
    except Undefined:
        return 0.0


def _of_population(
    reading: ColumnReading, others: Sequence[ColumnReading], qualities: Sequence[QualityReading],
    now: pl.DataFrame | None,
) -> Suspicion:
    column, where = reading.column, largest_change(reading)
    moved = [other.column for other in others if other.alarmed and other.column not in {column, "prediction"}]
    beside = f" So did {', '.join(moved[:5])}." if moved else ""
    fell = [quality.metric for quality in qualities if quality.alarmed]
    return Suspicion(
        cause="population change",
        title=f"{column} is distributed differently",
        explanation=(
            f"{column} moved by {reading.effect:.3g} (squared effect; {reading.accepted:.3g} is accepted){where}, and "
            f"no fault of the data explains it.{beside} {quality_words(qualities)}"
        ),
        advice=(
            "Other rows come than those the model learned from. "
            + ("Train again on recent rows." if fell else
               "As long as the quality holds, nothing must be done; ask whether the change is known and will stay.")
        ),
        confidence=0.5 if fell else 0.7,
        rows=positions(now, _in_largest_bin(reading)),
    )


def _in_largest_bin(reading: ColumnReading) -> pl.Expr:
    place = largest_bin(reading)
    if reading.kind == "numeric" and len(reading.quantiles) >= 5 and len(reading.reference_quantiles) >= 5:
        low, high = reading.reference_quantiles[0], reading.reference_quantiles[-1]
        return ~pl.col(reading.column).is_between(low, high)
    return pl.col(reading.column).cast(pl.String) == ("" if place is None else reading.histogram.labels[place])
