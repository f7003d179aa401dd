"""The charter as a record, from the project file."""

from __future__ import annotations

from loopwright.project import Project
from loopwright.records import Charter
from loopwright.settings import Settings
from loopwright.step import step

__all__ = ["adopt"]


def adopt(project: Project) -> Charter:
    """Remember the charter as the project file states it; every later stage reads this record.

    Parameters
    ----------
    project : Project

    Returns
    -------
    Charter
    """
    settings = project.settings
    return _adopt(project, charter=_stated(settings))


@step()
def _adopt(project: Project, *, charter: Charter) -> Charter:  # noqa: ARG001 -- every step takes the project
    return charter


def _stated(settings: Settings) -> Charter:
    from loopwright.limits import limits
    from loopwright.records.charter import Target

    charter, targets, data = settings.charter, settings.targets, settings.data
    demanded = limits(targets)
    optimize = {targets.optimize: 1.0} if isinstance(targets.optimize, str) else dict(targets.optimize)
    return Charter(
        project=settings.project.name,
        task=charter.task,
        decision=charter.decision,
        users=charter.users,
        business_metric=charter.business_metric,
        risks=charter.risks,
        without_ml=charter.without_ml,
        impact=charter.impact,
        feasibility=charter.feasibility,
        optimize=optimize,
        satisfice=tuple(
            Target(metric=limit.metric, comparison=limit.comparison, limit=limit.value, column=limit.column)
            for limit in demanded
        ),
        slices=tuple(dict.fromkeys((*targets.slices, *(limit.column for limit in demanded if limit.column)))),
        min_slice_rows=targets.min_slice_rows,
        confidence=targets.confidence,
        not_worse_by=targets.not_worse_by,
        threshold=targets.threshold,
        positive=None if targets.positive is None else str(targets.positive),
        owner=data.owner,
        licence=data.licence,
        collection=data.collection,
        acts_on_outcome=charter.acts_on_outcome,
    )
