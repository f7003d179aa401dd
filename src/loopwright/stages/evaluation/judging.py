"""Whether a model may become champion, read off its evidence, with a reason for every demand.

The rule on intervals, which says who bears the burden of proof:

- A *limit* of the project file holds if the measured value keeps it. A limit is a promise about a number that
  can be looked up; were it judged by an end of the interval, the same model would pass or fail by the size of
  the test part. Where the interval holds the limit, the reason says so, and how many rows would decide.
- The *champion* serves already, so doubt speaks for it: the lower end of the paired difference may not lie
  further below zero than ``not_worse_by``.
- A *constant* must be beaten for sure, the whole paired interval above zero: a model without skill does so by
  luck in a few of a hundred trials, not in half of them.
- The *rule without machine learning* must be beaten by the measured value; an unclear difference is listed as
  unknown.
- What *cannot be known* (a slice with too few rows, or without a positive one) is listed, and blocks nothing.
  What was *not measured* although the project file demands it blocks: a limit nobody looks at is no limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from loopwright.measures.quantiles import normal_quantile
from loopwright.records.charter import Charter, Target
from loopwright.records.evidence import Evidence
from loopwright.records.gate import Gate, Reason
from loopwright.records.record import Ref
from loopwright.stages.evaluation.slicing import is_slice_of
from loopwright.stages.evaluation.wording import about, counted, holds, measured, number, rounded_to_pass

__all__ = ["BLOCKING", "CONSTANTS", "HEURISTIC", "Examples", "judge", "rows_to_decide"]

Examples = Callable[[str | None], Sequence[str]]
"""Describes rows that the model is most wrong about, given the name of a slice, or None for all rows."""

CONSTANTS = ("majority", "mean", "median")
"""Names of baselines that answer every row the same; one must be there, and those there must be beaten."""

HEURISTIC = "heuristic"
"""Name of the baseline that is the charter's rule without machine learning."""

BLOCKING = ("sanity", "parity", "scenario", "policy", "numeric")
"""First words of checks that block a model when they fail."""

_EXAMPLES = 5
_POWER = 0.8                      # chance with which the rows that "would decide" do
_COST = ("metric", "cost")        # first words of checks that may hold a limited quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What is judged and by what."""

    charter: Charter
    evidence: Sequence[Evidence]
    examples: Examples

    def named(self, check: str) -> list[Evidence]:
        return [each for each in self.evidence if each.check == check]

    def family(self, *words: str) -> list[Evidence]:
        return [each for each in self.evidence if each.check.split(".")[0] in words]


def judge(
    *,
    subject: Ref,
    rival: Ref | None,
    charter: Charter,
    evidence: Sequence[Evidence],
    examples: Examples = lambda _: (),
    part: str = "test",
    at: str = "",
) -> Gate:
    """Judge a model by the charter's targets, against baselines and the champion, and by its other checks.

    Parameters
    ----------
    subject : Ref
        The model.
    rival : Ref or None
        The champion; None if there is none yet.
    charter : Charter
    evidence : sequence of Evidence
        About this model, its data and its training; each check at its newest.
    examples : callable, optional
        Asked for rows that show a problem, for reasons that say no; see `examples_by_slice`.
    part : str, default="test"
        Metrics and comparisons on other parts are left aside.
    at : str, default=""
        When, UTC, ISO 8601.

    Returns
    -------
    Gate
        Passed if no reason says no. The module's first page states the rule on intervals.
    """
    relevant = [each for each in evidence if each.part in (None, part)]
    case = _Case(charter=charter, evidence=relevant, examples=examples)
    reasons = (
        *(reason for target in charter.satisfice for reason in _on_target(case, target)),
        _on_champion(case, rival),
        *_on_constants(case),
        *_on_heuristic(case),
        *(_on_check(each) for each in case.family(*BLOCKING)),
        *(_suspected(each) for each in case.family("leakage") if each.passed is False),
    )
    rests_on = dict.fromkeys(ref for reason in reasons for ref in reason.evidence)
    return Gate(
        made_from=(subject, *([rival] if rival else []), *rests_on),
        subject=subject,
        rival=rival,
        passed=not any(reason.passed is False for reason in reasons),
        reasons=reasons,
        at=at,
    )


