"""CSV text becomes rows, the same by both ways, and nothing is lost on the way."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import EmptySource, UnreadableSource
from loopwright.stages.data.delimited import _line_by_line, _record_by_record, delimited_rows

FIELDS = st.text(alphabet="ab1 ,;\"'é\n", max_size=4)


def written(rows):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


def read(text, **options):
    return delimited_rows(text.encode() if isinstance(text, str) else text, source="t.csv", **options)


@given(st.lists(st.tuples(FIELDS, FIELDS, FIELDS), min_size=1, max_size=6))
def test_what_a_csv_writer_writes_is_read_back(rows):
    found = read(written([("x", "y", "z"), *rows]), delimiter=",")
    assert [tuple(field or "" for field in row) for row in found.frame.rows()] == rows
    assert not found.rejected.height


@given(st.lists(st.lists(st.text(alphabet='a1 "é', max_size=3), min_size=1, max_size=4), max_size=8))
def test_both_ways_agree_where_the_fast_one_is_allowed(rows):
    content = "x,y,z\n" + "\n".join(",".join(row) for row in rows)
    fast = _line_by_line(content.encode(), ",", "t.csv")
    slow = _record_by_record(content.encode(), ",", "t.csv")
    if fast is not None:
        assert [[field or "" for field in row] for row in fast.frame.rows()] == [
            list(r) for r in slow.frame.rows()
        ]
        assert fast.lines.to_list() == slow.lines.to_list()
        assert fast.raw.to_list() == slow.raw.to_list()
        assert fast.rejected.rows() == slow.rejected.rows()


@given(st.text(alphabet='a1,"\n\r', max_size=40))
def test_every_line_of_any_text_is_a_row_or_in_quarantine_or_blank(text):
    found = read(b"x,y\n" + text.encode(), delimiter=",")
    kept = "".join([*found.raw, *found.rejected["raw"]])
    assert sorted(kept.replace("\r", "").replace("\n", "")) == sorted(
        text.replace("\r", "").replace("\n", "")
    )


def test_ragged_rows_are_kept_aside_with_line_reason_and_text():
    found = read("a,b\n1,2\n\n3\n4,5,6\n7,8")
    assert found.frame.rows() == [("1", "2"), ("7", "8")]
    assert found.rejected.rows() == [
        ("t.csv", 4, "1 field where the header has 2", "3"),
        ("t.csv", 5, "3 fields where the header has 2", "4,5,6"),
    ]


def test_line_breaks_inside_quotes_belong_to_the_row():
    found = read('a,b\n"two\nlines",1\nx,2\n')
    assert found.frame.rows() == [("two\nlines", "1"), ("x", "2")]
    assert found.lines.to_list() == [2, 4]


def test_a_quote_that_never_closes_costs_one_line():
    found = read('a,b\n1,"x"\n"open,3\n4,5\n6,"7"\n8,9\n')
    assert found.frame.rows() == [("1", "x"), ("4", "5"), ("6", "7"), ("8", "9")]
    assert found.rejected["line"].to_list() == [3]
    assert "quote" in found.rejected["reason"][0]


def test_a_file_cut_off_inside_a_quote_loses_only_its_last_row():
    found = read('a,b\n1,2\n3,"cut of')
    assert found.frame.rows() == [("1", "2")]
    assert "end of the file" in found.rejected["reason"][0]


def test_bytes_that_are_not_utf8_cost_their_row():
    found = read(b"a,b\n1,caf\xe9\n2,x\n")
    assert found.frame.rows() == [("2", "x")]
    assert found.rejected.row(0)[1:] == (2, "byte 0xe9 at character 6 is not UTF-8", "1,caf\\xe9")


def test_another_encoding_can_be_named():
    assert read(b"a,b\n1,caf\xe9\n", encoding="latin-1").frame.rows() == [("1", "café")]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(ends):
    assert read(ends.join(["a,b", "1,2", "3,4", ""])).frame.rows() == [("1", "2"), ("3", "4")]


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert read(b"\xef\xbb\xbfa,b\n1,2\n").frame.columns == ["a", "b"]


def test_a_header_alone_has_no_rows():
    assert read("a,b\n").frame.shape == (0, 2)


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_nothing_at_all_is_an_empty_source(text):
    with pytest.raises(EmptySource, match=r"t\.csv is empty"):
        read(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b,a\n1,2,3\n", "duplicate column names in the header: 'a' in columns 1, 3"),
        ("1.5,2\n1,2\n", "first line holds only numbers"),
        ("a,b\n1,2\n".encode("utf-16"), "not UTF-8 but UTF-16"),
        (b"a,caf\xe9\n1,2\n", "header line cannot be used: byte 0xe9"),
        ('a,"b\n1,2\n3,4\n', "header line cannot be used: a quote"),
    ],
)
def test_a_header_that_cannot_be_used_says_why(content, message):
    with pytest.raises(UnreadableSource, match=message):
        read(content)


def test_columns_without_a_name_are_called_after_their_place():
    assert read(",fare\n0,5\n").frame.columns == ["column_1", "fare"]


def test_whole_numbers_may_be_names():
    assert read("0,1\n5,6\n").frame.columns == ["0", "1"]


def test_ten_thousand_columns_are_no_trouble():
    header, row = ",".join(f"c{at}" for at in range(10_000)), ",".join(["1"] * 10_000)
    assert read("\n".join([header, row, row])).frame.shape == (2, 10_000)
