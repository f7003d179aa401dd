import json

import pytest

from loopwright.faces.web.pages import runs


def test_the_best_comes_first_and_what_failed_comes_last(library):
    names = [row.run.record.objective for row in runs(library).rows]
    assert names[-1] is None
    assert names[:-1] == sorted(names[:-1], reverse=True)


@pytest.mark.parametrize("sort", ["name", "seconds", "roc_auc@test", "role", "at"])
def test_down_is_up_reversed_but_for_what_has_no_value(library, sort):
    def values(order):
        return [
            json.dumps(row.metrics.get(sort)) if "@" in sort else None
            for row in runs(library, sort=order).rows
        ]

    up, down = runs(library, sort=sort).rows, runs(library, sort=f"-{sort}").rows
    assert {row.run.digest for row in up} == {row.run.digest for row in down}
    if "@" in sort:
        assert values(sort)[-1] == values(f"-{sort}")[-1] == "null"


def test_an_unknown_column_to_sort_by_changes_nothing(library):
    assert [row.run.digest for row in runs(library, sort="nonsense").rows] == [
        one.digest for one in library.all("run")
    ]


def test_one_role_can_be_shown_alone(library):
    page = runs(library, role="baseline")
    assert {row.run.record.role for row in page.rows} == {"baseline"}
    assert page.counts == {"baseline": 4, "trial": 25, "final": 2}


def test_a_search_holds_the_trials_of_one_estimator_that_did_not_fail(library):
    ((estimator, trials),) = runs(library).searches
    assert estimator.endswith("HistGradientBoostingClassifier")
    assert len(trials) == 24
    assert [run.round for run in trials] == sorted(run.round for run in trials)