def rows_to_decide(*, value: float, end: float, limit: float, rows: int, level: float) -> int | None:
    """Return on how many rows a value this far from a limit would be told from it in four of five trials.

    Parameters
    ----------
    value : float
        As measured.
    end : float
        The end of its interval on the limit's side.
    limit : float
    rows : int
        Rows that the value rests on.
    level : float
        Of the interval, between 0 and 1.

    Returns
    -------
    int or None
        None if the value is the limit: no number of rows would do.

    Examples
    --------
    >>> rows_to_decide(value=0.36, end=0.34, limit=0.35, rows=1000, level=0.95)
    8173
    """
    if value == limit:
        return None
    z = normal_quantile((1 + level) / 2)
    error = abs(value - end) / z
    return int(rows * ((z + normal_quantile(_POWER)) * error / (value - limit)) ** 2) + 1


def _on_target(case: _Case, target: Target) -> list[Reason]:
    """Return a reason for the limit on all rows, or one for each slice of its column."""
    found = [
        each
        for word in _COST
        for each in case.named(f"{word}.{target.metric}")
        if _is_meant(each, target)
    ]
    if found:
        return [_on_value(case, target, each) for each in found]
    where = f" on slices of {target.column}" if target.column else ""
    return [
        Reason(
            demand=str(target),
            passed=False,
            limit=target.limit,
            explanation=f"{target.metric} was not measured{where}, so nobody knows whether the limit holds. "
            f"Run the evaluation again, or take the limit out of [targets.satisfice].",
        )
    ]


def _is_meant(evidence: Evidence, target: Target) -> bool:
    if target.column is None:
        return evidence.slice is None
    return evidence.slice is not None and is_slice_of(evidence.slice, target.column)


def _on_value(case: _Case, target: Target, evidence: Evidence) -> Reason:
    rows, needed = evidence.rows, case.charter.min_slice_rows
    reason = Reason(
        demand=str(target), passed=None, explanation=evidence.claim, evidence=(_named_ref(evidence),),
        slice=evidence.slice, value=evidence.value, low=evidence.low, high=evidence.high, limit=target.limit,
    )
    if evidence.value is None:
        return reason
    if evidence.slice is not None and rows is not None and rows < needed:
        few = f"{evidence.claim} Slices need {counted(needed, 'row')} to be judged."
        return replace(reason, explanation=few)
    passed = holds(evidence.value, target.comparison, target.limit)
    return replace(
        reason,
        passed=passed,
        explanation=" ".join(_sentences(case, target, evidence, evidence.value, passed=passed)),
        examples=() if passed else tuple(case.examples(evidence.slice))[:_EXAMPLES],
    )


def _sentences(
    case: _Case, target: Target, evidence: Evidence, value: float, *, passed: bool
) -> Iterator[str]:
    said = measured(value, evidence.low, evidence.high, apart_from=target.limit)
    where = f" where {evidence.slice}" if evidence.slice else ""
    demanded = f"{target.comparison} {target.limit:g} is demanded"
    if passed:
        yield f"{target.metric} is {said}{where}, and {demanded}."
    else:
        nearest = number(rounded_to_pass(value, target.comparison))
        yield f"{target.metric} is {said}{where}, but {demanded}."
        yield f"The nearest limit that it passes is {target.comparison} {nearest}."
    low, high = evidence.low, evidence.high
    if low is not None and high is not None and low <= target.limit <= high:
        end = high if target.limit >= value else low
        rows = _rows_to_decide(case, evidence, value=value, end=end, limit=target.limit)
        yield f"The interval holds the limit, so chance may turn this{_would_decide(rows)}."


def _rows_to_decide(case: _Case, evidence: Evidence, *, value: float, end: float, limit: float) -> int | None:
    level = evidence.level or case.charter.confidence
    return rows_to_decide(value=value, end=end, limit=limit, rows=evidence.rows or 1, level=level)


def _would_decide(rows: int | None) -> str:
    return f"; {about(rows, 'row')} would decide" if rows is not None else ""


