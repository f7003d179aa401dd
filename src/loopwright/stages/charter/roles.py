"""What the columns are: the name of a row, its time, a person's data, groups worth a look, amounts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import polars as pl

__all__ = ["amounts", "find_key", "find_time", "is_epoch", "open_ended", "personal", "slice_columns", "words"]

_MIN_ROWS = 20                     # fewer rows have unique values by chance
_MIN_MOMENTS = 20
_KEY_WORDS = {"id", "ids", "key", "uuid", "guid", "pk", "rowid"}
_TIME_WORDS = {
    "time", "timestamp", "ts", "date", "datetime", "epoch", "unix", "created", "start", "started", "at",
}
_LATER_WORDS = {
    "end", "ended", "stop", "dropoff", "updated", "modified", "closed", "due", "finish", "finished", "out",
}
_CALENDAR_WORDS = {"year", "yr", "month", "mnth", "day", "week", "weekday", "hour", "hr", "quarter"}
_EPOCH_SECONDS = (3e8, 4.2e9)      # from 1979 to 2103

_NAME_OF = {
    "first", "last", "full", "given", "family", "middle", "maiden", "driver", "customer", "user", "client",
    "patient", "employee", "person", "passenger", "student", "contact", "owner", "member", "rider", "guest",
    "author", "applicant",
}
_PERSONAL_WORDS = {
    "surname", "forename", "firstname", "lastname", "fullname", "email", "mail", "phone", "telephone",
    "mobile", "fax", "ssn", "passport", "iban", "street", "address", "ip",
}
_BIRTH_WORDS = {"dob", "birth", "birthday", "birthdate"}
_PERSONAL_VALUES = {
    "e-mail addresses": r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
    "telephone numbers": r"^(\+\d|\(\d|0\d)[\d ()./-]{6,18}$",
    "social security numbers": r"^\d{3}-\d{2}-\d{4}$",
    "network addresses": r"^\d{1,3}(\.\d{1,3}){3}$",
}
_LOOKED_AT = 1_000                 # texts, for what they look like
_PLACE_WORDS = {
    "lat", "latitude", "lon", "lng", "long", "longitude", "area", "tract", "zip", "code", "postcode",
}
_LISTED_VALUES = 200               # a schema lists up to 100 of the training part
_NEW_VALUES = 0.03                 # a schema calls it an error when 5 % of the rows hold values that it does not list
_SENSITIVE = {
    "sex", "gender", "race", "ethnicity", "religion", "nationality", "disability", "citizenship", "senior",
}


def words(name: str) -> set[str]:
    """Return the words of a column's name, in lower case.

    Examples
    --------
    >>> sorted(words("customerID")), sorted(words("trip_start"))
    (['customer', 'id'], ['start', 'trip'])
    """
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def find_key(frame: pl.DataFrame, *, skip: Collection[str]) -> str | None:
    """Return the column that names a row: no value missing, none twice, and by name or nature no measurement.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
    skip : collection of str
        Columns that have another role.

    Examples
    --------
    >>> find_key(pl.DataFrame({"fare": [5, 7], "trip_id": ["a", "b"]}), skip=())
    'trip_id'
    """
    unique = [each for each in frame.iter_columns() if each.name not in skip and _names_rows(each)]
    named = [each.name for each in unique if words(each.name) & _KEY_WORDS]
    if named or frame.height < _MIN_ROWS:
        return next(iter(named), None)
    text = [each.name for each in unique if each.dtype == pl.String]
    counting = [each.name for each in unique if each.dtype.is_integer() and _counts_rows(each)]
    return next(iter([*text, *counting]), None)


def find_time(frame: pl.DataFrame, *, skip: Collection[str]) -> str | None:
    """Return the column that says when a row happened: dates or times in every row, many of them different.

    Of several the one whose name speaks of a beginning, never a date of birth; seconds since 1970 count if
    the column's name speaks of time.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
    skip : collection of str
        Columns that have another role.

    Examples
    --------
    >>> find_time(pl.DataFrame({"started_at": range(1_400_000_000, 1_400_000_100)}), skip=())
    'started_at'
    """
    found = [each for each in frame.iter_columns() if each.name not in skip and _is_moment(each)]
    return min(found, key=_time_rank).name if found else None


def is_epoch(values: pl.Series) -> bool:
    """Say whether whole numbers are seconds since 1970, by the column's name and range."""
    if not values.dtype.is_integer() or not words(values.name) & _TIME_WORDS:
        return False
    low, high = _EPOCH_SECONDS
    return values.null_count() < len(values) and bool(values.is_between(low, high).all())


