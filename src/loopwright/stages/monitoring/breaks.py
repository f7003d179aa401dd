"""What is wrong at the door or with the service itself: rows that do not fit, requests that fail, outcomes lost."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl

from loopwright.stages.monitoring.causes import suspect
from loopwright.stages.monitoring.suspicions import FAULTS, Suspicion, null_of, percent, positions
from loopwright.stages.monitoring.windows import ColumnReading, DoorReading, QualityReading, WindowReport

__all__ = ["suspect_door", "suspect_service"]

_MOST_READ = 200                   # refused rows that are looked into


def suspect_door(
    doors: Sequence[DoorReading],
    *,
    reading: ColumnReading | None = None,
    frame: pl.DataFrame | None = None,
    reference: pl.DataFrame | None = None,
    others: Sequence[ColumnReading] = (),
    qualities: Sequence[QualityReading] = (),
    refusals: pl.DataFrame | None = None,
) -> Suspicion:
    """Return the suspected cause of what was odd about one field at the door.

    Parameters
    ----------
    doors : sequence of DoorReading
        At least one, all of one field.
    reading : ColumnReading, optional
        Of the same column, whether it raised an alarm or not.
    frame, reference : DataFrame, optional
        Rows of the window and of the reference.
    others : sequence of ColumnReading
        The other columns in the same window.
    qualities : sequence of QualityReading
        Of the same window.
    refusals : DataFrame, optional
        Refused rows of the window.
    """
    worst = max(doors, key=lambda door: (door.alarmed, door.rows))
    broken = [door for door in doors if door.refused and not door.problem.startswith(("above", "below", "new value"))]
    if broken and not _are_nulls(broken, refusals):
        return _of_break(max(broken, key=lambda door: door.rows))
    if broken:
        share, before = sum(door.share for door in broken), max(door.reference for door in broken)
        return null_of(worst.field, share, before, rows=(), as_text="null, and the row is refused")
    found = _of_refused_numbers(doors, reference)
    if found is None and reading is not None:
        found = suspect(reading, frame=frame, reference=reference, doors=doors, others=others, qualities=qualities)
    if found is not None and found.cause in FAULTS:
        return found
    return _of_oddity(worst, frame)


def _are_nulls(doors: Sequence[DoorReading], refusals: pl.DataFrame | None) -> bool:
    """Say whether all that is wrong is that a value is null; a column that is not sent at all is a broken schema."""
    if refusals is None or any(not door.problem.startswith("missing") for door in doors):
        return False
    field = doors[0].field
    about = refusals.filter(pl.col("problems").list.eval(pl.element().str.starts_with(f"{field}:")).list.any())
    rows = [_decoded(text) for text in about["row"].head(_MOST_READ).to_list()]
    return bool(rows) and 2 * sum(field in row for row in rows) > len(rows)


def _decoded(text: str | None) -> dict[str, object]:
    """Return a refused row; nothing if what came was no row."""
    try:
        row = msgspec.json.decode(text or "null")
    except msgspec.DecodeError:
        return {}
    return row if isinstance(row, dict) else {}


def _of_break(door: DoorReading) -> Suspicion:
    field = door.field or "the row"
    examples = f" For example: {', '.join(door.examples[:3])}." if door.examples else ""
    return Suspicion(
        cause="schema break",
        title=f"{percent(door.share)} of the rows are refused: {field}, {door.problem}",
        explanation=(
            f"{door.refused:,} rows ({percent(door.share)}) were refused because of {field}: {door.problem}; of the "
            f"reference rows {percent(door.reference)} would have been.{examples}"
        ),
        advice=(
            f"Tell the consumers that send it what {field} must be (see /docs of the service), or change the schema "
            f"and train again if the new form is to stay. Refused rows got no answer."
        ),
        confidence=0.95,
    )


def _of_refused_numbers(doors: Sequence[DoorReading], reference: pl.DataFrame | None) -> Suspicion | None:
    """Return the suspicion of another unit from the examples of numbers that were refused."""
    refused = [door for door in doors if door.refused and door.problem.startswith(("above", "below"))]
    if not refused:
        return None
    door, before = max(refused, key=lambda each: each.rows), _rows_with(reference, refused[0].field)
    values = [value for text in door.examples if (value := _number(text)) is not None]
    if before is None or len(values) < 3:
        return None
    known = before[door.field].cast(pl.Float64, strict=False).drop_nulls().to_numpy()
    points = np.arange(1, len(values) + 1) / (len(values) + 1)
    ratio = float(np.median(values) / np.median(known)) if np.median(known) else 1.0
    # A handful of examples cannot tell a near factor from a tail; a hundredfold they can.
    if max(ratio, 1 / ratio if ratio > 0 else 0.0) < 8:
        return None
    return Suspicion(
        cause="unit change",
        title=f"{door.field} is refused, about {ratio:.3g} times as large",
        explanation=(
            f"{door.refused:,} rows ({percent(door.share)}) were refused because {door.field} is {door.problem}: for "
            f"example {', '.join(door.examples[:3])}, where the reference has "
            f"{', '.join(f'{value:.4g}' for value in np.quantile(known, points)[:3])}. That looks like another unit."
        ),
        advice=f"Ask who sends {door.field} what changed, and convert it back. Refused rows got no answer.",
        confidence=0.75,
    )


def _rows_with(reference: pl.DataFrame | None, field: str) -> pl.DataFrame | None:
    """Return the reference if it has values of the field."""
    has = reference is not None and field in reference.columns and reference[field].null_count() < reference.height
    return reference if has else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _of_oddity(door: DoorReading, frame: pl.DataFrame | None) -> Suspicion:
    """Return what can be said of values outside of the schema that nothing else explains."""
    field, is_new = door.field or "the row", door.problem.startswith("new value")
    examples = f": {', '.join(door.examples[:3])}" if door.examples else ""
    return Suspicion(
        cause="new category" if is_new else "unknown",
        title=f"{field} has new values" if is_new else f"{field} is {door.problem}, {percent(door.share)} of the rows",
        explanation=(
            f"{door.rows:,} rows ({percent(door.share)}) have in {field} what the schema does not allow, "
            f"{door.problem}{examples}; of the reference rows it was {percent(door.reference)}."
        ),
        advice=(
            f"Find out what the new values of {field} mean; take them into the schema if they are right."
            if is_new else f"Look at the rows; if such values of {field} are right, widen the schema."
        ),
        confidence=0.6 if is_new else 0.3,
        rows=_flagged(door.field, frame),
    )


def _flagged(field: str, frame: pl.DataFrame | None) -> tuple[int, ...]:
    if frame is None or "__flags" not in frame.columns:
        return ()
    return positions(frame, pl.col("__flags").list.eval(pl.element().str.starts_with(f"{field}:")).list.any())


def suspect_service(what: str, report: WindowReport) -> Suspicion:
    """Return the suspected cause of something that is wrong with the service.

    Parameters
    ----------
    what : {"traffic", "errors", "latency", "nan", "labels"}
    report : WindowReport
    """
    return {
        "traffic": _of_traffic, "errors": _of_errors, "latency": _of_latency, "nan": _of_nan, "labels": _of_labels,
    }[what](report)


def _of_traffic(report: WindowReport) -> Suspicion:
    traffic = report.traffic
    low, high = traffic.expected_low or 0.0, traffic.expected_high
    expected = f"{low:,.0f}" + (f" to {high:,.0f}" if high is not None else " or more")
    if high is not None and traffic.rows > high:
        return Suspicion(
            cause="population change", title=f"{traffic.rows:,} rows came, more than usual",
            explanation=f"{traffic.rows:,} rows were answered where {expected} were to be expected.",
            advice="Ask whether a new consumer sends, or one sends twice.", confidence=0.5,
        )
    lost = traffic.refused + traffic.failed
    if lost and traffic.rows + lost >= low:
        return _of_errors(report)
    return Suspicion(
        cause="missing traffic", title="no rows came" if not traffic.rows else f"only {traffic.rows:,} rows came",
        explanation=(
            f"{traffic.rows:,} rows were answered where {expected} were to be expected; {traffic.refused:,} were "
            f"refused and {traffic.failed:,} failed."
        ),
        advice="See whether the consumers run and reach the service; see the server's log.", confidence=0.9,
    )


def _of_errors(report: WindowReport) -> Suspicion:
    traffic = report.traffic
    total = max(traffic.rows + traffic.refused + traffic.failed, 1)
    if traffic.failed >= traffic.refused:
        return Suspicion(
            cause="failing requests", title=f"{traffic.failed:,} requests fail ({percent(traffic.failed / total)})",
            explanation=(
                f"{traffic.failed:,} of {total:,} rows got no answer because the model failed (status 500); "
                f"{traffic.refused:,} were refused."
            ),
            advice="See the server's log; roll back if it began with a new model (`loopwright rollback`).",
            confidence=0.9,
        )
    broken = sorted((door for door in report.doors if door.refused), key=lambda door: (-door.refused, door.field))
    named = "; ".join(f"{door.field or 'the row'}: {door.problem} ({door.refused:,})" for door in broken[:3])
    return Suspicion(
        cause="schema break", title=f"{percent(traffic.refused / total)} of the rows are refused",
        explanation=f"{traffic.refused:,} of {total:,} rows did not fit the schema{': ' + named if named else ''}.",
        advice="Tell the consumers what the service takes (see its /docs); refused rows got no answer.",
        confidence=0.9,
    )


def _of_latency(report: WindowReport) -> Suspicion:
    traffic = report.traffic
    limit = f" (the limit is {traffic.latency_limit_ms:g} ms)" if traffic.latency_limit_ms is not None else ""
    p99 = f"{traffic.latency_p99_ms:.3g} ms" if traffic.latency_p99_ms is not None else "an unknown time"
    return Suspicion(
        cause="slow answers", title=f"1 in 100 answers takes {p99} or longer",
        explanation=(
            f"99 of 100 answers took at most {p99}{limit}; {traffic.over_limit:,} of {traffic.rows:,} were slower than "
            f"the limit."
        ),
        advice="See whether the machine is busy, requests have grown, or the model was changed; add workers.",
        confidence=0.9,
    )


def _of_nan(report: WindowReport) -> Suspicion:
    return Suspicion(
        cause="failing requests", title=f"{report.traffic.odd:,} answers are no number",
        explanation=f"{report.traffic.odd:,} of {report.traffic.rows:,} answers are missing or infinite; none may be.",
        advice="Roll back to the model before (`loopwright rollback`) and look at the rows.", confidence=0.9,
    )


def _of_labels(report: WindowReport) -> Suspicion:
    traffic = report.traffic
    return Suspicion(
        cause="lost labels", title=f"outcomes are missing: {traffic.labels_come:,} of {traffic.labels_due:,} came",
        explanation=(
            f"{traffic.labels_due:,} rows are old enough to have an outcome, and {traffic.labels_come:,} have one. "
            f"Quality that is measured on the others may be that of a part that is not like the whole."
        ),
        advice="See whether the job that sends outcomes runs, and send what is missing again; it is counted once.",
        confidence=0.9,
    )