def _on_champion(case: _Case, rival: Ref | None) -> Reason:
    allowed = case.charter.not_worse_by
    demand = f"{_optimized(case.charter)} not worse than the champion's by more than {allowed:g}"
    if rival is None:
        return Reason(demand=demand, passed=None, explanation="There is no champion yet.", limit=-allowed)
    found = case.named("comparison.champion")
    if not found or found[0].value is None or found[0].low is None:
        missing = "The model was not compared with the champion. Run the evaluation again."
        why = found[0].claim if found else missing
        return Reason(demand=demand, passed=False, explanation=why, limit=-allowed)
    return _not_worse(case, demand, found[0], found[0].value, found[0].low)


def _not_worse(case: _Case, demand: str, evidence: Evidence, value: float, low: float) -> Reason:
    limit = -case.charter.not_worse_by
    passed = low >= limit
    explanation = evidence.claim
    if not passed:
        explanation += (
            f" The lower end {number(low, apart_from=limit)} is below {number(limit)}; it passes with "
            f"not_worse_by = {number(rounded_to_pass(-low, '<='))}."
        )
        if value > limit:
            rows = _rows_to_decide(case, evidence, value=value, end=low, limit=limit)
            explanation += f" The measured difference is small enough{_would_decide(rows)}."
    return _compared(evidence, demand, passed, explanation, limit, () if passed else _examples(case))


def _on_constants(case: _Case) -> list[Reason]:
    """Return a reason for each baseline that answers every row the same."""
    found = [each for name in CONSTANTS for each in case.named(f"comparison.{name}")]
    if not found:
        why = (
            "The model was not compared with a baseline that answers every row the same, so it may know "
            "nothing. Run the training again; it always fits this baseline."
        )
        return [Reason(demand="better than a constant", passed=False, explanation=why, limit=0.0)]
    return [
        _compared(
            each, f"{_optimized(case.charter)} better than {each.check.removeprefix('comparison.')}'s",
            each.passed is True, each.claim, 0.0, () if each.passed else _examples(case),
        )
        for each in found
    ]


def _on_heuristic(case: _Case) -> list[Reason]:
    demand = f"{_optimized(case.charter)} better than that of the rule without machine learning"
    found = case.named(f"comparison.{HEURISTIC}")
    if not found and case.charter.without_ml is None:
        return []
    if not found or found[0].value is None:
        missing = f"The model was not compared with the rule {case.charter.without_ml}."
        why = found[0].claim if found else missing
        return [Reason(demand=demand, passed=None if found else False, explanation=why, limit=0.0)]
    passed = None if found[0].value > 0 and found[0].passed is None else found[0].passed is True
    examples = _examples(case) if passed is False else ()
    return [_compared(found[0], demand, passed, found[0].claim, 0.0, examples)]


def _compared(
    evidence: Evidence, demand: str, passed: bool | None, why: str, limit: float, examples: Sequence[str]
) -> Reason:
    return Reason(
        demand=demand, passed=passed, explanation=why, evidence=(_named_ref(evidence),),
        value=evidence.value, low=evidence.low, high=evidence.high, limit=limit, examples=tuple(examples),
    )


def _on_check(evidence: Evidence) -> Reason:
    return Reason(
        demand=f"{evidence.check} holds", passed=evidence.passed, explanation=evidence.claim,
        evidence=(_named_ref(evidence),), slice=evidence.slice, value=evidence.value, low=evidence.low,
        high=evidence.high,
    )


def _suspected(evidence: Evidence) -> Reason:
    """Return a suspicion as a question: only a person knows whether a column is known in time."""
    return replace(_on_check(evidence), demand="no feature gives the label away", passed=None)


def _examples(case: _Case) -> tuple[str, ...]:
    return tuple(case.examples(None))[:_EXAMPLES]


def _optimized(charter: Charter) -> str:
    return " + ".join(
        metric if weight == 1 else f"{weight:g} {metric}" for metric, weight in charter.optimize.items()
    )


def _named_ref(evidence: Evidence) -> Ref:
    return replace(evidence.ref, name=evidence.check)
