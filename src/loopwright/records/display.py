"""Records as tables in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from html import escape

__all__ = ["as_html"]

_SHOWN_ITEMS = 8
_STYLE = "text-align:left;vertical-align:top;padding:.15em .8em .15em 0"


def as_html(kind: str, digest: str, values: Mapping[str, object]) -> str:
    """Return a record as a small HTML table: its kind and digest, then the fields that say something.

    Parameters
    ----------
    kind : str
        Name of its class.
    digest : str
    values : mapping of str to object
        Field -> value.

    Examples
    --------
    >>> "<b>" in as_html("Schema", "0123456789abcdef", {"columns": ("<b>",)})
    False
    """
    rows = "".join(
        f"<tr><th style='{_STYLE}'>{escape(name)}</th><td style='{_STYLE}'>{_cell(value)}</td></tr>"
        for name, value in values.items()
        if value not in (None, (), "", {})
    )
    title = f"{escape(kind)} <code>{escape(digest[:12])}</code>"
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
