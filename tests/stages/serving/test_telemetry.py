from __future__ import annotations

from loopwright.stages.serving.telemetry import Telemetry


def text(telemetry, accept=""):
    return telemetry.written(accept)[0].decode()


def test_two_servers_in_one_process_count_apart():
    one, other = Telemetry(), Telemetry()
    one.rows.labels(result="answered").inc()
    assert 'result="answered"} 1.0' in text(one)
    assert "answered" not in text(other).replace("answered, held", "").replace("Rows answered", "")


def test_problems_are_counted_by_kind_without_the_value():
    telemetry = Telemetry()
    telemetry.refused([("fare", "above 250"), ("fare", "above 300"), ("payment", "new value 'Kredit'")])
    found = text(telemetry)
    assert 'loopwright_refusals_total{field="fare",kind="above its range"} 2.0' in found
    assert 'loopwright_refusals_total{field="payment",kind="new value"} 1.0' in found
    assert "Kredit" not in found


def test_invented_fields_do_not_fill_the_memory():
    telemetry = Telemetry()
    for number in range(1000):
        telemetry.refused([(f"column {number}", "unknown column")])
    assert text(telemetry).count("loopwright_refusals_total{") == 201
    assert 'field="(others)",kind="unknown column"} 800.0' in text(telemetry)


def test_a_challenger_that_has_gone_is_not_shown():
    telemetry = Telemetry()
    telemetry.serves(deployment=7, champion=3, challenger=4)
    assert 'loopwright_model{role="challenger"} 4.0' in text(telemetry)
    telemetry.serves(deployment=8, champion=4, challenger=None)
    telemetry.serves(deployment=8, champion=4, challenger=None)
    assert "challenger" not in text(telemetry).replace("# ", "")
    assert "loopwright_deployment 8.0" in text(telemetry)


def test_openmetrics_is_written_where_it_is_accepted():
    telemetry = Telemetry()
    body, media_type = telemetry.written("application/openmetrics-text; version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert telemetry.written("*/*")[1].startswith("text/plain")
