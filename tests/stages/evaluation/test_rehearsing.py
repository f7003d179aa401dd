"""Scenarios are given the test part as it was sent, and the model's answer in its own kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loopwright.stages.evaluation.rehearsing import rehearsed
from loopwright.stages.registry import applied

AT = "2026-05-03T12:00:00Z"


class Several:
    """Stands for a model of three classes, which this project has not."""

    def predict(self, frame):
        return np.tile([[0.1, 0.7, 0.2]], (frame.height, 1))


def test_scenarios_see_source_rows_of_the_test_part_and_probabilities(worked):
    seen = {}

    def looks(predict, rows):
        """Something holds."""
        seen["rows"], seen["said"] = rows, predict(rows)

    model = applied(worked.project, worked.line.model)
    (evidence,) = rehearsed({"looks": looks}, model, worked.rows, model=worked.line.model, at=AT)
    test = worked.rows.filter(worked.rows["__part"] == "test")
    assert sorted(seen["rows"]["id"]) == sorted(test["id"])
    assert seen["rows"].columns == ["id", "miles", "fare", "payment", "tipped"]
    assert seen["said"].is_between(0, 1).all()
    assert (evidence.check, evidence.passed, evidence.subject) == ("scenario.looks", True, worked.line.model.ref)


def test_the_sample_is_the_same_every_time(worked):
    seen = []

    def looks(rows):
        """Something holds."""
        seen.append(rows)

    model = applied(worked.project, worked.line.model)
    for _ in range(2):
        rehearsed({"looks": looks}, model, worked.rows, model=worked.line.model, at=AT)
    assert len(seen) == 2
    assert seen[0].equals(seen[1])


def test_of_several_classes_the_name_of_the_likeliest_is_said(worked):
    said = []
    model = replace(worked.line.model, task="multiclass", classes=("a", "b", "c"), threshold=None)
    rehearsed({"a": lambda predict, rows: said.append(predict(rows))}, Several(), worked.rows, model=model, at=AT)
    assert said[0].unique().to_list() == ["b"]
