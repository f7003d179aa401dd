import json

from loopwright.faces.web.pages import as_json, deployment


def test_the_shares_add_up_to_everybody(live_library):
    page = deployment(live_library)
    assert [name for name, _, _ in page.shares] == ["champion", "challenger", "held back"]
    assert round(sum(share for _, share, _ in page.shares), 9) == 1


def test_approval_is_asked_for_at_the_top(live_library, ask):
    text = ask(live_library, "/deployment").text
    assert text.index("Approval is asked for") < text.index("What the canary has shown") < text.index("History")
    assert "must reach 20" in text


def test_the_history_is_told_newest_first_with_who_and_why(live_library, ask):
    history = ask(live_library, "/deployment").text.partition("<h2>History</h2>")[2]
    places = [history.index(word) for word in ("approval asked for", "advanced", "canary begun", "deployed")]
    assert places == sorted(places)
    assert history.count(">ada<") == 4


def test_a_path_without_a_limit_or_with_infinite_evidence_is_drawn(lively, ask):
    verdict = next(one for one in lively.all("evidence") if one.check == "canary.verdict")
    shown = json.loads(lively.artifacts[verdict.exhibit.sha256])
    for change in ({"limit": None}, {"path": [["2015-07-01T00:00:00", None], ["2015-07-02T00:00:00", 0.0]]},
                   {"path": [[100, 1.0], [200, 3.0]]}, {"path": []}):
        content = json.dumps({**shown, **change}).encode()
        lively.artifacts = {**lively.artifacts, verdict.exhibit.sha256: content}
        assert ask(lively, "/deployment").status == 200


def test_json_tells_the_same(live_library):
    page = json.loads(as_json(deployment(live_library)))
    assert page["release"]["deployment"]["record"]["awaiting"] is True
    assert page["release"]["verdict"]["exhibit"]["limit"] == 20.0
