"""What the columns of a dataset version hold, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from loopwright.records.record import Artifact, Record

__all__ = ["Bucket", "ColumnStatistics", "PartStatistics", "Statistics", "ValueCount"]


class Bucket(NamedTuple):
    """A range of values and how many rows lie in it."""

    low: float
    high: float
    rows: float


class ValueCount(NamedTuple):
    """A value, as text, and how many rows hold it."""

    value: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStatistics:
    """Everything a page, a datasheet or a schema needs to know about one column.

    What does not apply to the type is None or empty. Times are seconds since 1970 UTC in histograms and
    ISO 8601 text in ``min``, ``median`` and ``max``. NaN and infinities are counted and kept out of all else.

    Attributes
    ----------
    std : float or None
        Of the population (divided by n, not n - 1), as TensorFlow Data Validation has it.
    quantile_histogram : tuple of Bucket
        Ten buckets between the deciles; each holds a tenth of the rows by definition.
    standard_histogram : tuple of Bucket
        Ten buckets of equal width; counts are exact unless ``value_error`` is above 0.
    unique : int or None
        Different values.
    values : tuple of str
        All values in order, if it is a text column of at most 100.
    unique_error : float
        Standard error of ``unique`` as a share of it; 0 where it was counted.
    value_error : float
        Quantiles and bucket borders may be off by this share of their value; 0 where they are exact.
    count_error : int
        Counts of top values may be too low by so many; 0 where they were counted.
    """

    name: str
    type: str                      # int, float, string, bool, time, date, duration, binary, list or struct
    rows: int
    missing: int = 0
    nan: int = 0
    infinite: int = 0
    zeros: int = 0
    mean: float | None = None
    std: float | None = None
    min: int | float | str | None = None
    median: int | float | str | None = None
    max: int | float | str | None = None
    quantile_histogram: tuple[Bucket, ...] = ()
    standard_histogram: tuple[Bucket, ...] = ()
    unique: int | None = None
    top_values: tuple[ValueCount, ...] = ()
    values: tuple[str, ...] = ()
    min_length: int | None = None  # characters of text, bytes of binary, items of lists
    mean_length: float | None = None
    max_length: int | None = None
    unique_error: float = 0.0
    value_error: float = 0.0
    count_error: int = 0

    @property
    def present(self) -> int:
        """Rows that hold a value."""
        return self.rows - self.missing

    @property
    def missing_share(self) -> float:
        """Share of rows without a value; 0 without rows."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def is_exact(self) -> bool:
        """Whether every number here was counted rather than estimated."""
        return not (self.unique_error or self.value_error or self.count_error)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatistics:
    """The columns of one part."""

    part: str                      # "train", "validation", "test", or "all"
    rows: int
    columns: tuple[ColumnStatistics, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics(Record):
    """Statistics of a dataset version; the mergeable partials they are a view of lie in an artifact."""

    parts: tuple[PartStatistics, ...]
    partials: Artifact | None = None
