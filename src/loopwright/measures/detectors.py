"""Evidence that grows over windows: e-values, and sequential detectors with a known number of false alarms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopwright.errors import DataError
from loopwright.measures.samples import Floats

__all__ = ["Detection", "calibrated", "cusum", "detect", "noncentral_e_value", "shiryaev_roberts"]

# Evidence is stored as a number of JSON: it stays finite, far beyond every limit.
_MOST = 1e300
_LEAST_P = 1e-300
_MOST_LOG = 600.0
_LEAST_STATISTIC = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A detector after one more window.

    Attributes
    ----------
    evidence : float
        To be handed to the next step.
    alarmed : bool
        Whether it has reached its limit.
    """

    evidence: float
    alarmed: bool


def calibrated(p_value: float) -> float:
    """Return an e-value for a p-value: ``(1 - p + p log p) / (p log² p)``.

    An e-value is evidence that is 1 or less on average while nothing is wrong, so that it may be multiplied from
    window to window.

    Parameters
    ----------
    p_value : float
        From 0 to 1.

    Returns
    -------
    float
        From 0.5 (for a p-value of 1) up; finite even for a p-value of 0.

    Raises
    ------
    DataError
        If the p-value is none.

    References
    ----------
    Vovk & Wang (2021), E-values: calibration, combination and applications, Ann. Statist. 49(3).

    Examples
    --------
    >>> round(calibrated(0.001), 2)
    20.79
    >>> calibrated(1.0)
    0.5
    """
    if not 0 <= p_value <= 1:
        raise DataError(f"a p-value lies between 0 and 1; found {p_value!r}.")
    log = math.log(max(p_value, _LEAST_P))
    # Near 1 both sides of the fraction vanish; this is its series.
    if log > -1e-4:
        return 0.5 - log / 6
    return min((1 - math.exp(log) + math.exp(log) * log) / (math.exp(log) * log * log), _MOST)


def noncentral_e_value(
    statistic: float, *, freedom: int, noncentrality: float, alternatives: Sequence[float]
) -> float:
    """Return the evidence of a chi-square statistic that its noncentrality is above a limit.

    The likelihood ratio of each alternative against the limit is an e-value; so is their mean. Since the ratios
    grow with the statistic, that holds as well for every noncentrality below the limit.

    Parameters
    ----------
    statistic : float
        Not negative.
    freedom : int
        Degrees of freedom, at least 1.
    noncentrality : float
        The largest that is still accepted; above 0.
    alternatives : sequence of float
        Larger ones that evidence is wanted for; they count alike.

    Returns
    -------
    float
        Above 0 and finite.

    Raises
    ------
    DataError
        If an alternative is not above the limit, or a number is out of its range.

    References
    ----------
    Karlin & Rubin (1956), The theory of decision procedures for distributions with monotone likelihood ratio,
    Ann. Math. Statist. 27(2).

    Examples
    --------
    >>> noncentral_e_value(60.0, freedom=9, noncentrality=5.0, alternatives=[20.0, 60.0]) > 100
    True
    >>> noncentral_e_value(9.0, freedom=9, noncentrality=5.0, alternatives=[20.0, 60.0]) < 1
    True
    """
    if not (statistic >= 0 and freedom >= 1 and noncentrality > 0):
        raise DataError(
            f"a noncentral chi-square needs a statistic of 0 or more, a freedom of 1 or more and a noncentrality "
            f"above 0; found {statistic!r}, {freedom!r} and {noncentrality!r}."
        )
    if not alternatives or min(alternatives) <= noncentrality:
        raise DataError(f"every alternative must be above the limit {noncentrality!r}; found {alternatives!r}.")
    logs = _log_densities(statistic, freedom, [noncentrality, *alternatives])
    ratios = np.minimum(logs[1:] - logs[0], _MOST_LOG)
    return float(np.mean(np.exp(ratios)))


