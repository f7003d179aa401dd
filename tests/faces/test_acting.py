"""What people do on the pages is done to the project, under their name."""

from __future__ import annotations

import pytest

from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.faces.acting import ProjectActions
from loopwright.faces.web.actions import Actions
from loopwright.records import Alert, Deployment, Ref

BY = {"by": "ann", "why": "on the page"}
CHAMPION, CHALLENGER = (Ref(kind="model", digest=letter * 64) for letter in "ab")


@pytest.fixture
def project(opened):
    with opened().closing() as found:
        yield found


@pytest.fixture
def tried(project):
    """A project whose release is a canary that waits for approval."""
    project.metadata.remember(Deployment(
        name="fares", stage="canary", champion=CHAMPION, challenger=CHALLENGER, share=0.5, held_back=0.0, salt="s",
        step=1, awaiting=True, event="ask", by="rule", why="better", at="2026-03-01T00:00:00Z",
    ))
    return project


def test_it_is_what_pages_ask_for(project):
    def takes(actions: Actions) -> Actions:
        return actions

    assert takes(ProjectActions(project)).project is project


@pytest.mark.parametrize(
    ("verb", "event", "champion"),
    [
        ("promote", "promote", CHALLENGER), ("approve", "promote", CHALLENGER), ("reject", "reject", CHAMPION),
        ("roll_back", "reject", CHAMPION),
    ],
)
def test_a_decision_is_the_next_state_of_the_release(tried, verb, event, champion):
    getattr(ProjectActions(tried), verb)(**BY)
    state = tried.metadata.newest(Deployment)
    assert (state.event, state.champion, state.by, state.why) == (event, champion, "ann", "on the page")
    assert tried.metadata.aliases()["champion"].target == champion


def test_what_makes_no_sense_is_refused_in_words(project):
    with pytest.raises(LoopwrightError, match="nothing is deployed"):
        ProjectActions(project).promote(**BY)


def test_alerts_are_acknowledged_and_silenced(project):
    alert = Alert(
        deployment=Ref(kind="deployment", digest="d" * 64), quantity="drift:fare", severity="warning", title="fare",
        explanation="", advice="", cause="unknown", group="g", first_bad="2026-03-01", last_bad="2026-03-02",
    )
    project.metadata.remember(alert)
    actions = ProjectActions(project)
    actions.acknowledge(alert.digest, by="ann", note="seen")
    assert project.metadata.marks("alert")[alert.digest].body["by"] == "ann"
    with pytest.raises(LoopwrightError, match="future"):
        actions.silence("drift:*", until="2020-01-01", **BY)
    with pytest.raises(UnknownRecord):
        actions.acknowledge("0" * 64, by="ann", note="seen")
