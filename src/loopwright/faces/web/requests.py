"""What is taken from a request: small forms, and addresses that stay inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["form", "inside", "with_query"]

_MOST_BYTES = 16_384
_MOST_FIELDS = 20


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form, each once.

    Raises
    ------
    HTTPException
        If it is no form (415), too large (413), or cannot be read (400).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Only forms of these pages are taken.")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _MOST_BYTES:
            raise HTTPException(413, f"This form is larger than {_MOST_BYTES:,} bytes; write less.")
    try:
        return dict(parse_qsl(content.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS,
                              encoding="utf-8", errors="strict"))
    except ValueError as error:
        raise HTTPException(400, "This form cannot be read; go back and send it again.") from error


def inside(address: str, *, otherwise: str = "/") -> str:
    """Return an address of these pages as it is, and ``otherwise`` instead of any that might lead elsewhere.

    Parameters
    ----------
    address : str
        As somebody else may have written it into a link.
    otherwise : str, default="/"

    Examples
    --------
    >>> inside("/alerts?standing=open"), inside("//elsewhere.example"), inside("https://elsewhere.example/")
    ('/alerts?standing=open', '/', '/')
    """
    # Browsers read a backslash as a slash and drop tabs and line ends, so none of these may stand anywhere.
    plain = address.isascii() and address.isprintable() and not set(address) & set("\\ ")
    if not plain or not address.startswith("/") or address.startswith("//") or len(address) > 2000:
        return otherwise
    try:
        parts = urlsplit(address)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else address


def with_query(path: str, query: Mapping[str, str], **changes: str | None) -> str:
    """Return a path with some parts of its query changed; None takes one out.

    Examples
    --------
    >>> with_query("/monitoring", {"column": "fare"}, refresh="off")
    '/monitoring?column=fare&refresh=off'
    """
    merged: dict[str, str | None] = {**query, **changes}
    kept = {name: value for name, value in merged.items() if value is not None}
    return f"{path}?{urlencode(kept)}" if kept else path
