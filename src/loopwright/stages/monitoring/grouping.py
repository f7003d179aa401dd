"""Which incidents belong together, and which of them explains the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loopwright.records.alert import Alert, Cause
from loopwright.stages.monitoring.episodes import Episode, place_of
from loopwright.stages.monitoring.suspicions import FAULTS, Suspicion

__all__ = ["Case", "by_explanation", "grouped"]

# Between the first and the last of several columns that one change of the population moves.
_TOGETHER = 3

_STRENGTH: tuple[Cause, ...] = (
    "schema break", "unit change", "renamed category", "upstream null", "failing requests", "missing traffic",
    "new category", "lost labels", "slow answers", "population change", "real change", "unknown",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One incident as it looked in its first window.

    Attributes
    ----------
    own : str
        Cause by this quantity alone; ``cause`` is that of the root it follows.
    causes : frozenset of str
        All that were suspected since the quantity went bad.
    refuses : bool
        Rows were refused because of it, so that those that are left may look different.
    suspicion : Suspicion or None
        None for an incident that has an alert already.
    """

    episode: Episode
    own: Cause
    causes: frozenset[Cause]
    cause: Cause
    group: str
    title: str
    advice: str
    refuses: bool
    effect: float
    suspicion: Suspicion | None = None

    @property
    def quantity(self) -> str:
        """What went bad, as in ``Alert``."""
        return self.episode.quantity

    @property
    def field(self) -> str:
        """The column or metric; ``""`` for the service."""
        return self.quantity.partition(":")[2]

    @property
    def is_input(self) -> bool:
        """Whether it is about a column or the door."""
        return place_of(self.quantity) <= 1

    @property
    def rank(self) -> tuple[int, int, float, str]:
        """Sorts what explains more before what explains less."""
        return _STRENGTH.index(self.cause), place_of(self.quantity), -self.effect, self.quantity


def grouped(fresh: Sequence[Case], *, beside: Sequence[Case]) -> list[Case]:
    """Return new incidents, roots first, each in the group of the one that explains it."""
    placed: list[Case] = []
    for case in sorted(fresh, key=lambda case: case.rank):
        roots = _roots([*beside, *placed])
        root = next((root for root in roots if _explains(root, case)), None)
        placed.append(_following(case, root) if root is not None else _heading(case, roots))
    return placed


def _heading(case: Case, roots: Sequence[Case]) -> Case:
    """Return an incident that nothing explains in the group of one that it explains itself, if there is one."""
    later = next((root for root in roots if _comes_after(case, root)), None)
    return case if later is None else replace(case, group=later.group)


def _roots(cases: Sequence[Case]) -> list[Case]:
    """Return the most explanatory incident of every group, the most explanatory of all first."""
    roots: dict[str, Case] = {}
    for case in sorted(cases, key=lambda case: case.rank):
        roots.setdefault(case.group, case)
    return list(roots.values())


def _explains(root: Case, case: Case) -> bool:
    """Say whether one incident would bring the other about."""
    if root.cause in FAULTS and root.is_input:
        return _is_faulted(root, case)
    is_shift = case.own in {"population change", "unknown"}
    is_service = case.quantity in {"errors", "nan", "traffic"}
    by_cause: dict[Cause, bool] = {
        "population change": is_shift and case.episode.first - root.episode.first <= _TOGETHER,
        "missing traffic": is_shift,
        "failing requests": is_shift or is_service,
        "schema break": is_shift or is_service,
        "real change": case.own == "real change",
        "lost labels": case.quantity.startswith("quality:"),
    }
    return by_cause.get(root.cause, False)


def _is_faulted(root: Case, case: Case) -> bool:
    """Say whether a fault of an input would bring the other incident about."""
    if case.quantity.startswith("quality:"):
        # Few rows with a new value cannot move the quality of all.
        return root.cause != "new category" or root.effect >= 0.1 or root.refuses
    if case.quantity in {"drift:prediction", "nan"}:
        return True
    if case.is_input:
        is_alike = case.own == root.cause and case.episode.first == root.episode.first
        return case.field == root.field or is_alike or (root.refuses and case.own in {"population change", "unknown"})
    return root.refuses and case.quantity in {"errors", "traffic"}


def _comes_after(case: Case, root: Case) -> bool:
    """Say whether a new incident explains one that was noticed before it, and then had no better cause."""
    was_vague = root.cause in {"population change", "unknown"} and root.own == root.cause
    return was_vague and case.episode.first - root.episode.first <= _TOGETHER and _explains(case, root)


def _following(case: Case, root: Case) -> Case:
    """Return the incident with its root's group, cause and advice, and saying so."""
    if case.suspicion is None:
        return case
    seen = case.suspicion.seen or case.suspicion.explanation
    told = replace(
        case.suspicion, cause=root.cause, explanation=f"Follows from {root.title}. {seen}", advice=root.advice,
        title=f"{case.title} (follows from {root.field or root.quantity})",
    )
    return replace(
        case, causes=case.causes | {root.cause}, group=root.group, cause=root.cause, title=told.title,
        advice=root.advice, suspicion=told,
    )


def by_explanation(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """Return the alerts of one group, those that explain before those that follow from them."""
    return tuple(sorted(alerts, key=lambda alert: (
        _STRENGTH.index(alert.cause), place_of(alert.quantity), alert.first_bad, -(alert.value or 0.0), alert.quantity,
    )))
