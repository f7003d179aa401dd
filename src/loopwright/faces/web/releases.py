"""What serves now, how it came to, and what the newest verdict about a canary says."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from loopwright.errors import StoreError, UnknownRecord
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Deployment, Evidence, Model, Ref

__all__ = ["Guardrail", "Release", "Verdict", "VerdictExhibit", "model_of", "offers", "release"]

_CHECK = "canary.verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """One thing that takes the challenger out at any time; ``says`` tells in a sentence how it stands."""

    name: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    passed: bool | None = None
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictExhibit:
    """What a canary's verdict rests on, as the evidence's exhibit holds it.

    Attributes
    ----------
    action : str
        What the rule decided: ``"wait"``, ``"advance"``, ``"promote"``, ``"ask"`` a person, ``"reject"``.
    evidence, limit : float or None
        The e-value, and what it must reach.
    rows, matured : int
        Answers of the canary, and those of them whose outcome is known.
    difference, low, high : float or None
        By how much the challenger is better (the champion's loss less its own), with its confidence sequence.
    metric : str
        In which they differ.
    rows_needed, days_needed : int or None, float or None
        Forecast of the answers, and the days, until it is decided.
    guards : tuple of Guardrail
    path : tuple of (str or float, float)
        Time and e-value.
    """

    action: str = ""
    why: str = ""
    evidence: float | None = None
    limit: float | None = None
    rows: int = 0
    matured: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    metric: str = ""
    rows_needed: int | None = None
    days_needed: float | None = None
    guards: tuple[Guardrail, ...] = ()
    path: tuple[tuple[str | float, float | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The newest verdict; ``exhibit`` is None if there is none or it cannot be read."""

    evidence: Remembered[Evidence]
    exhibit: VerdictExhibit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What serves now.

    Attributes
    ----------
    deployment : Remembered of Deployment
    champion, challenger : Model or None
        None where there is none, or its record is not known here.
    verdict : Verdict or None
        The newest about this challenger; without one, the last that was given.
    history : tuple of Remembered of Deployment
        Newest first; the first is the deployment itself.
    """

    deployment: Remembered[Deployment]
    champion: Model | None
    challenger: Model | None
    verdict: Verdict | None
    history: tuple[Remembered[Deployment], ...]

    @property
    def share(self) -> float:
        """Share of the entities that the champion answers."""
        now = self.deployment.record
        return max(0.0, 1.0 - now.share - now.held_back)


def release(library: Library) -> Release | None:
    """Return what serves now, or None before the first deployment."""
    history = [one for one in library.all("deployment") if isinstance(one, Deployment)]
    if not history:
        return None
    now = history[-1]
    return Release(
        deployment=remembered(library, now),
        champion=model_of(library, now.champion),
        challenger=model_of(library, now.challenger),
        verdict=_verdict(library, _same_release(history)),
        history=tuple(remembered(library, one) for one in reversed(history)),
    )


def offers(release: Release | None) -> dict[str, str]:
    """Return for each deed about a release why it cannot be done now; empty if it can."""
    now = release.deployment.record if release else None
    earlier = {one.record.champion.digest for one in release.history} if release else set()
    alone = "" if now and now.challenger else "There is no challenger."
    asked = "" if now and now.awaiting else "The rule does not ask for approval now."
    before = "" if now and (len(earlier) > 1 or now.challenger) else "There is no earlier champion to go back to."
    return {"approve": asked, "promote": alone, "reject": alone, "roll-back": before}


def model_of(library: Library, ref: Ref | None) -> Model | None:
    """Return the model that a ref points at, or None."""
    try:
        record = library.get(ref.digest) if ref else None
    except UnknownRecord:
        return None
    return record if isinstance(record, Model) else None


def _same_release(history: list[Deployment]) -> set[str]:
    """Return the digests of the deployments whose verdict counts now: those with the same challenger, or all."""
    now = history[-1].challenger
    if now is None:
        return {one.digest for one in history}
    return {one.digest for one in history if one.challenger and one.challenger.digest == now.digest}


def _verdict(library: Library, deployments: set[str]) -> Verdict | None:
    found = [
        one
        for one in library.all("evidence")
        if isinstance(one, Evidence) and one.check == _CHECK and one.subject.digest in deployments
    ]
    if not found:
        return None
    newest = max(enumerate(found), key=lambda pair: (pair[1].at, pair[0]))[1]
    return Verdict(evidence=remembered(library, newest), exhibit=_exhibit(library, newest))


def _exhibit(library: Library, evidence: Evidence) -> VerdictExhibit | None:
    if evidence.exhibit is None:
        return None
    try:
        return msgspec.json.decode(library.artifact(evidence.exhibit), type=VerdictExhibit)
    except (StoreError, msgspec.DecodeError, UnicodeDecodeError):
        return None
