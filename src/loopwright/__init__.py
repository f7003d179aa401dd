"""Loopwright: the whole production loop of a machine-learning project in one package.

``loopwright.Project.open()`` is a handle on a project; the rooms ``loopwright.charter``, ``data``, ``labels``,
``features``, ``training``, ``registry``, ``evaluation``, ``serving``, ``monitoring`` and ``retraining`` hold the verbs;
``loopwright.run(project)`` is the whole line, and ``loopwright.tick(project)`` closes the loop. Rooms and everything
heavy are loaded at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports

if TYPE_CHECKING:
    from loopwright import datasets, errors, measures, records
    from loopwright.lifecycle import Line, Tick, retrain, run, tick
    from loopwright.project import Project
    from loopwright.stages import (
        charter,
        data,
        evaluation,
        features,
        labels,
        monitoring,
        registry,
        retraining,
        serving,
        training,
    )

__version__ = "0.1.0"

__all__ = [
    "Line",
    "Project",
    "Tick",
    "charter",
    "data",
    "datasets",
    "errors",
    "evaluation",
    "features",
    "labels",
    "measures",
    "monitoring",
    "records",
    "registry",
    "retrain",
    "retraining",
    "run",
    "serving",
    "tick",
    "training",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "Line": "loopwright.lifecycle",
        "Project": "loopwright.project",
        "charter": "loopwright.stages.charter:",
        "data": "loopwright.stages.data:",
        "evaluation": "loopwright.stages.evaluation:",
        "features": "loopwright.stages.features:",
        "labels": "loopwright.stages.labels:",
        "monitoring": "loopwright.stages.monitoring:",
        "registry": "loopwright.stages.registry:",
        "retrain": "loopwright.lifecycle",
        "retraining": "loopwright.stages.retraining:",
        "run": "loopwright.lifecycle",
        "serving": "loopwright.stages.serving:",
        "Tick": "loopwright.lifecycle",
        "tick": "loopwright.lifecycle",
        "training": "loopwright.stages.training:",
        "datasets": "loopwright.datasets:",
        "errors": "loopwright.errors:",
        "measures": "loopwright.measures:",
        "records": "loopwright.records:",
    },
)
