import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from loopwright.faces.web import charts
from loopwright.faces.web.charts.graph import Node
from loopwright.faces.web.releases import VerdictExhibit
from loopwright.faces.web.rooms import Room
from loopwright.faces.web.watching import DriftPoint, DriftSeries, QualityPoint, QualitySeries, TrafficPoint
from loopwright.records import Run
from loopwright.records.statistics import Bucket
from loopwright.stages.evaluation.exhibits import exhibits_of
from loopwright.stages.monitoring.windows import Histogram, QualityReading, TrafficReading

HOSTILE = "\"'</text><script>alert(1)</script>&{{x}}"


def trials(count, **searched):
    return [
        Run(
            name=f"trial {number}",
            role="trial",
            estimator="sklearn.X",
            params={},
            seed=0,
            metrics=(),
            objective=0.5 + number / 100,
            search={name: values[number % len(values)] for name, values in searched.items()},
            round=number % 2 + 1,
        )
        for number in range(count)
    ]


def drawings():
    chance = np.random.default_rng(0)
    score = chance.random(300)
    truth = (chance.random(300) < score).astype(np.int64)
    for exhibit in exhibits_of(truth, score, task="binary", classes=(f"no{HOSTILE}", f"yes{HOSTILE}")):
        if exhibit.kind != "confusion":
            yield getattr(charts, exhibit.kind)(exhibit)
    (spread,) = exhibits_of(score, score + chance.normal(size=300) / 9, task="regression")
    yield charts.residuals(spread)
    yield charts.forest(
        (
            charts.Interval(name=HOSTILE, value=0.5, low=0.4, high=0.6, note=HOSTILE),
            charts.Interval(name=HOSTILE, value=0.2),
        ),
        title=HOSTILE,
        reference=0.3,
    )
    yield from live_drawings()
    yield charts.objective(trials(6, rate=[0.1]))
    yield charts.parallel(
        trials(6, rate=[0.001, 1.0], **{HOSTILE: ["a", HOSTILE], "depth": [3], "flag": [True, False]})
    )
    yield charts.histogram([Bucket(0, 1, 3), Bucket(1, 2, 0)])
    yield charts.lineage(
        (Node(id="a", name=HOSTILE, kind="file"), Node(id="b", name="b", kind="run", address="/runs/b")),
        (("a", "b"),),
    )
    yield charts.loop(
        [Room(name=name, state="done", says=HOSTILE, at="") for name in "abcdefg"], centre=(HOSTILE, HOSTILE)
    )


def live_drawings():
    reading = DriftPoint(start="2015-07-01T00:00:00", digest="ab", rows=3, effect=-0.1, accepted=0.02, alarmed=False)
    points = (reading, replace(reading, start="2015-07-02T00:00:00", effect=9.0, alarmed=True))
    series = DriftSeries(column=HOSTILE, kind="numeric", points=points)
    yield charts.drift(series)
    yield charts.heat([series, replace(series, column="calm", points=points[:1])])
    counts = tuple(range(40))
    histogram = Histogram(labels=(HOSTILE, *map(str, range(39))), reference=counts, current=counts[::-1])
    yield charts.versus(histogram, name=HOSTILE, kind="categorical")
    yield charts.versus(Histogram(labels=("a",), reference=(0,), current=(0,)), name="empty")
    yield charts.shares([(HOSTILE, 0.75, "champion"), ("held back", 0.25, "held-back")])
    path = (("2015-07-01", 0.0), ("2015-07-02", None), ("2015-07-03", 30.0))
    yield charts.evidence_path(VerdictExhibit(limit=20.0, path=path))
    yield charts.evidence_path(VerdictExhibit(path=((1.0, 2.0), (2.0, 3.0))))
    quality = QualityReading(
        metric="x", value=0.9, low=0.8, high=1.0, rows=3, pending=4, mature=False, estimate=None, estimate_low=None,
        estimate_high=None, reference=0.9, limit=None, p_value=None, evidence=0.0, evidence_limit=1.0, alarmed=True,
    )
    nothing = replace(quality, value=None, low=None, high=None, alarmed=False, estimate=0.8)
    yield charts.quality(
        QualitySeries(
            metric=HOSTILE,
            points=tuple(
                QualityPoint(start=f"2015-07-0{day}", digest="ab", reading=one)
                for day, one in enumerate((quality, nothing), start=1)
            ),
        )
    )
    reading = TrafficReading(
        rows=3, refused=1, failed=0, expected_low=1.0, expected_high=9.0, odd=0, latency_p50_ms=None,
        latency_p99_ms=None, over_limit=0, latency_limit_ms=None, labels_due=0, labels_come=0,
        alarmed=("traffic", "latency"), p_values={},
    )
    traffic = [TrafficPoint(start="2015-07-01", end="2015-07-02", digest="ab", reading=reading, alarms=())]
    yield charts.traffic(traffic)
    yield charts.latency(traffic)


def test_points_lead_to_their_pages_and_nowhere_else():
    for drawing in live_drawings():
        links = re.findall(r'href="([^"]*)"', drawing)
        assert all(one == "/monitoring/ab" for one in links)
        assert "invalid" not in drawing


def test_missing_and_new_values_are_always_drawn():
    labels = (*(f"company {number}" for number in range(30)), "(missing)", "(new)")
    histogram = Histogram(labels=labels, reference=(1,) * 32, current=(2,) * 32)
    drawing = charts.versus(histogram, name="company", kind="categorical")
    assert "(missing)" in drawing
    assert "(new)" in drawing
    assert "21 more" in drawing


def test_every_picture_is_well_formed_and_holds_no_markup_of_users():
    for drawing in drawings():
        root = ET.fromstring(drawing)
        assert {element.tag.rpartition("}")[2] for element in root.iter()}.isdisjoint(
            {"script", "foreignObject", "image", "style"}
        )
        assert all(not name.lower().startswith("on") for element in root.iter() for name in element.attrib)


def test_pictures_on_one_page_share_no_ids_but_the_arrow_of_the_loop():
    ids = [identity for drawing in drawings() for identity in re.findall(r'\bid="([^"]+)"', drawing)]
    assert ids == ["arrow"]


def test_colours_are_the_pages_own_in_light_and_dark():
    for drawing in drawings():
        assert not re.findall(r'(?:fill|stroke)="#[0-9a-fA-F]{3,8}"', drawing)


def test_marks_say_their_values():
    drawing = charts.forest(
        (charts.Interval(name="recall", value=0.41, low=0.33, high=0.49, note="1,402 rows"),), title="x"
    )
    assert "<title>recall: 0.41 (0.33 to 0.49), 1,402 rows</title>" in drawing


@pytest.mark.parametrize(
    ("part", "whole", "width"),
    [(1, 4, "25.0"), (0, 4, "0.0"), (9, 4, "100.0"), (1, 0, "0.0"), (-1, 4, "0.0")],
)
def test_a_bar_fills_its_share(part, whole, width):
    assert f'class="fill" width="{width}"' in charts.bar(part, whole)


def test_a_bucket_with_one_row_of_a_million_can_still_be_seen():
    heights = re.findall(
        r'height="([\d.]+)"', charts.histogram([Bucket(0, 1, 1_000_000), Bucket(1, 2, 1), Bucket(2, 3, 0)])
    )
    assert heights == ["27.0", "1.0", "0.0"]
