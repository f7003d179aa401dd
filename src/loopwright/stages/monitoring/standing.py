"""Where an alert stands: open, acknowledged by somebody, silenced for a while, or over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from loopwright.errors import LoopwrightError
from loopwright.records.alert import Alert
from loopwright.stages.monitoring.incidents import ended_at
from loopwright.stages.monitoring.windows import WindowReport
from loopwright.store.metadata import Mark

__all__ = [
    "ALERT", "SILENCE", "Body", "Standing", "State", "acknowledgement", "reopening", "silence", "silence_key",
    "standing", "unsilencing",
]

Body: TypeAlias = dict[str, str | int | float | bool | list[str] | None]
"""What a mark says, as ``Metadata.mark`` takes it."""

State = Literal["open", "acknowledged", "silenced", "over"]

ALERT, SILENCE = "alert", "silence"
"""Kinds of marks: of an alert (by its digest, or of all alerts of a group), and of what is not to be told."""

_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an alert stands.

    Attributes
    ----------
    state : {"open", "acknowledged", "silenced", "over"}
    by : str
        Who acknowledged or silenced it.
    until : str
        End of the silence, or of the last bad window if it is over; ISO 8601.
    note : str
        What was said about it.
    """

    state: State
    by: str = ""
    until: str = ""
    note: str = ""


def standing(alert: Alert, reports: Sequence[WindowReport], marks: Iterable[Mark], now: str) -> Standing:
    """Return where an alert stands.

    What is over is over, whatever was said of it; else a silence counts before an acknowledgement, because it ends.

    Parameters
    ----------
    alert : Alert
    reports : sequence of WindowReport
        In time order.
    marks : iterable of Mark
        Of the kinds ``"alert"`` and ``"silence"``; of several with one key the newest counts.
    now : str
        ISO 8601.
    """
    newest: dict[tuple[str, str], Mark] = {}
    for mark in sorted(marks, key=lambda mark: mark.at):
        newest[mark.kind, mark.key] = mark
    said = [mark for (kind, key), mark in newest.items() if kind == ALERT and key in {alert.digest, alert.group}]
    last = max(said, key=lambda mark: mark.at, default=None)
    by, note = (str(last.body.get("by", "")), str(last.body.get("note", ""))) if last else ("", "")
    ended = ended_at(alert, reports)
    if ended is not None:
        return Standing(state="over", until=ended, by=by, note=note)
    quiet = _silencing(alert, [mark for (kind, _), mark in newest.items() if kind == SILENCE], now=now)
    if quiet is not None:
        return quiet
    if last is not None and last.body.get("state") == "acknowledged":
        return Standing(state="acknowledged", by=by, note=note)
    return Standing(state="open", by=by, note=note)


def acknowledgement(*, by: str, note: str = "") -> Body:
    """Return the body of a mark of kind ``"alert"``: somebody looks after it. Its key is a digest or a group.

    Raises
    ------
    LoopwrightError
        If nobody is named.

    Examples
    --------
    >>> acknowledgement(by="ada", note="asked the meter team")["state"]
    'acknowledged'
    """
    return {"state": "acknowledged", "by": _said("by", by), "note": note.strip()}


def reopening(*, by: str, note: str = "") -> Body:
    """Return the body of a mark of kind ``"alert"`` that takes an acknowledgement back.

    Raises
    ------
    LoopwrightError
        If nobody is named.
    """
    return {"state": "open", "by": _said("by", by), "note": note.strip()}


def silence_key(*, quantity: str = "", group: str = "") -> str:
    """Return the key of a mark of kind ``"silence"``.

    Parameters
    ----------
    quantity : str
        Pattern of quantities, with ``*``, ``?`` and ``[...]``: ``"drift:*"``.
    group : str
        Group of alerts, as it stands; one of both is given.

    Raises
    ------
    LoopwrightError
        If not exactly one is given.

    Examples
    --------
    >>> silence_key(quantity="drift:*")
    'quantity drift:*'
    """
    if bool(quantity.strip()) == bool(group.strip()):
        raise LoopwrightError(
            f"a silence is for a pattern of quantities or for a group of alerts; found quantity={quantity!r} and "
            f"group={group!r}. Give one of them, such as quantity='drift:fare' or 'drift:*'."
        )
    return f"quantity {quantity.strip()}" if quantity.strip() else f"group {group.strip()}"


def silence(*, until: str, reason: str, by: str, now: str, quantity: str = "", group: str = "") -> Body:
    """Return the body of a mark of kind ``"silence"``: alerts that match are not told until then.

    Parameters
    ----------
    until : str
        When it ends, ISO 8601; a moment without a zone is UTC. At most a year ahead.
    reason : str
        Why; others will ask.
    by : str
        Who.
    now : str
        ISO 8601.
    quantity, group : str
        As in ``silence_key``.

    Raises
    ------
    LoopwrightError
        If there is no reason, the end is not in the future or more than a year ahead, or what is to be silenced
        is not clear.

    Examples
    --------
    >>> body = silence(quantity="drift:fare", until="2015-07-01", reason="known", by="ada", now="2015-06-01T00:00:00Z")
    >>> body["until"]
    '2015-07-01T00:00:00.000000Z'
    """
    silence_key(quantity=quantity, group=group)
    end, start = _moment(until), _moment(now)
    if not start < end <= start + _LONGEST:
        where = "is not in the future" if end <= start else "is more than a year ahead"
        raise LoopwrightError(
            f"a silence until {_text(end)} {where} (now is {_text(start)}). A silence must end: give a moment within "
            f"a year, and silence again if it must last."
        )
    return {
        "quantity": quantity.strip(), "group": group.strip(), "until": _text(end), "reason": _said("reason", reason),
        "by": _said("by", by),
    }


def unsilencing(*, by: str, now: str, quantity: str = "", group: str = "") -> Body:
    """Return the body of a mark of kind ``"silence"`` that ends a silence at once; its key is that of the silence.

    Raises
    ------
    LoopwrightError
        If nobody is named, or what is to be told again is not clear.
    """
    silence_key(quantity=quantity, group=group)
    return {
        "quantity": quantity.strip(), "group": group.strip(), "until": _text(_moment(now)),
        "reason": "ended early", "by": _said("by", by),
    }


def _silencing(alert: Alert, silences: Iterable[Mark], *, now: str) -> Standing | None:
    """Return the standing by the silence that lasts longest, if one holds now."""
    held = [mark for mark in silences if _covers(mark.body, alert) and _moment(str(mark.body["until"])) > _moment(now)]
    last = max(held, key=lambda mark: str(mark.body["until"]), default=None)
    if last is None:
        return None
    body = last.body
    return Standing(state="silenced", by=str(body["by"]), until=str(body["until"]), note=str(body["reason"]))


def _covers(body: Body, alert: Alert) -> bool:
    if body.get("group"):
        return body["group"] == alert.group
    return fnmatchcase(alert.quantity, str(body.get("quantity", "")))


def _said(name: str, text: str) -> str:
    if not text.strip():
        raise LoopwrightError(f"{name!r} is empty. Say {'who does this' if name == 'by' else 'why, in a few words'}.")
    return text.strip()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise LoopwrightError(
            f"{text!r} is no moment. Write it in ISO 8601, such as 2015-07-01 or 2015-07-01T18:00:00Z."
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
