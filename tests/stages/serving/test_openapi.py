from __future__ import annotations

import re

import jsonschema
import numpy as np
import pytest

from loopwright.settings import ServingSettings
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.door import Facts
from loopwright.stages.serving.openapi import document, example_row, page


@pytest.fixture
def described(office):
    return document(office.routes, name="taxi", settings=office.desk.settings)


def checker(described, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    return jsonschema.Draft202012Validator(schema)


def examples(described, path):
    content = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return {name: example["value"] for name, example in content["examples"].items()}


def test_the_examples_fit_the_description_and_are_answered(office, described):
    for body in examples(described, "/predict").values():
        checker(described, "PredictRequest").validate(body)
        assert office.predict(body).status_code == 200
    for body in examples(described, "/outcomes").values():
        checker(described, "Outcomes").validate(body)
        assert office.tell(body).status_code == 200


def test_an_example_row_passes_the_door(office):
    row = example_row(office.routes.door.columns)
    assert office.routes.door.check([row]).problems == [()]
    assert office.routes.door.check([row]).flags == [()]
    assert set(row) == {"id", "start", "taxi", "fare", "miles", "stops", "shared", "payment"}


def test_answers_fit_the_description(office, described):
    answer = office.predict({"rows": [{"fare": 1}, {"fare": "x"}], "partial": True}).json()
    checker(described, "Answer").validate(answer)
    checker(described, "Refusal").validate(office.predict({"row": {}}).json())
    checker(described, "Told").validate(office.tell({"id": "a", "label": "yes"}).json())


@pytest.mark.parametrize(("task", "classes"), [("multiclass", ("a", "b", "c")), ("regression", ())])
def test_other_tasks_are_described(office, make_model, make_rule, make_deployment, task, classes):
    width = len(classes)
    says = make_rule(lambda frame: np.full((frame.height, width) if width else frame.height, 0.25))
    model = make_model(task=task, classes=classes)
    facts = Facts(label="y", is_rule=True, known_after=("tip",))
    office.serve(make_deployment(), Served(model=model, predictor=says), facts=facts)
    described = document(office.routes, name="taxi", settings=office.desk.settings)
    checker(described, "Answer").validate(office.predict({"row": {"fare": 1}}).json())
    for body in examples(described, "/outcomes").values():
        assert office.tell(body).status_code == 200


@pytest.mark.parametrize(("label", "classes", "example"), [
    ("shared", ("false", "true"), True), ("stops", ("0", "1"), 1), ("miles", ("0", "1"), 1.0),
    ("payment", ("a", "b"), "b"),
])
def test_the_example_of_an_outcome_is_of_the_label_s_type(
    office, champion, make_model, make_deployment, label, classes, example
):
    model = make_model(classes=classes, inputs=make_model().inputs[:1])
    office.serve(make_deployment(), Served(model=model, predictor=champion.predictor), facts=Facts(label=label))
    (body,) = examples(document(office.routes, name="taxi", settings=office.desk.settings), "/outcomes").values()
    assert body["outcomes"][0]["label"] == example
    assert type(body["outcomes"][0]["label"]) is type(example)
    assert office.tell(body).status_code == 200


def test_every_reference_leads_somewhere_and_columns_are_described(described):
    schemas = described["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/(\w+)", repr(described))) <= set(schemas)
    assert schemas["Row"]["required"] == ["fare"]
    assert schemas["Row"]["additionalProperties"] is False
    assert schemas["Row"]["properties"]["fare"] == {"type": "number", "description": "a number from 0 up to 250"}
    assert schemas["Row"]["properties"]["miles"]["type"] == ["number", "null"]
    assert "tip" not in schemas["Row"]["properties"]
    assert described["info"]["version"] == "v3"


def test_an_open_server_asks_for_no_key(office):
    settings = ServingSettings()
    described = document(office.routes, name="t", settings=settings, is_open=True)
    assert described["paths"]["/predict"]["post"]["security"] == []
    assert "lw_..." not in page(office.routes, name="t", settings=settings, address="http://x", is_open=True)


def test_the_page_shows_everything_and_runs_nothing(office):
    text = page(office.routes, name="<b>taxi</b>", settings=ServingSettings(), address="http://localhost:8643")
    assert "&lt;b&gt;taxi" in text
    assert "<b>taxi" not in text
    assert "<script" not in text
    assert "curl http://localhost:8643/predict -H &#x27;Authorization: Bearer lw_...&#x27;" in text
    assert "one of &#x27;card&#x27;, &#x27;cash&#x27;" in text
