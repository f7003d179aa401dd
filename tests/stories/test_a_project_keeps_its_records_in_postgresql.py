"""A whole run with PostgreSQL as metadata store, by one line of the project file."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

_SPEC = spec_from_file_location("store_fixtures", Path(__file__).parents[1] / "store" / "conftest.py")
_STORES = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_STORES)
postgres_server, postgres_url = _STORES.postgres_server, _STORES.postgres_url


@pytest.fixture
def grown_up(place, postgres_url):
    place.append("loopwright.toml", f'\n[stores]\nmetadata = "{postgres_url}"\n')
    return place


def test_the_result_is_that_of_the_default(grown_up, finished):
    grown_up.run()
    assert grown_up.told() == finished.told()
    grown_up.assert_whole()
    assert not (grown_up.folder / ".loopwright" / "metadata.db").exists()


def test_a_second_run_does_nothing_and_a_change_reruns_what_depends_on_it(grown_up):
    grown_up.run()
    assert grown_up.run().ran == set()
    grown_up.edit("features.py", "miles + 1", "miles + 2")
    again = grown_up.run(code=None)
    assert again.why("build") == "features.py: function `fare_per_mile` changed"
    assert "ingest" not in again.ran


def test_two_processes_at_once(grown_up):
    processes = [grown_up.start("run", "--json") for _ in range(2)]
    for process in processes:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert len(grown_up.give("registry", "history", "--json").json) == 1


def test_every_question_is_answered(grown_up):
    grown_up.run()
    for words in ("status", "gate", "lineage champion", "registry at 2099-01-01", "score", "activity"):
        assert grown_up.give(*words.split(), "--json", code=0).json is not None


def test_the_password_is_not_shown_and_a_server_that_is_away_is_told(place):
    place.append("loopwright.toml", '\n[stores]\nmetadata = "postgresql://kim:s3cr3t@127.0.0.1:1/none"\n')
    message = place.refuses()
    assert "127.0.0.1" in message
    assert "s3cr3t" not in message