def personal(values: pl.Series) -> str | None:
    """Say why a column seems to hold data about a person that no model needs; None if it does not.

    Parameters
    ----------
    values : polars.Series of shape (n_rows,)

    Examples
    --------
    >>> personal(pl.Series("contact", ["ann@example.org", "bob@example.org"]))
    'its values look like e-mail addresses'
    """
    spoken = words(values.name)
    if spoken & _BIRTH_WORDS and (values.dtype.is_temporal() or values.dtype == pl.String):
        return "its name speaks of a date of birth"
    if values.dtype != pl.String:
        return None
    looks = _looks_like(values)
    if looks:
        return f"its values look like {looks}"
    many = values.n_unique() > max(2, min(50, len(values) // 10))
    if many and spoken & _PERSONAL_WORDS:
        return "its name speaks of contact data"
    if many and ((spoken in ({"name"}, {"first"}, {"last"})) or ("name" in spoken and spoken & _NAME_OF)):
        return "its name speaks of the name of a person"
    return None


def slice_columns(
    frame: pl.DataFrame, *, strengths: Mapping[str, float], most: int = 3
) -> tuple[str, ...]:
    """Return the columns whose values are worth evaluating one by one.

    They have two to twelve values, at least two of them frequent. First come those that speak of groups of
    people, then those that say most about the label; those that speak of the calendar come last, since a part
    of the rows may hold few of their values.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
        The columns that have no other role.
    strengths : mapping of str to float
        How much a column alone says about the label; 0 where it is not listed.
    most : int, default=3

    Examples
    --------
    >>> rows = pl.DataFrame({"paid": ["Card", "Cash"] * 200, "fare": range(400)})
    >>> slice_columns(rows, strengths={})
    ('paid',)
    """
    found = [each.name for each in frame.iter_columns() if _divides(each)]
    order = {
        name: (not words(name) & _SENSITIVE, bool(words(name) & _CALENDAR_WORDS), -strengths.get(name, 0.0))
        for name in found
    }
    return tuple(sorted(found, key=order.__getitem__)[:most])


def amounts(frame: pl.DataFrame, *, strengths: Mapping[str, float]) -> tuple[str, ...]:
    """Return the columns that measure something: numbers with many values, none negative, no places or codes.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
        The columns that have no other role.
    strengths : mapping of str to float
        How much a column alone says about the label; those that say most come first.

    Examples
    --------
    >>> rows = pl.DataFrame({"fare": range(5, 55), "latitude": [41.0] * 50, "zip_code": range(50)})
    >>> amounts(rows, strengths={})
    ('fare',)
    """
    found = [each.name for each in frame.iter_columns() if _measures(each)]
    return tuple(sorted(found, key=lambda name: -strengths.get(name, 0.0)))


def open_ended(frame: pl.DataFrame) -> dict[str, float]:
    """Return the text columns in which values must be expected that were never seen, with their likely share.

    The share of rows whose value stands there only once estimates the chance that the next row's value is new.
    Columns whose values no schema would list, because there are too many or nearly as many as rows, are left out.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)

    References
    ----------
    Good (1953), The population frequencies of species and the estimation of population parameters,
    Biometrika 40.

    Examples
    --------
    >>> open_ended(pl.DataFrame({"cabin": ["A1", "B2", "C3", "A1"], "port": ["S", "C", "S", "C"]}))
    {'cabin': 0.5}
    """
    text = (each.drop_nulls() for each in frame.iter_columns() if each.dtype == pl.String)
    listed = [each for each in text if each.n_unique() <= min(_LISTED_VALUES, 0.95 * len(each))]
    shares = {each.name: _share(each.is_unique()) for each in listed}
    return {name: share for name, share in shares.items() if share >= _NEW_VALUES}


def _measures(values: pl.Series) -> bool:
    if not values.dtype.is_numeric() or words(values.name) & (_PLACE_WORDS | _KEY_WORDS | _CALENDAR_WORDS):
        return False
    return values.n_unique() > 20 and bool((values.drop_nulls() >= 0).all()) and not is_epoch(values)


def _names_rows(values: pl.Series) -> bool:
    kind = values.dtype
    if not (kind == pl.String or kind.is_integer()) or values.null_count() or values.n_unique() < len(values):
        return False
    if kind.is_integer():
        return True
    # Free text is unique too; a name of a row is short and has no words.
    texts = values.head(_LOOKED_AT)
    return bool((texts.str.len_chars() <= 64).all()) and _share(texts.str.contains(r"\s")) < 0.05


def _counts_rows(values: pl.Series) -> bool:
    """Say whether values are a row number: sorted they go up by one nearly everywhere."""
    if words(values.name) & (_CALENDAR_WORDS | _TIME_WORDS):
        return False
    return _share(values.sort().diff().drop_nulls() == 1) > 0.9


def _is_moment(values: pl.Series) -> bool:
    if not (isinstance(values.dtype, pl.Date | pl.Datetime) or is_epoch(values)):
        return False
    if values.null_count() or words(values.name) & _BIRTH_WORDS:
        return False
    return values.n_unique() >= _MIN_MOMENTS


def _time_rank(values: pl.Series) -> tuple[bool, bool, bool]:
    spoken = words(values.name)
    return bool(spoken & _LATER_WORDS), not spoken & _TIME_WORDS, not isinstance(values.dtype, pl.Datetime)


def _looks_like(values: pl.Series) -> str | None:
    texts = values.drop_nulls().head(_LOOKED_AT)
    if texts.n_unique() < 2:
        return None
    likely = (kind for kind, pattern in _PERSONAL_VALUES.items() if _share(texts.str.contains(pattern)) > 0.5)
    return next(likely, None)


def _share(claims: pl.Series) -> float:
    return float(claims.sum()) / max(len(claims), 1)


def _divides(values: pl.Series) -> bool:
    if not (values.dtype in (pl.String, pl.Boolean) or values.dtype.is_integer()):
        return False
    counts = values.drop_nulls().value_counts(name="rows")["rows"]
    if not 2 <= len(counts) <= 12:
        return False
    # At least two of the groups must be large enough to be judged.
    return int((counts >= max(20, 0.02 * len(values))).sum()) >= 2