def shiryaev_roberts(evidence: float, e_value: float) -> float:
    """Return the e-Shiryaev-Roberts statistic after one more e-value: ``(evidence + 1) * e_value``.

    It sums the evidence for a change at each window so far.

    References
    ----------
    Shin, Ramdas & Rinaldo (2024), E-detectors: a nonparametric framework for sequential change detection,
    New England J. Statist. Data Sci. 2(2).

    Examples
    --------
    >>> shiryaev_roberts(3.0, 2.0)
    8.0
    """
    return min((evidence + 1) * e_value, _MOST)


def cusum(evidence: float, e_value: float) -> float:
    """Return the e-CUSUM statistic after one more e-value: ``max(evidence, 1) * e_value``.

    It is the evidence for a change at the likeliest window; never above the Shiryaev-Roberts statistic.

    References
    ----------
    Shin, Ramdas & Rinaldo (2024), E-detectors: a nonparametric framework for sequential change detection,
    New England J. Statist. Data Sci. 2(2).

    Examples
    --------
    >>> cusum(0.2, 3.0)
    3.0
    """
    return min(max(evidence, 1.0) * e_value, _MOST)


def detect(evidence: float, e_value: float, *, limit: float, was_alarmed: bool = False) -> Detection:
    """Move an e-Shiryaev-Roberts detector on by one window, and start it anew once an alarm is over.

    While nothing is wrong, the expected number of alarms in n windows is at most ``n / limit``, whatever the
    dependence of windows, as long as each e-value is 1 or less on average given those before: evidence less the
    number of windows is a supermartingale, and each alarm takes ``limit`` out of it. So the average run length to
    a false alarm is at least ``limit`` windows.

    Parameters
    ----------
    evidence : float
        Of the step before; 0 at the beginning.
    e_value : float
        Of this window; 1 if it says nothing.
    limit : float
        Evidence from which there is an alarm; above 1.
    was_alarmed : bool, default=False
        Whether there was an alarm in the step before. Evidence beyond the limit is not carried over, so the
        alarm ends with the first window that speaks against it, and the detector then starts from nothing.

    Returns
    -------
    Detection

    Raises
    ------
    DataError
        If the evidence or the e-value is negative, or the limit not above 1.

    References
    ----------
    Shin, Ramdas & Rinaldo (2024), E-detectors: a nonparametric framework for sequential change detection,
    New England J. Statist. Data Sci. 2(2).

    Examples
    --------
    >>> detect(40.0, 3.0, limit=100.0)
    Detection(evidence=123.0, alarmed=True)
    >>> detect(123.0, 0.5, limit=100.0, was_alarmed=True)
    Detection(evidence=0.5, alarmed=False)
    """
    if not (evidence >= 0 and e_value >= 0 and limit > 1):
        raise DataError(
            f"a detector takes evidence and e-values of 0 or more and a limit above 1; "
            f"found {evidence!r}, {e_value!r} and {limit!r}."
        )
    grown = shiryaev_roberts(min(evidence, limit), e_value)
    if was_alarmed and grown < limit:
        grown = min(grown, e_value)
    return Detection(evidence=grown, alarmed=grown >= limit)


def _log_densities(statistic: float, freedom: int, noncentralities: Sequence[float]) -> Floats:
    """Return the logarithms of noncentral chi-square densities at one point, less a common term."""
    from scipy.special import ive

    nc = np.asarray(noncentralities, dtype=np.float64)
    x = max(statistic, _LEAST_STATISTIC)
    order, root = freedom / 2 - 1, np.sqrt(nc * x)
    bessel = np.asarray(ive(order, root), dtype=np.float64)
    with np.errstate(divide="ignore"):
        scaled = np.where(bessel > 0, np.log(bessel) + root, _small_bessel(order, root))
    densities: Floats = -nc / 2 - order / 2 * np.log(nc) + scaled
    return densities


def _small_bessel(order: float, z: Floats) -> Floats:
    """Return the logarithm of the Bessel function near 0, where the function itself is below the smallest float."""
    logs: Floats = order * np.log(z / 2) - math.lgamma(order + 1)
    return logs
