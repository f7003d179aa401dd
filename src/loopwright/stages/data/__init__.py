"""Rows: read, kept in versions, divided, described, and compared with what people agreed they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.lazy import exports
from loopwright.stages.data.steps import ROW, SCHEMA_FILE, check, describe, infer, ingest, read, review, split, validate

if TYPE_CHECKING:
    from loopwright.stages.data.anomalies import find as find_anomalies
    from loopwright.stages.data.inference import infer as infer_schema
    from loopwright.stages.data.leakage import suspicions
    from loopwright.stages.data.partials import summarize
    from loopwright.stages.data.reading import Reading, ReadOptions
    from loopwright.stages.data.reading import read as read_source
    from loopwright.stages.data.sources import fingerprint
    from loopwright.stages.data.splitting import SplitRule
    from loopwright.stages.data.splitting import split as split_rows

__all__ = [
    "ROW",
    "SCHEMA_FILE",
    "ReadOptions",
    "Reading",
    "SplitRule",
    "check",
    "describe",
    "find_anomalies",
    "fingerprint",
    "infer",
    "infer_schema",
    "ingest",
    "read",
    "read_source",
    "review",
    "split",
    "split_rows",
    "summarize",
    "suspicions",
    "validate",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "ReadOptions": f"{__name__}.reading",
        "Reading": f"{__name__}.reading",
        "SplitRule": f"{__name__}.splitting",
        "find_anomalies": f"{__name__}.anomalies:find",
        "fingerprint": f"{__name__}.sources",
        "infer_schema": f"{__name__}.inference:infer",
        "read_source": f"{__name__}.reading:read",
        "split_rows": f"{__name__}.splitting:split",
        "summarize": f"{__name__}.partials",
        "suspicions": f"{__name__}.leakage",
    },
)
