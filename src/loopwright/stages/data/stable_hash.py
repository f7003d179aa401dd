"""A 64-bit hash of values that is the same on every machine and in every version of every library."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["mixed", "stable_hash"]

_CHUNK_ROWS = 1 << 18
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio


def stable_hash(values: pl.Series, *, seed: int = 0) -> NDArray[np.uint64]:
    """Return one evenly spread 64-bit number per value.

    Equal values have equal hashes, whatever rows surround them, so that what is decided by a hash (the part
    a row belongs to, whether it is in a sample) stays decided when data grow. Numbers hash by value, so 7 and
    7.0 agree; everything else hashes by its text. Polars' own hash may change with any release: not used.

    Parameters
    ----------
    values : Series of shape (n_rows,)
        Missing values all hash alike.
    seed : int, default=0
        Different seeds give unrelated hashes.

    Returns
    -------
    uint64 array of shape (n_rows,)

    Notes
    -----
    Numbers: the SplitMix64 finaliser over the bits of the value as a float (of the integer from 2**53 on,
    where floats have gaps). Text: the sum over all bytes of the finaliser of byte and position, finished
    again: a sum of independent random words, that is simple tabulation hashing.

    References
    ----------
    Steele, Lea & Flood (2014), Fast Splittable Pseudorandom Number Generators, OOPSLA.
    Patrascu & Thorup (2012), The Power of Simple Tabulation Hashing, J. ACM 59(3).

    Examples
    --------
    >>> [hex(int(h)) for h in stable_hash(pl.Series(["taxi", "bus", "taxi"]))]
    ['0x4d4103813d41e2ad', '0x7914bb338328afb3', '0x4d4103813d41e2ad']
    """
    salt = mixed(np.array([seed % 2**64], dtype=np.uint64))[0]
    starts = range(0, max(1, len(values)), _CHUNK_ROWS)
    return np.concatenate([_hashes(values.slice(start, _CHUNK_ROWS), salt=salt) for start in starts])


def mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return words spread evenly over 64 bits: the SplitMix64 finaliser.

    Examples
    --------
    >>> [hex(int(word)) for word in mixed(np.array([0, 1], dtype=np.uint64))]
    ['0xe220a8397b1dcdaf', '0x910a2dec89025cc1']
    """
    words = words + _GOLDEN
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _hashes(values: pl.Series, *, salt: np.uint64) -> NDArray[np.uint64]:
    missing = values.is_null().to_numpy()
    if values.dtype.is_float() or values.dtype.is_integer() or values.dtype == pl.Boolean:
        words = _number_words(values.fill_null(False if values.dtype == pl.Boolean else 0))
    else:
        words = _text_words(values.cast(pl.String).fill_null(""))
    hashes = mixed(words ^ salt)
    hashes[missing] = mixed(np.array([salt ^ _GOLDEN], dtype=np.uint64))[0]
    return hashes


def _number_words(values: pl.Series) -> NDArray[np.uint64]:
    numbers = values.cast(pl.Float64).to_numpy() + 0.0  # turns -0.0 into 0.0
    words: NDArray[np.uint64] = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64).copy()
    if values.dtype.is_integer():
        large = np.abs(numbers) >= 2.0**53
        words[large] = values.to_numpy()[large].astype(np.uint64) if large.any() else 0
    return words


def _text_words(values: pl.Series) -> NDArray[np.uint64]:
    lengths = values.str.len_bytes().to_numpy().astype(np.int64)
    text = np.frombuffer(str(values.str.join("").item() or "").encode(), dtype=np.uint8)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    position = np.arange(len(text), dtype=np.uint64) - np.repeat(starts[:-1], lengths).astype(np.uint64)
    spread = mixed((position << np.uint64(8)) | text)
    sums = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(spread, dtype=np.uint64)))
    return mixed(sums[starts[1:]] - sums[starts[:-1]] + lengths.astype(np.uint64))
