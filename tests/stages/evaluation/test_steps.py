"""A model is judged in every way that the charter asks for, and what cannot be seen may be signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright.errors import LoopwrightError, UserCodeError
from loopwright.project import Project
from loopwright.records import Charter, Evidence
from loopwright.stages import evaluation


def evaluated(project, worked, **changes):
    line = worked.line
    said = {"model": line.model, "final": line.final, "baselines": line.runs[:4], "rival": None} | changes
    return evaluation.evaluate(project, worked.material, **said)


def test_every_kind_of_evidence_is_there(worked):
    found = evaluated(worked.project, worked)
    kinds = {item.check.partition(".")[0] for item in found}
    assert kinds == {"metric", "comparison", "importance", "exhibit", "pipeline", "explain", "scenario"}
    assert {item.subject for item in found} == {worked.line.model.ref}
    slices = {item.slice for item in found if item.check == "metric.roc_auc"}
    assert {None, "payment = card", "payment = cash"} <= slices


def test_without_scenarios_the_rest_is_still_measured(copied, worked):
    (copied.folder / "scenarios.py").unlink()
    with Project.open(copied.folder).closing() as project:
        found = evaluated(project, worked)
        steps = [outcome.step for outcome in project.outcomes]
    assert steps == ["evaluate"]
    assert not any(item.check.startswith("scenario.") for item in found)
    assert any(item.check == "metric.roc_auc" for item in found)


def test_a_scenario_that_does_not_hold_fails_and_the_rest_is_recalled(copied, worked):
    (copied.folder / "scenarios.py").write_text(
        "def never(predict, rows):\n    '''The model is never sure.'''\n    assert predict(rows).max() < 0.001\n"
    )
    with Project.open(copied.folder).closing() as project:
        (failed,) = [item for item in evaluated(project, worked) if item.check.startswith("scenario.")]
        recalled = {outcome.step: outcome.recalled for outcome in project.outcomes}
    assert (failed.check, failed.passed) == ("scenario.never", False)
    assert recalled == {"evaluate": True, "rehearse": False}


def test_scenarios_that_cannot_be_read_are_blamed(copied, worked):
    (copied.folder / "scenarios.py").write_text("def never(predict, rows):\n    return 1 +\n")
    with Project.open(copied.folder).closing() as project, pytest.raises(UserCodeError, match=r"scenarios\.py:2"):
        evaluated(project, worked)


def test_a_rival_is_compared_on_the_same_rows(copied, worked):
    found = evaluated(copied, worked, rival=worked.line.model)
    (against,) = [item for item in found if item.check == "comparison.champion"]
    assert against.value == 0.0
    assert (against.low, against.high) == (0.0, 0.0)


def test_the_gate_has_a_reason_for_every_demand(worked):
    line = worked.line
    gate = evaluation.judge(worked.project, worked.material, model=line.model, rival=None, evidence=line.evidence[:-1])
    assert gate.passed
    assert gate.reasons[0].demand == "log_loss <= 0.69"
    assert gate.subject == line.model.ref


def test_a_refusal_shows_rows_that_the_model_is_most_wrong_about(copied, worked):
    target = replace(worked.material.charter.satisfice[0], limit=0.01)
    material = replace(worked.material, charter=replace(worked.material.charter, satisfice=(target,)))
    evidence = tuple(
        replace(item, limit="<= 0.01", passed=False) if item.check == "metric.log_loss" and item.slice is None else item
        for item in worked.line.evidence
    )
    gate = evaluation.judge(copied, material, model=worked.line.model, rival=None, evidence=evidence)
    assert not gate.passed
    no = next(reason for reason in gate.reasons if reason.demand == "log_loss <= 0.01")
    ids = set(worked.rows.filter(worked.rows["__part"] == "test")["id"])
    assert no.examples
    assert all(example.partition("=")[2].partition(":")[0] in ids for example in no.examples)


def test_outside_of_git_only_the_gate_is_witnessed(worked):
    (only,) = evaluation.witness(worked.project, model=worked.line.model, gate=worked.line.gate)
    assert (only.check, only.passed) == ("gate.quality", True)


def points(project: Project) -> dict[str, float]:
    """Return the points of each of the 28 tests."""
    return {test.id: test.points for section in evaluation.score(project).sections for test in section.tests}


def test_a_signature_is_remembered_and_worth_half_a_point(copied):
    before = points(copied)
    assert len(before) == 28
    open_test = next(name for name, value in before.items() if value == 0)
    signed = evaluation.attest(copied, open_test.lower(), by="Ada", note="Was done.", link="https://example.org/1")
    assert (signed.check, signed.basis, signed.by) == (f"attestation.{open_test}", "attested", "Ada")
    assert signed.subject == copied.metadata.newest(Charter).ref
    assert copied.metadata.all(Evidence)[-1] == signed
    assert points(copied) == before | {open_test: 0.5}


def test_a_project_that_never_ran_can_be_signed_for(opened):
    with opened().closing() as project:
        signed = evaluation.attest(project, "O1", by="Ada", note="Done.")
        assert signed.subject.name == "loopwright.toml"
        assert evaluation.score(project).score == 0.0


def test_an_attestation_that_has_expired_already_is_refused(copied):
    with pytest.raises(LoopwrightError, match="2020-01-01 has passed"):
        evaluation.attest(copied, "D6", by="Ada", note="Was done.", expires="2020-01-01")


def test_evidence_without_a_time_is_told(copied, worked):
    copied.metadata.remember(replace(worked.line.evidence[0], at="", claim="Of unknown age."))
    with pytest.raises(LoopwrightError, match=r"has no readable time \(''\)\. Run again"):
        evaluation.score(copied)
