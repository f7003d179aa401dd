"""Loopwright: the whole production loop of a machine-learning project in one package.

``loopwright.Project.open()`` is a handle on a project; the rooms ``loopwright.charter``, ``data``, ``labels``,
``features``, ``training``, ``registry`` and ``evaluation`` hold the verbs; ``loopwright.run(project)`` is the whole
line. Rooms and everything heavy are loaded at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports

if TYPE_CHECKING:
    from loopwright import datasets, errors, measures, records
    from loopwright.lifecycle import Line, run
    from loopwright.project import Project
    from loopwright.stages import charter, data, evaluation, features, labels, registry, training

__version__ = "0.1.0"

__all__ = [
    "Line",
    "Project",
    "charter",
    "data",
    "datasets",
    "errors",
    "evaluation",
    "features",
    "labels",
    "measures",
    "records",
    "registry",
    "run",
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
        "registry": "loopwright.stages.registry:",
        "run": "loopwright.lifecycle",
        "training": "loopwright.stages.training:",
        "datasets": "loopwright.datasets:",
        "errors": "loopwright.errors:",
        "measures": "loopwright.measures:",
        "records": "loopwright.records:",
    },
)
