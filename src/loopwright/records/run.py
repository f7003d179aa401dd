"""One fit of one configuration, with everything needed to do it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from loopwright.records.record import Artifact, Record

__all__ = ["Run", "RunMetric"]

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMetric:
    """A metric of a run on one part of the data."""

    metric: str
    part: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Record):
    """A fit: a baseline, a trial of the search, or the final fit of the chosen configuration."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"seconds"})

    name: str  # "majority", "HistGradientBoostingClassifier #7"
    role: Literal["baseline", "trial", "final"]
    estimator: str  # import path, or "file:function" of a heuristic
    params: dict[str, Value]
    seed: int
    metrics: tuple[RunMetric, ...]
    objective: float | None  # the charter's optimized value on the validation part, up is better; None if it failed
    failed: str | None = None  # why there is no model
    search: dict[str, Value] = field(default_factory=dict)  # the searched part of params
    round: int | None = None  # of the coarse-to-fine search, counted from 1
    threshold: float | None = None
    half_life_days: float | None = None  # a training row so much older counted half; None: all counted the same
    libraries: dict[str, str] = field(default_factory=dict)  # the environment: library -> version
    pipeline: Artifact | None = None  # the fitted pipeline, of the final fit and of baselines
    predictions: Artifact | None = None  # Parquet: __row, part, label, prediction (validation and test)
    notes: tuple[str, ...] = ()  # what the estimator warned of while it was fitted
    seconds: float | None = None
