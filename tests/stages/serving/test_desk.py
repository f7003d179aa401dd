from __future__ import annotations

import asyncio
import math
import threading

import numpy as np
import pytest

from loopwright.errors import StoreFull
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.door import Facts
from loopwright.stages.serving.routing import entity_hash

TRIP = {"id": "t1", "start": "2015-07-06T08:00:00", "taxi": 17, "fare": 60, "miles": 2.5, "payment": "card"}


def trip(**changes: object) -> dict[str, object]:
    return {**TRIP, **changes}


def test_a_row_is_answered_and_kept(office):
    answer = office.predict({"row": TRIP})
    assert answer.status_code == 200
    assert answer.json() == {
        "predictions": [{"id": "t1", "prediction": "yes", "model": "v3", "flags": [], "probability": 0.6}],
        "deployment": 7,
    }
    (event,) = office.log.events
    assert (event.id, event.scores, event.prediction) == ("t1", (0.6,), "yes")
    assert (event.arm, event.propensity) == ("champion", 1)
    assert event.consumer == "dispatch"
    assert event.at == 1436169600_000_000
    assert event.received == 1772366400_000_000
    assert event.row == {**TRIP, "fare": 60.0}
    assert event.entity == entity_hash("17", salt="salt")
    assert event.latency_ms > 0


def test_a_row_without_id_key_group_and_time_gets_an_id_and_the_time_it_came(office):
    answer = office.predict({"row": {"fare": 60}}).json()
    (event,) = office.log.events
    assert answer["predictions"][0]["id"] == event.id
    assert len(event.id) == 36
    assert event.at == event.received
    assert event.entity == entity_hash(event.id, salt="salt")


def test_ids_that_are_given_come_before_the_key(office):
    answer = office.predict({"rows": [TRIP, trip(id="t2")], "ids": ["mine", None]}).json()
    assert [item["id"] for item in answer["predictions"]] == ["mine", "t2"]


def test_answers_come_in_the_order_of_the_rows_in_every_shape(office):
    rows = [{"fare": fare} for fare in (10, 70, 30)]
    for body in ({"rows": rows}, rows, {"columns": {"fare": [10, 70, 30]}}):
        answer = office.predict(body).json()
        assert [item["probability"] for item in answer["predictions"]] == [0.1, 0.7, 0.3]


def test_no_rows_have_no_predictions(office):
    assert office.predict({"rows": []}).json() == {"predictions": [], "deployment": 7}


def test_the_same_id_with_the_same_row_gets_the_same_answer_and_is_logged_once(office, challenger, make_deployment):
    first = office.predict({"row": TRIP}).json()["predictions"][0]
    office.serve(make_deployment(), challenger)
    again = office.predict({"row": trip(fare=60.0)}).json()["predictions"][0]
    assert again == {**first, "repeated": True}
    assert len(office.log.events) == 1
    assert office.count('loopwright_rows_total{result="repeated"}') == 1


def test_the_same_id_with_another_row_is_a_conflict(office):
    office.predict({"row": TRIP})
    answer = office.predict({"row": trip(fare=61)})
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["id"] == "t1"
    assert "answered about another row" in answer.json()["problems"][0]["problem"]
    assert [event.status for event in office.log.refused()] == [409]
    assert office.predict({"row": TRIP}).json()["predictions"][0]["repeated"]


def test_an_id_twice_in_one_request_is_refused(office):
    answer = office.predict({"rows": [TRIP, TRIP]})
    assert answer.status_code == 422
    assert "given twice" in answer.json()["problems"][0]["problem"]


def test_requests_at_once_with_the_same_ids_are_logged_once(office):
    async def both():
        async with office.caller() as caller:
            headers = {"x-api-key": office.key}
            rows = [trip(id=str(number)) for number in range(5)]
            sent = [caller.post("/predict", json={"rows": some}, headers=headers) for some in (rows, rows[::-1])]
            return await asyncio.gather(*sent)

    answers = asyncio.run(both())
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(office.log.answered()) == 5
    assert sorted("repeated" in answer.json()["predictions"][0] for answer in answers) == [False, True]


def test_ids_that_the_log_holds_are_known_after_a_restart(office, strict_office):
    office.predict({"row": TRIP})
    served = office.routes.champion
    strict_office.desk.known.prime(office.log.events, models={served.digest: served.model})
    again = strict_office.predict({"row": TRIP}).json()["predictions"][0]
    assert again == {"id": "t1", "prediction": "yes", "model": "v3", "flags": [], "probability": 0.6, "repeated": True}
    assert strict_office.log.events == []


# -- rows that do not fit ----------------------------------------------------------------------------------


