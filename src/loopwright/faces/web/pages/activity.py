"""Who did what when, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.library import Library
from loopwright.store.metadata import Activity, AliasChange, Execution

__all__ = ["ActivityPage", "StepTime", "activity"]

_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """What one step has cost so far."""

    step: str
    times: int
    seconds: float  # all times together
    longest: float  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage:
    """Commands, steps and changes of aliases, newest first."""

    template: ClassVar[str] = "activity.html"
    place: ClassVar[str] = "/activity"

    project: str
    title: str
    commands: tuple[Activity, ...]
    executions: tuple[Execution, ...]
    steps: tuple[StepTime, ...]  # the dearest first
    aliases: tuple[AliasChange, ...]


def activity(library: Library) -> ActivityPage:
    """Look back at what was done."""
    executions = library.executions()
    return ActivityPage(
        project=library.name,
        title="Activity",
        commands=tuple(library.activity()[: -_SHOWN - 1 : -1]),
        executions=tuple(executions[: -_SHOWN - 1 : -1]),
        steps=_steps(executions),
        aliases=tuple(reversed(library.aliases())),
    )


def _steps(executions: list[Execution]) -> tuple[StepTime, ...]:
    times: dict[str, list[float]] = {}
    for one in executions:
        times.setdefault(one.step.split(" ")[0], []).append(one.seconds)
    steps = [
        StepTime(step=name, times=len(each), seconds=sum(each), longest=max(each))
        for name, each in times.items()
    ]
    return tuple(sorted(steps, key=lambda step: -step.seconds))
