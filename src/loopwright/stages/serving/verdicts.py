"""What the judge of a trial said, as evidence."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loopwright.records import Deployment, Evidence
from loopwright.records.record import Artifact
from loopwright.stages.serving.guards import Guard
from loopwright.stages.serving.rollout import Verdict

__all__ = ["exhibit", "verdict_evidence"]

_PASSED = {"promote": True, "ask": True, "reject": False, "wait": None, "advance": None}


def exhibit(verdict: Verdict, *, path: Sequence[tuple[str, float]]) -> bytes:
    """Return what a picture and a table of a verdict need, as JSON.

    Parameters
    ----------
    verdict : Verdict
    path : sequence of (str, float)
        Moments (ISO 8601) and e-values of the trial so far, this one included.
    """
    found = verdict.comparison
    return msgspec.json.encode({
        "action": verdict.action, "why": verdict.why, "evidence": found.evidence, "limit": verdict.limit,
        "rows": verdict.challenger_rows, "matured": found.rows, "metric": found.metric,
        "difference": found.difference, "low": found.low, "high": found.high,
        "rows_needed": verdict.rows_needed, "days_needed": verdict.days_needed,
        "guards": [_guard(item) for item in verdict.guards],
        "path": list(path),
    })


def verdict_evidence(
    verdict: Verdict, *, state: Deployment, artifact: Artifact, at: str
) -> Evidence:
    """Return the evidence that a challenger was judged.

    Parameters
    ----------
    verdict : Verdict
    state : Deployment
        What was judged.
    artifact : Artifact
        What ``exhibit`` wrote.
    at : str
    """
    found = verdict.comparison
    models = (state.champion, state.challenger) if state.challenger else (state.champion,)
    return Evidence(
        made_from=(state.ref, *models), check="canary.verdict", subject=state.ref, passed=_PASSED[verdict.action],
        value=found.evidence, limit=f">= {verdict.limit:g}", rows=found.rows, exhibit=artifact, claim=verdict.why,
        at=at,
    )


def _guard(guard: Guard) -> dict[str, str | float | bool | None]:
    return {
        "name": guard.name, "value": guard.challenger, "low": guard.low, "high": guard.high, "limit": guard.limit,
        "passed": not guard.alarmed, "says": guard.says,
    }
