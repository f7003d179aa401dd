import pytest

from loopwright.errors import UnknownRecord
from loopwright.faces.web.pages import monitoring, window


def windows(library):
    return [one for one in library.all("evidence") if one.check == "watch.window"]


def test_the_columns_that_moved_are_drawn_first(live_library):
    page = monitoring(live_library)
    assert {one.column for one in page.chosen[:2]} == {"fare", "prediction"}
    assert len(page.points) == 40
    assert page.calm == 0


def test_one_column_is_drawn_if_it_is_asked_for(live_library, ask):
    assert [one.column for one in monitoring(live_library, column="company").chosen] == ["company"]
    assert "No window has a column nothing" in ask(live_library, "/monitoring?column=nothing").text


def test_every_point_leads_to_its_window(live_library, ask):
    text = ask(live_library, "/monitoring").text
    for one in windows(live_library)[5:20]:
        assert text.count(f'href="/monitoring/{one.digest[:16]}') >= 3  # the heat, a line, and the table
    assert "here.invalid" not in text


def test_a_window_knows_its_neighbours_and_its_newer_reading(live_library):
    all_of = windows(live_library)
    page = window(live_library, all_of[3])
    assert page.newer == all_of[40].digest
    assert (page.before, page.after) == (all_of[2].digest, all_of[4].digest)
    assert window(live_library, all_of[40]).newer is None
    assert window(live_library, all_of[0]).before is None
    assert window(live_library, all_of[39]).after is None


def test_a_window_shows_the_distributions_behind_its_numbers(live_library, ask):
    text = ask(live_library, f"/monitoring/{windows(live_library)[35].digest}").text
    assert text.count('class="versus"') == 5
    assert "Kredit" in text
    assert "Dispute" in text
    assert "95 %" in text
    assert "19 more" in text  # of 30 companies


def test_a_window_names_the_alerts_that_it_began(live_library, ask):
    text = ask(live_library, f"/monitoring/{windows(live_library)[30].digest}").text
    assert "fare is about 100 times as large" in text


def test_evidence_of_another_kind_is_no_window(live_library, ask):
    other = next(one for one in live_library.all("evidence") if one.check == "canary.verdict")
    assert ask(live_library, f"/monitoring/{other.digest}").status == 404
    with pytest.raises(UnknownRecord, match="holds no window"):
        window(live_library, other)


@pytest.mark.parametrize(
    "query", ["windows=0", "windows=99999999", "windows=-1", "windows=x", "windows=²", "column=%22"]
)
def test_strange_queries_are_answered(live_library, ask, query):
    assert ask(live_library, f"/monitoring?{query}").status == 200
