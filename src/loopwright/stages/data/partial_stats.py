"""What is kept of one column of some rows, so that the same about all rows can be had by adding up."""

from __future__ import annotations

from dataclasses import dataclass

from loopwright.errors import DataError
from loopwright.stages.data.distribution import Distribution
from loopwright.stages.data.moments import Moments, RealMoments, WholeMoments
from loopwright.stages.data.vocabulary import Vocabulary

__all__ = ["Lengths", "PartialStats"]


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the values are: characters of text, bytes of binary, items of lists."""

    least: int | None = None
    most: int | None = None
    total: int = 0

    def merged(self, other: Lengths) -> Lengths:
        """Return the lengths over both."""
        return Lengths(
            min((length for length in (self.least, other.least) if length is not None), default=None),
            max((length for length in (self.most, other.most) if length is not None), default=None),
            self.total + other.total,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartialStats:
    """One column of some rows. Merging is associative and commutative, and no rows merge to the other side.

    Whole numbers, times, texts and truth values merge exactly; the mean and deviations of floats up to
    rounding. The state is bounded: at most 65,536 values or texts, or bins.

    Attributes
    ----------
    name, type : str
    rows, missing, nan, zeros : int
    low_infinite, high_infinite : int
        Rows with minus and plus infinity.
    moments : WholeMoments, RealMoments or None
        Of finite numbers; None for what is no number.
    distribution : Distribution or None
        Of finite numbers and times.
    vocabulary : Vocabulary or None
        Of text.
    lengths : Lengths or None
        Of text, binary and lists.
    """

    name: str
    type: str
    rows: int = 0
    missing: int = 0
    nan: int = 0
    low_infinite: int = 0
    high_infinite: int = 0
    zeros: int = 0
    moments: Moments | None = None
    distribution: Distribution | None = None
    vocabulary: Vocabulary | None = None
    lengths: Lengths | None = None

    def merged(self, other: PartialStats) -> PartialStats:
        """Return the same about the rows of both.

        Raises
        ------
        DataError
            If the columns are of different types.
        """
        if self.type != other.type:
            raise DataError(
                f"statistics of the column {self.name!r} cannot be merged: it is {self.type} in some rows "
                f"and {other.type} in others. Read all rows with one type, see ReadOptions.types."
            )
        return PartialStats(
            name=self.name,
            type=self.type,
            rows=self.rows + other.rows,
            missing=self.missing + other.missing,
            nan=self.nan + other.nan,
            low_infinite=self.low_infinite + other.low_infinite,
            high_infinite=self.high_infinite + other.high_infinite,
            zeros=self.zeros + other.zeros,
            moments=_merged_moments(self.moments, other.moments),
            distribution=_merged_distributions(self.distribution, other.distribution),
            vocabulary=_merged_vocabularies(self.vocabulary, other.vocabulary),
            lengths=_merged_lengths(self.lengths, other.lengths),
        )


def _merged_moments(left: Moments | None, right: Moments | None) -> Moments | None:
    if isinstance(left, WholeMoments) and isinstance(right, WholeMoments):
        return left.merged(right)
    if isinstance(left, RealMoments) and isinstance(right, RealMoments):
        return left.merged(right)
    return None


def _merged_distributions(left: Distribution | None, right: Distribution | None) -> Distribution | None:
    return left.merged(right) if left and right else None


def _merged_vocabularies(left: Vocabulary | None, right: Vocabulary | None) -> Vocabulary | None:
    return left.merged(right) if left and right else None


def _merged_lengths(left: Lengths | None, right: Lengths | None) -> Lengths | None:
    return left.merged(right) if left and right else None
