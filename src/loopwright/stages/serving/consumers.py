"""Who may ask: named consumers, the keys they show, and until when."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, cast, get_args

from loopwright.errors import CorruptStore, LoopwrightError, nearest
from loopwright.stages.serving.requests import Refusal

__all__ = ["ANONYMOUS", "SCOPES", "Body", "Consumer", "Scope", "authenticate", "body_of", "consumer_of", "new_key"]

Scope = Literal["predict", "outcomes", "metrics"]
Body: TypeAlias = dict[str, str | int | float | bool | list[str] | None]
"""What ``Metadata.mark("consumer", key_id, body)`` keeps."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
"""What a key can be good for."""

_KEY = re.compile(r"lw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Somebody who may ask, and what the server keeps of the key: not the key.

    Attributes
    ----------
    name : str
        Stands in the log beside every row that was asked about.
    owner, purpose : str
        Whom to call, and what for they ask.
    scopes : tuple of {"predict", "outcomes", "metrics"}
    hash : str
        ``salt$digest``: SHA-256 of salt and secret. The secret has 256 random bits, so nobody can guess it, and a slow
        hash would only slow down every request.
    expires : str or None
        ISO 8601; from then on the key is refused.
    revoked : str or None
        When it was taken back, ISO 8601.
    at : str
        When it was made, ISO 8601.
    """

    name: str
    owner: str = ""
    purpose: str = ""
    scopes: tuple[Scope, ...] = ("predict", "outcomes")
    hash: str = ""
    expires: str | None = None
    revoked: str | None = None
    at: str = ""


ANONYMOUS = Consumer(name="anonymous", scopes=SCOPES, purpose="asks from this machine; no keys are required")
"""Everybody, where no keys are required."""


def new_key(
    name: str,
    *,
    owner: str = "",
    purpose: str = "",
    scopes: tuple[str, ...] = ("predict", "outcomes"),
    expires: str | None = None,
    at: str = "",
) -> tuple[str, str, Consumer]:
    """Make a key for a consumer.

    Returns
    -------
    key : str
        ``lw_<id>_<secret>``; to be shown once and kept by the consumer alone.
    id : str
        What the key is called in the store.
    consumer : Consumer

    Raises
    ------
    LoopwrightError
        If a scope is unknown, the name is empty, or ``expires`` is no time.

    Examples
    --------
    >>> key, key_id, consumer = new_key("dispatch")
    >>> authenticate(key, {key_id: consumer}, now=datetime(2026, 1, 1, tzinfo=UTC)).name
    'dispatch'
    """
    _check(name, scopes, expires)
    key_id, secret, salt = secrets.token_hex(6), secrets.token_urlsafe(32), secrets.token_hex(16)
    consumer = Consumer(
        name=name, owner=owner, purpose=purpose, scopes=cast("tuple[Scope, ...]", tuple(scopes)),
        hash=f"{salt}${_digest(salt, secret)}", expires=expires, at=at,
    )
    return f"lw_{key_id}_{secret}", key_id, consumer


def authenticate(text: str | None, consumers: Mapping[str, Consumer], *, now: datetime) -> Consumer:
    """Return whose key it is.

    Parameters
    ----------
    text : str or None
        The key as it came.
    consumers : mapping of key id to Consumer
    now : datetime
        With a time zone.

    Raises
    ------
    Refusal
        401 without a key or with an unknown one, 403 with one that has expired or was revoked.
    """
    if not text:
        raise _refused(401, "no key was sent. Send `Authorization: Bearer lw_...` or `X-API-Key: lw_...`.")
    parts = _KEY.fullmatch(text)
    consumer = consumers.get(parts[1]) if parts else None
    salt, _, digest = (consumer.hash if consumer else _NOBODY).partition("$")
    # An unknown id is hashed and compared all the same, so that the time tells nothing.
    is_right = hmac.compare_digest(_digest(salt, parts[2] if parts else ""), digest)
    if consumer is None or not is_right:
        raise _refused(401, "this key is unknown. Ask the owner of this server for one (`loopwright consumers add`).")
    if consumer.revoked:
        raise _refused(403, f"the key of {consumer.name!r} was revoked on {consumer.revoked[:10]}. Ask for a new one.")
    if consumer.expires and _moment(consumer.expires) <= now:
        raise _refused(403, f"the key of {consumer.name!r} expired on {consumer.expires[:10]}. Ask for a new one.")
    return consumer


def body_of(consumer: Consumer) -> Body:
    """Return a consumer as plain data, to be kept as a mark."""
    return {
        "name": consumer.name, "owner": consumer.owner, "purpose": consumer.purpose,
        "scopes": list(consumer.scopes), "hash": consumer.hash, "expires": consumer.expires,
        "revoked": consumer.revoked, "at": consumer.at,
    }


def consumer_of(key_id: str, body: Body) -> Consumer:
    """Return the consumer that ``body_of`` wrote down.

    Raises
    ------
    CorruptStore
        If the data are none.
    """
    texts = {key: body.get(key) or "" for key in ("name", "owner", "purpose", "hash", "at")}
    scopes = body.get("scopes")
    if not all(isinstance(text, str) for text in texts.values()) or not texts["hash"] or not isinstance(scopes, list):
        raise CorruptStore(
            f"the stored consumer with the key {key_id!r} cannot be read. Revoke it with `loopwright consumers revoke "
            f"{key_id}` and give out a new key."
        )
    expires, revoked = body.get("expires"), body.get("revoked")
    return Consumer(
        **cast("dict[str, str]", texts),
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        expires=str(expires) if expires else None, revoked=str(revoked) if revoked else None,
    )


_NOBODY = f"{'0' * 32}${'0' * 64}"


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check(name: str, scopes: tuple[str, ...], expires: str | None) -> None:
    if not name.strip() or not name.isprintable() or name == ANONYMOUS.name:
        raise LoopwrightError(f"{name!r} is no name for a consumer; choose one that says who asks, such as 'dispatch'.")
    for scope in scopes:
        if scope not in SCOPES:
            known = ", ".join(SCOPES)
            raise LoopwrightError(f"there is no scope {scope!r}{nearest(scope, SCOPES)}; a key can have: {known}.")
    try:
        _moment(expires or "2000-01-01")
    except ValueError as error:
        raise LoopwrightError(f"a key cannot expire on {expires!r}; write a date such as 2027-01-31.") from error


def _refused(status: int, message: str) -> Refusal:
    headers = {"www-authenticate": 'Bearer realm="loopwright"'} if status == 401 else {}
    return Refusal(message, status=status, headers=headers)
