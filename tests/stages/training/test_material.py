"""A run points back at everything it was trained on and judged by."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from loopwright.stages.training import Configuration


def test_the_material_points_at_charter_split_labels_and_features(worked):
    kinds = [ref.kind for ref in worked.material.refs]
    assert kinds == ["charter", "dataset_version", "label_set", "feature_set"]
    assert worked.material.refs[1] == worked.line.parts.ref
    assert worked.line.final.made_from == worked.material.refs


def test_a_configuration_cannot_be_changed_after_a_run_was_made_with_it():
    by = Configuration(role="trial", estimator="a.B", params={}, seed=0)
    with pytest.raises(FrozenInstanceError):
        by.seed = 1
