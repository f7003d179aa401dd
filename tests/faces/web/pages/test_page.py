import json
from dataclasses import FrozenInstanceError

import pytest

from loopwright.faces.web.pages import as_json, datasets, home, model


def test_a_page_cannot_be_changed(library):
    with pytest.raises(FrozenInstanceError):
        home(library).title = "other"


def test_records_in_json_carry_their_kind_and_digest(library):
    page = json.loads(as_json(model(library, library.newest("model"))))
    assert page["model"]["record"]["kind"] == "model"
    assert page["evidence"][0]["record"]["digest"] == page["evidence"][0]["ref"]["digest"]


def test_an_empty_project_has_pages_too(empty_library):
    assert json.loads(as_json(datasets(empty_library)))["versions"] == []
    assert json.loads(as_json(home(empty_library)))["champion"] is None
