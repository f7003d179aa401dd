"""Which texts a column holds and how often: all of them while they are few, the frequent ones beyond that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.stages.data.distinct import DISTINCT_ERROR, estimated_distinct, smallest_hashes
from loopwright.stages.data.stable_hash import stable_hash

__all__ = ["Vocabulary", "vocabulary_of"]

MOST_WORDS = 65_536
_LONGEST = 256  # bytes; longer texts are kept as their beginning and their hash
_BEGINNING = 200


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Counts of texts.

    While there are at most 65,536 different texts all are counted, and merging is exact. Beyond that the
    rarest are let go and every count may be too low by ``error``, while ``hashes`` go on estimating how many
    different ones there are.

    References
    ----------
    Misra & Gries (1982), Finding Repeated Elements, Sci. Comput. Program. 2(2).
    Agarwal et al. (2012), Mergeable Summaries, PODS.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    error: int = 0
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))

    @property
    def is_exact(self) -> bool:
        """Whether every text was counted."""
        return not self.error

    @property
    def unique(self) -> int:
        """Different texts; an estimate unless exact."""
        return len(self.counts) if self.is_exact else estimated_distinct(self.hashes)

    @property
    def unique_error(self) -> float:
        """Relative standard error of ``unique``."""
        return 0.0 if self.is_exact else DISTINCT_ERROR

    def top(self, most: int) -> list[tuple[str, int]]:
        """Return the most frequent texts; equally frequent ones from the end of the alphabet, as in TFDV."""
        return sorted(self.counts.items(), key=lambda item: (item[1], item[0]), reverse=True)[:most]

    def merged(self, other: Vocabulary) -> Vocabulary:
        """Return the counts over both."""
        counts = dict(self.counts)
        for text, rows in other.counts.items():
            counts[text] = counts.get(text, 0) + rows
        error = self.error + other.error
        if not error and len(counts) <= MOST_WORDS:
            return Vocabulary(counts)
        return _frequent(counts, error, smallest_hashes(self._hashes(), other._hashes()))

    def _hashes(self) -> NDArray[np.uint64]:
        return self.hashes if self.error else _hashes_of(pl.Series(list(self.counts), dtype=pl.String))


def vocabulary_of(texts: pl.Series) -> Vocabulary:
    """Return the vocabulary of texts, none of them missing.

    Examples
    --------
    >>> vocabulary_of(pl.Series(["Cash", "Card", "Cash"])).top(1)
    [('Cash', 2)]
    """
    table = _shortened(texts).value_counts(name="rows")
    words, rows = table.to_series(0), table["rows"]
    if table.height <= MOST_WORDS:
        return Vocabulary(dict(zip(words.to_list(), rows.to_list(), strict=True)))
    most = table.top_k(MOST_WORDS + 1, by="rows")
    counts = dict(zip(most.to_series(0).to_list(), most["rows"].to_list(), strict=True))
    return _frequent(counts, 0, _hashes_of(words))


def _frequent(counts: dict[str, int], error: int, hashes: NDArray[np.uint64]) -> Vocabulary:
    """Let go of the rarest until few enough are left: take the count of the first too many off them all."""
    if len(counts) <= MOST_WORDS:
        return Vocabulary(counts, error, hashes)
    excess = sorted(counts.values(), reverse=True)[MOST_WORDS]
    kept = {text: rows - excess for text, rows in counts.items() if rows > excess}
    return Vocabulary(kept, error + excess, hashes)


def _hashes_of(texts: pl.Series) -> NDArray[np.uint64]:
    return smallest_hashes(stable_hash(texts))


def _shortened(texts: pl.Series) -> pl.Series:
    long = (texts.str.len_bytes() > _LONGEST).fill_null(False)
    if not long.any():
        return texts
    whole = texts.filter(long)
    marks = pl.Series([f"... #{value:016x}" for value in stable_hash(whole)])
    return (
        pl.select(pl.when(long).then(pl.lit(None)).otherwise(texts))
        .to_series()
        .scatter(long.arg_true(), whole.str.head(_BEGINNING) + marks)
        .alias(texts.name)
    )
