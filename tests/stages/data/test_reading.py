"""A source of any kind becomes a table; what cannot be read says why, and what to do."""

from __future__ import annotations

import gzip
import hashlib
import os
import sqlite3

import fsspec
import polars as pl
import pytest

from loopwright.errors import EmptySource, UnreadableSource
from loopwright.stages.data.reading import ReadOptions, read
from loopwright.store.row_digest import rows_digest

ROWS = pl.DataFrame({"fare": [5.5, 7.0, None], "paid": ["Cash", "Card", None], "stops": [1, 2, 3]})


@pytest.fixture
def write(tmp_path):
    def put(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def test_every_format_gives_the_same_rows(write, tmp_path):
    write("t.csv", ROWS.write_csv())
    write("t.tsv", ROWS.write_csv(separator="\t"))
    write("t.csv.gz", gzip.compress(ROWS.write_csv().encode()))
    write("t.jsonl", ROWS.write_ndjson())
    write("t.json", ROWS.write_json())
    ROWS.write_parquet(tmp_path / "t.parquet")
    shop = sqlite3.connect(tmp_path / "t.db")
    shop.execute("create table trip (fare real, paid text, stops integer)")
    shop.executemany("insert into trip values (?, ?, ?)", ROWS.rows())
    shop.commit()
    shop.close()
    sources = [
        "t.csv",
        "t.tsv",
        "t.csv.gz",
        "t.jsonl",
        "t.json",
        "t.parquet",
        f"memory://{tmp_path.name}/t.csv",
    ]
    with fsspec.open(sources[-1], "wb") as file:
        file.write(ROWS.write_csv().encode())
    found = [read(source, folder=tmp_path).frame for source in sources]
    query = ReadOptions(query="select * from trip")
    found.append(read("sqlite:///t.db", folder=tmp_path, options=query).frame)
    assert {rows_digest(frame) for frame in found} == {rows_digest(ROWS)}


def test_files_are_known_by_their_bytes(write, tmp_path):
    content = write("a/t.csv", "x,y\n1,2\n").read_bytes()
    file = read("a/t.csv", folder=tmp_path).files[0]
    assert (file.path, file.sha256, file.size) == (
        "a/t.csv",
        hashlib.sha256(content).hexdigest(),
        len(content),
    )


def test_types_are_found_over_all_files_of_a_glob(write, tmp_path):
    write("day1.csv", "x,y\n1,a\n2,b\n")
    write("day2.csv", "y,x,z\nc,2.5,7\n")
    frame = read("day*.csv", folder=tmp_path).frame
    assert frame.rows() == [(1.0, "a", None), (2.0, "b", None), (2.5, "c", 7)]


def test_a_misfit_is_quarantined_in_its_own_file_and_line(write, tmp_path):
    write("a.csv", "x,y\n" + "1,k\n" * 50)
    write("b.csv", 'x,y\n2,"two\nlines"\nabc,"k"\n')
    reading = read("*.csv", folder=tmp_path)
    assert reading.frame.height == 51
    source, line, reason, raw = reading.quarantine.row(0)
    assert (source, line, raw) == ("b.csv", 4, 'abc,"k"')
    assert reason.startswith("column 'x': 'abc' is not a number")


def test_no_row_is_lost(write, tmp_path):
    lines = ["x,y", *["1,k"] * 60, "abc,k", "1", "1,2,3", "2,caf\udce9"]
    write("t.csv", "\n".join(lines).encode("utf-8", "surrogateescape"))
    reading = read("t.csv", folder=tmp_path)
    assert reading.frame.height + reading.quarantine.height == len(lines) - 1
    assert reading.quarantine["line"].to_list() == [62, 63, 64, 65]


def test_json_lines_flatten_objects_by_one_level_and_keep_lists_as_text(write, tmp_path):
    write("t.jsonl", '{"a": {"b": 1, "c": {"d": 2}}, "e": [1, "x"]}\n{"a": null, "f": true}\n')
    frame = read("t.jsonl", folder=tmp_path).frame
    assert frame.columns == ["a.b", "a.c", "e", "f"]
    assert frame.row(0) == (1, '{"d":2}', '[1,"x"]', None)


def test_json_lines_that_are_no_objects_are_quarantined(write, tmp_path):
    lines = ['{"a": 1}', '{"a": ', "[1]", "null", '{"a": NaN}', "", '"text"']
    write("t.jsonl", "\n".join(lines))
    reading = read("t.jsonl", folder=tmp_path)
    assert reading.frame["a"].is_nan().to_list() == [False, True]
    assert reading.quarantine["line"].to_list() == [2, 3, 4, 7]
    assert reading.quarantine["raw"].to_list() == ['{"a": ', "[1]", "null", '"text"']


def test_texts_of_digits_in_json_stay_text(write, tmp_path):
    write("t.jsonl", '{"zip": "02134", "day": "2020-01-31"}\n{"zip": "60614", "day": "2020-02-01"}\n')
    assert read("t.jsonl", folder=tmp_path).frame.dtypes == [pl.String, pl.Date]


def test_a_column_without_any_value_stays(write, tmp_path):
    write("t.csv", "x,y\n1,\n2,\n")
    frame = read("t.csv", folder=tmp_path).frame
    assert frame["y"].dtype == pl.String
    assert frame["y"].null_count() == 2


def test_one_row_is_enough(write, tmp_path):
    write("t.csv", "x,y\n1,a\n")
    assert read("t.csv", folder=tmp_path).frame.rows() == [(1, "a")]


def test_types_can_be_declared(write, tmp_path):
    write("t.csv", "x\n" + "1\n" * 40 + "A7\n")
    options = ReadOptions(types={"x": "string"})
    assert read("t.csv", folder=tmp_path, options=options).frame.height == 41


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", ""),
        ("t.csv", "x,y\n"),
        ("t.jsonl", "\n"),
        ("t.csv", "x,y\n1\n"),
        ("t.jsonl", "[1]\n{"),
        ("t.json", "[]"),
    ],
)
def test_no_rows_are_an_empty_source(write, tmp_path, name, content):
    write(name, content)
    with pytest.raises(EmptySource):
        read(name, folder=tmp_path)


