"""Partials as bytes: one Arrow table, a row for each, never pickle."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import polars as pl

from loopwright.errors import CorruptStore
from loopwright.stages.data.distribution import Distribution, Scale
from loopwright.stages.data.moments import Moments, RealMoments, WholeMoments
from loopwright.stages.data.partial_stats import Lengths, PartialStats
from loopwright.stages.data.vocabulary import Vocabulary

__all__ = ["dump", "load"]

FORMAT = 1

_SCHEMA = pl.Schema(
    {
        "key": pl.String(),
        "format": pl.Int64(),
        "name": pl.String(),
        "type": pl.String(),
        **dict.fromkeys(
            ("rows", "missing", "nan", "low_infinite", "high_infinite", "zeros", "count"), pl.Int64()
        ),
        "total": pl.String(),  # sums go beyond 64 bits, so they are decimal text
        "squares": pl.String(),
        "center": pl.Float64(),
        "deviations": pl.Float64(),
        "scale": pl.String(),
        "is_exact": pl.Boolean(),
        "low": pl.Int64(),
        "high": pl.Int64(),
        "keys": pl.List(pl.Int64()),
        "key_rows": pl.List(pl.Int64()),
        "key_hashes": pl.List(pl.UInt64()),
        "words": pl.List(pl.String()),
        "word_rows": pl.List(pl.Int64()),
        "word_error": pl.Int64(),
        "word_hashes": pl.List(pl.UInt64()),
        **dict.fromkeys(("least_length", "most_length", "total_length"), pl.Int64()),
    }
)


def dump(partials: Mapping[str, PartialStats]) -> bytes:
    """Return partials as an Arrow file; equal partials give equal bytes.

    Parameters
    ----------
    partials : mapping of str to PartialStats
        Any keys: column names, or part and column.

    Examples
    --------
    >>> from loopwright.stages.data.partials import partial
    >>> kept = load(dump(partial(pl.DataFrame({"fare": [5, 7]}))))
    >>> kept["fare"].moments
    WholeMoments(count=2, total=12, squares=74)
    """
    rows = [_row(key, item) for key, item in partials.items()]
    columns = [
        pl.Series(name, [row.get(name) for row in rows], dtype=dtype) for name, dtype in _SCHEMA.items()
    ]
    file = io.BytesIO()
    pl.DataFrame(columns).write_ipc(file, compression="zstd")
    return file.getvalue()


def load(content: bytes) -> dict[str, PartialStats]:
    """Return the partials that ``dump`` wrote, exactly.

    Raises
    ------
    CorruptStore
        If the bytes are no such file.
    """
    try:
        table = pl.read_ipc(content)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CorruptStore(
            f"stored statistics cannot be read ({error}). Run again, so that they are computed afresh."
        ) from error
    if table.schema != _SCHEMA or (table["format"] != FORMAT).any():
        raise CorruptStore(
            "stored statistics are of another format than this version of Loopwright writes. "
            "Run again, so that they are computed afresh."
        )
    return {key: _Stored(table, at).partial for at, key in enumerate(table["key"])}


def _row(key: str, item: PartialStats) -> dict[str, object]:
    plain = ("name", "type", "rows", "missing", "nan", "low_infinite", "high_infinite", "zeros")
    row: dict[str, object] = {"key": key, "format": FORMAT} | {name: getattr(item, name) for name in plain}
    if isinstance(item.moments, WholeMoments):
        moments = item.moments
        row |= {"count": moments.count, "total": str(moments.total), "squares": str(moments.squares)}
    elif item.moments:
        row |= {name: getattr(item.moments, name) for name in ("count", "center", "deviations")}
    if item.distribution:
        numbers = item.distribution
        row |= {name: getattr(numbers, name) for name in ("scale", "is_exact", "low", "high")}
        row["keys"], row["key_rows"] = pl.Series(numbers.keys), pl.Series(numbers.counts)
        row["key_hashes"] = pl.Series(numbers.hashes)
    if item.vocabulary:
        words = sorted(item.vocabulary.counts)
        row["words"] = pl.Series(words, dtype=pl.String)
        row["word_rows"] = pl.Series([item.vocabulary.counts[word] for word in words], dtype=pl.Int64)
        row["word_error"], row["word_hashes"] = item.vocabulary.error, pl.Series(item.vocabulary.hashes)
    if item.lengths:
        lengths = item.lengths
        row |= {"least_length": lengths.least, "most_length": lengths.most, "total_length": lengths.total}
    return row


@dataclass(frozen=True, slots=True)
class _Stored:
    """One row of a stored table."""

    table: pl.DataFrame
    at: int

    @property
    def partial(self) -> PartialStats:
        return PartialStats(
            name=self.text("name"),
            type=self.text("type"),
            rows=self.number("rows"),
            missing=self.number("missing"),
            nan=self.number("nan"),
            low_infinite=self.number("low_infinite"),
            high_infinite=self.number("high_infinite"),
            zeros=self.number("zeros"),
            moments=self.moments,
            distribution=self.distribution,
            vocabulary=self.vocabulary,
            lengths=self.lengths,
        )

    @property
    def moments(self) -> Moments | None:
        if self.has("total"):
            return WholeMoments(self.number("count"), int(self.text("total")), int(self.text("squares")))
        if self.has("center"):
            return RealMoments(self.number("count"), self.real("center"), self.real("deviations"))
        return None

    @property
    def distribution(self) -> Distribution | None:
        if not self.has("scale"):
            return None
        return Distribution(
            cast("Scale", self.text("scale")),
            self.list("keys").to_numpy(),
            self.list("key_rows").to_numpy(),
            bool(self.table["is_exact"][self.at]),
            self.number("low") if self.has("low") else None,
            self.number("high") if self.has("high") else None,
            self.list("key_hashes").to_numpy(),
        )

    @property
    def vocabulary(self) -> Vocabulary | None:
        if not self.has("word_error"):
            return None
        counts = dict(zip(self.list("words"), self.list("word_rows"), strict=True))
        return Vocabulary(counts, self.number("word_error"), self.list("word_hashes").to_numpy())

    @property
    def lengths(self) -> Lengths | None:
        if not self.has("total_length"):
            return None
        least = self.number("least_length") if self.has("least_length") else None
        most = self.number("most_length") if self.has("most_length") else None
        return Lengths(least, most, self.number("total_length"))

    def has(self, name: str) -> bool:
        return self.table[name][self.at] is not None

    def text(self, name: str) -> str:
        return str(self.table[name][self.at])

    def number(self, name: str) -> int:
        return int(self.table[name][self.at])

    def real(self, name: str) -> float:
        return float(self.table[name][self.at])

    def list(self, name: str) -> pl.Series:
        found = self.table[name][self.at]
        return found if isinstance(found, pl.Series) else pl.Series([], dtype=pl.Int64)
