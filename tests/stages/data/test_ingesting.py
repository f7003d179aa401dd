"""Between the source and the store, columns are demanded and dropped, and rows get their number."""

from __future__ import annotations

import polars as pl
import pytest

from loopwright.errors import UnknownColumn
from loopwright.settings import DataSettings, PrivacySettings
from loopwright.stages.data.ingesting import redact, require_columns, with_rows

FRAME = pl.DataFrame({"id": ["a", "b"], "fare": [1.0, 2.0], "name": ["x", "y"]})


def test_a_frame_with_every_named_column_is_returned_as_it_is():
    data = DataSettings(source="-", label="-", key="id", time="fare", privacy=PrivacySettings(redact=("name",)))
    assert require_columns(FRAME, data) is FRAME


@pytest.mark.parametrize("meaning", ["key", "time", "group"])
def test_a_named_column_that_is_not_there_is_told_with_where_it_was_named(meaning):
    data = DataSettings(source="-", label="-", **{meaning: "fair"})
    with pytest.raises(UnknownColumn, match=rf"\[data\] {meaning} in loopwright\.toml names .*did you mean 'fare'"):
        require_columns(FRAME, data)


def test_a_column_to_redact_that_is_not_there_is_an_error_since_it_may_be_there_under_another_name():
    data = DataSettings(source="-", label="-", privacy=PrivacySettings(redact=("names",)))
    with pytest.raises(UnknownColumn, match=r"\[data\.privacy\] redact .*did you mean 'name'"):
        require_columns(FRAME, data)


def test_redacted_columns_are_gone():
    assert redact(FRAME, ("name", "id")).columns == ["fare"]
    assert redact(FRAME, ()).equals(FRAME)


def test_rows_are_numbered_from_zero_in_front():
    numbered = with_rows(FRAME, "__row")
    assert numbered.columns == ["__row", "id", "fare", "name"]
    assert numbered["__row"].to_list() == [0, 1]
    assert numbered["__row"].dtype == pl.Int64
    assert with_rows(FRAME.clear(), "__row").height == 0
