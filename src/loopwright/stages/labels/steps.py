"""The label room's verb: label."""

from __future__ import annotations

from loopwright.codedigest import Code
from loopwright.project import Project
from loopwright.records import DatasetVersion, LabelSet
from loopwright.stages.data import ROW, read
from loopwright.step import step

__all__ = ["label"]


def label(project: Project, dataset: DatasetVersion) -> LabelSet:
    """Label every row by the column or the rule that the project file names.

    Parameters
    ----------
    project : Project
    dataset : DatasetVersion

    Returns
    -------
    LabelSet

    Raises
    ------
    UnknownColumn, UnusableLabel, UserCodeError
    """
    data, settings = project.settings.data, project.settings
    rule = project.code(data.label) if ":" in data.label else None
    return _label(
        project, dataset, label=data.label, rule=rule, task=settings.charter.task, positive=settings.targets.positive
    )


@step(uses=("polars",))
def _label(
    project: Project,
    dataset: DatasetVersion,
    *,
    label: str,
    rule: Code | None,
    task: str,
    positive: str | int | bool | None,
) -> LabelSet:
    from loopwright.stages.labels.labelling import by_rule, encode_labels, from_column, label_set
    from loopwright.userfiles import code_refs, load

    frame = read(project, dataset)
    rows = frame.drop(ROW)
    columns: tuple[str, ...] = (label,)
    if rule is None:
        values = from_column(rows, label)
    else:
        name = rule.functions[0]
        values, columns = by_rule(rows, load(project, rule)[name], file=rule.file, name=name)
    labels = encode_labels(values, task=task, positive=positive)
    made_from = (dataset.ref, *(code_refs(project, rule, rule.functions) if rule else ()))
    table = project.tables.write(f"{dataset.name}-labels", frame.select(ROW).with_columns(labels.codes.alias("label")))
    return label_set(labels, table=table, task=task, columns=columns, made_from=made_from)
