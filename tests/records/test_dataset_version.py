"""A dataset version survives encoding, and its number is no part of what it is."""

from __future__ import annotations

from dataclasses import replace

from loopwright.records.dataset_version import Column, DatasetVersion, Part, SourceFile
from loopwright.records.record import Table, TableFile, decode, encode

FILES = (TableFile(path="x", size=1),)
TABLE = Table(name="trips", version=3, rows=7, columns=("fare",), sha256="ab", files=FILES)
VERSION = DatasetVersion(
    name="trips",
    table=TABLE,
    source="trips.csv",
    files=(SourceFile(path="trips.csv", sha256="cd", size=9),),
    columns=(Column(name="fare", type="float"),),
    quarantined=1,
    quarantine=TABLE,
    parts=(Part(name="train", rows=7, first="2015-01-01"),),
    number=2,
)


def test_it_survives_encoding():
    assert decode(DatasetVersion, encode(VERSION)) == VERSION


def test_its_number_and_the_place_of_its_files_are_no_part_of_its_identity():
    elsewhere = replace(TABLE, version=9, files=())
    assert replace(VERSION, number=9, table=elsewhere).digest == VERSION.digest
    assert replace(VERSION, source="other.csv").digest != VERSION.digest


def test_it_has_as_many_rows_as_its_table():
    assert VERSION.rows == 7
