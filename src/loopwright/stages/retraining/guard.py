"""Whether the labels to train on were shaped by the model's own decisions, as far as rows that were held back tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loopwright.measures.intervals import effective_freedom
from loopwright.measures.quantiles import student_quantile
from loopwright.records import Evidence, Ref

__all__ = ["Contrast", "Feedback", "feedback", "feedback_evidence"]

_BINS = 10
_LEAST = 30
"""Rows that must have been held back, and as many that were not, before anything is compared."""

_STRATUM = ("__deployment", "__bin")

_WHERE = {
    "label": "at the same score",
    "label of low scores": "among the lower scores",
    "label of high scores": "among the higher scores",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """By how much rows that were held back differ from those that were not.

    Attributes
    ----------
    name : str
        ``"label"``, ``"label of low scores"``, ``"label of high scores"``: at the same score, does another thing
        become of them; ``"known"``: is it more often known what became of them.
    difference, low, high : float
        Held back less influenced, with its interval; in the unit of the label, or a share of rows.
    accepted : float
        A difference that does not matter, in the same unit.
    """

    name: str
    difference: float
    low: float
    high: float
    accepted: float

    @property
    def differs(self) -> bool:
        """The interval does not hold 0."""
        return self.low > 0 or self.high < 0

    @property
    def is_small(self) -> bool:
        """The whole interval is of differences that do not matter."""
        return max(abs(self.low), abs(self.high)) <= self.accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Whether a loop runs from the model's decisions to the labels that it learns from.

    Attributes
    ----------
    rows : int
        Candidates for training: live rows with an outcome, and those of the source.
    shaped_rows, share_shaped : int, float
        Those of them whose outcome the model could have influenced, because its answer was given.
    held_back_rows : int
        Live rows with an outcome that got no model's answer.
    level : float
        All intervals together hold the true differences with this probability.
    contrasts : tuple of Contrast
        Empty if too few rows were held back.
    passed : bool or None
        False: labels are shaped, or nothing could show that they are not although the decision acts on the outcome.
        True: every difference is too small to matter. None: it cannot be known yet.
    held_back_needed : int or None
        Rows that would have to be held back to settle it; None if it is settled, or nothing tells.
    explanation, advice : str
    """

    rows: int
    shaped_rows: int
    share_shaped: float
    held_back_rows: int
    level: float
    contrasts: tuple[Contrast, ...]
    passed: bool | None
    held_back_needed: int | None
    explanation: str
    advice: str


def feedback(
    live: pl.DataFrame,
    *,
    acts_on_outcome: bool,
    source_rows: int = 0,
    accepted: float = 0.05,
    level: float = 0.95,
) -> Feedback:
    """Look for a loop from the model's decisions to the labels that the next model would learn.

    Who is held back is decided by a hash, so rows that were held back and rows that were not are alike but for the
    model's influence. Within the same deployment and the same tenth of the scores their labels are compared: over
    all, among the lower and among the higher scores (a prophecy that fulfils itself moves the two apart), and how
    often the outcome is known at all (a loan refused is never repaid). The four intervals hold together; rows of one
    entity count as one, since they share a fate.

    Of several classes "label" means whether the likeliest one was right.

    Parameters
    ----------
    live : DataFrame
        The live frame, rows without outcome included.
    acts_on_outcome : bool
        Whether the charter says that the decision changes what becomes of the row.
    source_rows : int, default=0
        Other rows to be trained on, which no model could influence.
    accepted : float, default=0.05
        Difference that does not matter: of shares as it stands, of numbers in standard deviations of the label.
    level : float, default=0.95

    Returns
    -------
    Feedback

    References
    ----------
    Mantel & Haenszel (1959), Statistical aspects of the analysis of data from retrospective studies, JNCI 22(4)
    (differences within strata, added up by their information).

    Examples
    --------
    >>> rows = 4000
    >>> draw = np.random.default_rng(0)
    >>> score = draw.random(rows)
    >>> live = pl.DataFrame({
    ...     "__deployment": "d", "__entity": np.arange(rows).astype(str), "__held_back": draw.random(rows) < 0.5,
    ...     "__score": score, "__label": (draw.random(rows) < score).astype(float),
    ... })
    >>> found = feedback(live, acts_on_outcome=True, accepted=0.1)
    >>> found.passed, round(found.share_shaped, 1)
    (True, 0.5)
    """
    rows = live.filter(pl.col("__score").is_finite()).with_columns(pl.col("__label").fill_nan(None))
    known = rows.filter(pl.col("__label").is_not_null())
    held = int(known["__held_back"].sum())
    shaped = known.height - held
    total = known.height + source_rows
    contrasts: tuple[Contrast, ...] = ()
    if min(held, shaped) >= _LEAST:
        contrasts = _contrasts(rows, known, accepted=accepted, level=level)
    count = _Count(rows=total, shaped=shaped, held_back=held, acts_on_outcome=acts_on_outcome)
    passed = _verdict(contrasts, count)
    needed = _needed(contrasts, held) if passed is None else None
    return Feedback(
        rows=total,
        shaped_rows=shaped,
        share_shaped=count.share,
        held_back_rows=held,
        level=level,
        contrasts=contrasts,
        passed=passed,
        held_back_needed=needed,
        explanation=_explanation(contrasts, passed, count),
        advice=_advice(passed, count, needed=needed),
    )


