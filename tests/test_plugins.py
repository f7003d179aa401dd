from __future__ import annotations

import pytest

from loopwright import plugins
from loopwright.errors import PluginError
from loopwright.store.postgres import PostgresLedger


def test_the_parts_that_come_along_are_found_through_the_same_door():
    assert plugins.names("loopwright.ledgers") == ("postgres", "postgresql")
    assert plugins.find("loopwright.ledgers", "postgresql") is PostgresLedger


def test_an_unknown_plug_in_is_told_with_the_nearest_name():
    with pytest.raises(PluginError, match=r"no plug-in 'postgresq' .*did you mean 'postgresql'"):
        plugins.find("loopwright.ledgers", "postgresq")
