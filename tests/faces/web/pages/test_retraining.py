from loopwright.faces.web.pages import retraining


def test_decisions_are_told_newest_first(live_library):
    page = retraining(live_library)
    assert [(row.retrain, row.evidence.record.claim) for row in page.decisions] == [
        (False, "A challenger is on trial."),
        (True, "Quality fell below its limit."),
        (False, "Nothing speaks for it."),
    ]


def test_a_training_is_followed_from_alert_to_gate(live_library):
    (training,) = retraining(live_library).trainings
    assert [one.record.title for one in training.alerts] == ["roc_auc fell"]
    assert training.decision.record.claim == "Quality fell below its limit."
    assert [one.record.number for one in training.models] == [3]
    assert training.gates[0].passed


def test_its_deployments_are_named_once_it_is_tried(lively):
    from dataclasses import replace

    now = lively.newest("deployment")
    model = lively.all("model")[2]
    lively.add(replace(now, made_from=(now.ref,), challenger=model.ref, event="canary", awaiting=False))
    (training,) = retraining(lively).trainings
    assert [one.record.event for one in training.deployments] == ["canary"]


def test_a_decision_whose_exhibit_is_lost_keeps_its_sentence(lively, ask):
    lively.artifacts = {
        one.exhibit.sha256: b"{" for one in lively.all("evidence") if one.check == "retraining.decision"
    }
    lively.records = {digest: one for digest, one in lively.records.items() if one.ref.kind != "alert"}
    page = ask(lively, "/retraining")
    assert page.status == 200
    assert "Quality fell below its limit." in page.text
