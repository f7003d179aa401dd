"""The judge of a release: what becomes of a challenger, read off what both models said and what became of the rows.

The rule, in the order in which it is asked:

1. A guard has raised an alarm: *reject*.
2. The challenger has answered enough at every step, and the evidence that it meets the demand has reached the limit:
   *promote*, or *ask* a person where the project wants one.
3. Patience is over, and the evidence has not reached the limit: *reject*, since it cannot be told.
4. The challenger has answered enough at this step: *advance* to the next.
5. Else *wait*.

Evidence is an e-value: a model that does not meet the demand reaches the limit ``1 / false_promotion_rate`` with that
probability at most, although the judge is asked again and again, and the share grows meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

import polars as pl

from loopwright.stages.serving.comparison import Comparison, compare, difference_told
from loopwright.stages.serving.guards import Guard, guards
from loopwright.stages.serving.transitions import next_share
from loopwright.stages.serving.trial import Answers, Trial, microseconds, seen
from loopwright.stages.serving.wording import counted, shown

__all__ = ["Action", "Verdict", "judge"]

Action = Literal["wait", "advance", "promote", "ask", "reject"]

_DAY = 86_400 * 1_000_000         # microseconds
_FAR = 10_000_000                 # rows; what lies further is no forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to become of a challenger, and why.

    Attributes
    ----------
    action : {"wait", "advance", "promote", "ask", "reject"}
    why : str
        A sentence with numbers.
    comparison : Comparison
        The difference with its interval, the evidence, and what it rests on.
    limit : float
        E-value at which the evidence suffices: 1 / false_promotion_rate.
    champion_rows, challenger_rows : int
        Answers that were given, by who gave them.
    asked_rows : int
        Answers of the challenger, heard or not.
    step_rows : int
        Answers that count for the present step: the challenger's; all rows that both answered under a shadow.
    guards : tuple of Guard
    rows_needed : int or None
        Forecast of answers, of both, until it is decided; None if what is known does not lead there.
    days_needed : float or None
        The same at the traffic so far.
    """

    action: Action
    why: str
    comparison: Comparison
    limit: float
    champion_rows: int
    challenger_rows: int
    asked_rows: int
    step_rows: int
    guards: tuple[Guard, ...]
    rows_needed: int | None
    days_needed: float | None

    @property
    def evidence(self) -> float:
        """E-value against "the challenger does not meet the demand"."""
        return self.comparison.evidence

    @property
    def matured_rows(self) -> int:
        """Rows whose outcome counts."""
        return self.comparison.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What a verdict is made of."""

    trial: Trial
    comparison: Comparison
    guards: tuple[Guard, ...]
    limit: float
    step_rows: int
    since: int

    @property
    def wanted(self) -> int:
        """Answers that the present step needs."""
        release = self.trial.release
        return release.step_rows * (max(1, len(release.steps)) if self.trial.deployment.stage == "shadow" else 1)

    @property
    def next_share(self) -> float | None:
        state = self.trial.deployment
        return next_share(state.share, self.trial.release.steps) if state.stage == "canary" else None

    @property
    def days(self) -> float:
        """How long the trial has lasted."""
        return (microseconds(self.trial.now) - self.since) / _DAY


def judge(rows: pl.DataFrame, refusals: pl.DataFrame, *, trial: Trial) -> Verdict:
    """Return what is to become of a challenger, by what is known now.

    Nothing is kept from one call to the next: the verdict is a function of the log, the same after any restart.

    Parameters
    ----------
    rows : DataFrame
        Live frame since the start of the trial.
    refusals : DataFrame
        Refused requests since then, columns of ``events.refused_schema()``; those of models that failed are counted.
    trial : Trial

    Returns
    -------
    Verdict
    """
    answers, failures = seen(rows, refusals, trial=trial)
    comparison = compare(answers, trial=trial)
    case = _Case(
        trial=trial,
        comparison=comparison,
        guards=guards(answers, failures, comparison, trial=trial),
        limit=1 / trial.release.false_promotion_rate,
        step_rows=_step_rows(answers, trial),
        since=answers.since,
    )
    action, why = _decided(case)
    rows_needed, days_needed = _forecast(case, len(answers)) if action in ("wait", "advance") else (None, None)
    return Verdict(
        action=action,
        why=_sentence(why + _told(days_needed, rows_needed)),
        comparison=comparison,
        limit=case.limit,
        champion_rows=int((~answers.heard).sum()),
        challenger_rows=int(answers.heard.sum()),
        asked_rows=int(answers.spoke.sum()),
        step_rows=case.step_rows,
        guards=case.guards,
        rows_needed=rows_needed,
        days_needed=days_needed,
    )


def _step_rows(answers: Answers, trial: Trial) -> int:
    mine = answers.heard if trial.deployment.stage == "canary" else answers.spoke
    return int((mine & answers.present).sum())


def _decided(case: _Case) -> tuple[Action, str]:
    release, state, found = case.trial.release, case.trial.deployment, case.comparison
    alarms = [guard.says for guard in case.guards if guard.alarmed]
    enough = case.step_rows >= case.wanted
    if alarms:
        return "reject", "; ".join(alarms)
    if state.awaiting:
        return "wait", f"a person has to approve the promotion; {_difference(case)}"
    if enough and case.next_share is None and found.evidence >= case.limit:
        return ("promote" if release.approval == "automatic" else "ask"), f"{_difference(case)}; {_demanded(case)}"
    # What the evidence shows by then is no matter of patience: only steps are missing, and they pass.
    if case.days > release.patience_days and found.evidence < case.limit:
        return "reject", (
            f"it cannot be told whether the challenger is {_demand(case)}: {release.patience_days:g} days are over; "
            f"{_difference(case)}"
        )
    if enough and case.next_share is not None:
        return "advance", (
            f"{counted(case.step_rows, 'answer')} at this step without an alarm, {case.wanted:,} are asked for; "
            f"the next share is {case.next_share:.0%}"
        )
    return "wait", f"{_missing(case, enough=enough)}; {_difference(case)}"


def _missing(case: _Case, *, enough: bool) -> str:
    """Say what is waited for."""
    if not enough:
        return f"{case.step_rows:,} of {case.wanted:,} answers at this step"
    if case.trial.charter.acts_on_outcome and case.trial.deployment.stage == "shadow":
        return (
            "the decision acts on the outcome, so a shadow learns from held back rows only, and the evidence does not "
            "suffice yet"
        )
    return "the evidence does not suffice yet"


def _demand(case: _Case) -> str:
    allowed = case.trial.charter.not_worse_by
    return "better" if case.trial.release.demand == "better" else f"not worse by more than {allowed:g}"


def _demanded(case: _Case) -> str:
    promised = f"a chance of {case.trial.release.false_promotion_rate:g} at most to be wrong"
    return f"so the challenger is {_demand(case)}, with {promised}, and has passed every step"


def _difference(case: _Case) -> str:
    """Say how the models compare, as far as is known."""
    told = difference_told(case.comparison)
    if case.comparison.units == 0:
        return told
    return f"{told} (e = {shown(case.comparison.evidence)}, limit {shown(case.limit)})"


def _forecast(case: _Case, rows: int) -> tuple[int | None, float | None]:
    """Return how many more answers and days it takes until the steps are passed and the evidence suffices."""
    if rows == 0 or case.days <= 0:
        return None, None
    pace = rows / case.days
    proof = _days_of_proof(case)
    if proof is None:
        return None, None
    days = max(proof, _days_of_steps(case, pace))
    return (ceil(days * pace), days) if days * pace <= _FAR else (None, None)


def _days_of_proof(case: _Case) -> float | None:
    found = case.comparison
    if found.units_needed is None or found.last is None:
        return None
    # Outcomes will go on to come as late as they do; what counts by now took so long to happen.
    took = (found.last - case.since) / _DAY
    return found.units_needed * took / found.units


def _days_of_steps(case: _Case, pace: float) -> float:
    state, release = case.trial.deployment, case.trial.release
    missing = max(0, case.wanted - case.step_rows)
    if state.stage != "canary":
        return missing / pace
    later = (release.step_rows / share for share in release.steps if share > state.share)
    return (missing / state.share + sum(later)) / pace


def _told(days: float | None, rows: int | None) -> str:
    if days is None or not rows:
        return ""
    return f"; at the traffic so far about {counted(rows, 'more row')} ({days:,.{0 if days >= 10 else 1}f} days) decide"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
