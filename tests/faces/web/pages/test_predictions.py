def test_an_id_leads_to_its_passport(live_library, ask):
    reply = ask(live_library, "/predictions?id=trip%2F1%3F")
    assert (reply.status, reply.headers["location"]) == (303, "/predictions/trip%2F1%3F")
    text = ask(live_library, reply.headers["location"]).text
    for said in ("taxi-tips v1", "deployment 4", "with probability 75 %", "Shapley values", "+0.41", "1,234.5",
                 "fare: above 250", "15,002 rows", "the gate said yes", "fare is about 100 times as large",
                 "from billing", "missing"):
        assert said in text or said.replace(",", "") in text, said


def test_an_unknown_id_is_said(live_library, ask):
    page = ask(live_library, "/predictions/nothing")
    assert page.status == 404
    assert "the log has no prediction" in page.text


def test_a_passport_of_little_is_a_page_too(lively, ask):
    lively.passports = {"a": {"id": "a"}, "b": {"id": "b", "scores": [12.5], "held_back": True}}
    assert "outcome pending" in ask(lively, "/predictions/a").text
    assert "Held back." in ask(lively, "/predictions/b").text


def test_an_empty_search_asks_again(live_library, ask):
    assert ask(live_library, "/predictions?id=+").status == 200
    assert "48,000" in ask(live_library, "/predictions").text


def test_an_id_cannot_lead_elsewhere(live_library, ask):
    assert ask(live_library, "/predictions?id=//elsewhere.example").headers["location"] == (
        "/predictions/%2F%2Felsewhere.example"
    )