def test_one_bad_row_refuses_the_request_and_every_mistake_is_named(office):
    answer = office.predict({"rows": [trip(), trip(id="t2", fare="60", miles=True, colour="red")]})
    assert answer.status_code == 422
    assert {(item["row"], item["field"]) for item in answer.json()["problems"]} == {
        (1, "fare"), (1, "miles"), (1, "colour"),
    }
    assert "1 of 2 rows do not fit; none was answered" in answer.json()["error"]
    (event,) = office.log.events
    assert (event.status, event.id) == (422, "t2")
    assert ("fare", "wrong type: found the text '60'; allowed is a number from 0 up to 250") in event.problems
    assert "colour" not in event.row


def test_good_rows_are_answered_where_the_caller_is_content_with_a_part(office):
    answer = office.predict({"rows": [trip(), trip(id="t2", fare=None)], "partial": True})
    assert answer.status_code == 200
    assert [item["id"] for item in answer.json()["predictions"]] == ["t1"]
    assert answer.json()["problems"] == [{
        "row": 1, "id": "t2", "field": "fare", "problem": "missing: found null; allowed is a number from 0 up to 250",
    }]
    assert (len(office.log.answered()), len(office.log.refused())) == (1, 1)


def test_a_part_of_nothing_is_refused(office):
    assert office.predict({"rows": [{"miles": 1}], "partial": True}).status_code == 422


def test_what_is_out_of_the_schema_is_flagged_or_refused(office, strict_office):
    odd = trip(fare=312, payment="Kredit")
    flags = ["fare: above 250", "payment: new value 'Kredit'"]
    assert office.predict({"row": odd}).json()["predictions"][0]["flags"] == flags
    assert list(office.log.events[0].flags) == flags
    refused = strict_office.predict({"row": odd})
    assert refused.status_code == 422
    assert [item["field"] for item in refused.json()["problems"]] == ["fare", "payment"]


