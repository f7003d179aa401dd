"""One alert for each incident, grouped by its root, the same whenever and however often it is looked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.records import Alert, Ref, decode, encode
from loopwright.stages.monitoring.incidents import Context, ended_at, incidents, ongoing

GOOD = 0.8
CENTS = pl.col("fare") * 100
CARD = pl.col("payment_type").replace({"Credit Card": "Card"})


@pytest.fixture(scope="session")
def weeks(watched):
    """Return eight healthy weeks."""
    return [watched.week(date(2014, 11, 3) + timedelta(weeks=week)) for week in range(8)]


def _found(watched, reports, frames=(), known=(), **context):
    rows = {report.start: frame for report, frame in zip(reports, frames, strict=False)}
    return incidents(
        reports, known, deployment=watched.deployment,
        context=Context(frames=rows, reference=watched.reference, **context),
    )


def _reports(watched, frames, makes, *, values=None, predictions=()):
    values = values or [GOOD] * len(frames)
    return [
        watched.report(
            frame, week=week, qualities=[makes.quality(values[week])], predictions=0.8 if week in predictions else 0.0
        )
        for week, frame in enumerate(frames)
    ]


def _by_quantity(alerts):
    return {alert.quantity: alert for alert in alerts}


def _step_by_step(watched, reports, frames):
    known = []
    for end in range(1, len(reports) + 1):
        known += _found(watched, reports[:end], frames[:end], known=known)
    return known


def test_healthy_weeks_raise_nothing(watched, weeks, makes):
    assert _found(watched, _reports(watched, weeks, makes), weeks) == ()


def test_a_fare_in_cents_is_one_critical_incident_with_all_that_follows_from_it(watched, weeks, makes):
    frames = [*weeks[:2], *(frame.with_columns(CENTS) for frame in weeks[2:4]), *weeks[4:]]
    values = [GOOD, GOOD, 0.6, 0.6, GOOD, GOOD, GOOD, GOOD]
    reports = _reports(watched, frames, makes, values=values, predictions=(2, 3))
    reports = [
        replace(report, doors=(makes.door("fare", "above its range", rows=500),)) if week in {2, 3} else report
        for week, report in enumerate(reports)
    ]
    alerts = _by_quantity(_found(watched, reports, frames))
    assert set(alerts) == {"drift:fare", "drift:prediction", "quality:roc_auc", "schema:fare"}
    assert {alert.group for alert in alerts.values()} == {"drift:fare@2015-09-21T00:00:00"}
    assert {alert.cause for alert in alerts.values()} == {"unit change"}
    assert {alert.severity for alert in alerts.values()} == {"critical"}
    assert {alert.first_bad for alert in alerts.values()} == {"2015-09-21T00:00:00"}
    assert alerts["drift:fare"].title == "fare is multiplied by 100 (dollars to cents)"
    assert alerts["quality:roc_auc"].explanation.startswith("Follows from fare is multiplied by 100")
    assert alerts["quality:roc_auc"].title.endswith("(follows from fare)")
    assert set(alerts["drift:fare"].examples) <= set(frames[2]["__id"])
    assert len(alerts["drift:fare"].examples) == 5
    assert all(encode(alert) for alert in alerts.values())


def test_a_renamed_payment_explains_predictions_that_drift(watched, weeks, makes):
    frames = [*weeks[:3], *(frame.with_columns(CARD) for frame in weeks[3:6])]
    alerts = _by_quantity(_found(watched, _reports(watched, frames, makes, predictions=(3, 4, 5)), frames))
    assert set(alerts) == {"drift:payment_type", "drift:prediction"}
    assert {alert.cause for alert in alerts.values()} == {"renamed category"}
    assert {alert.severity for alert in alerts.values()} == {"warning"}
    assert len({alert.group for alert in alerts.values()}) == 1


def test_half_a_column_null_explains_a_quality_that_falls(watched, weeks, makes):
    broken = weeks[2].with_row_index().with_columns(
        payment_type=pl.when(pl.col("index") % 2 == 0).then(pl.col("payment_type"))
    )
    frames = [*weeks[:2], broken]
    alerts = _by_quantity(_found(watched, _reports(watched, frames, makes, values=[GOOD, GOOD, 0.6]), frames))
    assert alerts["quality:roc_auc"].cause == "upstream null"
    assert alerts["quality:roc_auc"].severity == "critical"      # it is below its limit, whatever the cause
    assert alerts["drift:payment_type"].severity == "warning"


def test_new_tipping_habits_are_a_real_change(watched, makes):
    """The relation of inputs and label changes in the third week: the inputs stay, and only the quality falls."""
    before = [watched.week(date(2014, 11, 3) + timedelta(weeks=week)) for week in range(2)]
    after = [frame.with_columns(1 - pl.col("__label")) for frame in before]
    frames, values = [*before, *after], [GOOD, GOOD, 0.62, 0.61]
    reports = [
        watched.report(frame, week=week, qualities=[makes.quality(value, estimate=0.79)])
        for week, (frame, value) in enumerate(zip(frames, values, strict=True))
    ]
    alert, = _found(watched, reports, frames)
    assert (alert.quantity, alert.cause, alert.severity) == ("quality:roc_auc", "real change", "critical")
    assert alert.first_bad == reports[2].start
    worst = frames[2].filter(pl.col("__id").is_in(alert.examples))
    assert (worst["__score"] - worst["__label"]).abs().min() >= 0.9


def test_a_real_change_of_several_metrics_is_one_incident(watched, weeks, makes):
    reports = [
        watched.report(frame, week=week, qualities=[
            makes.quality(value, estimate=0.79),
            makes.quality(loss, metric="log_loss", reference=0.5, limit=0.6, alarmed=loss > 0.6, estimate=0.5),
        ])
        for week, (frame, value, loss) in enumerate(zip(weeks, [GOOD, 0.6, 0.6], [0.5, 0.5, 0.8], strict=False))
    ]
    alerts = _found(watched, reports, weeks)
    assert [alert.cause for alert in alerts] == ["real change", "real change"]
    assert len({alert.group for alert in alerts}) == 1


def test_the_evenings_of_a_festival_are_a_change_of_the_population(watched, makes):
    evening = watched.week(per_day=250).filter(pl.col("trip_start").dt.hour() >= 18)
    moved = replace(watched.report(evening, qualities=[makes.quality(GOOD)], predictions=0.3), columns=tuple(
        replace(watched.reading(column, evening), alarmed=True) for column in ("fare", "trip_miles")
    ))
    alerts = _found(watched, [moved], [evening])
    assert {alert.cause for alert in alerts} == {"population change"}
    assert {alert.severity for alert in alerts} == {"warning"}
    assert len({alert.group for alert in alerts}) == 1


def test_a_silence_is_one_critical_alert(watched, weeks, makes):
    empty = watched.report(weeks[0].clear(), week=1, traffic=makes.served(0, alarmed=("traffic",)))
    reports = [watched.report(weeks[0]), empty, watched.report(weeks[2], week=2)]
    alert, = _found(watched, reports, weeks)
    assert (alert.quantity, alert.cause, alert.severity) == ("traffic", "missing traffic", "critical")
    assert alert.deployment == watched.deployment
    assert alert.title == "no rows came"
    assert alert.value == 0
    assert decode(Alert, encode(alert)).digest == alert.digest


def test_a_window_that_does_not_measure_a_quantity_does_not_end_its_incident(watched, weeks, makes):
    cents = [frame.with_columns(CENTS) for frame in weeks[:2]]
    silent = [watched.report(weeks[0].clear(), week=week) for week in (1, 2, 3)]
    reports = [watched.report(cents[0]), *silent, watched.report(cents[1], week=4)]
    assert [alert.quantity for alert in _found(watched, reports) if alert.quantity != "traffic"] == ["drift:fare"]


def test_a_window_with_too_few_rows_to_tell_of_drift_does_not_end_its_incident(watched, weeks):
    bad = watched.report(weeks[0].with_columns(CENTS))
    silent = [
        replace(
            watched.report(weeks[0].clear(), week=week),
            columns=tuple(replace(reading, rows=rows, alarmed=False) for reading in bad.columns),
        )
        for week, rows in ((1, 0), (2, 19), (3, 0))
    ]
    alert, = [alert for alert in _found(watched, [bad, *silent]) if alert.quantity == "drift:fare"]
    assert ongoing(alert, [bad, *silent])


def test_one_good_window_does_not_end_an_incident_and_two_do(watched, weeks):
    bad, good = weeks[0].with_columns(CENTS), weeks[1]
    one = [watched.report(frame, week=week) for week, frame in enumerate([bad, good, bad])]
    two = [watched.report(frame, week=week) for week, frame in enumerate([bad, good, good, bad])]
    assert [alert.first_bad for alert in _found(watched, one)] == [one[0].start]
    assert [alert.first_bad for alert in _found(watched, two)] == [two[0].start, two[3].start]


def test_an_incident_is_over_after_two_good_windows(watched, weeks):
    bad, good = weeks[0].with_columns(CENTS), weeks[1]
    reports = [watched.report(frame, week=week) for week, frame in enumerate([good, bad, bad, good, good])]
    alert, = _found(watched, reports)
    assert ongoing(alert, reports[:4])
    assert not ongoing(alert, reports)
    assert ended_at(alert, reports) == reports[2].end
    assert alert.last_bad == reports[1].end


def test_an_incident_whose_windows_are_not_there_is_not_known_to_be_over(watched, weeks):
    alert, = _found(watched, [watched.report(weeks[0].with_columns(CENTS))])
    assert ongoing(alert, [])
    assert ongoing(alert, [watched.report(weeks[1], week=5)])
    assert ended_at(alert, [watched.report(weeks[1])]) == alert.last_bad      # its window turned out to be good
    assert ongoing(alert, [watched.report(weeks[1].clear())])                 # its window no longer says


def test_outcomes_that_come_late_join_the_incident_of_their_window(watched, weeks, makes):
    frames = [weeks[0], weeks[1].with_columns(CENTS), weeks[2].with_columns(CENTS), weeks[3]]
    pending = _reports(watched, frames, makes, values=[GOOD, None, None, None])
    known = _found(watched, pending, frames)
    assert [alert.quantity for alert in known] == ["drift:fare"]
    come = _reports(watched, frames, makes, values=[GOOD, 0.6, 0.6, GOOD])
    late, = _found(watched, come, known=known)
    assert (late.quantity, late.cause, late.group) == ("quality:roc_auc", "unit change", known[0].group)
    assert late.explanation.startswith("Follows from fare is multiplied by 100")
    assert _found(watched, come, known=[*known, late]) == ()


def test_predictions_that_were_noticed_first_join_the_fault_that_explains_them(watched, weeks, makes):
    frames = [weeks[0], weeks[1], weeks[2].with_columns(CENTS)]
    alerts = _by_quantity(_found(watched, _reports(watched, frames, makes, predictions=(1, 2)), frames))
    assert alerts["drift:prediction"].cause == "unknown"
    assert alerts["drift:fare"].cause == "unit change"
    assert alerts["drift:fare"].group == alerts["drift:prediction"].group == "drift:prediction@2015-09-14T00:00:00"


def test_a_real_change_stays_its_own_when_a_fault_comes_later(watched, weeks, makes):
    frames = [weeks[0], weeks[1], weeks[2].with_columns(CENTS)]
    alerts = _by_quantity(_found(watched, _reports(watched, frames, makes, values=[GOOD, 0.6, 0.6]), frames))
    assert alerts["quality:roc_auc"].cause == "real change"
    assert alerts["drift:fare"].group != alerts["quality:roc_auc"].group


def test_a_fault_in_a_column_that_drifts_already_is_not_overlooked(watched, weeks):
    more = [frame.filter(pl.col("payment_type") != "Cash") for frame in weeks]
    frames = [*more[:2], *(frame.with_columns(CARD) for frame in more[2:5])]
    reports = [watched.report(frame.select(weeks[0].columns), week=week) for week, frame in enumerate(frames)]
    reports = [replace(report, columns=report.columns[3:4]) for report in reports]
    scratch = _found(watched, reports, frames)
    assert [(alert.cause, alert.first_bad) for alert in scratch] == [
        ("population change", reports[0].start), ("renamed category", reports[2].start)
    ]
    assert len({alert.group for alert in scratch}) == 2
    assert _step_by_step(watched, reports, frames) == list(scratch)
    assert _found(watched, reports, frames, known=scratch) == ()
    assert _found(watched, reports, known=scratch) == ()


def test_a_schema_break_explains_errors_and_missing_traffic(watched, weeks, makes):
    report = watched.report(
        weeks[0].head(60), traffic=makes.served(60, refused=440, alarmed=("traffic", "errors")),
        doors=[makes.door("Fare", "unknown column", rows=440, refused=440),
               makes.door("fare", "missing", rows=440, refused=440)],
    )
    alerts = _found(watched, [replace(report, columns=())], [weeks[0]])
    assert {alert.quantity for alert in alerts} == {"schema:Fare", "schema:fare", "errors", "traffic"}
    assert {alert.cause for alert in alerts} == {"schema break"}
    assert len({alert.group for alert in alerts}) == 1


def test_refused_rows_are_the_examples_of_a_schema_break(watched, weeks, makes):
    report = watched.report(
        weeks[0], doors=[makes.door("fare", "wrong type", rows=90, refused=90)], traffic=makes.served(500, refused=90)
    )
    refusals = pl.DataFrame({
        "id": ["", "a", "b"], "received": [1, 2, 3], "problems": [["fare: wrong type"], ["city: new"], ["fare: wrong"]],
        "row": ["{}"] * 3,
    })
    alert, = _found(watched, [report], [weeks[0]], refusals={report.start: refusals})
    assert alert.examples == ("b",)


def test_lost_labels_explain_a_quality_that_falls(watched, weeks, makes):
    traffic = makes.served(500, labels_due=500, labels_come=20, alarmed=("labels",))
    report = watched.report(weeks[0], qualities=[makes.quality(0.6, estimate=0.8)], traffic=traffic)
    assert {alert.cause for alert in _found(watched, [report], weeks)} == {"lost labels"}


def test_a_few_rows_with_a_new_value_do_not_explain_a_quality_that_falls(watched, weeks, makes):
    frame = weeks[0].with_row_index().with_columns(
        payment_type=pl.when(pl.col("index") % 50 == 0).then(pl.lit("Mobile")).otherwise(pl.col("payment_type"))
    )
    reading = watched.reading("payment_type", frame, alarmed=True)
    report = replace(
        watched.report(frame, qualities=[makes.quality(0.6, estimate=0.8)]), columns=(replace(reading, effect=0.02),)
    )
    alerts = _by_quantity(_found(watched, [report], [frame]))
    assert alerts["drift:payment_type"].cause == "new category"
    assert alerts["quality:roc_auc"].cause == "real change"


@pytest.mark.parametrize(("what", "changes", "severity"), [
    ("nan", {"odd": 2}, "critical"), ("errors", {"failed": 60}, "critical"), ("latency", {"over_limit": 50}, "warning"),
    ("labels", {"labels_due": 400, "labels_come": 3}, "warning"),
])
def test_what_is_wrong_with_the_service_is_as_bad_as_it_is(watched, weeks, makes, what, changes, severity):
    report = watched.report(weeks[0], traffic=makes.served(500, **changes, alarmed=(what,)))
    alert, = _found(watched, [report], weeks)
    assert (alert.quantity, alert.severity) == (what, severity)


def test_a_quality_below_its_limit_is_critical_and_one_that_only_drifts_down_a_warning(watched, weeks, makes):
    below, above = makes.quality(0.7), makes.quality(0.77, alarmed=True, evidence=2000.0)
    reports = [watched.report(weeks[0], qualities=[reading]) for reading in (below, above)]
    severities = [_found(watched, [report], weeks)[0].severity for report in reports]
    assert severities == ["critical", "warning"]


def test_another_champion_that_is_as_bad_is_an_incident_of_its_own(watched, weeks, makes):
    reports = [
        watched.report(weeks[0], week=week, qualities=[makes.quality(0.6, estimate=0.8)], model=model)
        for week, model in enumerate(["a", "a", "b"])
    ]
    alerts = _found(watched, reports)
    assert [alert.first_bad for alert in alerts] == [reports[0].start, reports[2].start]
    assert not ongoing(alerts[0], reports)
    cents = [watched.report(weeks[0].with_columns(CENTS), week=week, model=model) for week, model in enumerate("ab")]
    assert len(_found(watched, cents)) == 1


def test_columns_with_personal_data_are_not_quoted(watched, weeks):
    frame = weeks[0].with_columns(pl.col("payment_type").replace({"Credit Card": "Ada Lovelace"}))
    alert, = _found(watched, [watched.report(frame)], [frame], private={"payment_type"})
    assert alert.cause == "renamed category"
    assert "Lovelace" not in f"{alert.title} {alert.explanation} {alert.advice}"


def test_numbers_that_are_not_finite_do_not_reach_the_record(watched, weeks, makes):
    report = watched.report(weeks[0], traffic=makes.served(500, alarmed=("latency",), latency_p99_ms=float("inf")))
    alert, = _found(watched, [report], weeks)
    assert alert.value is None
    assert encode(alert)


def test_titles_fit_a_phone(watched, weeks):
    frame = weeks[0].with_columns(pl.col("payment_type").replace({"Credit Card": "Card" * 60}))
    assert max(len(alert.title) for alert in _found(watched, [watched.report(frame)], [frame])) <= 90


def test_an_alert_says_what_it_was_made_from_and_where_it_belongs(watched, weeks):
    log = Ref(kind="prediction_log", digest="e" * 64)
    alert, = incidents([watched.report(weeks[0].with_columns(CENTS))], deployment=watched.deployment, made_from=(log,))
    assert alert.made_from == (log,)
    assert alert.deployment == watched.deployment
    assert alert.rows == weeks[0].height
    assert alert.value > alert.limit


def test_step_by_step_and_from_scratch_give_the_same_alerts(watched, weeks, makes):
    frames = [
        weeks[0], weeks[1].with_columns(CENTS), weeks[2].with_columns(CENTS), weeks[3], weeks[4].with_columns(CARD),
        weeks[5].with_columns(CARD), weeks[6], weeks[7],
    ]
    values = [GOOD, 0.6, 0.6, GOOD, 0.7, GOOD, 0.6, 0.6]
    reports = _reports(watched, frames, makes, values=values, predictions=(1, 2, 4, 5))
    scratch = _found(watched, reports, frames)
    assert _step_by_step(watched, reports, frames) == list(scratch)
    assert _found(watched, reports, frames, known=scratch) == ()
    assert len({alert.digest for alert in scratch}) == len(scratch)


KINDS = st.lists(
    st.tuples(
        st.booleans(), st.booleans(), st.sampled_from([GOOD, 0.6, None]), st.sampled_from(["", "traffic", "nan"])
    ),
    min_size=1, max_size=7,
)


@settings(max_examples=40, deadline=None)
@given(kinds=KINDS, cut=st.integers(0, 7))
def test_looking_twice_or_after_a_restart_makes_no_second_alert(watched, weeks, makes, kinds, cut):
    healthy = watched.report(weeks[0])
    reports = [
        replace(
            watched.report(weeks[0].clear(), week=week), rows=500,
            columns=(makes.drift("fare", 1.0 if fare else 0.0), *healthy.columns[3:]),
            predictions=makes.drift("prediction", 1.0 if prediction else 0.0), qualities=(makes.quality(value),),
            traffic=makes.served(500, alarmed=(wrong,) if wrong else ()),
        )
        for week, (fare, prediction, value, wrong) in enumerate(kinds)
    ]
    scratch = incidents(reports, deployment=watched.deployment)
    assert incidents(reports, scratch, deployment=watched.deployment) == ()
    first = incidents(reports[:cut], deployment=watched.deployment)
    rest = incidents(reports, first, deployment=watched.deployment)
    assert [*first, *rest] == list(scratch)
    assert all(alert.group.partition("@")[2] <= alert.first_bad for alert in scratch)
    assert all((ended_at(alert, reports) or "") == "" or not ongoing(alert, reports) for alert in scratch)
