"""A limit is written as in the project file, and holds on its side of the bound."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopwright.errors import ProjectError
from loopwright.limits import Limit, limits, target
from loopwright.measures.catalogue import METRIC_TASKS
from loopwright.settings import TargetSettings


@pytest.mark.parametrize(
    ("expression", "value", "holds"),
    [
        ("log_loss <= 0.35", 0.35, True),
        ("log_loss < 0.35", 0.35, False),
        ("recall >= 0.6", 0.6, True),
        ("recall > 0.6", 0.6, False),
        ("recall > 0.6", float("nan"), False),
        ("log_loss <= 0.35", float("nan"), False),
        ("mae<5", 4.0, True),
        ("r2 >= -1e-1", 0.0, True),
    ],
)
def test_a_limit_holds_on_its_side_of_the_bound(expression, value, holds):
    assert target(expression).holds(value) is holds


@given(
    metric=st.sampled_from(sorted(METRIC_TASKS)),
    column=st.none() | st.text(min_size=1, max_size=6).filter(lambda text: text == text.strip()),
    comparison=st.sampled_from(["<=", ">=", "<", ">"]),
    share=st.floats(0, 1),
)
@example(metric="recall", column="a <= 3", comparison=">=", share=0.5)
@example(metric="recall", column="a@b", comparison="<", share=0.5)
def test_a_limit_that_is_written_out_is_read_back(metric, column, comparison, share):
    limit = Limit(metric=metric, column=column, comparison=comparison, value=share)
    assert target(f"{limit.name} {limit.comparison} {limit.value!r}") == limit


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "recall",
        ">= 0.5",
        "recall = 3",
        "recall >= x",
        "racall >= 0.5",
        "recall >= 2",
        "model_size_mb@x < 3",
        "recall >= nan",
        "recall >= 1_0",
    ],
)
def test_what_is_no_limit_is_refused(expression):
    with pytest.raises(ProjectError):
        target(expression)


def test_limits_come_in_the_order_of_the_file():
    satisfice = {
        "log_loss": "<= 0.35", "recall@payment_type": ">= 0.6", "f0.5": "> .5", "latency_p99_ms": "< 2e1",
    }
    found = limits(TargetSettings(optimize="roc_auc", satisfice=satisfice))
    assert list(map(str, found)) == [
        "log_loss <= 0.35",
        "recall@payment_type >= 0.6",
        "f0.5 > 0.5",
        "latency_p99_ms < 20",
    ]
    assert limits(TargetSettings(optimize="roc_auc")) == ()


def test_a_limit_on_no_metric_is_refused_under_its_key():
    with pytest.raises(ProjectError, match=r'^"f0\.4" = ">= 0\.5": unknown metric "f0\.4"; .*did you mean "f0\.5"'):
        limits(TargetSettings(optimize="roc_auc", satisfice={"f0.4": ">= 0.5"}))


def test_a_column_keeps_the_blanks_around_its_name():
    (limit,) = limits(TargetSettings(optimize="roc_auc", satisfice={"recall@ city ": " >= 0.5 "}))
    assert (limit.column, limit.value) == (" city ", 0.5)
