"""What a model is trained on, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from loopwright.records import Charter, DatasetVersion, FeatureSet, LabelSet, Ref

__all__ = ["Configuration", "Material"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a model is trained on and judged by."""

    charter: Charter
    dataset: DatasetVersion
    parts: DatasetVersion
    labels: LabelSet
    features: FeatureSet

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What a run made from this material points back at."""
        return (self.parts.ref, self.labels.ref, self.features.ref)

    @property
    def for_training(self) -> Material:
        """The same, with nothing in the charter that a fit does not look at.

        So another owner, another sentence or another limit judges the models that there are, and fits none anew.
        """
        charter = replace(
            self.charter, decision="", users="", business_metric="", risks=(), without_ml=None, impact=0,
            feasibility=0, satisfice=(), slices=(), min_slice_rows=0, not_worse_by=0.0, owner="", licence="",
            collection="",
        )
        return replace(self, charter=charter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One configuration of one estimator.

    Attributes
    ----------
    estimator : str
        Import path.
    params : dict
        Everything but seeds.
    round : int or None
        Of the search, counted from 1.
    searched : tuple of str
        The parameters that the search chose.
    """

    role: Literal["baseline", "trial", "final"]
    estimator: str
    params: dict[str, str | int | float | bool | None]
    seed: int
    round: int | None = None
    searched: tuple[str, ...] = ()
