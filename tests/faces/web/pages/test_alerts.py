def alert(library, quantity):
    return next(one for one in library.all("alert") if one.quantity == quantity)


def test_incidents_stand_with_cause_and_standing(live_library, ask):
    text = ask(live_library, "/alerts").text
    assert "Unit change suspected" in text
    assert text.index("fare is about 100 times") < text.index("roc_auc fell") < text.index("No traffic for a day")
    assert "drift:prediction</strong> is silenced until 1 Jun 2026" in text
    assert "by grace" in text


def test_only_those_that_stand_so_are_shown_if_asked_for(live_library, ask):
    text = ask(live_library, "/alerts?standing=over").text
    assert "No traffic for a day" in text
    assert "roc_auc fell" not in text
    assert "No alert stands like this." in ask(live_library, "/alerts?standing=strange").text


def test_an_alert_shows_what_it_rests_on(live_library, ask):
    text = ask(live_library, f"/alerts/{alert(live_library, 'drift:fare').digest}").text
    assert "Drift of fare in 39 windows, 10 of them with an alarm." in text
    assert 'href="/predictions/trip%2F1%3F"' in text
    assert "drift:prediction has left its range" in text
    assert "first bad window" in text.lower()


def test_an_alert_names_what_was_made_because_of_it(live_library, ask):
    text = ask(live_library, f"/alerts/{alert(live_library, 'quality:roc_auc').digest}").text
    assert "retraining.decision" in text
    assert "a new model is on its way" in text
    assert "roc_auc in 39 windows" in text


def test_with_windows_and_without_alerts_all_is_well(lively, ask):
    lively.records = {digest: one for digest, one in lively.records.items() if one.ref.kind != "alert"}
    assert "Nothing that is watched has left its range." in ask(lively, "/alerts").text
