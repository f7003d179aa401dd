"""Finds what the schema does not allow, and the rows that show it.

Statistics say whether something is wrong; only then are the rows of that column looked at, to count and to
show examples. Types of anomalies carry TensorFlow Data Validation's names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from loopwright.errors import DataError, nearest
from loopwright.records.anomaly import Anomaly, Example
from loopwright.records.schema import ColumnSchema, Schema
from loopwright.records.statistics import ColumnStatistics, PartStatistics
from loopwright.stages.data.partials import summarize
from loopwright.stages.data.quarantine import shortened

__all__ = ["find"]

MOST_EXAMPLES = 5
_MOST_NAMED = 10
# New values in a smaller share of rows are news, not yet a break; a renamed value is in more.
_RARE = 0.05

Severity = Literal["error", "warning"]


def find(
    frame: pl.DataFrame,
    schema: Schema,
    *,
    statistics: PartStatistics | None = None,
    part: str = "all",
    environment: str = "training",
    key: str | None = None,
) -> tuple[Anomaly, ...]:
    """Return every way in which the rows differ from the schema, in the schema's order of columns.

    An anomaly is an error, except that a column the schema does not have, and unlisted values in less than
    5 % of the rows with a value, are warnings; ``severity`` of the column overrides either. A column that is
    whole numbers where the schema says float fits, and one without any value fits any type.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
    schema : Schema
    statistics : PartStatistics, optional
        Of these rows; computed if not given.
    part : str, default="all"
        What to call the rows.
    environment : str, default="training"
        One of the schema's; columns that are not in it are not looked at.
    key : str, optional
        Column whose value names an example row.

    Returns
    -------
    tuple of Anomaly
        Rows of examples are positions in the frame, from 0.

    Raises
    ------
    DataError
        If the schema has no such environment.

    Examples
    --------
    >>> fares = Schema(columns=(ColumnSchema(name="fare", type="float", minimum=0),))
    >>> found = find(pl.DataFrame({"fare": [5.0, -1.0]}), fares)[0]
    >>> found.type, found.description, found.examples[0].row
    ('FLOAT_TYPE_SMALL_FLOAT', 'Below the minimum of 0 in 1 of 2 rows (50%); the lowest is -1.0.', 1)
    """
    if environment not in schema.environments:
        raise DataError(
            f"the schema has no environment {environment!r}{nearest(environment, schema.environments)}. "
            f"It has: {', '.join(schema.environments)}. Name one of them, or add it to schema.toml."
        )
    found = {column.name: column for column in (statistics or summarize(frame, part=part)).columns}
    place = _Place(frame, part, environment, key if key in frame.columns else None)
    anomalies = [
        anomaly
        for column in schema.columns
        if environment not in column.not_in_environment
        for anomaly in _of_column(column, found.get(column.name), place)
    ]
    known = {column.name for column in schema.columns}
    return (*anomalies, *(_new_column(column, place) for name, column in found.items() if name not in known))


@dataclass(frozen=True, slots=True)
class _Place:
    """The rows looked at, and how an anomaly in them is written down."""

    frame: pl.DataFrame
    part: str
    environment: str
    key: str | None

    def anomaly(
        self,
        column: ColumnSchema,
        kind: str,
        description: str,
        *,
        bad: pl.Series | None = None,
        severity: Severity = "error",
    ) -> Anomaly:
        """Return an anomaly, with the rows where ``bad`` is true as examples."""
        rows = int(bad.sum()) if bad is not None else 0
        return Anomaly(
            column=column.name,
            type=kind,
            severity=severity
            if column.severity is None
            else "error"
            if column.severity == "error"
            else "warning",
            part=self.part,
            environment=self.environment,
            description=description,
            rows=rows,
            share=rows / self.frame.height if bad is not None and self.frame.height else None,
            examples=self.examples(column.name, bad) if bad is not None else (),
        )

    def examples(self, name: str, bad: pl.Series) -> tuple[Example, ...]:
        values = self.frame[name]
        keys = self.frame[self.key] if self.key else None
        return tuple(
            Example(
                row=row,
                value=_text(values[row]),
                key=_text(keys[row]) if keys is not None else None,
            )
            for row in bad.arg_true().head(MOST_EXAMPLES).to_list()
        )


def _of_column(column: ColumnSchema, found: ColumnStatistics | None, place: _Place) -> Iterator[Anomaly]:
    if found is None:
        if column.min_fraction or column.min_count:
            yield place.anomaly(column, "SCHEMA_MISSING_COLUMN", "The column is not there at all.")
        return
    yield from _presence(column, found, place)
    if not found.present:
        return
    if not _fits(found.type, column.type):
        yield _wrong_type(column, found, place)
        return
    for check in _CHECKS:
        yield from check(column, found, place)


def _new_column(found: ColumnStatistics, place: _Place) -> Anomaly:
    return place.anomaly(
        ColumnSchema(name=found.name, type=found.type),
        "SCHEMA_NEW_COLUMN",
        f"The schema has no such column; it holds {found.type} in {found.present:,} of {found.rows:,} rows. "
        f"Add it to schema.toml, or take it out of the data.",
        severity="warning",
    )


def _presence(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Iterator[Anomaly]:
    if found.rows and found.present < column.min_fraction * found.rows:
        yield place.anomaly(
            column,
            "FEATURE_TYPE_LOW_FRACTION_PRESENT",
            f"No value in {_share(found.missing, found.rows)}; the schema wants one in at least "
            f"{_percent(column.min_fraction)} of them.",
            bad=place.frame[column.name].is_null(),
        )
    elif found.present < column.min_count:
        yield place.anomaly(
            column,
            "FEATURE_TYPE_LOW_NUMBER_PRESENT",
            f"A value in {_share(found.present, found.rows)}; the schema wants one in at least "
            f"{column.min_count:,}.",
            bad=place.frame[column.name].is_null(),
        )


def _fits(found: str, wanted: str) -> bool:
    return found == wanted or (found == "int" and wanted == "float")


def _wrong_type(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Anomaly:
    values = place.frame[column.name]
    odd = values.is_not_null()
    if found.type == "string" and column.type in ("int", "float"):
        odd &= values.str.strip_chars().cast(pl.Float64, strict=False).is_null()
    elif found.type == "float" and column.type == "int":
        odd &= values != values.floor()
    odd = odd if odd.any() else values.is_not_null()
    return place.anomaly(
        column,
        "UNEXPECTED_DATA_TYPE",
        f"The column is {found.type} where the schema says {column.type}: "
        f"{_share(int(odd.sum()), found.rows)} hold something else, such as "
        f"{shortened(_text(values.filter(odd)[0]))}.",
        bad=odd,
    )


def _unlisted(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Iterator[Anomaly]:
    if column.values is None or (found.values and set(found.values) <= set(column.values)):
        return
    values = place.frame[column.name]
    odd = (~values.is_in(list(column.values))).fill_null(False)
    rows = int(odd.sum())
    if found.present - rows >= column.min_domain_mass * found.present - 1e-9 * found.present:
        return
    counts = (
        values.filter(odd).value_counts(name="rows").sort(by=["rows", column.name], descending=[True, False])
    )
    named = [f"{shortened(value)} ({times:,})" for value, times in counts.head(_MOST_NAMED).rows()]
    more = f" and {counts.height - _MOST_NAMED:,} more" if counts.height > _MOST_NAMED else ""
    plural = "s" if counts.height > 1 else ""
    tolerated = f"; {_percent(1 - column.min_domain_mass)} of them may" if column.min_domain_mass < 1 else ""
    yield place.anomaly(
        column,
        "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
        f"{counts.height:,} value{plural} that the schema does not list, in {_share(rows, found.present)} "
        f"with a value{tolerated}: {', '.join(named)}{more}.",
        bad=odd,
        severity="warning" if rows < _RARE * found.present else "error",
    )


def _below(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Iterator[Anomaly]:
    if column.minimum is None or not isinstance(found.min, int | float):
        return
    if found.min < column.minimum or found.infinite:
        yield from _outside(column, place, place.frame[column.name] < column.minimum, is_low=True)


def _above(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Iterator[Anomaly]:
    if column.maximum is None or not isinstance(found.max, int | float):
        return
    if found.max > column.maximum or found.infinite:
        odd = (place.frame[column.name] > column.maximum) & _is_number(place.frame[column.name])
        yield from _outside(column, place, odd, is_low=False)


def _outside(column: ColumnSchema, place: _Place, odd: pl.Series, *, is_low: bool) -> Iterator[Anomaly]:
    odd = odd.fill_null(False)
    if not odd.any():
        return
    values = place.frame[column.name]
    kind = f"{'FLOAT' if values.dtype.is_float() else 'INT'}_TYPE_{'SMALL' if is_low else 'BIG'}"
    worst = values.filter(odd).min() if is_low else values.filter(odd).max()
    yield place.anomaly(
        column,
        f"{kind}_{'FLOAT' if values.dtype.is_float() else 'INT'}",
        f"{'Below the minimum' if is_low else 'Above the maximum'} of "
        f"{column.minimum if is_low else column.maximum} in {_share(int(odd.sum()), len(odd))}; "
        f"the {'lowest' if is_low else 'highest'} is {_text(worst)}.",
        bad=odd,
    )


def _nan(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Iterator[Anomaly]:
    if found.nan and not column.allow_nan:
        odd = place.frame[column.name].is_nan().fill_null(False)
        yield place.anomaly(
            column,
            "FLOAT_TYPE_HAS_NAN",
            f"NaN in {_share(found.nan, found.rows)}; the schema forbids it.",
            bad=odd,
        )


def _infinite(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Iterator[Anomaly]:
    if found.infinite and not column.allow_infinite:
        odd = place.frame[column.name].is_infinite().fill_null(False)
        yield place.anomaly(
            column,
            "FLOAT_TYPE_HAS_INF",
            f"Infinity in {_share(found.infinite, found.rows)}; the schema forbids it.",
            bad=odd,
        )


def _repeated(column: ColumnSchema, found: ColumnStatistics, place: _Place) -> Iterator[Anomaly]:
    if not column.unique or (found.unique == found.present and not found.unique_error):
        return
    values = place.frame[column.name]
    odd = values.is_duplicated() & values.is_not_null()
    if odd.any():
        yield place.anomaly(
            column,
            "FEATURE_TYPE_LOW_UNIQUE",
            f"{_share(int(odd.sum()), found.rows)} share their value with another row; the schema wants "
            f"every value once. There are {values.drop_nulls().n_unique():,} different ones.",
            bad=odd,
        )


def _is_number(values: pl.Series) -> pl.Series:
    """Say where a value is not NaN, which Polars puts above all numbers."""
    return values.is_not_nan() if values.dtype.is_float() else values.is_not_null()


def _text(value: object) -> str:
    return "missing" if value is None else str(value)


def _share(rows: int, total: int) -> str:
    return f"{rows:,} of {total:,} rows ({_percent(rows / total if total else 0.0)})"


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


_Check = Callable[[ColumnSchema, ColumnStatistics, _Place], Iterator[Anomaly]]
_CHECKS: tuple[_Check, ...] = (_unlisted, _below, _above, _nan, _infinite, _repeated)
