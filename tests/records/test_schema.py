"""A schema survives encoding, with limits that are whole or not."""

from __future__ import annotations

from loopwright.records.record import decode, encode
from loopwright.records.schema import ColumnSchema, Schema

SCHEMA = Schema(columns=(ColumnSchema(name="fare", type="int", minimum=0, maximum=2.5, values=("a",)),))


def test_it_survives_encoding():
    assert decode(Schema, encode(SCHEMA)) == SCHEMA