def feedback_evidence(found: Feedback, *, subject: Ref, made_from: Sequence[Ref] = (), at: str = "") -> Evidence:
    """Return what was found as the evidence ``feedback.loop``.

    Parameters
    ----------
    found : Feedback
    subject : Ref
        The dataset version, or the model, that the labels are for.
    made_from : sequence of Ref, default=()
        What else was looked at, such as the prediction log.
    at : str, default=""
        When, UTC, ISO 8601.
    """
    main = _strongest(found.contrasts)
    return Evidence(
        made_from=(subject, *made_from),
        check="feedback.loop",
        subject=subject,
        claim=f"{found.explanation} {found.advice}".strip(),
        passed=found.passed,
        value=main.difference if main else None,
        low=main.low if main else None,
        high=main.high if main else None,
        level=found.level if main else None,
        limit=f"within {main.accepted:.3g} of 0" if main else None,
        rows=found.rows,
        at=at,
    )


def _contrasts(rows: pl.DataFrame, known: pl.DataFrame, *, accepted: float, level: float) -> tuple[Contrast, ...]:
    each = 1 - (1 - level) / 4  # four intervals that hold together (Bonferroni)
    value = _fate(known)
    unit = 1.0 if value.is_in([0.0, 1.0]).all() else float(value.std() or 0.0)  # type: ignore[arg-type]
    binned = known.with_columns(value.alias("__value"), _bins().alias("__bin"))
    median = pl.col("__bin") < _BINS // 2
    parts = {
        "label": binned,
        "label of low scores": binned.filter(median),
        "label of high scores": binned.filter(~median),
        "known": rows.with_columns(
            pl.col("__label").is_not_null().cast(pl.Float64).alias("__value"), _bins().alias("__bin")
        ),
    }
    found = [
        _contrast(name, part, accepted=accepted * (1.0 if name == "known" else unit), level=each)
        for name, part in parts.items()
    ]
    return tuple(contrast for contrast in found if contrast is not None)


def _fate(known: pl.DataFrame) -> pl.Series:
    """Return what became of each row as a number: its label, or of several classes whether the likeliest was right."""
    several = "__scores" in known.columns and bool((known["__scores"].list.len() > 1).any())
    if not several:
        return known["__label"].cast(pl.Float64)
    return (known["__scores"].list.arg_max().cast(pl.Float64) == known["__label"]).cast(pl.Float64)


def _bins() -> pl.Expr:
    """Return tenths of the scores within each deployment; rows with the same score stay together."""
    place = (pl.col("__score").rank("min").over("__deployment") - 1) / pl.len().over("__deployment")
    return (place * _BINS).floor().cast(pl.Int64)


