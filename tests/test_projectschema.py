"""Editors and readers are told what the reader of project files allows."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import get_type_hints

from loopwright.measures.catalogue import METRIC_TASKS, RESOURCES
from loopwright.projectschema import json_schema, reference
from loopwright.settings import Settings


def test_the_schema_allows_no_other_keys_anywhere():
    def tables(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            for part in schema.values():
                yield from tables(part)
        elif isinstance(schema, list):
            for part in schema:
                yield from tables(part)

    found = list(tables(json_schema()))
    assert len(found) > 12
    assert all("additionalProperties" in table for table in found)
    assert all(table["additionalProperties"] is False for table in found if "properties" in table)


def test_the_schema_knows_every_key_with_its_sentence_and_limits():
    properties = json_schema()["properties"]
    assert list(properties) == [item.name for item in fields(Settings)]
    split = properties["split"]
    assert split["properties"]["by"]["enum"] == ["random", "time", "group", "stratified"]
    assert split["properties"]["test"]["exclusiveMaximum"] == 0.9
    assert split["properties"]["test"]["default"] == 0.15
    assert properties["project"]["required"] == ["name"]
    assert properties["charter"]["properties"]["impact"]["maximum"] == 5
    assert properties["candidates"]["items"]["properties"]["estimator"]["pattern"].startswith("^")
    assert all(
        "description" in key
        for section in ("data", "training")
        for key in properties[section]["properties"].values()
    )


def test_the_schema_survives_json_and_does_not_change():
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_the_reference_names_every_key_of_every_section():
    page = reference()
    for name in ("[project]", "[data.privacy]", "[[candidates]]", "[candidates.search.NAME]", "[stores]"):
        assert f"## `{name}`" in page
    sections = {name: kind for name, kind in get_type_hints(Settings).items() if is_dataclass(kind)}
    keys = {(section, item.name) for section, kind in sections.items() for item in fields(kind)}
    assert all(f"| `{key}` |" in page for _, key in keys - {("data", "privacy")})
    assert all(f"| `{name}` |" in page for name in (*METRIC_TASKS, *RESOURCES))


def test_each_row_of_the_reference_has_as_many_cells_as_its_head():
    width = 0
    for line in reference().splitlines():
        cells = line.replace("\\|", "").count("|") if line.startswith("|") else 0
        assert cells in (0, width) or width == 0
        width = cells
