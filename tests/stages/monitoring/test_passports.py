"""Everything behind one prediction, as plain data."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import polars as pl
import pytest

from loopwright.records import Alert, Deployment, Ref
from loopwright.stages import registry
from loopwright.stages.monitoring.passports import (
    Passport,
    Prediction,
    contributions,
    features_seen,
    let_in,
    named,
    values_of,
)

SOURCE = ["miles", "fare", "payment"]


def state(champion, challenger=None, **changes):
    said = {
        "name": "fares", "stage": "canary" if challenger else "single", "champion": champion, "challenger": challenger,
        "share": 0.2 if challenger else 0.0, "held_back": 0.0, "salt": "s", "step": 0, "awaiting": False,
        "event": "canary" if challenger else "deploy", "by": "ann", "why": "it passed", "at": "2026-03-01T00:00:00Z",
    }
    return Deployment(**{**said, **changes})


@pytest.fixture
def applied(worked):
    return registry.applied(worked.project, worked.line.model)


def logged(row, **changes):
    said = {
        "__id": "a", "__at": datetime(2026, 3, 2, 12), "__received": datetime(2026, 3, 2, 12), "__consumer": "app",
        "__arm": "champion", "__propensity": 1.0, "__held_back": False, "__scores": [0.7], "__prediction": "1",
        "__latency_ms": 1.5, "__flags": ["miles: above 9"], "__label_at": datetime(2026, 3, 5), "__other_scores": [0.4],
    }
    return Prediction(frame=pl.concat([row, pl.DataFrame({key: [value] for key, value in {**said, **changes}.items()})],
                                      how="horizontal"))


def test_features_are_those_that_the_model_saw(worked, applied):
    row = worked.rows.select(SOURCE)[3]
    computed, seen = features_seen(applied, row)
    assert list(seen) == list(worked.line.model.features)
    assert seen["fare_per_mile"] == pytest.approx(row["fare"][0] / (row["miles"][0] + 1))
    assert computed.height == 1


def test_the_explanation_names_every_feature_the_largest_first(worked, applied):
    row = worked.rows.select(SOURCE)[3]
    computed, seen = features_seen(applied, row)
    found = contributions(applied, computed, worked.rows.select(SOURCE)[:200])
    sizes = [abs(by) for _, _, by in found]
    assert sizes == sorted(sizes, reverse=True)
    assert {name: value for name, value, _ in found} == seen


def test_payment_decides_where_payment_is_what_matters(worked, applied):
    row = worked.rows.filter(pl.col("payment") == "card").select(SOURCE)[0]
    computed, _ = features_seen(applied, row)
    found = contributions(applied, computed, worked.rows.select(SOURCE)[:200])
    assert found[0][0] == "payment"
    assert found[0][2] > 0, "who pays by card tips more often"


def test_plain_values_can_be_written_as_json():
    day = date(2026, 3, 1)
    row = pl.DataFrame({"a": [1], "b": [float("nan")], "c": [datetime(2026, 3, 1)], "d": [day], "e": [None]})
    assert values_of(row) == {"a": 1, "b": None, "c": "2026-03-01T00:00:00", "d": "2026-03-01", "e": None}


def test_a_passport_is_plain_data(worked, applied):
    model = worked.line.model
    row = worked.rows.select(SOURCE)[3]
    computed, seen = features_seen(applied, row)
    release = state(model.ref)
    alert = Alert(
        deployment=release.ref, quantity="drift:fare", severity="warning", title="fare moved", explanation="",
        advice="", cause="unknown", group="g", first_bad="2026-03-02", last_bad="2026-03-03",
    )
    found = Passport(
        prediction=logged(row), deployment=release, model=model, other=None, features=seen, let_in=release,
        explanation=contributions(applied, computed, worked.rows.select(SOURCE)[:50]),
        lineage=(named(worked.line.dataset, "fares v1", "600 rows", ""),), approved=worked.line.gate, alerts=(alert,),
    ).data("1")
    told = msgspec.json.decode(msgspec.json.encode(found))
    assert told["id"] == "a"
    assert told["row"] == values_of(row)
    assert told["model"]["name"] == f"{model.name} v{model.number}"
    assert told["flags"] == ["miles: above 9"]
    assert told["outcome"] == {"value": "1", "at": "2026-03-05T00:00:00", "source": ""}
    assert told["approval"]["by"] == "ann"
    assert told["alerts"][0]["title"] == "fare moved"
    assert [each["kind"] for each in told["lineage"]] == ["dataset_version"]
    assert "other_model" not in told


def test_what_is_not_known_yet_is_none_and_the_other_model_is_told(worked):
    model = worked.line.model
    found = Passport(
        prediction=logged(worked.rows.select(SOURCE)[0], __label_at=None), deployment=state(model.ref), model=model,
        other=model, features={}, explanation=[], let_in=state(model.ref),
    ).data(None)
    assert found["outcome"] is None
    assert found["other_scores"] == [0.4]


def test_who_let_a_model_in_is_who_made_it_champion_or_else_who_began_its_trial(worked):
    first, second = worked.line.model.ref, Ref(kind="model", digest="b" * 64)
    states = [state(first), state(first, second, by="rule"), state(second, by="eve", event="promote")]
    assert let_in(states, worked.line.model).by == "ann"
    other = next(each for each in [second])
    fake = type("Model", (), {"digest": other.digest})()
    assert let_in(states, fake).by == "eve"
    assert let_in(states[:2], fake).by == "rule"
