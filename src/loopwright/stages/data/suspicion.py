"""A reason to think that a model could learn what it will not know when it is used."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["Suspicion", "SuspicionKind", "share_interval"]

SuspicionKind = Literal[
    "duplicate_rows",
    "shared_group",
    "single_feature",
    "deciding_category",
    "adds_up",
    "names_rows",
    "row_order",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Something a careful person looks into before they trust a model.

    Attributes
    ----------
    kind : str
        ``"duplicate_rows"`` and ``"shared_group"``: parts are not apart. ``"single_feature"``,
        ``"deciding_category"`` and ``"adds_up"``: a column gives the label away. ``"names_rows"``: a column
        can only be learned by heart. ``"row_order"``: the order of the rows gives the label away.
    columns : tuple of str
    score : float
        How strong, between 0 and 1; the sentence says of what.
    low, high : float or None
        95 % interval, where the score is an estimate.
    rows : int
        Rows it rests on.
    sentence : str
        What was found, with the numbers, and what to ask.
    """

    kind: SuspicionKind
    columns: tuple[str, ...]
    score: float
    low: float | None
    high: float | None
    rows: int
    sentence: str


def share_interval(hits: int, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    References
    ----------
    Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference, JASA 22.

    Examples
    --------
    >>> [round(end, 3) for end in share_interval(9, 10)]
    [0.596, 0.982]
    """
    z = 1.959964
    share = hits / rows
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    reach = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / (1 + z * z / rows)
    return max(0.0, middle - reach), min(1.0, middle + reach)
