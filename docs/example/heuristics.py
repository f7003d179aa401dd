"""How the decision would be made without machine learning."""

import polars as pl


def pays_by_card(payment_type: pl.Expr) -> pl.Expr:
    """Whoever pays by card has a tip on record."""
    return payment_type == "Credit Card"
