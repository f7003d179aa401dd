"""What counts as one row of evidence about a challenger, and from when on.

A betting process is valid if no value can be foretold from those before it. Three things would foretell values, and
each is taken care of:

- *Sticky entities.* A customer's rows are alike, and so are the losses of both models on them. Where the project groups
  its rows, one *unit* is the mean over the rows of one entity in one window, and the units of a window are counted
  together when it is over. What is known then is who has been better served so far; who will ask next, and how often,
  does not depend on it. The claim is about the entities that are served: of few who come back every day one learns
  what is better for them, and less of others.
- *Sticky arms.* If outcomes depend on who answered, only the toss that gave an entity its arm is random, and it is
  tossed once. So there an entity is one unit for the whole trial: its first window.
- *Late labels.* Bad outcomes may be known sooner than good ones. So units count in the order in which they end, up to
  the first one that still waits for an outcome: what is counted does not depend on what the outcomes are. Rows whose
  outcome is overdue are left out; a pending outcome is never taken for a zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loopwright.measures.samples import Floats, Ints
from loopwright.stages.serving.trial import Answers, Bools, Trial, microseconds

__all__ = ["Units", "units"]

_DAY = 86_400 * 1_000_000         # microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units of evidence that count by now; see the first page of this module.

    Attributes
    ----------
    unit : int64 array of shape (n_counted_rows,)
        Unit of each counted row, in the order in which units ended.
    rows : int64 array of shape (n_counted_rows,)
        Which rows of the answers these are; all have their outcome.
    end : int64 array of shape (n_units,)
        Microseconds since 1970.
    heard : bool array of shape (n_units,)
        The challenger answered; means something for arms only.
    propensity : float64 array of shape (n_units,)
        Of the challenger.
    pending : int
        Rows to be compared whose outcome is not known.
    """

    unit: Ints
    rows: Ints
    end: Ints
    heard: Bools
    propensity: Floats
    pending: int

    def __len__(self) -> int:
        return len(self.end)

    def mean(self, values: Floats) -> Floats:
        """Return the mean over the rows of each unit, of values of shape (n_counted_rows,)."""
        rows = np.bincount(self.unit, minlength=len(self))
        return np.bincount(self.unit, weights=values, minlength=len(self)) / rows


def units(answers: Answers, *, trial: Trial) -> Units:
    """Return what counts by now of the answers of a trial."""
    able = np.flatnonzero(_comparable(answers, trial=trial))
    window = (answers.at[able] - answers.since) // _length(trial)
    if trial.by_arms:
        first = _first_window(answers.entity[able], window, answers.propensity[able])
        able, window = able[first], window[first]
    entities = int(answers.entity.max(initial=0)) + 1
    code = window * entities + answers.entity[able] if trial.grouped else np.arange(len(able))
    _, start, unit = np.unique(code, return_index=True, return_inverse=True)
    end = (answers.since + (window + 1) * _length(trial) if trial.grouped else answers.at[able])[start]
    pending = np.isnan(answers.label[able])
    counts = _settled(unit, end, pending, trial=trial)[unit] & ~pending
    kept, renumbered = np.unique(unit[counts], return_inverse=True)
    return Units(
        unit=renumbered,
        rows=able[counts],
        end=end[kept],
        heard=answers.heard[able][start][kept],
        propensity=answers.propensity[able][start][kept],
        pending=int(pending.sum()),
    )


def _comparable(answers: Answers, *, trial: Trial) -> Bools:
    champion = np.isfinite(answers.champion).all(axis=1)
    challenger = np.isfinite(answers.challenger).all(axis=1)
    if trial.by_arms:
        # Who was held back owes nothing to the arm, and under a shadow no arm was drawn.
        drawn = (answers.propensity > 0) & (answers.propensity < 1) & ~answers.held_back
        return np.asarray(drawn & np.where(answers.heard, challenger, champion))
    unshaped = answers.held_back if trial.charter.acts_on_outcome else np.ones(len(answers), dtype=np.bool_)
    return champion & challenger & unshaped


def _first_window(entity: Ints, window: Ints, propensity: Floats) -> Bools:
    """Say which rows belong to the first window of their entity, under the share of its first row."""
    _, first, each = np.unique(entity, return_index=True, return_inverse=True)
    return np.asarray((window == window[first][each]) & (propensity == propensity[first][each]))


def _settled(unit: Ints, end: Ints, pending: Bools, *, trial: Trial) -> Bools:
    """Say which units count: those that ended before the first that is not over, or waits for an outcome."""
    now, waits = microseconds(trial.now), np.bincount(unit, weights=pending, minlength=len(end)) > 0
    open_ = (end > now) | (waits & (end + int(trial.late_days * _DAY) > now))
    return np.asarray(end < end[open_].min(initial=now + 1))


def _length(trial: Trial) -> int:
    return max(1, int(trial.window_hours / 24 * _DAY))
