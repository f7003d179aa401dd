"""The label, and what the model sees beside the columns of the source."""

import polars as pl


def big_tip(tips: pl.Expr, fare: pl.Expr) -> pl.Expr:
    """Whether the tip on record is more than a fifth of the fare."""
    return tips > 0.2 * fare


def hour(trip_start: pl.Expr) -> pl.Expr:
    """Hour of the day at which the trip began."""
    return trip_start.dt.hour()


def fare_per_mile(fare: pl.Expr, trip_miles: pl.Expr) -> pl.Expr:
    """Dollars per mile; a mile is added so that the shortest trips stay finite."""
    return fare / (trip_miles + 1)
