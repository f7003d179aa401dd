"""The ML Test Score of a project, read off its evidence: what is tested, since when, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

from loopwright.errors import LoopwrightError
from loopwright.records.evidence import Evidence
from loopwright.records.record import Ref
from loopwright.stages.evaluation.rubric import SECTIONS, TESTS, RubricTest, Section, bracket
from loopwright.stages.evaluation.wording import counted

__all__ = ["NextPoint", "ScoreCard", "SectionScore", "TestScore", "maturity"]

_ATTESTED_DAYS = 365              # a signature without an expiry date is believed for a year
_SHOWN = 10                       # records of evidence listed per test; the rest is counted

Dated = tuple[Evidence, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestScore:
    """How one test of the rubric stands.

    Attributes
    ----------
    id, asks : str
        See `RubricTest`.
    points : float
        0, 0.5 (signed by a person, or automatic in part) or 1 (automatic and fresh).
    worth : float
        Points that the same evidence earns while it is fresh.
    why : str
        A sentence.
    results : int
        Different checks that count, at their newest.
    evidence : tuple of Ref
        The newest of them, failing ones first; at most ten.
    failures : tuple of str
        Claims of those that fail: having the test earns the point, passing it is shown beside.
    age_days : float or None
        Age of the newest result; None if there is none.
    stale_from : str or None
        ISO 8601; when the points are lost unless it is checked again.
    """

    __test__: ClassVar[bool] = False  # pytest would take the class for a test by its name

    id: str
    asks: str
    points: float
    why: str
    worth: float = 0.0
    results: int = 0
    evidence: tuple[Ref, ...] = ()
    failures: tuple[str, ...] = ()
    age_days: float | None = None
    stale_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionScore:
    """The seven tests of a section and the sum of their points."""

    section: Section
    title: str
    points: float
    tests: tuple[TestScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPoint:
    """A way to earn points, with its effort from 0 (run a command) to 5 (weeks)."""

    test: str
    gain: float
    effort: int
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCard:
    """The ML Test Score: the lowest of the four section sums, with everything it rests on.

    Attributes
    ----------
    score : float
        0 to 7.
    bracket : str
        What the score means.
    sections : tuple of SectionScore
    open_failures : tuple of str
        Claims of failing checks, each once, named by their test.
    next_points : tuple of NextPoint
        What would raise a lowest section, the least effort per point first; the score itself rises
        when every lowest section has.
    at : str
        When it was computed, ISO 8601.
    """

    score: float
    bracket: str
    sections: tuple[SectionScore, ...]
    open_failures: tuple[str, ...]
    next_points: tuple[NextPoint, ...]
    at: str

    @property
    def cheapest(self) -> NextPoint | None:
        """The next point with the least effort; None if there are no points left."""
        return self.next_points[0] if self.next_points else None


def maturity(evidence: Sequence[Dated], *, now: datetime, fresh_days: float) -> ScoreCard:
    """Compute the ML Test Score from evidence.

    A test earns 1 point for automatic evidence not older than ``fresh_days``, 0.5 for a signed attestation
    that has not expired (``attestation.<id>``), and 0 else; failing results count as having the test and
    are listed. Of a check that ran several times on the same slice and part only the newest result counts.

    Parameters
    ----------
    evidence : sequence of (Evidence, datetime)
        With the moment of the check, which must know its time zone; attestations among it.
    now : datetime
        Must know its time zone.
    fresh_days : float
        Automatic evidence older than this no longer counts.

    Returns
    -------
    ScoreCard

    Raises
    ------
    LoopwrightError
        If a moment has no time zone.

    References
    ----------
    Breck, Cai, Nielsen, Salib & Sculley (2017), The ML Test Score, IEEE International Conference on Big Data.

    Examples
    --------
    >>> maturity([], now=datetime(2026, 5, 3, tzinfo=UTC), fresh_days=30).bracket
    'a research project rather than a production system'
    """
    _check_zones([*(moment for _, moment in evidence), now])
    newest = _newest(evidence)
    scores = {test.id: _scored(test, newest, now=now, fresh_days=fresh_days) for test in TESTS}
    sections = tuple(_section(section, scores) for section in SECTIONS)
    lowest = min(section.points for section in sections)
    weakest = [section.section for section in sections if section.points == lowest]
    return ScoreCard(
        score=lowest,
        bracket=bracket(lowest),
        sections=sections,
        open_failures=tuple(f"{score.id}: {claim}" for score in scores.values() for claim in score.failures),
        next_points=_next_points(weakest, scores),
        at=now.isoformat(),
    )


def _check_zones(moments: Iterable[datetime]) -> None:
    for moment in moments:
        if moment.tzinfo is None:
            raise LoopwrightError(
                f"the moment {moment.isoformat()} has no time zone, so the age of evidence cannot be told. "
                f"Give moments in UTC, such as datetime.now(UTC)."
            )


def _newest(evidence: Sequence[Dated]) -> list[Dated]:
    """Return of each check, on each slice and part, the newest result; newest first."""
    found: dict[tuple[str, str | None, str | None], Dated] = {}
    for each in sorted(evidence, key=lambda dated: dated[1]):
        found[each[0].check, each[0].slice, each[0].part] = each
    return sorted(found.values(), key=lambda dated: dated[1], reverse=True)


def _scored(test: RubricTest, newest: Sequence[Dated], *, now: datetime, fresh_days: float) -> TestScore:
    feeding = [each for each in newest if test.is_fed_by(each[0])]
    whole = [each for each in feeding if test.is_done_by(each[0])]
    signed = [each for each in feeding if each[0].basis == "attested"]
    partial = [each for each in feeding if each not in whole and each not in signed]
    ways = [
        *([_by_automatic(test, whole, 1.0, now=now, fresh_days=fresh_days)] if whole else []),
        *([_by_automatic(test, partial, 0.5, now=now, fresh_days=fresh_days)] if partial else []),
        *([_by_signature(test, signed, now=now)] if signed else []),
        TestScore(id=test.id, asks=test.asks, points=0.0, why="Nothing checks this, and nobody signed it."),
    ]
    return max(ways, key=lambda score: score.points)


def _by_automatic(
    test: RubricTest, results: Sequence[Dated], worth: float, *, now: datetime, fresh_days: float
) -> TestScore:
    stale_from = results[0][1] + timedelta(days=fresh_days)
    if now > stale_from:
        why = (
            f"The newest result is {_days(now - results[0][1])} old and counted until {stale_from.date()}: "
            f"evidence older than {counted(round(fresh_days), 'day')} says little of today."
        )
        return _score(test, results, 0.0, why, worth=worth, now=now, stale_from=stale_from)
    fresh = [each for each in results if each[1] + timedelta(days=fresh_days) >= now]
    scope = "" if worth == 1 else ", but that covers only a part"
    why = f"Checked automatically {_days(now - results[0][1])} ago ({counted(len(fresh), 'result')}){scope}."
    return _score(test, fresh, worth, why, worth=worth, now=now, stale_from=stale_from)


def _by_signature(test: RubricTest, results: Sequence[Dated], *, now: datetime) -> TestScore:
    signed, moment = results[0]
    expires = _expiry(signed, moment)
    if now > expires:
        why = f"{signed.by} signed this on {moment.date()}, but that expired on {expires.date()}."
        return _score(test, results, 0.0, why, worth=0.5, now=now, stale_from=expires)
    why = f"{signed.by} signed this on {moment.date()}: {signed.claim}"
    return _score(test, results[:1], 0.5, why, worth=0.5, now=now, stale_from=expires)


def _expiry(signed: Evidence, moment: datetime) -> datetime:
    """Return the end of the day on which a signature expires."""
    if signed.expires is None:
        return moment + timedelta(days=_ATTESTED_DAYS)
    return datetime.combine(date.fromisoformat(signed.expires[:10]), time.max, tzinfo=UTC)


def _score(
    test: RubricTest,
    results: Sequence[Dated],
    points: float,
    why: str,
    *,
    worth: float,
    now: datetime,
    stale_from: datetime,
) -> TestScore:
    failing = [evidence for evidence, _ in results if evidence.passed is False]
    others = [evidence for evidence, _ in results if evidence.passed is not False]
    return TestScore(
        id=test.id, asks=test.asks, points=points, worth=worth, why=why, results=len(results),
        evidence=tuple(replace(each.ref, name=each.check) for each in [*failing, *others][:_SHOWN]),
        failures=tuple(dict.fromkeys(each.claim for each in failing)),
        age_days=round((now - results[0][1]).total_seconds() / 86_400, 2),
        stale_from=stale_from.isoformat(),
    )


def _days(age: timedelta) -> str:
    return "less than a day" if age.days < 1 else counted(age.days, "day")


def _section(section: Section, scores: dict[str, TestScore]) -> SectionScore:
    tests = tuple(scores[test.id] for test in TESTS if test.section == section)
    return SectionScore(
        section=section, title=SECTIONS[section], tests=tests, points=sum(test.points for test in tests)
    )


def _next_points(lowest: Sequence[Section], scores: dict[str, TestScore]) -> tuple[NextPoint, ...]:
    missing = [test for test in TESTS if test.section in lowest and scores[test.id].points < 1]
    found = [point for test in missing for point in [_next_point(test, scores[test.id])] if point.gain > 0]
    return tuple(sorted(found, key=lambda point: (point.effort / point.gain, -point.gain, point.test)))


def _next_point(test: RubricTest, score: TestScore) -> NextPoint:
    """Return what to do for a test: look again at what has grown old, else what the rubric says."""
    if score.worth > score.points:
        signed = score.evidence[0].name.startswith("attestation.")
        sign = f"Look again, and sign: loopwright attest {test.id}."
        again = sign if signed else f"Check again: {test.again}."
        return NextPoint(test=test.id, gain=score.worth - score.points, effort=int(signed), action=again)
    reachable = 0.5 if test.by_hand else 1.0
    return NextPoint(test=test.id, gain=reachable - score.points, effort=test.effort, action=test.action)