def _contrast(name: str, rows: pl.DataFrame, *, accepted: float, level: float) -> Contrast | None:
    """Return the difference within strata; None if no stratum holds rows of both sides.

    Its error is that of the draw who is held back, which is known: it does not hang on the few rows that were.
    """
    share, size = pl.col("__held_back").mean().over(_STRATUM), pl.len().over(_STRATUM)
    rest = pl.col("__value") - pl.col("__value").mean().over(_STRATUM)
    spread = (share * (1 - share) * size / (size - 1).clip(lower_bound=1)).sqrt()
    weight = float(rows.select((pl.col("__held_back") * (1 - share)).sum()).item())
    if weight <= 0:
        return None
    of_entities = (
        rows.select("__entity", pull=(pl.col("__held_back") - share) * rest, chance=spread * rest)
        .group_by("__entity", maintain_order=True)
        .sum()
    )
    pulls, chances = of_entities["pull"].to_numpy(), of_entities["chance"].to_numpy()
    difference, error = float(pulls.sum()) / weight, math.sqrt(float(chances @ chances)) / weight
    freedom = effective_freedom(pulls, np.ones(len(pulls), dtype=np.int64))
    half = student_quantile((1 + level) / 2, freedom=freedom) * error
    return Contrast(name=name, difference=difference, low=difference - half, high=difference + half, accepted=accepted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    rows: int
    shaped: int
    held_back: int
    acts_on_outcome: bool

    @property
    def share(self) -> float:
        return self.shaped / self.rows if self.rows else 0.0


def _verdict(contrasts: Sequence[Contrast], count: _Count) -> bool | None:
    if count.shaped == 0:
        return True if count.rows else None
    if contrasts and all(each.is_small for each in contrasts):
        return True
    if any(each.differs and not each.is_small for each in contrasts):
        return False
    # Nothing at all was held back, and people say that the decision moves the outcome: that is a loop, unmeasured.
    return False if count.acts_on_outcome and count.held_back == 0 else None


def _needed(contrasts: Sequence[Contrast], held: int) -> int | None:
    """Return the rows held back with which no interval would be wider than what is accepted on one side of 0.

    If nothing matters it then lies within what is accepted, also where chance has moved it by half its width.
    """
    factors = [((each.high - each.low) / each.accepted) ** 2 for each in contrasts if each.accepted > 0]
    return math.ceil(held * max(factors)) if factors else None


def _strongest(contrasts: Sequence[Contrast]) -> Contrast | None:
    """Return the difference that is clearest where any is beyond chance, else that of all labels."""
    clear = [each for each in contrasts if each.differs]
    if clear:
        return max(clear, key=lambda each: abs(each.difference) / max(each.high - each.low, 1e-300))
    return contrasts[0] if contrasts else None


def _explanation(contrasts: Sequence[Contrast], passed: bool | None, count: _Count) -> str:
    if count.rows == 0:
        return "There is no row to train on whose outcome is known."
    if count.shaped == 0:
        return f"None of {count.rows:,} rows to train on was answered by a model, so none of their labels is its work."
    start = (
        f"{count.shaped:,} of {count.rows:,} rows to train on ({count.share:.0%}) were answered by a model before "
        f"their outcome was known"
    )
    main = _strongest(contrasts)
    if main is None:
        few = "none was" if count.held_back == 0 else f"only {count.held_back:,} were"
        word = "acts" if count.acts_on_outcome else "does not act"
        return f"{start}; by the charter the decision {word} on the outcome, and {few} held back to measure it by."
    if passed:
        return f"{start}; {_told(main)}; no difference is larger than what is accepted ({main.accepted:.3g})."
    if passed is None:
        return f"{start}; {_told(main)}; it is not known yet whether that is within {main.accepted:.3g}, as accepted."
    against = "" if count.acts_on_outcome else ", although by the charter the decision does not act on the outcome"
    return f"{start}; {_told(main)}: the answers shape the labels{against}."


def _told(found: Contrast) -> str:
    by = f"{found.difference:+.3g} ({found.low:+.3g} to {found.high:+.3g})"
    if found.name == "known":
        return f"the share of known outcomes differs by {by} for rows held back"
    return f"{_WHERE[found.name]} the label of rows held back differs by {by}"


def _advice(passed: bool | None, count: _Count, *, needed: int | None) -> str:
    if passed or count.rows == 0:
        return ""
    if count.held_back == 0:
        return (
            "Hold a share of the entities back ([release] held_back = 0.05) to measure it by"
            + (", and until then prefer rows from before a model answered." if count.acts_on_outcome else ".")
        )
    if passed is None:
        return (
            f"About {needed:,} rows held back would settle it." if needed
            else f"At least {_LEAST} rows must be held back, and as many not: raise [release] held_back, or wait."
        )
    return (
        f"Train on the {count.held_back:,} rows held back and on those from before a model answered, or let these "
        f"weigh more, and go on holding a share back ([release] held_back)."
    )
