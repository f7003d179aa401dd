"""A second problem goes round without a line of code: NannyML's car loans, made by `init`, replayed with late outcomes.

The analysis part is ten chunks of 5,000 loans, a month each; from the sixth on other loans come, and a model that was
trained on the reference part becomes worse.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import polars as pl
import pytest

from loopwright import datasets
from loopwright.errors import LoopwrightError

ROWS = 5000
MONTH = timedelta(seconds=ROWS * 523.152)
"""A chunk: from one loan to the next it takes 523.152 seconds."""

LATE = timedelta(days=20)
PAUSE = timedelta(days=10)
FIRST_BAD = 5                     # of the ten chunks


@pytest.fixture(scope="module")
def home():
    if "LOOPWRIGHT_DATA" not in os.environ:
        pytest.skip("needs LOOPWRIGHT_DATA, a folder with the public datasets")
    try:
        return datasets.path("car-loan")
    except LoopwrightError as error:
        pytest.skip(str(error))


def part(home, name):
    """Return loans without what NannyML's own model said of them."""
    rows = pl.read_parquet(home / f"synthetic_car_loan_{name}.parquet")
    return rows.drop("y_pred", "y_pred_proba", strict=False)


@pytest.fixture
def loans(home, new_served, place):
    """The project that `init` makes of the reference part, with a few numbers filled in, trained and served."""
    above = type(place)(place.folder.parent)
    part(home, "reference").write_csv(above.folder / "loans.csv")
    columns = ("--label", "repaid", "--key", "id", "--time", "timestamp")
    above.give("init", "loans", "--data", "loans.csv", *columns, code=0)
    made = type(place)(above.folder / "loans")
    made.edit("loopwright.toml", 'log_loss = "<= 0.693"', 'log_loss = "<= 0.21"')
    made.append("loopwright.toml", f"\n[monitor]\nwindow_hours = {MONTH / timedelta(hours=1)}\n")
    made.append("loopwright.toml", f"late_days = {LATE.days}\n[release]\nsteps = [0.25]\nstep_rows = 100\n")
    made.run()
    with new_served(made) as served:
        yield served


@pytest.fixture
def looks(home, loans):
    """What each look said while the analysis part was replayed, every ten days."""
    rows = part(home, "analysis").join(part(home, "analysis_target"), on="id")
    rows = rows.with_columns(at=pl.col("timestamp").str.to_datetime())
    said, at = [], rows["at"][0]
    while at < rows["at"][-1] + LATE:
        asked, known = (
            rows.filter(pl.col("at").is_between(start, start + PAUSE, closed="left")) for start in (at, at - LATE)
        )
        if asked.height:
            columns = asked.drop("repaid", "at").to_dict(as_series=False)
            assert loans.ask("POST", "/predict", {"columns": columns}).status == 200
        if known.height:
            loans.tell(*(
                {"id": str(name), "values": {"repaid": repaid}, "at": (when + LATE).isoformat()}
                for name, repaid, when in known.select("id", "repaid", "at").iter_rows()
            ))
        at += PAUSE
        said.append(loans.place.give("watch", "--at", at.isoformat(), "--json", code=0).json)
    return rows["at"][FIRST_BAD * ROWS], said


@pytest.mark.slow
def test_the_decay_is_noticed_where_it_begins_and_answered_by_a_model_that_is_promoted(loans, looks):
    changed, said = looks
    alerts = [alert for look in said for alert in look["alerts"]]
    worse = [alert for alert in alerts if alert["quantity"].startswith("quality:")]
    first = datetime.fromisoformat(worse[0]["first_bad"])
    assert changed - MONTH < first < changed + 2 * MONTH
    assert all(datetime.fromisoformat(alert["first_bad"]) > changed - MONTH for alert in alerts), "and nothing before"
    states = loans.place.give("release", "--json").json
    assert [state["event"] for state in states if state["event"] != "advance"] == ["deploy", "canary", "promote"]
