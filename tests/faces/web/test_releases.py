from dataclasses import replace

from loopwright.faces.web.releases import offers, release


def changed(library, **more):
    now = library.newest("deployment")
    library.add(replace(now, made_from=(now.ref,), **more))
    return release(library)


def test_before_the_first_deployment_nothing_serves_and_nothing_can_be_done(library):
    assert release(library) is None
    assert all(offers(None).values())


def test_the_newest_deployment_serves(live_library):
    found = release(live_library)
    assert (found.deployment.record.event, found.deployment.record.awaiting) == ("ask", True)
    assert (found.champion.number, found.challenger.number) == (1, 2)
    assert round(found.share, 6) == 0.73
    assert [one.record.event for one in found.history] == ["ask", "advance", "canary", "deploy"]


def test_the_verdict_is_read_with_its_path_and_guards(live_library):
    verdict = release(live_library).verdict
    assert verdict.exhibit.limit == 20
    assert len(verdict.exhibit.path) == 25
    assert [guard.passed for guard in verdict.exhibit.guards] == [True, None, False]
    assert verdict.exhibit.guards[0].says == "no request failed"


def test_a_verdict_about_an_earlier_challenger_is_not_shown_for_a_new_one(lively):
    other = lively.all("model")[2].ref
    assert changed(lively, challenger=other, event="canary").verdict is None


def test_after_the_trial_its_last_verdict_stays(lively):
    found = changed(lively, challenger=None, stage="single", share=0.0, event="promote", awaiting=False)
    assert found.verdict is not None


def test_an_exhibit_that_cannot_be_read_leaves_the_sentence(lively):
    verdict = release(lively).verdict.evidence.record
    for content in (b"", b"[]", b'{"guards": 3}', b"\xff"):
        lively.artifacts = {**lively.artifacts, verdict.exhibit.sha256: content}
        found = release(lively).verdict
        assert found.exhibit is None
        assert "promote" in found.evidence.record.claim
    del lively.artifacts[verdict.exhibit.sha256]
    assert release(lively).verdict.exhibit is None


def test_what_can_be_done_depends_on_what_serves(lively):
    assert not any(offers(release(lively)).values())
    calm = offers(changed(lively, awaiting=False, event="advance"))
    assert {verb for verb, why in calm.items() if why} == {"approve"}
    alone = offers(changed(lively, challenger=None, stage="single", share=0.0, event="reject"))
    assert {verb for verb, why in alone.items() if not why} == set()
    second = lively.all("model")[1].ref
    after = offers(changed(lively, champion=second, event="promote"))
    assert {verb for verb, why in after.items() if not why} == {"roll-back"}


def test_a_model_that_is_not_known_here_is_none(lively):
    from loopwright.records import Ref

    found = changed(lively, champion=Ref(kind="model", digest="f" * 64))
    assert found.champion is None
