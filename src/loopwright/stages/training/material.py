"""What a model is trained on, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from loopwright.records import Charter, DatasetVersion, FeatureSet, LabelSet, Ref

__all__ = ["Configuration", "Material"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a model is trained on and judged by.

    Attributes
    ----------
    because : tuple of Ref
        What the training answers to, such as alerts; every run is made from these too.
    half_life_days : float or None
        So much older a row counts half when a candidate is fitted; all rows count the same if None.
    """

    charter: Charter
    dataset: DatasetVersion
    parts: DatasetVersion
    labels: LabelSet
    features: FeatureSet
    because: tuple[Ref, ...] = ()
    half_life_days: float | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What a run made from this material points back at."""
        return (self.parts.ref, self.labels.ref, self.features.ref, *self.because)

    @property
    def for_training(self) -> Material:
        """The same, with nothing in the charter that a fit does not look at.

        So another owner, another sentence or another limit judges the models that there are, and fits none anew.
        """
        charter = replace(
            self.charter, decision="", users="", business_metric="", risks=(), without_ml=None, impact=0,
            feasibility=0, satisfice=(), slices=(), min_slice_rows=0, not_worse_by=0.0, owner="", licence="",
            collection="", acts_on_outcome=False,
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
