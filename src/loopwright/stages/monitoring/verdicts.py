"""What the counts of one window say about one column: the test of the window, and evidence for the detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopwright.errors import EmptySample, Undefined
from loopwright.measures.detectors import calibrated, noncentral_e_value
from loopwright.measures.distances import MinimumEffect, minimum_effect_test, surplus_test
from loopwright.stages.monitoring.reference import ColumnProfile

__all__ = ["FEWEST_ROWS", "Verdict", "verdict"]

FEWEST_ROWS = 20
"""The chi-square distribution is no guide to fewer rows; such a window says nothing."""

# How far beyond what is accepted drift may be, as differences of the square root of the effect. Few and small:
# every alternative costs power in every window, and larger drift is seen in a single one.
_BEYOND = (0.1, 0.2, 0.4)
# New values are as a rule so many that they need no large weight, while half of it would cost the other test
# half of its evidence in every window.
_WEIGHT_OF_SURPLUS = 0.1
# The reference is itself a sample; true effects of live traffic against it stay below the limit so surely.
_SURE_OF_REFERENCE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How far a window is from the reference.

    Attributes
    ----------
    p_value : float
        How likely so large an effect is if the true one is just accepted.
    effect : float
        Squared effect less what chance adds.
    accepted : float
        Squared effect that the test which gave these numbers accepts.
    e_value : float or None
        Evidence of this window alone; None if it has too few rows to say anything.
    """

    p_value: float
    effect: float
    accepted: float
    e_value: float | None


def verdict(item: ColumnProfile, counts: NDArray[np.int64]) -> Verdict:
    """Compare the counts of a window with the reference.

    Two tests share the level: chi-square over all bins, and a binomial test of the bins that the reference hardly
    fills, in which new values, new gaps and numbers out of range come together.

    Parameters
    ----------
    item : ColumnProfile
    counts : int64 array of shape (n_bins,)

    Returns
    -------
    Verdict
        Without evidence, for fewer than 20 rows.
    """
    rows = int(counts.sum())
    if rows < FEWEST_ROWS:
        return Verdict(p_value=1.0, effect=0.0, accepted=item.accepted, e_value=None)
    alike = _alikeness(item, rows)
    # Seasons of a column are no reason to take values for normal that it never has, so they are not accepted here.
    surplus = surplus_test(
        item.counts, counts, effect=item.effect, overdispersion=alike, usual=item.rare_share
    )
    squares = _chi_square(item, counts, alike=alike)
    if squares is None:
        return Verdict(
            p_value=surplus.p_value, effect=surplus.effect, accepted=item.effect, e_value=calibrated(surplus.p_value)
        )
    evidence = _evidence(item, squares, rows=rows / alike)
    clearer = surplus if surplus.p_value < squares.p_value else squares
    return Verdict(
        p_value=min(1.0, 2 * clearer.p_value), effect=clearer.effect, accepted=clearer.limit,
        # A weighted mean of e-values is one, whatever they have to do with each other.
        e_value=(1 - _WEIGHT_OF_SURPLUS) * evidence + _WEIGHT_OF_SURPLUS * calibrated(surplus.p_value),
    )


def _alikeness(item: ColumnProfile, rows: int) -> float:
    """Return the overdispersion of a window with so many rows.

    Where live traffic is denser than the reference, a day or a customer has as many more rows that are alike.
    """
    return 1 + (item.overdispersion - 1) * max(1.0, rows / item.window_rows)


def _chi_square(item: ColumnProfile, counts: NDArray[np.int64], *, alike: float) -> MinimumEffect | None:
    try:
        return minimum_effect_test(item.counts, counts, effect=item.accepted, overdispersion=alike)
    except (EmptySample, Undefined):
        # All but a few rows have one value, on both sides: the test of rare bins tells what there is to tell.
        return None


def _evidence(item: ColumnProfile, found: MinimumEffect, *, rows: float) -> float:
    """Return the evidence of this window, given the reference as it is.

    All windows are compared with one reference, whose own chance would add up over windows if each counted it as
    its own. So here only the window is random, and the limit is what the true effect against this reference may be.
    """
    from scipy.special import chndtrix

    if found.cells == 1:
        return 1.0
    freedom, known = found.cells - 1, item.rows / item.overdispersion
    limit = float(chndtrix(_SURE_OF_REFERENCE, freedom, known * item.accepted)) / known
    return noncentral_e_value(
        rows * found.squares, freedom=freedom, noncentrality=rows * limit,
        alternatives=[rows * (limit**0.5 + more) ** 2 for more in _BEYOND],
    )
