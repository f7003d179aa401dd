"""How rows are divided for a training that answers a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl

from loopwright.settings import SplitSettings
from loopwright.stages.retraining.choices import iso, position
from loopwright.stages.training.recency import microseconds

__all__ = ["since_change"]

_LEAST_ROWS = 200                  # after the change; fewer cannot be divided, and judge nothing
_VALIDATION, _TEST = 0.2, 0.4      # shares of the rows after the change


def since_change(times: pl.Series, changed: datetime, *, settings: SplitSettings) -> SplitSettings:
    """Return a division by time whose validation and test parts lie after a change.

    Of the rows after the change the first two fifths are left to train on, a fifth validates, and the newest two
    fifths judge.

    Parameters
    ----------
    times : Series of shape (n_rows,)
        When each row happened.
    changed : datetime
        UTC without a zone.
    settings : SplitSettings
        By time; returned as it is if fewer than 200 rows came after the change.

    Examples
    --------
    >>> from datetime import timedelta
    >>> times = pl.Series([datetime(2016, 1, 1) + timedelta(days=day) for day in range(1000)])
    >>> made = since_change(times, datetime(2017, 1, 1), settings=SplitSettings(by="time"))
    >>> made.validation_from, made.test_from
    ('2017-09-11T00:00:00', '2018-01-16T00:00:00')
    """
    at = microseconds(times)
    after = np.sort(at[at >= position(changed)])
    if len(after) < _LEAST_ROWS:
        return settings
    validation, test = (after[int(len(after) * share)] for share in (1 - _TEST - _VALIDATION, 1 - _TEST))
    return replace(settings, validation_from=iso(validation), test_from=iso(test))
