"""A model that can be applied anywhere, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from loopwright.records.record import Artifact, Record

__all__ = ["Input", "Model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One source column that a caller of the model hands in."""

    name: str
    type: str                      # int, float, string, bool, time
    nullable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Record):
    """A fitted pipeline in a format that runs no code when loaded, with its features and its contract."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"number"})

    name: str                      # the project's
    task: Literal["binary", "multiclass", "regression"]
    estimator: str
    params: dict[str, str | int | float | bool | None]
    format: Literal["onnx", "skops"]
    why_format: str                # why not ONNX, or what was proved
    file: Artifact                 # the model in that format
    feature_code: Artifact | None  # the user's modules that make features, as they ran
    functions: tuple[str, ...]     # those of the code that the features take
    features: tuple[str, ...]      # in the order of the pipeline
    categorical: tuple[str, ...]   # those that are text
    inputs: tuple[Input, ...]
    classes: tuple[str, ...]
    threshold: float | None
    number: int = 0                # counted up per project; "v3"
