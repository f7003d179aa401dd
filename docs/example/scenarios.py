"""What anyone would expect of the model."""

import polars as pl

from loopwright.stages.evaluation import expects


def cash_has_no_tip_on_record(predict, rows):
    """A cash trip is hardly ever called a big tip."""
    found = expects(predict, rows.with_columns(payment_type=pl.lit("Cash")), at_most=0.5)
    assert found.share <= 0.02, found
