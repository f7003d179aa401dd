"""Quantiles and tails of the normal and Student distributions, and Wilson's interval, without SciPy."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from loopwright.measures.samples import Floats

__all__ = ["normal_cdf", "normal_quantile", "student_p_value", "student_quantile", "wilson"]

_NORMAL = NormalDist()


def normal_cdf(z: float) -> float:
    """Return the share of the standard normal distribution below ``z``, exact far into the tails.

    Examples
    --------
    >>> round(normal_cdf(1.959964), 4)
    0.975
    """
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def normal_quantile(share: float) -> float:
    """Return the standard normal value below which a share (0 < share < 1) lies.

    Examples
    --------
    >>> round(normal_quantile(0.975), 4)
    1.96
    """
    return _NORMAL.inv_cdf(share)


def student_quantile(share: float, *, freedom: float) -> float:
    """Return the value of Student's t below which a share lies.

    Wallace's approximation: off by less than 0.1 % from 8 degrees of freedom on at the usual levels, and
    a little too wide below.

    Parameters
    ----------
    share : float
        Between 0 and 1.
    freedom : float
        Degrees of freedom, above 0.

    References
    ----------
    Wallace (1959), Bounds on normal approximations to Student's and the chi-square distributions,
    Ann. Math. Statist. 30(4).

    Examples
    --------
    >>> round(student_quantile(0.975, freedom=10), 2)
    2.23
    """
    z = normal_quantile(share) * (8 * freedom + 3) / (8 * freedom + 1)
    # The exponent is held below the largest float: a tail this far out is infinity for every purpose.
    return math.copysign(math.sqrt(freedom * math.expm1(min(z * z / freedom, 600.0))), z)


def student_p_value(t: float, *, freedom: float) -> float:
    """Return the two-sided p-value of Student's t, by the same approximation as ``student_quantile``.

    Examples
    --------
    >>> round(student_p_value(2.23, freedom=10), 2)
    0.05
    """
    z = (8 * freedom + 1) / (8 * freedom + 3) * math.sqrt(freedom * math.log1p(t * t / freedom))
    return 2 * normal_cdf(-z)


def wilson(hits: ArrayLike, rows: ArrayLike, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return Wilson's interval for a proportion; of useful width even when all or none were hits.

    Parameters
    ----------
    hits, rows : arrays of the same shape
        Number of hits, and of rows (above 0) they were counted over.
    level : float, default=0.95
        Share of such intervals that cover the true proportion.

    Returns
    -------
    low, high : float64 arrays
        Between 0 and 1.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22(158).

    Examples
    --------
    >>> low, high = wilson(10, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.722, 1.0)
    """
    n = np.asarray(rows, dtype=np.float64)
    share = np.asarray(hits, dtype=np.float64) / n
    z2 = normal_quantile((1 + level) / 2) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) + z2 / (4 * n)) / n) / (1 + z2 / n)
    # At the ends the formula gives 0 and 1 but for rounding.
    low = np.where(share == 0, 0.0, np.clip(middle - half, 0.0, 1.0))
    high = np.where(share == 1, 1.0, np.clip(middle + half, 0.0, 1.0))
    return low, high
