"""Bad windows with at most one good one in between are one incident."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.monitoring.episodes import Episode, episodes, is_bad, place_of


@pytest.fixture(scope="module")
def healthy(watched):
    return watched.report(watched.week().head(50))


def _reports(healthy, makes, states, *, models="m"):
    return [
        replace(
            healthy, start=f"2015-01-{day + 1:02d}", end=f"2015-01-{day + 2:02d}", model=models[day % len(models)],
            columns=() if bad is None else (makes.drift("fare", 1.0 if bad else 0.0),),
            predictions=makes.drift("prediction", 1.0 if bad else 0.0),
        )
        for day, bad in enumerate(states)
    ]


def _spans(healthy, makes, states):
    return [(each.first, each.last) for each in episodes(_reports(healthy, makes, states), only="drift:fare")]


@pytest.mark.parametrize(("states", "spans"), [
    ([], []),
    ([False, False], []),
    ([True], [(0, 0)]),
    ([True, False, True], [(0, 2)]),
    ([True, False, False, True], [(0, 0), (3, 3)]),
    ([True, None, None, None, True], [(0, 4)]),
    ([True, None, False, None, False, True], [(0, 0), (5, 5)]),
    ([False, True, True, False], [(1, 2)]),
])
def test_two_good_windows_end_an_incident_and_silent_ones_do_not(healthy, makes, states, spans):
    assert _spans(healthy, makes, states) == spans


@given(states=st.lists(st.sampled_from([True, False, None]), max_size=12), cut=st.integers(0, 12))
def test_incidents_cover_all_bad_windows_apart_from_each_other_and_never_change_their_beginning(
    healthy, makes, states, cut
):
    found = _spans(healthy, makes, states)
    bad = {place for place, state in enumerate(states) if state}
    assert bad <= {place for first, last in found for place in range(first, last + 1)}
    assert all(states[first] and states[last] for first, last in found)
    for (_, last), (first, _) in pairwise(found):
        assert [state for state in states[last + 1 : first] if state is not None].count(False) >= 2
    assert {first for first, _ in _spans(healthy, makes, states[:cut])} == {first for first, _ in found if first < cut}


def test_what_a_model_says_ends_with_the_model_and_what_comes_in_does_not(healthy, makes):
    found = episodes(_reports(healthy, makes, [True] * 4, models=["a", "a", "b", "b"]))
    assert found == [
        Episode(quantity="drift:fare", first=0, last=3, closes=4),
        Episode(quantity="drift:prediction", first=0, last=1, closes=2),
        Episode(quantity="drift:prediction", first=2, last=3, closes=4),
    ]


def test_a_window_says_only_what_it_measures(watched, makes):
    report = watched.report(
        watched.week(), qualities=[makes.quality(None), makes.quality(0.6, metric="f1")],
        doors=[makes.door("fare", "wrong type", rows=5), makes.door("", "missing", rows=5)],
        traffic=makes.served(500, alarmed=("latency",)),
    )
    said = {
        "quality:roc_auc": None, "quality:f1": True, "quality:rmse": None, "schema:fare": True, "schema:miles": False,
        "schema": True, "latency": True, "traffic": False, "labels": None, "nan": False, "drift:nothing": None,
        "drift:prediction": None, "drift:fare": False,
    }
    assert {quantity: is_bad(report, quantity) for quantity in said} == said
    silent = watched.report(watched.week().clear())
    assert {quantity: is_bad(silent, quantity) for quantity in ("schema:fare", "errors", "nan", "traffic")} == {
        "schema:fare": None, "errors": None, "nan": None, "traffic": False,
    }


def test_faults_begin_at_a_column_and_end_at_the_quality():
    chain = ["drift:fare", "schema:fare", "traffic", "drift:prediction", "quality:roc_auc"]
    assert [place_of(quantity) for quantity in chain] == [0, 1, 2, 3, 4]
