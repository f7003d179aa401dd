"""Records as tables in a notebook."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopwright.records.record import Record

__all__ = ["as_html"]

_SHOWN_ITEMS = 8
_STYLE = "text-align:left;vertical-align:top;padding:.15em .8em .15em 0"


def as_html(record: Record) -> str:
    """Return a record as a small HTML table: its kind and digest, then its fields.

    Parameters
    ----------
    record : Record
    """
    rows = "".join(
        f"<tr><th style='{_STYLE}'>{escape(item.name)}</th><td style='{_STYLE}'>{_cell(getattr(record, item.name))}</td></tr>"
        for item in fields(record)
        if getattr(record, item.name) not in (None, (), "", {})
    )
    title = f"{type(record).__name__} <code>{record.digest[:12]}</code>"
    return f"<table><caption style='text-align:left;font-weight:600'>{title}</caption>{rows}</table>"


def _cell(value: object) -> str:
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        more = f"<br>… and {len(value) - _SHOWN_ITEMS} more" if len(value) > _SHOWN_ITEMS else ""
        return "<br>".join(escape(_line(item)) for item in value[:_SHOWN_ITEMS]) + more
    if isinstance(value, tuple):
        more = f", … {len(value) - _SHOWN_ITEMS} more" if len(value) > _SHOWN_ITEMS else ""
        return escape(", ".join(map(str, value[:_SHOWN_ITEMS])) + more)
    if isinstance(value, dict):
        return "<br>".join(escape(f"{name}: {item}") for name, item in value.items())
    return escape(_line(value))


def _line(value: object) -> str:
    """Return a value in one line; of a dataclass its short fields."""
    if type(value).__str__ is not object.__str__ or not is_dataclass(value):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    parts = [
        f"{item.name}={getattr(value, item.name)}"
        for item in fields(value)
        if isinstance(getattr(value, item.name), str | int | float | bool)
    ]
    return ", ".join(parts)[:200]
