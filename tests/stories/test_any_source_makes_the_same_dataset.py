"""The same rows make the same dataset version from CSV, a glob, gzip, JSON lines, Parquet or a database."""

from __future__ import annotations

import gzip
import sqlite3

import polars as pl
import pytest


def frame(place):
    return pl.read_csv(place.folder / "trips.csv")


def as_csv(place):
    return "trips.csv"


def as_glob(place):
    rows = frame(place)
    for number in range(3):
        rows[number * 200 : (number + 1) * 200].write_csv(place.folder / f"trips_{number}.csv")
    return "trips_{span}.csv"


def as_gzip(place):
    place.write("trips.csv.gz", gzip.compress((place.folder / "trips.csv").read_bytes()))
    return "trips.csv.gz"


def as_json_lines(place):
    frame(place).write_ndjson(place.folder / "trips.jsonl")
    return "trips.jsonl"


def as_parquet(place):
    frame(place).write_parquet(place.folder / "trips.parquet")
    return "trips.parquet"


def as_sqlite(place):
    rows = frame(place)
    with sqlite3.connect(place.folder / "trips.db") as connection:
        connection.execute("CREATE TABLE trips (id TEXT, miles REAL, fare REAL, payment TEXT, tipped INTEGER)")
        connection.executemany("INSERT INTO trips VALUES (?, ?, ?, ?, ?)", rows.rows())
    connection.close()
    place.edit("loopwright.toml", 'key = "id"', 'key = "id"\nquery = "SELECT * FROM trips ORDER BY rowid"')
    return "sqlite:///trips.db"


@pytest.mark.parametrize("written", [as_csv, as_glob, as_gzip, as_json_lines, as_parquet, as_sqlite])
def test_rows_split_and_model_are_the_same(place, finished, written):
    place.edit("loopwright.toml", "trips.csv", written(place))
    place.run()
    told, expected = place.told(), finished.told()
    assert told["tables"] == expected["tables"]
    assert told["metrics"] == expected["metrics"]


def test_a_further_file_of_a_glob_makes_a_new_version(place, more_trips):
    place.edit("loopwright.toml", "trips.csv", as_glob(place))
    place.run()
    place.write("trips_3.csv", "id,miles,fare,payment,tipped\n" + more_trips(500, 600))
    assert place.run(code=None).why("ingest") == "input sources changed"
    assert [version["table"]["rows"] for version in place.give("data", "versions", "--json").json] == [500, 600]


def test_a_changed_database_makes_a_new_version(place):
    place.edit("loopwright.toml", "trips.csv", as_sqlite(place))
    place.run()
    assert place.run().ran == set()
    with sqlite3.connect(place.folder / "trips.db") as connection:
        connection.execute("INSERT INTO trips VALUES ('new', 1.0, 5.0, 'card', 1)")
    connection.close()
    assert "ingest" in place.run(code=None).ran


def test_a_query_that_fails_is_told_with_the_database_error(place):
    place.edit("loopwright.toml", "trips.csv", as_sqlite(place))
    place.edit("loopwright.toml", "FROM trips", "FROM tripz")
    assert "no such table: tripz" in place.refuses()
