"""Who is told of alerts, and of which of them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loopwright.protocols import Notifier
from loopwright.records.alert import Alert
from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.mail import Email
from loopwright.stages.monitoring.standing import Body, Standing
from loopwright.stages.monitoring.webhook import Webhook
from loopwright.store.metadata import Mark

__all__ = ["TOLD", "Due", "delivered", "due", "failed", "held", "notifiers", "told_key"]

TOLD = "told"
"""Kind of the marks that say what became of telling an alert to a notifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a notifier must do now.

    Attributes
    ----------
    messages : tuple of tuple of Alert
        Alerts to tell, one message for each group, oldest first.
    held : tuple of Alert
        Silenced alerts that have no mark yet; they get one (``held()``), so that one that is over before its
        silence is over is never told.
    """

    messages: tuple[tuple[Alert, ...], ...]
    held: tuple[Alert, ...]


def notifiers(settings: MonitorSettings) -> tuple[Notifier, ...]:
    """Return those whom the project file wants to be told.

    Raises
    ------
    LoopwrightError
        If an address cannot be used.

    Examples
    --------
    >>> [each.name for each in notifiers(MonitorSettings(webhook="https://hooks.example.org/x"))]
    ['webhook']
    """
    found: list[Notifier] = []
    if settings.webhook is not None:
        found.append(Webhook(settings.webhook))
    if settings.email is not None:
        found.append(Email(settings.email))
    return tuple(found)


def due(
    alerts: Sequence[Alert], standings: Mapping[str, Standing], told: Mapping[str, Mark], *, notifier: str
) -> Due:
    """Return which alerts a notifier must be told of now.

    Each alert is told once. One that is silenced waits until the silence ends, and is told then if it is still
    going on; one that somebody has acknowledged needs no telling; one that could not be told is due again.

    Parameters
    ----------
    alerts : sequence of Alert
        All that are known.
    standings : mapping of str to Standing
        By digest of the alert; one without a standing is open.
    told : mapping of str to Mark
        ``metadata.marks(TOLD)``.
    notifier : str
        Its name.
    """
    states = {alert.digest: standings.get(alert.digest, Standing(state="open")).state for alert in alerts}
    said = {alert.digest: _said(told, alert, notifier) for alert in alerts}
    messages: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda alert: (alert.first_bad, alert.quantity)):
        if _must_be_told(states[alert.digest], said[alert.digest]):
            messages.setdefault(alert.group, []).append(alert)
    waiting = tuple(alert for alert in alerts if states[alert.digest] == "silenced" and not said[alert.digest])
    return Due(messages=tuple(tuple(group) for group in messages.values()), held=waiting)


def _must_be_told(state: str, said: str) -> bool:
    is_over_unheard = state == "over" and said == "held"
    return said != "delivered" and state in {"open", "over"} and not is_over_unheard


def _said(told: Mapping[str, Mark], alert: Alert, notifier: str) -> str:
    mark = told.get(told_key(notifier, alert))
    return str(mark.body.get("state", "")) if mark is not None else ""


def told_key(notifier: str, alert: Alert) -> str:
    """Return the key of the mark of kind ``TOLD`` for an alert and a notifier."""
    return f"{notifier} {alert.digest}"


def delivered() -> Body:
    """Return the body of a mark: the alert has been told."""
    return {"state": "delivered", "error": ""}


def failed(error: Exception) -> Body:
    """Return the body of a mark: the alert could not be told, and is due again."""
    return {"state": "failed", "error": str(error)}


def held() -> Body:
    """Return the body of a mark: the alert was silenced when it was due."""
    return {"state": "held", "error": ""}
