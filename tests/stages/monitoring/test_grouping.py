"""What explains stands before what follows from it."""

from __future__ import annotations

from itertools import permutations

import pytest

from loopwright.records import Alert, Ref
from loopwright.stages.monitoring.episodes import Episode
from loopwright.stages.monitoring.grouping import Case, by_explanation, grouped
from loopwright.stages.monitoring.suspicions import Suspicion


def _alert(quantity, cause="unit change"):
    return Alert(
        deployment=Ref(kind="deployment", digest="d" * 64), quantity=quantity, severity="critical", title=quantity,
        explanation="", advice="", cause=cause, group="g", first_bad="2015-09-07", last_bad="2015-09-14",
    )


def _case(quantity, cause, *, first=0, effect=1.0, refuses=False):
    told = Suspicion(cause=cause, title=f"{quantity} moved", explanation="it moved", advice="look", confidence=0.5)
    return Case(
        episode=Episode(quantity=quantity, first=first, last=first + 4, closes=9), own=cause, causes=frozenset({cause}),
        cause=cause, group=f"{quantity}@{first}", title=told.title, advice=told.advice, refuses=refuses, effect=effect,
        suspicion=told,
    )


def _groups(cases, beside=()):
    return {case.quantity: case.group for case in grouped(cases, beside=beside)}


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_the_root_comes_first_in_whatever_order_they_are_given(order):
    chain = [_alert(name) for name in ("drift:fare", "schema:fare", "drift:prediction", "quality:roc_auc")]
    assert list(by_explanation([chain[place] for place in order])) == chain


FAULTS = ["schema break", "unit change", "renamed category", "upstream null"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("quantity", "cause"), [
    ("drift:prediction", "population change"), ("quality:roc_auc", "real change"), ("nan", "failing requests"),
    ("schema:fare", "unknown"),
])
def test_a_fault_of_an_input_explains_all_that_the_model_says(fault, quantity, cause):
    root, follower = grouped([_case(quantity, cause), _case("drift:fare", fault)], beside=[])
    assert (root.quantity, follower.quantity) == ("drift:fare", quantity)
    assert (follower.group, follower.cause) == (root.group, fault)
    assert follower.suspicion.explanation.startswith("Follows from drift:fare moved.")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_one_column_does_not_explain_another_column(fault):
    groups = _groups([_case("drift:fare", fault), _case("drift:miles", "population change")])
    assert len(set(groups.values())) == 2


def test_one_release_that_breaks_two_columns_is_one_incident():
    groups = _groups([_case("drift:fare", "upstream null"), _case("drift:miles", "upstream null")])
    assert len(set(groups.values())) == 1
    later = _groups([_case("drift:miles", "upstream null", first=2)], beside=[_case("drift:fare", "upstream null")])
    assert later == {"drift:miles": "drift:miles@2"}


def test_rows_that_are_refused_explain_what_is_left():
    cases = [_case("schema:fare", "schema break", refuses=True), _case("drift:miles", "population change"),
             _case("errors", "schema break"), _case("traffic", "schema break")]
    assert set(_groups(cases).values()) == {"schema:fare@0"}


def test_a_change_of_the_population_explains_what_moves_soon_and_not_what_moves_much_later():
    root = _case("drift:fare", "population change")
    soon = _groups([_case("drift:prediction", "population change", first=2)], beside=[root])
    late = _groups([_case("drift:prediction", "population change", first=8)], beside=[root])
    assert soon == {"drift:prediction": root.group}
    assert late == {"drift:prediction": "drift:prediction@8"}


def test_a_real_change_is_not_explained_by_other_passengers():
    groups = _groups([_case("drift:fare", "population change"), _case("quality:roc_auc", "real change")])
    assert len(set(groups.values())) == 2


def test_a_part_of_the_traffic_that_is_missing_explains_that_the_rest_looks_different():
    groups = _groups([_case("traffic", "missing traffic"), _case("drift:fare", "population change")])
    assert set(groups.values()) == {"traffic@0"}


def test_an_outage_does_not_hide_a_fault():
    groups = _groups([_case("traffic", "missing traffic"), _case("drift:fare", "unit change")])
    assert len(set(groups.values())) == 2


@pytest.mark.parametrize("vague", ["population change", "unknown"])
def test_a_fault_that_is_found_soon_after_heads_what_it_explains(vague):
    before = _case("drift:prediction", vague)
    found, = grouped([_case("drift:fare", "unit change", first=1)], beside=[before])
    assert (found.group, found.cause) == (before.group, "unit change")
    late, = grouped([_case("drift:fare", "unit change", first=6)], beside=[before])
    assert late.group == "drift:fare@6"
