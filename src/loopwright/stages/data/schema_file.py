"""The schema as a text file that people review and commit: one table for each column, in the data's order."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final

from loopwright.errors import SchemaError, nearest
from loopwright.records.schema import COLUMN_TYPES, PII_CLASSES, SEVERITIES, ColumnSchema, Schema
from loopwright.tomlplaces import Path, nearest_line, places

__all__ = ["parse", "render"]

HEADER: Final = """\
# What the columns of the data hold, as people have agreed. Data that differ are reported as anomalies.
# Loopwright proposed this file from the training rows; read it, mend it, and commit it with the project.
#
# For each column:
#   type                one of int, float, string, bool, time, date, duration, binary, list, struct
#   min_fraction        smallest share of rows that must have a value (1.0: every row; optional if not said)
#   min_count           smallest number of rows that must have a value
#   values              the only values a text column may hold
#   min_domain_mass     share of rows that must hold one of them (1.0 if not said); the rest is tolerated
#   minimum, maximum    range of a numeric column, borders included
#   allow_nan, allow_infinite    false forbids them in a float column
#   unique              true: no value may come twice
#   not_in_environment  where the column does not exist, such as ["serving"] for the label
#   pii                 class of personal data, one of: {pii}
#   severity            "error" or "warning" for every anomaly of this column
#   description         for people
"""

_PII: Final = "\n#                       ".join(
    (", ".join(PII_CLASSES[:5]) + ",", ", ".join(PII_CLASSES[5:]))
)
_ON_ONE_LINE: Final = 3
_BARE: Final = re.compile(r"^[A-Za-z0-9_-]+$")
_DEFAULTS: Final = ColumnSchema(name="", type="string")
_KEYS: Final = tuple(item.name for item in fields(ColumnSchema) if item.name not in ("name", "made_from"))
_NUMERIC: Final = ("int", "float")


def render(schema: Schema) -> str:
    r"""Return the schema as TOML, with comments; ``parse`` gives the same schema back.

    What is at its default is left out, and long lists have one value on each line, so that a change to the
    schema is a small difference between two files.

    Examples
    --------
    >>> text = render(Schema(columns=(ColumnSchema(name="fare", type="float", minimum=0),)))
    >>> print(text[text.index("[columns") :])
    [columns.fare]
    type = "float"
    minimum = 0
    <BLANKLINE>
    """
    parts = [HEADER.format(pii=_PII), f"environments = {_toml(schema.environments)}\n"]
    parts += [_table(column) for column in schema.columns]
    return "\n".join(parts)


def parse(text: str, *, file: str) -> Schema:
    r"""Return the schema that the text of a schema file says.

    Parameters
    ----------
    text : str
        TOML.
    file : str
        What to call the file in errors.

    Raises
    ------
    SchemaError
        If the text is no TOML, has an unknown key, or a value that cannot be; with file, line, what was found
        and what is allowed.

    Examples
    --------
    >>> parse('[columns.fare]\ntype = "float"\nminimun = 0\n', file="schema.toml")
    Traceback (most recent call last):
    loopwright.errors.SchemaError: schema.toml:3: unknown key 'minimun' (did you mean 'minimum'?) ...
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{file}: not valid TOML: {error}. Mend that place.") from error
    return _Reader(file, places(text)).schema(content)


