"""A source that cannot be learnt from is refused in words: what is wrong, where, and what to do."""

from __future__ import annotations

import pytest

HEADER = "id,miles,fare,payment,tipped\n"


def constant(rows, value):
    return "".join(f"{line[:-1]}{value}\n" for line in rows.splitlines())


REFUSED = {
    "an empty file": (lambda _: "", ["trips.csv is empty", "Put a header line and rows into it"]),
    "only blank lines": (lambda _: "\n\n  \n", ["trips.csv", "empty", "Put a header line"]),
    "a header only": (lambda _: HEADER, ["trips.csv", "no rows", "Put rows into it"]),
    "no header": (lambda _: "1.5,2.5,3.5\n2,3,4\n", ["first line", "no header", "names of the columns first"]),
    "two columns of one name": (
        lambda rows: HEADER.replace("fare", "miles") + rows, ["duplicate", "'miles'", "columns 2, 3", "Rename"],
    ),
    "one value of the label": (lambda rows: HEADER + constant(rows, 1), ["label 'tipped'", "'1' in every row"]),
    "no value of the label": (lambda rows: HEADER + constant(rows, ""), ["label 'tipped'", "missing in all 500 rows"]),
    "one row": (lambda rows: HEADER + rows.splitlines()[0] + "\n", ["label 'tipped'", "in every row"]),
    "two rows": (lambda _: HEADER + "a,1,2,card,1\nb,2,3,cash,0\n", ["none of 2 rows", "Get more rows"]),
    "UTF-16": (lambda rows: (HEADER + rows).encode("utf-16"), ["not UTF-8 but UTF-16", "iconv"]),
    "no text at all": (lambda _: bytes(range(256)) * 20, ["trips.csv", "not UTF-8"]),
    "a label of five values": (
        lambda rows: HEADER + "".join(f"{line[:-1]}{at % 5}\n" for at, line in enumerate(rows.splitlines())),
        ["5 values", 'task = "binary"', "Set task"],
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_message_says_what_where_and_what_to_do(place, more_trips, what):
    content, said = REFUSED[what]
    place.write("trips.csv", content(more_trips()))
    message = place.refuses()
    for words in said:
        assert words in message


def test_a_refused_source_harms_nothing_and_a_good_one_runs_afterwards(finished, more_trips):
    good = (finished.folder / "trips.csv").read_text()
    finished.write("trips.csv", "")
    finished.refuses()
    finished.write("trips.csv", HEADER + constant(more_trips(), 1))
    finished.refuses()
    finished.write("trips.csv", good)
    finished.assert_whole()
    assert finished.run().ran == set()


def test_a_wrong_delimiter_is_named_with_the_right_one(place):
    place.edit("loopwright.toml", 'key = "id"', 'key = "id"\ndelimiter = ";"')
    message = place.refuses()
    assert "wrong delimiter" in message
    assert 'delimiter = ","' in message


def test_a_label_that_is_no_column_is_named_with_the_nearest(place):
    place.edit("loopwright.toml", '"tipped"', '"tiped"')
    message = place.refuses()
    assert "[data] label in loopwright.toml names the column 'tiped'" in message
    assert "did you mean 'tipped'?" in message
    assert "__row" not in message


def test_a_key_that_is_no_column_is_named_with_the_nearest(place):
    place.edit("loopwright.toml", 'key = "id"', 'key = "idd"')
    assert "[data] key in loopwright.toml names the column 'idd'" in place.refuses()


def test_a_file_that_is_not_there_is_named_with_what_is(place):
    place.edit("loopwright.toml", "trips.csv", "trip.csv")
    message = place.refuses()
    assert "there is no such file" in message
    assert "Nearest: trips.csv" in message


def test_a_folder_is_no_source(place):
    place.edit("loopwright.toml", "trips.csv", ".")
    assert "is a folder" in place.refuses()
