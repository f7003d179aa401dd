"""The table of metrics that the project file is checked against."""

from __future__ import annotations

import subprocess
import sys

from loopwright.measures.catalogue import METRIC_TASKS, RESOURCES, metrics_of
from loopwright.measures.metrics import METRICS


def test_the_table_says_what_the_computed_metrics_say():
    assert METRIC_TASKS.keys() == METRICS.keys()
    for name, facts in METRIC_TASKS.items():
        metric = METRICS[name]
        assert (facts.tasks, facts.direction) == (metric.tasks, metric.direction), name
        if metric.bounds is not None:
            assert (facts.low, facts.high) == metric.bounds, name


def test_metrics_are_sorted_and_no_resource_is_called_like_one():
    assert list(METRIC_TASKS) == sorted(METRIC_TASKS)
    assert not METRIC_TASKS.keys() & RESOURCES.keys()


def test_every_task_has_metrics_and_each_is_for_that_task():
    for task in ("binary", "multiclass", "regression"):
        names = metrics_of(task)
        assert names
        assert all(task in METRIC_TASKS[name].tasks for name in names)


def test_reading_a_project_file_imports_neither_numpy_nor_any_framework():
    heavy = ("numpy", "polars", "sklearn", "scipy", "msgspec", "jinja2", "rich", "typer")
    code = f"import sys, loopwright.projectfile; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
