"""Proposes a schema from what the training rows hold; people review it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from loopwright.records.schema import ColumnSchema, Schema
from loopwright.records.statistics import ColumnStatistics, PartStatistics

__all__ = ["infer"]

MAX_DOMAIN = 100
_ID_LIKE_SHARE = 0.9
_ID_LIKE_ROWS = 20


def infer(
    statistics: PartStatistics,
    *,
    label: str | None = None,
    known_after: Collection[str] = (),
    key: str | None = None,
    time: str | None = None,
    pii: Mapping[str, str] | None = None,
    max_domain: int = MAX_DOMAIN,
) -> Schema:
    """Return the schema that fits the statistics.

    The rules are those of TensorFlow Data Validation: a column is required if no row lacks it, and a text
    column of few different values may hold those. Beyond them, NaN and infinity are allowed only where there
    are some; a text column that has a new value in nearly every row names rows and gets no list; the key must
    be present and unique; and the time must be present. Ranges of numbers are left to people: the smallest
    and largest value so far are no limits.

    Parameters
    ----------
    statistics : PartStatistics
        Of the training part alone, so that validation rows are compared with something they did not shape.
    label : str, optional
        Column of the label: absent when serving.
    known_after : collection of str
        Columns known only after the outcome: absent when serving.
    key, time : str, optional
        Columns that name a row and say when it happened.
    pii : mapping of str to str, optional
        Class of personal data by column.
    max_domain : int, default=100
        Most values that are listed for a text column.

    Returns
    -------
    Schema

    Examples
    --------
    >>> from loopwright.records.statistics import ColumnStatistics, PartStatistics
    >>> paid = ColumnStatistics(name="paid", type="string", rows=9, unique=2, values=("Card", "Cash"))
    >>> found = infer(PartStatistics(part="train", rows=9, columns=(paid,)), label="paid").columns[0]
    >>> found.values, found.min_fraction, found.not_in_environment
    (('Card', 'Cash'), 1.0, ('serving',))
    """
    outcome = {*known_after, *([label] if label else [])}
    return Schema(
        columns=tuple(
            ColumnSchema(
                name=column.name,
                type=column.type,
                min_fraction=1.0 if not column.missing and column.rows else 0.0,
                min_count=int(0 < column.present < column.rows),
                values=_domain(column, max_domain, is_key=column.name in (key, time)),
                allow_nan=column.type != "float" or column.nan > 0,
                allow_infinite=column.type != "float" or column.infinite > 0,
                unique=column.name == key,
                not_in_environment=("serving",) if column.name in outcome else (),
                pii=(pii or {}).get(column.name),
            )
            for column in statistics.columns
        )
    )


def _domain(column: ColumnStatistics, most: int, *, is_key: bool) -> tuple[str, ...] | None:
    if is_key or not column.values or len(column.values) > most:
        return None
    names_rows = len(column.values) >= _ID_LIKE_SHARE * column.present and column.present >= _ID_LIKE_ROWS
    return None if names_rows else column.values
