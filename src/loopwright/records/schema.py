"""What people have agreed that the columns hold."""

from __future__ import annotations

from dataclasses import dataclass

from loopwright.records.record import Record

__all__ = ["COLUMN_TYPES", "PII_CLASSES", "SEVERITIES", "ColumnSchema", "Schema"]

COLUMN_TYPES = ("int", "float", "string", "bool", "time", "date", "duration", "binary", "list", "struct")
PII_CLASSES = (
    "address", "birth_date", "card_number", "email", "iban", "ip_address", "location", "name", "national_id",
    "phone",
)
SEVERITIES = ("error", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSchema:
    """What one column may hold. The defaults allow everything.

    Attributes
    ----------
    min_fraction : float
        Smallest share of rows that must hold a value: 1 is required, 0 is optional.
    min_count : int
        Smallest number of rows that must hold a value; 1 finds a column that fell silent.
    values : tuple of str or None
        The values that a text column may hold; None allows any.
    min_domain_mass : float
        Share of the rows with a value that must hold one of ``values``; the rest is tolerated.
    minimum, maximum : number or None
        Range of a numeric column, borders included.
    not_in_environment : tuple of str
        Environments in which the column must not be expected, such as ``"serving"`` for the label.
    pii : str or None
        Class of personal data, one of ``PII_CLASSES``.
    severity : str or None
        Overrides the severity of every anomaly of this column.
    """

    name: str
    type: str
    min_fraction: float = 0.0
    min_count: int = 0
    values: tuple[str, ...] | None = None
    min_domain_mass: float = 1.0
    minimum: int | float | None = None
    maximum: int | float | None = None
    allow_nan: bool = True
    allow_infinite: bool = True
    unique: bool = False
    not_in_environment: tuple[str, ...] = ()
    pii: str | None = None
    severity: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema(Record):
    """The columns in the order of the data, and where the schema is used."""

    columns: tuple[ColumnSchema, ...]
    environments: tuple[str, ...] = ("training", "serving")