def test_when_no_row_can_be_read_the_first_reason_is_told(write, tmp_path):
    write("t.csv", "x,y\n1,2,3\n4,5,6\n")
    with pytest.raises(
        EmptySource, match=r"not one of 2 rows can be read.*line 2: 3 fields where the header has 2"
    ):
        read("t.csv", folder=tmp_path)


def test_a_missing_file_names_the_nearest_ones(write, tmp_path):
    write("data/trips.csv", "x\n1\n")
    with pytest.raises(UnreadableSource, match=r"Nearest: data/trips\.csv"):
        read("data/trip.csv", folder=tmp_path)
    with pytest.raises(UnreadableSource, match=r"The folder data holds trips\.csv"):
        read("data/*.parquet", folder=tmp_path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("data", "is a folder"),
        ("data/t.*", "files of several formats"),
        ("data/broken.csv.gz", "damaged gzip"),
        ("data/broken.parquet", "no Parquet file"),
        ("s3://bucket/x.csv", "s3"),
        ("memory://nowhere/x.csv", "cannot be read"),
        ("memory://nowhere/*.csv", "nothing there matches"),
        ("sqlite:///none.db", "no database file"),
        ("postgresql://ann:secret@127.0.0.1:1/x", "PostgreSQL says"),
    ],
)
def test_what_cannot_be_read_says_why(write, tmp_path, source, message):
    write("data/t.csv", "x\n1\n")
    write("data/t.jsonl", '{"x": 1}\n')
    write("data/broken.csv.gz", gzip.compress(b"x\n1\n" * 99)[:-9])
    write("data/broken.parquet", b"PAR1 and nothing else PAR1")
    with pytest.raises(UnreadableSource, match=message) as caught:
        read(source, folder=tmp_path, options=ReadOptions(query="select 1"))
    assert "secret" not in str(caught.value)


def test_files_without_a_common_column_are_no_table(write, tmp_path):
    write("a.csv", "x\n1\n")
    write("b.csv", "y\n1\n")
    with pytest.raises(UnreadableSource, match="no column in common"):
        read("*.csv", folder=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_says_so(write, tmp_path):
    write("t.csv", "x\n1\n").chmod(0)
    with pytest.raises(UnreadableSource, match="Permission denied"):
        read("t.csv", folder=tmp_path)


class TestDatabase:
    @pytest.fixture
    def shop(self, tmp_path):
        database = sqlite3.connect(tmp_path / "shop.db")
        database.execute("create table sale (price, day, note)")
        rows = [(1, "2020-01-01", b"\1"), (2.5, "2020-01-02", b"\2"), (None, "2020-01-03", None)]
        database.executemany("insert into sale values (?, ?, ?)", rows)
        database.commit()
        yield database
        database.close()

    def read(self, folder, query):
        return read("sqlite:///shop.db", folder=folder, options=ReadOptions(query=query))

    @pytest.mark.usefixtures("shop")
    def test_types_come_from_the_values(self, tmp_path):
        frame = self.read(tmp_path, "select * from sale").frame
        assert frame.dtypes == [pl.Float64, pl.Date, pl.Binary]

    def test_text_that_is_not_utf8_is_quarantined(self, shop, tmp_path):
        shop.execute("insert into sale values (3, cast(x'ff41' as text), null)")
        shop.commit()
        rejected = self.read(tmp_path, "select * from sale").quarantine
        assert rejected.row(0)[1:3] == (4, "text that is not UTF-8 in 'day'")

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            (None, "needs a query as well.*Tables there: sale"),
            ("select * fro sale", "syntax error"),
            ("delete from sale", "readonly"),
            ("select price, price from sale", "'price' to several columns"),
        ],
    )
    @pytest.mark.usefixtures("shop")
    def test_a_query_that_cannot_be_answered_says_why(self, tmp_path, query, message):
        with pytest.raises(UnreadableSource, match=message):
            self.read(tmp_path, query)

    @pytest.mark.usefixtures("shop")
    def test_no_rows_are_an_empty_source(self, tmp_path):
        with pytest.raises(EmptySource):
            self.read(tmp_path, "select * from sale where price > 99")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("chicago_taxi_tfdv/train.csv", (10_000, 18)),
        ("chicago_taxi_tfdv/eval.csv", (5_000, 18)),
        ("telco_churn/Telco-Customer-Churn.csv", (7_043, 21)),
        ("bike_sharing/hour.csv.gz", (17_379, 17)),
        ("adult_census/adult.parquet", (48_842, 15)),
    ],
)
def test_real_data_are_read_whole(shared, name, shape):
    path = shared(name)
    reading = read(path.name, folder=path.parent)
    assert reading.frame.shape == shape
    assert not reading.quarantine.height


def test_the_eleven_blanks_of_telco_are_missing_numbers(shared):
    path = shared("telco_churn/Telco-Customer-Churn.csv")
    charges = read(path.name, folder=path.parent).frame["TotalCharges"]
    assert charges.dtype == pl.Float64
    assert charges.null_count() == 11