def _table(column: ColumnSchema) -> str:
    lines = [f"[columns.{_key(column.name)}]"]
    for key in _KEYS:
        value = getattr(column, key)
        if key == "type" or value != getattr(_DEFAULTS, key):
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.match(name) else _text(name)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        items = [_toml(item) for item in value]
        if len(items) <= _ON_ONE_LINE:
            return f"[{', '.join(items)}]"
        return "[\n" + "".join(f"  {item},\n" for item in items) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """Return a TOML basic string: JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checks what a schema file says."""

    file: str
    lines: dict[Path, int]

    def schema(self, content: dict[str, object]) -> Schema:
        self.known(content, ("environments", "columns"), ())
        environments = _DEFAULT_ENVIRONMENTS
        if "environments" in content:
            environments = self.texts(content["environments"], ("environments",))
        tables = content.get("columns", {})
        if not isinstance(tables, dict):
            raise self.error(("columns",), "columns must be tables, one for each column: [columns.fare]")
        return Schema(
            columns=tuple(self.column(name, table, environments) for name, table in tables.items()),
            environments=environments,
        )

    def column(self, name: str, table: object, environments: tuple[str, ...]) -> ColumnSchema:
        path = ("columns", name)
        if not isinstance(table, dict):
            raise self.error(path, f"{name!r} must be a table: [columns.{_key(name)}] and its keys below")
        self.known(table, _KEYS, path)
        if "type" not in table:
            raise self.error(path, f"column {name!r} has no type. Add one of: {', '.join(COLUMN_TYPES)}")
        said = {key: self.value(key, table[key], (*path, key)) for key in table}
        column = ColumnSchema(name=name, **said)  # type: ignore[arg-type]
        self.possible(column, environments, path)
        return column

    def value(self, key: str, value: object, path: Path) -> object:
        return _CHECKS[key](self, value, path)

    def known(self, table: dict[str, object], allowed: tuple[str, ...], path: Path) -> None:
        for key in table:
            if key not in allowed:
                raise self.error(
                    (*path, key),
                    f"unknown key {key!r}{nearest(key, allowed)} {_where(path)}. "
                    f"Allowed are: {', '.join(allowed)}",
                )

    def possible(self, column: ColumnSchema, environments: tuple[str, ...], path: Path) -> None:
        """Check what only several keys together can say."""
        if column.values is not None and column.type != "string":
            self.forbid(
                path, "values", f"only a text column has a list of values, and this one is {column.type}"
            )
        for key in ("minimum", "maximum"):
            if getattr(column, key) is not None and column.type not in _NUMERIC:
                self.forbid(
                    path, key, f"only an int or float column has a range, and this one is {column.type}"
                )
        for key in ("allow_nan", "allow_infinite"):
            if not getattr(column, key) and column.type != "float":
                self.forbid(path, key, f"only a float column can hold it, and this one is {column.type}")
        if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
            self.forbid(path, "minimum", f"it is {column.minimum}, above the maximum of {column.maximum}")
        for name in column.not_in_environment:
            if name not in environments:
                self.forbid(
                    path,
                    "not_in_environment",
                    f"there is no environment {name!r}{nearest(name, environments)}. "
                    f"Allowed are: {', '.join(environments)}",
                )

    def forbid(self, path: Path, key: str, reason: str) -> None:
        raise self.error((*path, key), f"{key} {_where(path)}: {reason}")

    def texts(self, value: object, path: Path) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(value, "a list of strings", path)
        if len(set(value)) < len(value):
            twice = next(item for item, times in Counter(value).items() if times > 1)
            raise self.error(path, f"{path[-1]} {_where(path[:-1])} lists {twice!r} twice. Take one out")
        return tuple(value)

    def text(self, value: object, path: Path) -> str:
        if not isinstance(value, str):
            raise self.wrong(value, "a string", path)
        return value

    def truth(self, value: object, path: Path) -> bool:
        if not isinstance(value, bool):
            raise self.wrong(value, "true or false", path)
        return value

    def number(self, value: object, path: Path) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(value, "a finite number", path)
        return value

    def share(self, value: object, path: Path) -> float:
        number = self.number(value, path)
        if not 0 <= number <= 1:
            raise self.wrong(value, "a share between 0 and 1", path)
        return float(number)

    def count(self, value: object, path: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(value, "a whole number from 0", path)
        return value

    def one_of(self, value: object, path: Path, allowed: tuple[str, ...]) -> str:
        if not isinstance(value, str) or value not in allowed:
            close = nearest(value, allowed) if isinstance(value, str) else ""
            raise self.wrong(value, f"one of {', '.join(allowed)}", path, close=close)
        return value

    def wrong(self, value: object, allowed: str, path: Path, *, close: str = "") -> SchemaError:
        return self.error(
            path, f"{path[-1]} {_where(path[:-1])} is {_shown(value)}{close}. Allowed is {allowed}"
        )

    def error(self, path: Path, message: str) -> SchemaError:
        line = nearest_line(self.lines, path)
        return SchemaError(f"{self.file}:{line}: {message}." if line else f"{self.file}: {message}.")


_DEFAULT_ENVIRONMENTS: Final = Schema(columns=()).environments
_CHECKS: Final[dict[str, Callable[[_Reader, object, Path], object]]] = {
    "type": lambda reader, value, path: reader.one_of(value, path, COLUMN_TYPES),
    "min_fraction": _Reader.share,
    "min_count": _Reader.count,
    "values": _Reader.texts,
    "min_domain_mass": _Reader.share,
    "minimum": _Reader.number,
    "maximum": _Reader.number,
    "allow_nan": _Reader.truth,
    "allow_infinite": _Reader.truth,
    "unique": _Reader.truth,
    "not_in_environment": _Reader.texts,
    "pii": lambda reader, value, path: reader.one_of(value, path, PII_CLASSES),
    "severity": lambda reader, value, path: reader.one_of(value, path, SEVERITIES),
    "description": _Reader.text,
}


def _where(path: Path) -> str:
    return f"of column {path[1]!r}" if len(path) > 1 else "of the schema"


def _shown(value: object) -> str:
    """Return a value as a person would write it in TOML, shortened."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else text[:30] + "..."
