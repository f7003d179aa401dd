"""Every row is labelled by a column or a rule, and the label points back at what it was made from."""

from __future__ import annotations

import pytest

from loopwright.errors import UnknownColumn, UnusableLabel, UserCodeError
from loopwright.project import Project
from loopwright.stages import data
from loopwright.stages.labels import label

RULE = '''
import polars as pl


def generous(miles: pl.Expr, fare: pl.Expr) -> pl.Expr:
    """Whether the trip was a dear one."""
    return _per_mile(fare, miles) > 2.5


def _per_mile(fare, miles):
    return fare / (miles + 1)


def spare(fare):
    return fare
'''


def labelled(home, text=""):
    """Return the label set of a project with a second project file, and the table it points at."""
    over = home.folder / "label.toml"
    over.write_text(text)
    with Project.open(home.folder, config=over).closing() as project:
        labels = label(project, data.ingest(project))
        return labels, project.tables.read(labels.table).collect()


def test_a_column_is_the_label_of_every_row(copied):
    labels, table = labelled(copied)
    lines = (copied.folder / "trips.csv").read_text().splitlines()[1:]
    assert table["__row"].to_list() == list(range(600))
    assert table["label"].to_list() == [int(line[-1]) for line in lines]
    assert (labels.name, labels.classes, labels.rows, labels.missing) == ("tipped", ("0", "1"), 600, 0)
    assert labels.columns == ("tipped",)
    assert sum(labels.counts) == 600
    assert [ref.kind for ref in labels.made_from] == ["dataset_version"]


def test_a_rule_is_applied_and_its_code_is_what_the_label_was_made_from(copied):
    (copied.folder / "labeling.py").write_text(RULE)
    labels, table = labelled(copied, '[data]\nlabel = "labeling:generous"\n')
    lines = (line.split(",") for line in (copied.folder / "trips.csv").read_text().splitlines()[1:])
    truth = [float(fare) / (float(miles) + 1) > 2.5 for _, miles, fare, *_ in lines]
    said = [labels.classes[code] == "true" for code in table["label"]]
    assert said == truth
    assert labels.columns == ("miles", "fare")
    code = [ref.name for ref in labels.made_from if ref.kind == "code"]
    assert any("generous" in name for name in code)
    assert any("_per_mile" in name for name in code)
    assert not any("spare" in name for name in code)


def test_rows_without_a_label_are_kept_and_counted(copied):
    path = copied.folder / "trips.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1][:-1]
    path.write_text("\n".join(lines) + "\n")
    labels, table = labelled(copied)
    assert (labels.rows, labels.missing) == (600, 1)
    assert table["label"].null_count() == 1
    assert table.height == 600


def test_the_class_that_counts_as_positive_may_be_said(copied):
    labels, _ = labelled(copied, "[targets]\npositive = 0\n")
    assert labels.classes == ("1", "0")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('[data]\nlabel = "tiped"\n', UnknownColumn, "'tiped'.*did you mean 'tipped'"),
        ('[data]\nlabel = "miles"\n', UnusableLabel, r'values\b.*Set task = "regression"'),
        ('[data]\nlabel = "labeling:generos"\n', UserCodeError, r"labeling\.py has no function 'generos'.*'generous'"),
        ('[data]\nlabel = "rules:big"\n', UserCodeError, r"there is no file rules\.py"),
    ],
)
def test_what_cannot_be_a_label_is_refused_with_what_to_do(copied, text, error, message):
    (copied.folder / "labeling.py").write_text(RULE)
    with pytest.raises(error, match=message):
        labelled(copied, text)
