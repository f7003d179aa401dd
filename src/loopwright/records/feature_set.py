"""What the model sees of every row of a dataset version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from loopwright.records.record import Artifact, Record, Table

__all__ = ["Feature", "FeatureSet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One input of the model."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"seconds"})

    name: str
    kind: Literal["numeric", "categorical"]
    origin: Literal["column", "function"]
    inputs: tuple[str, ...]        # source columns (of a function: all that it needs, through other features too)
    description: str = ""
    seconds: float | None = None   # computing it for the whole dataset version took so long


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet(Record):
    """The features of a dataset version, and the code that made them, kept as it ran."""

    table: Table                   # columns __row and one per feature
    features: tuple[Feature, ...]
    code: Artifact | None          # the user's modules as they ran; None if no feature is a function
    functions: tuple[str, ...] = ()  # those that the features take, in an order in which each finds what it needs
    dropped: tuple[str, ...] = ()  # "column: reason" for what was left out
