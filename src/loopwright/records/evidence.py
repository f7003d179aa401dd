"""A claim that was checked: on what, how, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from loopwright.records.record import Artifact, Record, Ref

__all__ = ["Evidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Record):
    """The outcome of one check of one subject. Gates, cards and scores are views of these.

    ``check`` is a dotted name, the first word of which says who checked: ``metric.roc_auc``,
    ``sanity.overfits_a_tiny_batch``, ``parity.onnx``, ``leakage.single_feature``, ``scenario.longer_trip``,
    ``attestation.D5``.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset({"at"})

    check: str
    subject: Ref                   # the record the claim is about
    claim: str                     # one sentence, with numbers, that a person reads
    passed: bool | None            # None: not a yes-or-no question, or cannot be known yet
    value: float | None = None
    low: float | None = None       # interval of the value
    high: float | None = None
    level: float | None = None     # of the interval
    limit: str | None = None       # what was demanded, as in the project file: "<= 0.35"
    rows: int | None = None        # rows that the value rests on
    part: str | None = None        # train, validation, test
    slice: str | None = None       # "payment_type = Cash"; None: all rows
    basis: Literal["automatic", "attested"] = "automatic"
    by: str = ""                   # who signed, if attested
    link: str = ""                 # where the document lies, if attested
    expires: str | None = None     # ISO date, if attested
    exhibit: Artifact | None = None  # JSON with what a picture or a table of it needs
    at: str = ""                   # when it was checked, UTC, ISO 8601
