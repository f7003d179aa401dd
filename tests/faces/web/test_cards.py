import re
import time
from dataclasses import replace

import pytest

from loopwright.faces.web import datasheet, model_card, passport_sheet
from loopwright.records import DatasetVersion, Gate, Statistics, Table
from loopwright.records.dataset_version import Column
from loopwright.records.statistics import Bucket, ColumnStatistics, PartStatistics


@pytest.fixture(scope="module")
def card(library):
    return model_card(library, library.newest("model"))


def text_of(html: str) -> str:
    return re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    )


def test_a_model_card_needs_no_script_and_no_other_file(card):
    assert "<script" not in card
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", card)
    assert "url(http" not in card
    assert "@import" not in card


def test_a_model_card_forbids_itself_every_request(card):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', card)[1]
    assert policy.startswith("default-src 'none'")


def test_a_model_card_says_what_it_is_for_and_how_good(card):
    words = text_of(card)
    for said in (
        "Which trips to offer first",
        "Dispatchers",
        "Trips paid in cash are never offered first.",
        "data/trips.csv",
        "big_tip",
        "miles_per_minute",
        "How fast the trip was",
        "0.934",
        "0.922 to 0.945",
        "payment_type = Cash",
        "better than linear by 0.013",
        "longer trip",
        "overfits a tiny batch",
        "the onnx file says the same",
        "scikit-learn 1.9.0",
        "trip_id=a91: said 0.07 for yes, was yes",
    ):
        assert said in words, said


def test_a_no_of_the_gate_and_a_suspicion_stand_before_everything_else(card):
    words = text_of(card)
    assert words.index("The gate said no.") < words.index("may give the label away") < words.index("Purpose")


def test_a_model_card_shows_its_curves_and_intervals(card):
    for label in (
        "ROC curve",
        "Precision-recall curve",
        "Calibration in",
        "How sure the model is",
        "with intervals:",
    ):
        assert f'aria-label="{label}' in card or label in card
    assert card.count('<svg role="img"') >= 7


def test_what_nobody_checked_is_said_plainly(library, card, empty_library):
    assert "no fairness check was made" in text_of(card)
    assert "no scenario was run" not in text_of(card)
    alone = library.newest("model")
    empty_library.add(alone)
    words = text_of(model_card(empty_library, alone))
    for gap in (
        "no metric on the test part",
        "no slices were evaluated",
        "no scenario was run",
        "no gate has judged it",
        "decision is empty",
    ):
        assert gap in words, gap


def test_a_champion_that_was_not_compared_with_is_said(library):
    without = type(library)(
        records=dict(library.records),
        times=library.times,
        artifacts=library.artifacts,
        changes=library.changes,
    )
    for digest, record in library.records.items():
        if isinstance(record, Gate) and record.rival:
            del without.records[digest]
    assert "they were not compared" in text_of(model_card(without, library.newest("model")))


def test_a_lost_exhibit_is_said_and_the_card_is_still_made(library):
    without = replace(library, artifacts={})
    assert "The exhibit cannot be shown" in text_of(model_card(without, library.newest("model")))


def test_a_datasheet_holds_what_is_in_the_data_and_what_is_not_known(library):
    html = datasheet(library, library.newest("dataset_version"))
    words = text_of(html)
    for said in (
        "15,002",
        "trip_miles",
        "Taxi Affiliation Services",
        "33.3 % missing",
        "3 rows of the source could not be read",
        "Prcard",
        "licence is empty",
    ):
        assert said in words, said
    assert "<script" not in html
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", html)


def test_ten_thousand_columns_make_a_page_and_a_sheet_in_no_time(empty_library, ask):
    wide = DatasetVersion(
        name="wide",
        table=Table(name="wide", version=0, rows=10, columns=(), sha256="0" * 64),
        source="wide.csv",
        columns=tuple(Column(name=f"c{number}", type="float") for number in range(10_000)),
        number=1,
    )
    buckets = tuple(Bucket(step, step + 1, 1) for step in range(10))
    columns = tuple(
        ColumnStatistics(name=column.name, type="float", rows=10, mean=4.5, standard_histogram=buckets)
        for column in wide.columns
    )
    statistics = Statistics(
        made_from=(wide.ref,), parts=(PartStatistics(part="all", rows=10, columns=columns),)
    )
    empty_library.add(wide, statistics)
    digest = wide.digest
    start = time.perf_counter()
    page = ask(empty_library, f"/datasets/{digest}?find=c99&start=50").text
    sheet = datasheet(empty_library, wide)
    assert time.perf_counter() - start < 8
    assert "51 to 100 of 111 columns" in text_of(page)
    assert "The first 500 of 10,000 columns are shown" in text_of(sheet)


@pytest.mark.parametrize(
    "make",
    [
        lambda library: model_card(library, library.newest("model")),
        lambda library: datasheet(library, library.newest("dataset_version")),
    ],
)
def test_text_of_users_is_never_markup_in_a_report(hostile_library, make):
    html = make(hostile_library)
    assert "<script" not in html
    assert "<img" not in html
    assert "{{7*7}}" in html


def test_a_passport_stands_alone(live_library, hostile_live_library):
    sheet = passport_sheet(live_library, "trip/1?")
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", sheet)
    words = text_of(sheet)
    for said in ("taxi-tips v1", "Shapley values", "the gate said yes", "from billing", "fare is about 100 times"):
        assert said in words
    assert "<script" not in passport_sheet(hostile_live_library, "trip/1?")
