from loopwright.faces.web.pages import quality


def test_each_metric_says_where_it_stands(live_library):
    page = quality(live_library)
    assert [view.series.metric for view in page.metrics] == ["roc_auc", "recall"]
    first = page.metrics[0]
    assert first.known.start[:10] == "2015-08-02"
    assert first.newest.start[:10] == "2015-08-09"
    assert first.estimates.windows == 32


def test_late_outcomes_are_shown_as_pending(live_library, ask):
    text = ask(live_library, "/quality").text
    assert "outcomes of these windows are pending" in text
    assert "How well the estimates did" in text
    assert "% pending" in text


def test_a_bad_estimate_is_a_reason_to_look(live_library, ask):
    assert "by estimate" in ask(live_library, "/quality").text
