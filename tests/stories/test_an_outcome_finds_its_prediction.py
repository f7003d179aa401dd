"""An id is answered once, and its outcome is joined however it comes: late, twice, corrected, before its prediction."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def served(fares_ready, tmp_path_factory):
    """One server for all tests of this file; each asks about ids of its own."""
    with fares_ready.copied(tmp_path_factory.mktemp("story") / "served") as found:
        yield found


@pytest.fixture
def row():
    """A row with an id that nobody has asked about."""
    return {"id": f"asked{next(_NUMBERS)}", "miles": 4.0, "fare": 11.5, "payment": "card"}


def outcome(row, tipped, at):
    return {"id": row["id"], "values": {"tipped": tipped}, "at": f"2026-05-{at:02}T12:00:00Z"}


def became(served, row):
    """Return the label of a row and the day on which it was known."""
    rows, _ = served.live()
    (label, at), = rows.filter(rows["__id"] == row["id"]).select("__label", "__label_at").iter_rows()
    return label, at.day if at else None


def statuses(reply):
    return [item["status"].partition(" (")[0] for item in reply.json["outcomes"]]


# -- ids ---------------------------------------------------------------------------------------------------


def test_the_same_row_again_gets_the_same_answer_and_is_logged_once(served, row):
    first = served.predict(row).json["predictions"][0]
    again = served.predict(row).json["predictions"][0]
    assert again == {**first, "repeated": True}
    rows, _ = served.live()
    assert rows["__id"].to_list().count(row["id"]) == 1


def test_the_id_of_another_row_is_refused(served, row):
    served.predict(row)
    refused = served.predict({**row, "miles": 5.0}, code=409)
    assert refused.problems == [("", "other row")]
    assert row["id"] in refused.text


def test_an_id_twice_in_one_request_is_refused(served, row):
    assert served.predict(row, row, code=422).problems == [("", "given twice")]


def test_ids_beside_the_rows_go_before_the_key(served, row):
    assert served.predict(row, ids=[f"{row['id']}-mine"]).json["predictions"][0]["id"] == f"{row['id']}-mine"


def test_many_who_ask_the_same_at_once_get_one_answer(served, row):
    with ThreadPoolExecutor(8) as callers:
        replies = list(callers.map(lambda _: served.predict(row).json["predictions"][0], range(16)))
    assert sum("repeated" not in reply for reply in replies) == 1
    assert len({reply["probability"] for reply in replies}) == 1
    rows, _ = served.live()
    assert rows["__id"].to_list().count(row["id"]) == 1


def test_a_server_that_is_started_again_knows_the_ids_still(served, row):
    first = served.predict(row).json["predictions"][0]
    served.stop()
    served.start()
    assert served.predict(row).json["predictions"][0] == {**first, "repeated": True}


# -- outcomes ----------------------------------------------------------------------------------------------


def test_a_late_outcome_is_joined(served, row):
    served.predict(row)
    assert became(served, row) == (None, None)
    assert statuses(served.tell(outcome(row, 1, at=9))) == ["kept"]
    assert became(served, row) == (1.0, 9)


def test_the_label_alone_is_an_outcome_too(served, row):
    served.predict(row)
    assert served.ask("POST", "/outcomes", {"id": row["id"], "label": 1}).status == 200
    assert became(served, row)[0] == 1.0


def test_an_outcome_twice_changes_nothing(served, row):
    served.predict(row)
    told = outcome(row, 1, at=9)
    assert statuses(served.tell(told)) + statuses(served.tell(told)) == ["kept", "duplicate"]
    assert became(served, row) == (1.0, 9)


def test_a_correction_counts_from_when_it_was_known(served, row):
    served.predict(row)
    served.tell(outcome(row, 1, at=9))
    served.tell(outcome(row, 0, at=11))
    assert became(served, row) == (0.0, 11)


def test_out_of_order_the_newest_counts_whatever_came_last(served, row):
    served.predict(row)
    served.tell(outcome(row, 0, at=11))
    served.tell(outcome(row, 1, at=9))
    assert became(served, row) == (0.0, 11)


def test_an_outcome_before_its_prediction_waits_for_it(served, row):
    early = served.tell(outcome(row, 1, at=9))
    assert statuses(early) == ["unknown id"]
    assert "joined when the prediction is there" in early.text
    served.predict(row)
    assert became(served, row) == (1.0, 9)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"tipped": 7}, ("tipped", "no class")),
        ({"tipped": "yes"}, ("tipped", "wrong type")),
        ({"tiped": 1}, ("tiped", "unknown column")),
        ({}, ("", "missing")),
    ],
)
def test_an_outcome_that_makes_no_sense_is_refused_with_all_beside_it(served, row, values, problem):
    served.predict(row)
    refused = served.tell(outcome(row, 1, at=9), {"id": "other", "values": values}, code=422)
    assert refused.problems == [problem]
    assert became(served, row) == (None, None), "none was kept"


# -- outcomes from a file ----------------------------------------------------------------------------------


def test_a_file_tells_the_same_as_requests(served, row):
    other = {**row, "id": f"{row['id']}b"}
    served.predict(row, other)
    served.tell(outcome(other, 0, at=9))
    served.place.write(
        "known.csv", f"id,tipped,at\n{row['id']},1,2026-05-08T12:00\n{other['id']},0,2026-05-09T12:00\nnobody,1,\n"
    )
    first = served.place.give("outcomes", "known.csv", "--json", code=0).json
    assert first == {"kept": 2, "duplicates": 1, "unknown": 1}
    assert became(served, row) == (1.0, 8)
    assert became(served, other) == (0.0, 9)
    again = served.place.give("outcomes", "known.csv", "--json", code=0).json
    assert again == {"kept": 0, "duplicates": 3, "unknown": 0}


def test_a_file_corrects_what_a_request_told(served, row):
    served.predict(row)
    served.tell(outcome(row, 1, at=9))
    told = {"id": row["id"], "tipped": 0, "at": "2026-05-20T00:00:00Z"}
    served.place.write("corrected.jsonl", json.dumps(told) + "\n")
    served.place.give("outcomes", "corrected.jsonl", code=0)
    assert became(served, row) == (0.0, 20)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,at\na,2026-05-01\n", "tipped"),
        ("name,tipped\na,1\n", "'id'"),
        ("id,tipped\n,1\n", "have no id"),
        ("id,tipped\na,1\nb,often\n", "'often'"),
        ("id,tipped,at\na,1,tomorrow\n", "'tomorrow'"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_whole(served, text, told):
    served.place.write("wrong.csv", text)
    assert told in served.place.refuses("outcomes", "wrong.csv")
    rows, _ = served.live()
    assert "a" not in rows["__id"].to_list()


# -- held back ---------------------------------------------------------------------------------------------


def test_who_is_held_back_is_told_to_do_without_the_model_and_still_has_an_outcome(fares_ready, tmp_path):
    def hold_back(place):
        place.append("loopwright.toml", "\n[release]\nheld_back = 0.3\n")

    with fares_ready.copied(tmp_path / "served", edit=hold_back) as served:
        rows = [{"id": f"h{number}", "miles": 4.0, "fare": 11.5, "payment": "card"} for number in range(200)]
        answers = {each["id"]: each for each in served.predict(*rows).json["predictions"]}
        held = {name for name, each in answers.items() if each.get("held_back")}
        assert 30 < len(held) < 90
        for name, each in answers.items():
            assert ("probability" in each) == (name not in held)
            assert (each["prediction"] is None) == (name in held)
        served.tell(*(outcome(row, 1, at=9) for row in rows))
        live, _ = served.live()
    assert set(live.filter(live["__held_back"])["__id"]) == held
    assert live["__label"].to_list() == [1.0] * 200
