"""Suspicions of leakage as evidence."""

from __future__ import annotations

import polars as pl

from loopwright.records import DatasetVersion, Evidence, FeatureSet, LabelSet
from loopwright.stages.data.leakage import suspicions

__all__ = ["suspected"]


def suspected(
    examples: pl.DataFrame,
    *,
    rows: pl.DataFrame,
    labels: LabelSet,
    featureset: FeatureSet,
    dataset: DatasetVersion,
    parts: DatasetVersion,
    at: str,
) -> tuple[Evidence, ...]:
    """Return one piece of evidence per suspicion, or one that says that nothing was found.

    Parameters
    ----------
    examples : DataFrame
        Features with ``__part`` and ``__label``.
    rows : DataFrame
        The source rows with ``__part``.
    labels : LabelSet
    featureset : FeatureSet
    dataset, parts : DatasetVersion
        A group may stand in two parts of a split by time: it will be known when its next row is served.
    at : str
    """
    categorical = tuple(feature.name for feature in featureset.features if feature.kind == "categorical")
    names = tuple(feature.name for feature in featureset.features)
    found = suspicions(
        examples,
        features=names,
        categorical=categorical,
        task=labels.task,
        classes=labels.classes,
        groups=rows.select(dataset.group, "__part") if dataset.group and "by time" not in parts.source else None,
    )
    made_from = (featureset.ref, labels.ref)
    if not found:
        claim = f"no single one of {len(names)} features gives the label away, and no row stands in two parts"
        return (
            Evidence(
                made_from=made_from, check="leakage.none", subject=featureset.ref, claim=claim, passed=True, at=at
            ),
        )
    return tuple(
        Evidence(
            made_from=made_from,
            check=f"leakage.{item.kind}",
            subject=featureset.ref,
            claim=item.sentence,
            passed=False,
            value=item.score,
            low=item.low,
            high=item.high,
            rows=item.rows,
            slice=", ".join(item.columns) or None,
            at=at,
        )
        for item in found
    )
