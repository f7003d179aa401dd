"""Mean and spread of numbers, in a form that adds up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Moments", "RealMoments", "WholeMoments", "real_moments", "whole_moments"]


@dataclass(frozen=True, slots=True)
class WholeMoments:
    """Exact sums of whole numbers: any order of adding up gives the same.

    Attributes
    ----------
    count : int
    total : int
        Sum of the numbers.
    squares : int
        Sum of their squares.
    """

    count: int = 0
    total: int = 0
    squares: int = 0

    @property
    def mean(self) -> float | None:
        """Mean; None without numbers."""
        return self.total / self.count if self.count else None

    @property
    def std(self) -> float | None:
        """Standard deviation of the population, rounded only once; None without numbers."""
        if not self.count:
            return None
        return math.sqrt((self.count * self.squares - self.total**2) / self.count**2)

    def merged(self, other: WholeMoments) -> WholeMoments:
        """Return the sums over both."""
        return WholeMoments(self.count + other.count, self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True, slots=True)
class RealMoments:
    """Mean and squared deviations of real numbers, merged without cancellation.

    Attributes
    ----------
    count : int
    center : float
        Mean of the numbers.
    deviations : float
        Sum of squared distances from it; infinite where that is beyond any float.

    References
    ----------
    Chan, Golub & LeVeque (1983), Algorithms for Computing the Sample Variance, Am. Statistician 37(3).
    """

    count: int = 0
    center: float = 0.0
    deviations: float = 0.0

    @property
    def mean(self) -> float | None:
        """Mean; None without numbers, or beyond any float."""
        return self.center if self.count and math.isfinite(self.center) else None

    @property
    def std(self) -> float | None:
        """Standard deviation of the population; None without numbers, or beyond any float."""
        return (
            math.sqrt(self.deviations / self.count) if self.count and math.isfinite(self.deviations) else None
        )

    def merged(self, other: RealMoments) -> RealMoments:
        """Return mean and deviations over both."""
        if not self.count or not other.count:
            return other if other.count else self
        count = self.count + other.count
        share = other.count / count
        center = self.center * (1 - share) + other.center * share
        gap = other.center - self.center
        between = gap * gap * self.count * share
        return RealMoments(count, center, self.deviations + other.deviations + between)


Moments = WholeMoments | RealMoments


def whole_moments(values: NDArray[np.int64]) -> WholeMoments:
    """Return the exact sums of whole numbers.

    Examples
    --------
    >>> whole_moments(np.array([1, 2, 2**62]))
    WholeMoments(count=3, total=4611686018427387907, squares=21267647932558653966460912964485513221)
    """
    if not len(values):
        return WholeMoments()
    largest = max(-int(values.min()), int(values.max()))
    bound = len(values) * max(1, largest) ** 2
    if bound < 2**63:
        return WholeMoments(len(values), int(values.sum()), int(values @ values))
    if bound < 2**126:
        wide = pl.Series(values).cast(pl.Int128)
        return WholeMoments(len(values), int(wide.sum()), int((wide * wide).sum()))
    numbers = values.tolist()
    return WholeMoments(len(numbers), sum(numbers), sum(number * number for number in numbers))


def real_moments(values: NDArray[np.float64]) -> RealMoments:
    """Return mean and squared deviations of finite numbers.

    Examples
    --------
    >>> real_moments(np.array([1.0, 2.0, 6.0]))
    RealMoments(count=3, center=3.0, deviations=14.0)
    """
    if not len(values):
        return RealMoments()
    with np.errstate(over="ignore", invalid="ignore"):
        center = float(values.mean())
        if not math.isfinite(center):
            center = float((values / len(values)).sum())
        distances = values - center
        return RealMoments(len(values), center, float(distances @ distances))
