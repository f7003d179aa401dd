"""Anomalies of all parts of a dataset version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from loopwright.records import Anomaly, DatasetVersion, Evidence, Ref, Schema, Statistics
from loopwright.stages.data.anomalies import find

__all__ = ["validate_parts", "validated"]


def validate_parts(
    frame: pl.DataFrame,
    schema: Schema,
    *,
    statistics: Statistics,
    key: str | None,
    row: str,
    made_from: tuple[Ref, ...],
) -> tuple[Anomaly, ...]:
    """Return what the schema does not allow, errors first, then by part and column.

    Parameters
    ----------
    frame : DataFrame
        All rows, with their part in ``__part`` and their position in the column named by ``row``.
    schema : Schema
    statistics : Statistics
    key : str or None
        Column that names example rows.
    row : str
    made_from : tuple of Ref
        What the anomalies rest on.
    """
    found: list[Anomaly] = []
    for part in statistics.parts:
        rows = frame.filter(pl.col("__part") == part.part)
        positions = rows[row]
        for anomaly in find(rows.drop("__part", row), schema, statistics=part, part=part.part, key=key):
            examples = tuple(replace(item, row=int(positions[item.row])) for item in anomaly.examples)
            found.append(replace(anomaly, examples=examples, made_from=made_from))
    return tuple(sorted(found, key=lambda item: item.severity != "error"))


def validated(
    anomalies: Sequence[Anomaly], schema: Schema, *, dataset: DatasetVersion, made_from: tuple[Ref, ...], at: str
) -> Evidence:
    """Return that a dataset version was compared with the schema, and how it came out."""
    errors = sum(item.severity == "error" for item in anomalies)
    claim = (
        f"{dataset.rows:,} rows were compared with a schema of {len(schema.columns)} columns: "
        f"{errors} errors and {len(anomalies) - errors} warnings"
    )
    return Evidence(
        made_from=made_from, check="schema.validated", subject=dataset.ref, claim=claim, passed=errors == 0,
        value=float(errors), limit="<= 0", rows=dataset.rows, at=at,
    )
