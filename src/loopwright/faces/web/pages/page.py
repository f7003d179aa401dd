"""What every page is: a frozen dataclass that answers as HTML and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import ClassVar, Protocol

import msgspec

from loopwright.records import Record

__all__ = ["Page", "as_json"]


class Page(Protocol):
    """Fields are records and plain values; the template says how they look."""

    template: ClassVar[str]
    place: ClassVar[str]  # which entry of the menu it belongs to

    @property
    def project(self) -> str:
        """Name of the project."""
        ...

    @property
    def title(self) -> str:
        """What stands in the browser's title bar."""
        ...


def as_json(page: Page) -> bytes:
    """Return the page as JSON; every record carries its ``kind`` and ``digest``."""
    return msgspec.json.format(msgspec.json.encode(_plain(page)), indent=1)


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return {"kind": value.ref.kind, "digest": value.digest, **_fields(value)}
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return msgspec.to_builtins(value)


def _fields(value: object) -> dict[str, object]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}  # type: ignore[arg-type]
