"""An anomaly survives encoding with its examples."""

from __future__ import annotations

from loopwright.records.anomaly import Anomaly, Example
from loopwright.records.record import decode, encode

ANOMALY = Anomaly(
    column="fare",
    type="INT_TYPE_SMALL_INT",
    severity="error",
    part="test",
    environment="training",
    description="Below the minimum.",
    rows=1,
    share=0.5,
    examples=(Example(row=4, value="-1"),),
)


def test_it_survives_encoding():
    assert decode(Anomaly, encode(ANOMALY)) == ANOMALY
