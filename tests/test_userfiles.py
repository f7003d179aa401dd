"""The user's functions come with all that they are made of, and nothing else."""

from __future__ import annotations

import json

import polars as pl
import pytest

from loopwright.errors import UserCodeError
from loopwright.userfiles import code_refs, load, source_bundle

WITH_IMPORT = """
import polars as pl

from units import MILE

SPARE = 1


def _long(miles):
    return miles * MILE > 8


def is_far(miles: pl.Expr) -> pl.Expr:
    return _long(miles)


def doubled(fare: pl.Expr) -> pl.Expr:
    return fare * 2
"""


@pytest.fixture
def project(folder, opened):
    (folder / "features.py").write_text(WITH_IMPORT)
    (folder / "units.py").write_text("MILE = 1.609\n")
    return opened()


def test_functions_are_ready_to_call(project):
    made = load(project, project.code("features"))
    assert sorted(made) == ["doubled", "is_far"]
    rows = pl.DataFrame({"miles": [4.9, 5.0]})
    assert rows.select(made["is_far"](pl.col("miles"))).to_series().to_list() == [False, True]


def test_only_the_functions_asked_for_are_returned(project):
    assert list(load(project, project.code("features:doubled"))) == ["doubled"]


def test_the_bundle_holds_every_file_of_the_project_that_is_reached(project):
    texts = json.loads(source_bundle(project, project.code("features")))
    assert texts == {"features.py": WITH_IMPORT, "units.py": "MILE = 1.609\n"}


def test_refs_name_what_a_function_is_made_of_and_nothing_of_loopwright(project):
    code = project.code("features")
    names = {ref.name for ref in code_refs(project, code, ("is_far",))}
    assert any("is_far" in name for name in names)
    assert any("_long" in name for name in names)
    assert not any("doubled" in name or name.startswith("loopwright") for name in names)
    assert {ref.kind for ref in code_refs(project, code, ("is_far",))} == {"code"}


def test_a_constant_in_another_file_changes_the_refs(folder, project, opened):
    def digests(project):
        return {ref.name: ref.digest for ref in code_refs(project, project.code("features"), ("is_far",))}

    before = digests(project)
    (folder / "units.py").write_text("MILE = 1.6\n")
    after = digests(opened())
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == [name for name in before if "units" in name]


def test_a_file_that_fails_is_blamed_with_its_line(folder, opened):
    (folder / "features.py").write_text("def a(fare):\n    return fare\n\nraise RuntimeError('no map')\n")
    project = opened()
    with pytest.raises(UserCodeError, match=r"features\.py:4: the file failed while it was read: RuntimeError: no map"):
        load(project, project.code("features"))