def test_not_a_number_is_named_with_its_field(office):
    answer = office.ask("POST", "/predict", content=b'{"row": {"fare": NaN, "miles": -Infinity}}',
                        headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert [item["problem"].partition(";")[0] for item in answer.json()["problems"]] == [
        "not finite: found NaN", "not finite: found -Infinity",
    ]


def test_redacted_columns_are_never_kept(office):
    office.predict({"row": trip(driver="Jane Roe")})
    office.predict({"row": trip(id="t2", driver="Jane Roe", fare="x")})
    assert "Jane" not in repr(office.log.events)


def test_what_cannot_be_read_is_logged_without_its_content(office):
    answer = office.ask("POST", "/predict", content=b"{'fare'", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    (event,) = office.log.events
    assert (event.status, event.row) == (400, {})


# -- models ------------------------------------------------------------------------------------------------


def test_in_shadow_the_challenger_is_asked_and_not_heard(office, champion, challenger, make_deployment):
    office.serve(make_deployment("shadow"), champion, challenger)
    answer = office.predict({"row": TRIP}).json()["predictions"][0]
    assert (answer["model"], answer["probability"]) == ("v3", 0.6)
    (event,) = office.log.events
    assert (event.other_model, event.other_scores) == (challenger.model.digest, (0.4,))


def test_in_a_canary_each_entity_hears_its_model_and_both_are_asked(office, champion, challenger, make_deployment):
    office.serve(make_deployment("canary"), champion, challenger)
    rows = [trip(id=str(number), taxi=number) for number in range(40)]
    answer = office.predict({"rows": rows}).json()
    events = {event.id: event for event in office.log.answered()}
    assert {event.arm for event in events.values()} == {"champion", "challenger"}
    for item in answer["predictions"]:
        event = events[item["id"]]
        is_new = event.arm == "challenger"
        assert (item["model"], item["probability"]) == (("v4", 0.4) if is_new else ("v3", 0.6))
        assert event.model == (challenger if is_new else champion).model.digest
        assert event.other_scores == ((0.6,) if is_new else (0.4,))
        assert event.propensity == 0.5


def test_an_unheard_model_that_fails_hurts_nobody(office, champion, make_model, make_rule, make_deployment):
    def fail(frame):
        raise RuntimeError("no")

    broken = Served(model=make_model(number=4), predictor=make_rule(fail))
    office.serve(make_deployment("shadow"), champion, broken)
    assert office.predict({"row": TRIP}).status_code == 200
    assert office.log.events[0].other_model == broken.model.digest
    assert office.log.events[0].other_scores == ()
    assert office.count("loopwright_unheard_failures_total") == 1


def test_an_unheard_model_that_hangs_is_not_waited_for(office, champion, make_model, make_rule, make_deployment):
    going = threading.Event()

    def hang(frame):
        going.wait(20)
        return np.zeros(frame.height)

    office.serve(make_deployment("shadow"), champion, Served(model=make_model(number=4), predictor=make_rule(hang)))
    assert office.predict({"row": TRIP}).status_code == 200
    assert office.log.events[0].other_scores == ()
    going.set()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_score_that_is_not_finite_never_leaves_the_server(office, bad, make_model, make_rule, make_deployment):
    model = Served(model=make_model(), predictor=make_rule(lambda frame: np.where(frame["fare"] > 50, bad, 0.25)))
    office.serve(make_deployment(), model)
    answer = office.predict({"rows": [trip(), trip(id="t2", fare=5)]})
    assert answer.status_code == 500
    assert "NaN" not in answer.text
    assert answer.json()["problems"][0]["id"] == "t1"
    assert "Quote the ids" in answer.json()["error"]
    (event,) = office.log.events
    assert (event.status, event.id) == (500, "t1")
    answer = office.predict({"rows": [trip(), trip(id="t2", fare=5)], "partial": True})
    assert [item["id"] for item in answer.json()["predictions"]] == ["t2"]


def test_a_model_that_fails_on_one_row_answers_the_others(office, make_model, make_rule, make_deployment):
    def choke(frame):
        if (frame["fare"] == 13).any():
            raise ValueError("thirteen")
        return frame["fare"].to_numpy() / 100

    office.serve(make_deployment(), Served(model=make_model(), predictor=make_rule(choke)))
    rows = [{"fare": fare} for fare in range(20)]
    answer = office.predict({"rows": rows, "partial": True})
    assert len(answer.json()["predictions"]) == 19
    assert [item["row"] for item in answer.json()["problems"]] == [13]
    assert "thirteen" in office.log.refused()[0].problems[0][1]


def test_a_challenger_that_fails_those_who_hear_it_is_a_failure(
    office, champion, make_model, make_rule, make_deployment
):
    def fail(frame):
        raise RuntimeError("no")

    broken = Served(model=make_model(number=4), predictor=make_rule(fail))
    office.serve(make_deployment("canary", share=1.0), champion, broken)
    assert office.predict({"row": TRIP}).status_code == 500
    assert [event.status for event in office.log.refused()] == [500]


def test_after_a_failure_the_id_may_be_asked_again(office, champion, make_model, make_rule, make_deployment):
    office.serve(make_deployment(), Served(model=make_model(), predictor=make_rule(lambda frame: np.full(1, np.nan))))
    assert office.predict({"row": TRIP}).status_code == 500
    office.serve(make_deployment(), champion)
    answer = office.predict({"row": TRIP})
    assert answer.status_code == 200
    assert "repeated" not in answer.json()["predictions"][0]


def test_a_model_that_takes_too_long_is_a_504(strict_office, make_model, make_rule, make_deployment):
    going = threading.Event()

    def hang(frame):
        going.wait(20)
        return np.zeros(frame.height)

    strict_office.serve(make_deployment(), Served(model=make_model(), predictor=make_rule(hang)))
    answer = strict_office.predict({"row": TRIP})
    going.set()
    assert answer.status_code == 504
    assert [event.status for event in strict_office.log.refused()] == [504]


def test_held_back_rows_get_no_score_and_are_marked(office, champion, make_deployment):
    office.serve(make_deployment(held_back=1.0), champion)
    answer = office.predict({"row": TRIP}).json()["predictions"][0]
    assert answer == {"id": "t1", "prediction": None, "model": "v3", "flags": [], "held_back": True}
    (event,) = office.log.events
    assert (event.held_back, event.scores) == (True, (0.6,))
    assert office.predict({"row": TRIP}).json()["predictions"][0] == {**answer, "repeated": True}
    assert office.count('loopwright_rows_total{result="held back"}') == 1


def test_several_classes_have_their_probabilities_and_numbers_their_value(
    office, make_model, make_rule, make_deployment
):
    several = make_model(task="multiclass", classes=("a", "b", "c"))
    office.serve(make_deployment(), Served(model=several, predictor=make_rule(lambda _: np.array([[0.2, 0.5, 0.3]]))))
    answer = office.predict({"row": {"fare": 1}}).json()["predictions"][0]
    assert answer["prediction"] == "b"
    assert answer["probabilities"] == {"a": 0.2, "b": 0.5, "c": 0.3}
    number = make_model(task="regression", classes=())
    office.serve(make_deployment(), Served(model=number, predictor=make_rule(lambda _: np.array([12.5]))))
    answer = office.predict({"row": {"fare": 1}}).json()["predictions"][0]
    assert (answer["prediction"], answer["value"]) == (12.5, 12.5)
    assert office.log.answered()[-1].prediction is None


def test_a_predictor_with_the_wrong_shape_is_a_failure(office, make_model, make_rule, make_deployment):
    office.serve(make_deployment(), Served(model=make_model(), predictor=make_rule(lambda _: np.zeros((1, 2)))))
    assert office.predict({"row": TRIP}).status_code == 500
    assert "shape (1, 2)" in office.log.refused()[0].problems[0][1]


# -- the log -----------------------------------------------------------------------------------------------


def test_an_answer_that_cannot_be_logged_is_not_given(office):
    office.log.error = StoreFull("the disk is full")
    answer = office.predict({"row": TRIP})
    assert answer.status_code == 507
    assert "predictions" not in answer.json()
    assert office.count("loopwright_log_failures_total") == 1
    office.log.error = None
    answer = office.predict({"row": TRIP})
    assert answer.status_code == 200
    assert "repeated" not in answer.json()["predictions"][0]


def test_a_slow_log_is_told_and_the_answer_is_there_once_it_has_caught_up(strict_office):
    office = strict_office
    office.log.waiting = []

    async def talk():
        async with office.caller() as caller:
            headers = {"x-api-key": office.key}
            first = await caller.post("/predict", json={"row": TRIP}, headers=headers)
            office.log.catch_up()
            await office.desk.settled()
            return first, await caller.post("/predict", json={"row": TRIP}, headers=headers)

    first, second = asyncio.run(talk())
    assert first.status_code == 503
    assert first.headers["retry-after"] == "1"
    assert second.json()["predictions"][0]["repeated"]
    assert len(office.log.events) == 1


def test_received_never_goes_back_though_the_clock_does(office):
    ticks = iter(range(10**6, 0, -1000))
    office.desk.clock._nanoseconds = lambda: next(ticks) * 10**12
    for number in range(5):
        office.predict({"row": trip(id=str(number))})
    received = [event.received for event in office.log.events]
    assert received == sorted(received)


# -- outcomes ----------------------------------------------------------------------------------------------


def test_outcomes_are_kept_once_and_unknown_ids_are_said(office):
    office.predict({"row": TRIP})
    told = {"outcomes": [
        {"id": "t1", "label": "yes"}, {"id": "t1", "label": "yes"},
        {"id": "elsewhere", "values": {"tip": 3}, "at": "2015-07-09T00:00:00Z"},
    ]}
    answer = office.tell(told)
    assert [item["status"] for item in answer.json()["outcomes"]] == [
        "kept", "duplicate", "unknown id (kept: it is joined when the prediction is there)",
    ]
    first, second = office.log.outcomes()
    assert (first.values, first.at, first.source) == ({"tipped": "yes"}, first.received, "dispatch")
    assert (second.values, second.at) == ({"tip": 3.0}, 1436400000_000_000)


def test_an_outcome_that_changes_is_kept(office):
    for label, at in (("yes", None), ("no", None), ("no", "2030-01-01"), ("no", "2030-01-01")):
        office.tell({"id": "t1", "label": label, **({"at": at} if at else {})})
    assert [event.values["tipped"] for event in office.log.outcomes()] == ["yes", "no", "no"]


def test_outcomes_that_do_not_fit_are_named_and_none_is_kept(office):
    answer = office.tell([
        {"id": "a", "label": "maybe"}, {"id": "b", "values": {"tip": "much", "typ": 1}}, {"id": "c", "label": "no"},
    ])
    assert answer.status_code == 422
    assert [(item["row"], item["id"], item["field"]) for item in answer.json()["problems"]] == [
        (0, "a", "tipped"), (1, "b", "tip"), (1, "b", "typ"),
    ]
    assert office.log.events == []


def test_outcomes_that_cannot_be_logged_may_be_told_again(office):
    office.log.error = OSError(28, "No space left on device")
    assert office.tell({"id": "t1", "label": "yes"}).status_code == 507
    office.log.error = None
    answer = office.tell({"id": "t1", "label": "yes"})
    assert answer.json()["outcomes"][0]["status"].startswith("unknown id")


def test_a_number_as_an_outcome_must_be_finite(office, make_model, make_rule, make_deployment):
    model = Served(model=make_model(task="regression", classes=()), predictor=make_rule(lambda _: np.ones(1)))
    office.serve(make_deployment(), model, facts=Facts(label="miles"))
    assert office.tell({"id": "a", "label": 12.5}).status_code == 200
    sent = office.ask("POST", "/outcomes", content=b'{"id": "a", "label": NaN}',
                      headers={"content-type": "application/json"})
    assert sent.status_code == 422


