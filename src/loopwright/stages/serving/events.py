"""What the prediction log holds: answers, outcomes and refusals, and the tables that they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Answered", "Event", "Outcome", "Refused", "Value", "answered_schema", "outcome_schema", "refused_schema"]

Value: TypeAlias = str | int | float | bool | None
"""A value of a row as it came over the wire; moments are ISO 8601 text."""


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="answered"):
    """One row that a model was asked about, and what it said.

    Attributes
    ----------
    id : str
        Given by the caller, or made by the server; there is one answer for each id.
    at : int
        When the row happened: its time column if it has one, else when it came. Microseconds since 1970, UTC;
        moments without a zone are taken as UTC.
    received : int
        When the server took it; never smaller than that of the event before, whatever the clock does.
    consumer : str
        Who asked.
    deployment, model : str
        Digests of the state of the release and of the model that answered.
    arm : str
        ``"champion"`` or ``"challenger"``.
    propensity : float
        Probability with which this entity was given this arm, under this deployment.
    entity : str
        Keyed hash of what assignments stick to: the group column if the row has it, else the id.
    held_back : bool
        The caller was told to do without the model.
    scores : tuple of float
        What the model said: (probability of the positive class), (a probability for each class), or (the number).
    prediction : str or None
        The class it stands for; None for regression.
    other_model : str or None
        In shadow and canary: the other model, which was asked too and not heard.
    other_scores : tuple of float
        What that one said; empty if there is none or it failed.
    latency_ms : float
        From the request's last byte to the answer, shared by the rows of one request.
    flags : tuple of str
        What was odd and let pass: ``"fare: above 250"``, ``"payment_type: new value 'Kredit'"``.
    row : dict
        The source columns that came with the row, but for redacted ones.
    """

    id: str
    at: int
    received: int
    consumer: str
    deployment: str
    model: str
    arm: str
    propensity: float
    entity: str
    held_back: bool
    scores: tuple[float, ...]
    prediction: str | None
    latency_ms: float
    row: dict[str, Value]
    flags: tuple[str, ...] = ()
    other_model: str | None = None
    other_scores: tuple[float, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True, tag="outcome"):
    """What became of a row, told later; of several for one id the one that was known last counts.

    Attributes
    ----------
    id : str
        Of the prediction; it need not have been logged yet.
    at : int
        When it became known; microseconds since 1970, UTC.
    received : int
    source : str
        The consumer, or the file, that told it.
    values : dict
        Columns of the source that were not known before: the label column, or what the label's rule needs.
    """

    id: str
    at: int
    received: int
    source: str
    values: dict[str, Value]


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """One row that got no answer.

    Attributes
    ----------
    status : int
        As in HTTP: 422 for a row that does not fit, 500 for a model that failed.
    problems : tuple of (str, str)
        Field (``""``: the row as a whole) and what is wrong with it.
    row : dict
        What came, but for redacted columns; long text is cut. Empty if it was not even a row.
    deployment, arm, entity : str
    propensity : float
        As for an answer, if it was a model that failed: whose failure it was. Else empty, and 1.
    """

    at: int
    received: int
    consumer: str
    status: int
    problems: tuple[tuple[str, str], ...]
    row: dict[str, Value]
    id: str = ""
    deployment: str = ""
    arm: str = ""
    propensity: float = 1.0
    entity: str = ""


Event: TypeAlias = Answered | Outcome | Refused


def answered_schema() -> pl.Schema:
    """Return the columns of the table of answers; ``row`` is JSON text, since columns come and go over the years."""
    import polars as pl

    moment = pl.Datetime("us")
    return pl.Schema({
        "id": pl.String(), "at": moment, "received": moment, "consumer": pl.String(), "deployment": pl.String(),
        "model": pl.String(), "arm": pl.String(), "propensity": pl.Float64(), "entity": pl.String(),
        "held_back": pl.Boolean(), "scores": pl.List(pl.Float64()), "prediction": pl.String(),
        "latency_ms": pl.Float64(), "flags": pl.List(pl.String()), "other_model": pl.String(),
        "other_scores": pl.List(pl.Float64()), "row": pl.String(),
    })


def outcome_schema() -> pl.Schema:
    """Return the columns of the table of outcomes; ``values`` is JSON text."""
    import polars as pl

    moment = pl.Datetime("us")
    return pl.Schema({
        "id": pl.String(), "at": moment, "received": moment, "source": pl.String(), "values": pl.String(),
    })


def refused_schema() -> pl.Schema:
    """Return the columns of the table of refusals; ``problems`` are ``"field: what"``, ``row`` is JSON text."""
    import polars as pl

    moment = pl.Datetime("us")
    return pl.Schema({
        "id": pl.String(), "at": moment, "received": moment, "consumer": pl.String(), "status": pl.Int64(),
        "problems": pl.List(pl.String()), "row": pl.String(), "deployment": pl.String(), "arm": pl.String(),
        "propensity": pl.Float64(), "entity": pl.String(),
    })
