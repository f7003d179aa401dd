"""The charter is what the project file says, as a record."""

from __future__ import annotations

import pytest

from loopwright.project import Project
from loopwright.records import Charter
from loopwright.records.charter import Target
from loopwright.stages.charter import adopt

MORE = """
[charter]
impact = 5
risks = ["Cash trips have no tip."]

[targets]
optimize = { roc_auc = 0.7, average_precision = 0.3 }
positive = 1
threshold = "f1"
slices = ["company"]
[targets.satisfice]
"recall@payment" = ">= 0.6"
"precision@company" = "> 0.1"

[data]
owner = "the fleet"
"""


@pytest.fixture
def charter(folder, tmp_path) -> Charter:
    over = tmp_path / "more.toml"
    over.write_text(MORE)
    with Project.open(folder, config=over).closing() as project:
        return adopt(project)


def test_it_says_what_the_project_file_says(charter):
    assert (charter.project, charter.task, charter.impact) == ("fares", "binary", 5)
    assert charter.without_ml == "heuristics:card"
    assert charter.risks == ("Cash trips have no tip.",)
    assert charter.optimize == {"roc_auc": 0.7, "average_precision": 0.3}
    assert (charter.threshold, charter.min_slice_rows, charter.owner) == ("f1", 20, "the fleet")


def test_every_limit_becomes_a_target(charter):
    assert charter.satisfice == (
        Target(metric="log_loss", comparison="<=", limit=0.69),
        Target(metric="recall", comparison=">=", limit=0.6, column="payment"),
        Target(metric="precision", comparison=">", limit=0.1, column="company"),
    )


def test_columns_that_limits_name_are_sliced_by_too_each_once(charter):
    assert charter.slices == ("company", "payment")


def test_the_positive_value_is_kept_as_text(charter):
    assert charter.positive == "1"


def test_a_single_metric_has_weight_one_and_no_positive_is_none(opened):
    with opened().closing() as project:
        charter = adopt(project)
    assert charter.optimize == {"roc_auc": 1.0}
    assert charter.positive is None


def test_it_is_remembered_and_recalled_until_the_file_changes(folder, opened):
    with opened().closing() as project:
        first = adopt(project)
    path = folder / "loopwright.toml"
    path.write_text(path.read_text().replace("trials = 4", "trials = 5"))
    with opened().closing() as project:
        assert adopt(project) == first
        assert [outcome.recalled for outcome in project.outcomes] == [True]
    path.write_text(path.read_text().replace("0.69", "0.5"))
    with opened().closing() as project:
        assert adopt(project).digest != first.digest
        assert project.metadata.all(Charter)[0] == first
