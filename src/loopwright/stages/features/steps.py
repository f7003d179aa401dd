"""The feature room's verbs: build, examine, suspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.codedigest import Code
from loopwright.project import Project
from loopwright.records import DatasetVersion, Evidence, FeatureSet, LabelSet, Ref
from loopwright.settings import DataSettings, FeatureSettings
from loopwright.stages.data import ROW, read
from loopwright.step import step
from loopwright.store.metadata import now
from loopwright.userfiles import code_refs, load, source_bundle

if TYPE_CHECKING:
    import polars as pl

__all__ = ["build", "examine", "examples", "suspect"]

FEATURES_FILE = "features"


def build(project: Project, dataset: DatasetVersion, parts: DatasetVersion, labels: LabelSet) -> FeatureSet:
    """Compute the features of every row and choose those that the model sees.

    Which columns are fit for a model is decided by the training part alone.

    Parameters
    ----------
    project : Project
    dataset : DatasetVersion
    parts : DatasetVersion
        The split.
    labels : LabelSet
        What the label was made from is no feature, unless it is known before the outcome.

    Returns
    -------
    FeatureSet

    Raises
    ------
    UserCodeError
        If a feature function fails, is not row-wise, or needs a column that is not there.
    """
    code = project.code(FEATURES_FILE) if project.has_code(FEATURES_FILE) else None
    return _build(
        project,
        dataset,
        parts,
        labels,
        functions=_without_label(project, code),
        data=_meanings(project.settings.data),
        features=project.settings.features,
    )


@step(uses=("polars",))
def _build(
    project: Project,
    dataset: DatasetVersion,
    parts: DatasetVersion,
    labels: LabelSet,
    *,
    functions: Code | None,
    data: DataSettings,
    features: FeatureSettings,
) -> FeatureSet:
    from loopwright.stages.features.building import build

    frame = read(project, dataset, parts=parts)
    made = load(project, functions) if functions else {}
    built = build(frame, made, data=data, features=features, labels=labels, file=f"{FEATURES_FILE}.py", row=ROW)
    code = None
    made_by: tuple[Ref, ...] = ()
    if functions and built.functions:
        sources = source_bundle(project, functions)
        code = project.artifacts.put(sources, name="features.json", media_type="application/json")
        made_by = code_refs(project, functions, built.functions)
    return FeatureSet(
        made_from=(dataset.ref, parts.ref, labels.ref, *made_by),
        table=project.tables.write(f"{dataset.name}-features", built.table),
        features=built.features,
        code=code,
        functions=built.functions,
        dropped=built.dropped,
    )


def examine(project: Project, dataset: DatasetVersion, featureset: FeatureSet) -> tuple[Evidence, ...]:
    """Test what the feature functions promise, and the rules that a feature set must keep.

    Each function is computed for single rows and must say what it said in the batch; redacted and later-known
    columns must not be among the inputs; what each feature costs is measured.

    Parameters
    ----------
    project : Project
    dataset : DatasetVersion
    featureset : FeatureSet

    Returns
    -------
    tuple of Evidence
    """
    code = project.code(FEATURES_FILE) if project.has_code(FEATURES_FILE) else None
    return _examine(
        project, dataset, featureset, functions=_without_label(project, code), data=_meanings(project.settings.data)
    )


@step(uses=("polars",))
def _examine(
    project: Project, dataset: DatasetVersion, featureset: FeatureSet, *, functions: Code | None, data: DataSettings
) -> tuple[Evidence, ...]:
    from loopwright.stages.features.examining import cost, policy, privacy, tested

    table, frame = project.tables.read(featureset.table).collect(), read(project, dataset)
    made = load(project, functions) if functions else {}
    return (
        *tested(frame, table, made, featureset, file=f"{FEATURES_FILE}.py", at=now()),
        policy(featureset, data=data, at=now()),
        privacy(frame, dataset, data=data, at=now()),
        *cost(table, featureset, at=now()),
    )


@step(uses=("polars", "scikit-learn"))
def suspect(
    project: Project, dataset: DatasetVersion, parts: DatasetVersion, labels: LabelSet, featureset: FeatureSet
) -> tuple[Evidence, ...]:
    """Look for leakage: features that nearly give the label away, rows that stand in two parts.

    Parameters
    ----------
    project : Project
    dataset, parts : DatasetVersion
    labels : LabelSet
    featureset : FeatureSet

    Returns
    -------
    tuple of Evidence
        One per suspicion (``passed`` False), or one that says nothing was found.
    """
    from loopwright.stages.features.suspecting import suspected

    return suspected(
        examples(project, featureset, labels, parts),
        rows=read(project, dataset, parts=parts),
        labels=labels,
        featureset=featureset,
        dataset=dataset,
        parts=parts,
        at=now(),
    )


def examples(project: Project, featureset: FeatureSet, labels: LabelSet, parts: DatasetVersion) -> pl.DataFrame:
    """Return the labelled rows: the features, and ``__row``, ``__part`` and ``__label``.

    Read once per process and kept, since every trial of a search asks for the same rows.
    """
    key = ("examples", featureset.table.sha256, labels.table.sha256, parts.table.sha256)
    return project.keep(key, lambda: _examples(project, featureset, labels, parts))


def _examples(project: Project, featureset: FeatureSet, labels: LabelSet, parts: DatasetVersion) -> pl.DataFrame:
    features = project.tables.read(featureset.table).collect()
    label = project.tables.read(labels.table).collect().rename({"label": "__label"})
    part = project.tables.read(parts.table).collect().rename({"part": "__part"})
    return features.join(label, on=ROW, maintain_order="left").join(part, on=ROW, maintain_order="left")


def _without_label(project: Project, code: Code | None) -> Code | None:
    """Return the feature functions: the label's rule may stand in the same file, but is no feature."""
    file, _, rule = project.settings.data.label.partition(":")
    if code is None or file != FEATURES_FILE or rule not in code.functions:
        return code if code is None or code.functions else None
    names = tuple(name for name in code.functions if name != rule)
    digests = project.code_index.closure(FEATURES_FILE, names)
    return Code(file=code.file, functions=names, digests=digests) if names else None


def _meanings(data: DataSettings) -> DataSettings:
    """Return only what features depend on."""
    return DataSettings(
        source="-",
        label=data.label,
        key=data.key,
        time=data.time,
        group=data.group,
        known_after=data.known_after,
        privacy=data.privacy,
    )
