from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from loopwright.drills.settingsfile import written
from loopwright.projectfile import parse
from loopwright.settings import EmailSettings, MonitorSettings

SETTINGS = parse(
    """
    [project]
    name = "fares"
    [charter]
    task = "binary"
    [targets]
    optimize = { roc_auc = 0.7, "f0.5" = 0.3 }
    [targets.satisfice]
    "recall@payment" = ">= 0.6"
    [data]
    source = "trips.csv"
    label = "labeling:tipped"
    known_after = ["tips"]
    [data.privacy]
    redact = ["driver"]
    [[candidates]]
    estimator = "sklearn.tree.DecisionTreeClassifier"
    params = { criterion = "gini", min_samples_leaf = 5 }
    [candidates.search]
    max_depth = { low = 2, high = 6 }
    max_features = ["sqrt", 0.5]
    """,
    file="loopwright.toml",
)


def test_what_is_written_says_what_was_read():
    assert parse(written(SETTINGS), file="loopwright.toml") == SETTINGS


def test_what_is_not_said_is_left_out():
    text = written(replace(SETTINGS, monitor=MonitorSettings(email=EmailSettings(to=("a@b.org",), sender="c@d.org"))))
    assert "webhook" not in text
    assert 'to = ["a@b.org"]' in text
    assert parse(text, file="loopwright.toml").monitor.email.user is None


# Half a surrogate pair cannot stand in a file.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(texts, st.floats(0.001, 8000), st.lists(texts, max_size=3))
def test_any_text_and_any_number_survive(text, hours, risks):
    settings = replace(
        SETTINGS, monitor=MonitorSettings(window_hours=hours),
        charter=replace(SETTINGS.charter, decision=text, risks=tuple(risks)),
    )
    assert parse(written(settings), file="loopwright.toml") == settings
