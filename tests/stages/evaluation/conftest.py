from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from loopwright.records.charter import Charter
from loopwright.records.evidence import Evidence
from loopwright.records.record import Ref

CHARTER = Charter(
    project="taxi", task="binary", decision="whom to offer a trip", users="drivers", business_metric="tips",
    risks=(), without_ml=None, impact=3, feasibility=3, optimize={"roc_auc": 1.0}, satisfice=(), slices=(),
    min_slice_rows=50, confidence=0.95, not_worse_by=0.005, threshold=0.5, positive=None,
)
MODEL = Ref(kind="model", digest="a" * 64)


@pytest.fixture
def charter_with() -> Callable[..., Charter]:
    """Return a charter that differs from a plain binary one in what is given."""
    return lambda **changes: replace(CHARTER, **changes)


@pytest.fixture
def model() -> Ref:
    return MODEL


@pytest.fixture
def evidence_of() -> Callable[..., Evidence]:
    """Return evidence about the model."""

    def made(check: str, **said: object) -> Evidence:
        return Evidence(**{"check": check, "subject": MODEL, "claim": f"{check}.", "passed": None} | said)

    return made
