"""What is told of an incident: one text, one small page and one JSON body for all alerts of a group."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from loopwright.errors import LoopwrightError
from loopwright.records.alert import Alert, Severity
from loopwright.stages.monitoring.grouping import by_explanation

__all__ = ["Message", "incident_id", "message_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One incident, ready to be sent.

    Attributes
    ----------
    incident : str
        Names the incident: the same for everything that is ever sent of it.
    key : str
        Names this message: the same whenever these alerts are sent again, so that a receiver can drop the second.
    is_first : bool
        Whether the alert that opened the incident is among those told.
    severity : {"critical", "warning"}
        The worst of the alerts.
    subject : str
        One line.
    text, html : str
        The same in plain text and as a small page.
    """

    incident: str
    key: str
    is_first: bool
    severity: Severity
    subject: str
    text: str
    html: str
    alerts: tuple[Alert, ...]

    @property
    def json(self) -> bytes:
        """The message for programs: the incident, a summary in ``text``, and every alert with its digest."""
        return msgspec.json.encode({
            "incident": self.incident, "severity": self.severity, "title": self.subject, "text": self.text,
            "cause": self.alerts[0].cause, "first_bad": min(alert.first_bad for alert in self.alerts),
            "alerts": [{"digest": alert.digest, **_fields(alert)} for alert in self.alerts],
        })


def message_of(alerts: Sequence[Alert]) -> Message:
    """Return what is to be told of alerts that belong to one incident.

    Raises
    ------
    LoopwrightError
        If there are no alerts, or they are of several groups.
    """
    groups = {alert.group for alert in alerts}
    if len(groups) != 1:
        raise LoopwrightError(
            f"a message tells of one incident; found alerts of {len(groups)} groups. Tell each group by itself."
        )
    ordered = by_explanation(alerts)
    root, severity = ordered[0], _worst(ordered)
    return Message(
        incident=incident_id(root.group), key=_digest(root.group, *sorted(alert.digest for alert in ordered)),
        is_first=any(f"{alert.quantity}@{alert.first_bad}" == alert.group for alert in ordered), severity=severity,
        subject=_line(f"[{severity}] {root.title}" + (f" (+{len(ordered) - 1})" if len(ordered) > 1 else "")),
        text=_text(ordered), html=_page(ordered), alerts=ordered,
    )


def incident_id(group: str) -> str:
    """Return the short name of a group of alerts that may stand in headers and addresses.

    Examples
    --------
    >>> incident_id("drift:fare@2015-09-07T00:00:00")
    'incident-80d19e1237993ee7'
    """
    return f"incident-{_digest(group)[:16]}"


def _worst(alerts: Sequence[Alert]) -> Severity:
    return "critical" if any(alert.severity == "critical" for alert in alerts) else "warning"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _line(text: str) -> str:
    """Return the text on one line and without control characters: it goes into a header."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()


def _fields(alert: Alert) -> dict[str, object]:
    names = (
        "quantity", "severity", "title", "explanation", "advice", "cause", "group", "first_bad", "last_bad", "value",
        "limit", "low", "high", "rows", "examples",
    )
    return {name: getattr(alert, name) for name in names}


def _text(alerts: Sequence[Alert]) -> str:
    root = alerts[0]
    lines = [
        f"{root.title}", "", root.explanation, "", f"Suspected cause: {root.cause}",
        f"First bad window: {root.first_bad} to {root.last_bad}, {root.rows:,} rows", f"What to do: {root.advice}",
    ]
    if root.examples:
        lines.append(f"Example rows: {', '.join(root.examples)}")
    if len(alerts) > 1:
        lines += ["", "Also:", *(f"- {alert.quantity}: {alert.title}" for alert in alerts[1:])]
    return "\n".join(lines) + "\n"


def _page(alerts: Sequence[Alert]) -> str:
    root = alerts[0]
    rows = [
        ("Suspected cause", root.cause), ("First bad window", f"{root.first_bad} to {root.last_bad}"),
        ("Rows", f"{root.rows:,}"), ("What to do", root.advice),
    ]
    rows += [("Example rows", ", ".join(root.examples))] if root.examples else []
    table = "".join(f"<tr><th align=left>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
                    for name, text in rows)
    more = "".join(f"<li><b>{html.escape(alert.quantity)}</b>: {html.escape(alert.title)}</li>" for alert in alerts[1:])
    return (
        f"<h2>{html.escape(root.title)}</h2><p>{html.escape(root.explanation)}</p><table>{table}</table>"
        + (f"<p>Also:</p><ul>{more}</ul>" if more else "")
    )
