"""Everything that is known of one prediction, as a page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from loopwright.errors import CorruptStore

__all__ = ["AlertSince", "Approval", "Contribution", "Named", "Outcome", "Passport", "passport_of"]

Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record that stands behind the prediction.

    Attributes
    ----------
    kind, digest : str
        As in a ``Ref``.
    name : str
        What a person calls it: ``"taxi-tips v3"``.
    says : str
        What matters about it, in a sentence or a few words.
    at : str
        When it was made.
    """

    kind: str
    digest: str
    name: str = ""
    says: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one feature did to the score.

    Attributes
    ----------
    feature : str
    value : str, number, bool or None
        That the row had.
    contribution : float
        How much the score moved, and in which direction, on the scale that the explanation names.
    """

    feature: str
    value: Value
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it."""

    value: Value
    at: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who let the model serve, and why."""

    by: str
    why: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSince:
    """An alert that was made about the deployment after the prediction, or about its window."""

    digest: str
    title: str
    severity: str = "warning"
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """One prediction, back to the data and forward to what became of it.

    Attributes
    ----------
    id : str
    at, received : str
        When the row happened, and when it came; ISO 8601.
    consumer, arm : str
    propensity : float or None
        Probability with which the entity was given this arm.
    held_back : bool
        The caller was told to do without the model.
    prediction : str or None
    scores : tuple of float
    classes : tuple of str
        What the scores belong to; empty for regression.
    threshold : float or None
    latency_ms : float or None
    flags : tuple of str
        What was odd at the door and let pass.
    row : dict
        The source columns as they came; redacted ones are not there.
    features : dict
        What the model saw, after its transform.
    deployment, model : Named or None
    other_model : Named or None
        The other arm's model, which was asked too; ``other_scores`` are its.
    explanation : tuple of Contribution
        The largest first.
    explained : str
        How the contributions were computed, on which scale, and from which starting point.
    outcome : Outcome or None
        None while it is pending.
    lineage : tuple of Named
        Training data, labels, features, run, gate: nearest first.
    approval : Approval or None
    alerts : tuple of AlertSince
        AlertSince.
    """

    id: str
    at: str = ""
    received: str = ""
    consumer: str = ""
    arm: str = ""
    propensity: float | None = None
    held_back: bool = False
    prediction: str | None = None
    scores: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    threshold: float | None = None
    latency_ms: float | None = None
    flags: tuple[str, ...] = ()
    row: dict[str, Value] = field(default_factory=dict)
    features: dict[str, Value] = field(default_factory=dict)
    deployment: Named | None = None
    model: Named | None = None
    other_model: Named | None = None
    other_scores: tuple[float, ...] = ()
    explanation: tuple[Contribution, ...] = ()
    explained: str = ""
    outcome: Outcome | None = None
    lineage: tuple[Named, ...] = ()
    approval: Approval | None = None
    alerts: tuple[AlertSince, ...] = ()


def passport_of(data: Mapping[str, object]) -> Passport:
    """Return the passport that plain data hold.

    Parameters
    ----------
    data : mapping
        With the names of ``Passport`` as keys; all but ``id`` may be left out.

    Raises
    ------
    CorruptStore
        If a value is not of its kind.

    Examples
    --------
    >>> passport_of({"id": "a91", "scores": [0.8], "model": {"kind": "model", "digest": "ab12"}}).model.digest
    'ab12'
    """
    try:
        return msgspec.convert(dict(data), Passport)
    except msgspec.ValidationError as error:
        raise CorruptStore(
            f"the passport of this prediction cannot be shown ({error}). Ask for it with "
            f"`loopwright passport ID --json`, and report what it says."
        ) from error
