"""A run points back at everything it was trained on and judged by."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from loopwright.stages.training import Configuration


def test_the_material_points_at_split_labels_and_features(worked):
    kinds = [ref.kind for ref in worked.material.refs]
    assert kinds == ["dataset_version", "label_set", "feature_set"]
    assert worked.material.refs[0] == worked.line.parts.ref
    assert worked.line.final.made_from == worked.material.refs


def test_another_owner_or_limit_is_the_same_material_to_train_on(worked):
    charter = replace(worked.material.charter, owner="Ada", decision="Whom to call", satisfice=(), not_worse_by=0.5)
    assert replace(worked.material, charter=charter).for_training == worked.material.for_training
    other = replace(worked.material.charter, optimize={"log_loss": 1.0})
    assert replace(worked.material, charter=other).for_training != worked.material.for_training


def test_a_configuration_cannot_be_changed_after_a_run_was_made_with_it():
    by = Configuration(role="trial", estimator="a.B", params={}, seed=0)
    with pytest.raises(FrozenInstanceError):
        by.seed = 1
