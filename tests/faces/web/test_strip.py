from dataclasses import replace

from loopwright.faces.web.strip import strip
from loopwright.records import Evidence


def facts(library):
    return {fact.address.split("/")[1]: fact for fact in strip(library)}


def without(library, check):
    kept = {
        digest: one for digest, one in library.records.items() if not (isinstance(one, Evidence) and one.check == check)
    }
    return replace(library, records=kept)


def test_there_is_no_strip_before_something_serves(library, empty_library):
    assert strip(library) == strip(empty_library) == ()


def test_the_strip_tells_what_serves_what_is_wrong_what_came_and_how_good_it_is(live_library):
    found = facts(live_library)
    assert (found["deployment"].says, found["deployment"].note) == ("v1", "approval is asked for")
    assert (found["alerts"].says, found["alerts"].tone) == ("1", "bad")
    assert found["monitoring"].note.startswith("3 alarms: schema:fare")
    assert (found["quality"].name, found["quality"].tone) == ("roc_auc", "bad")
    assert "now estimated 0.94" in found["quality"].note


def test_before_the_first_window_it_says_what_to_do(live_library):
    found = facts(without(live_library, "watch.window"))
    assert (found["monitoring"].says, found["monitoring"].note) == ("none yet", "loopwright watch")
    assert found["quality"].says == "not known yet"
