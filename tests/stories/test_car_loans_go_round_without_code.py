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
SECONDS = 523.152                 # from one loan to the next
LATE = timedelta(days=20)
FIRST_BAD = 5                     # of the ten chunks


def part(home, name):
    rows = pl.read_parquet(home / f"synthetic_car_loan_{name}.parquet")
    return rows.drop("y_pred", "y_pred_proba", strict=False)


@pytest.fixture(scope="module")
def home():
    if "LOOPWRIGHT_DATA" not in os.environ:
        pytest.skip("needs LOOPWRIGHT_DATA, a folder with the public datasets")
    try:
        return datasets.path("car-loan")
    except LoopwrightError as error:
        pytest.skip(str(error))


@pytest.fixture
def loans(home, new_served, place, request):
    """The project that `init` makes of the reference part, trained and served."""
    folder = place.folder.parent
    part(home, "reference").write_csv(folder / "loans.csv")
    start = type(place)(folder)
    start.give("init", "loans", "--data", "loans.csv", "--label", "repaid", "--key", "id", "--time", "timestamp", code=0)
    made = type(place)(folder / "loans")
    made.append("loopwright.toml", f"\n[monitor]\nwindow_hours = {ROWS * SECONDS / 3600}\nlate_days = {LATE.days}\n")
    import re
    t = (made.folder/"loopwright.toml").read_text(); worse, test = request.param
    print(t)
    t = t.replace("[targets]", f"[targets]\nnot_worse_by = {worse}")
    t = re.sub("test = [0-9.]*", "", t).replace("[split]", f"[split]\ntest={test}")
    (made.folder/"loopwright.toml").write_text(t)
    made.run()
    with new_served(made) as served:
        yield served


@pytest.mark.slow
@pytest.mark.parametrize("loans", [(0.002,0.15),(0.002,0.4),(0.005,0.4)], indirect=True)
def test_the_decay_of_the_last_chunks_is_noticed_by_outcomes_and_not_before(home, loans):
    rows = part(home, "analysis").join(part(home, "analysis_target"), on="id").with_columns(
        at=pl.col("timestamp").str.to_datetime()
    )
    changed = rows["at"][FIRST_BAD * ROWS]
    told, at = rows["at"][0], rows["at"][0]
    looks = []
    while at < rows["at"][-1] + LATE:
        asked = rows.filter(pl.col("at").is_between(at, at + LATE, closed="left"))
        if asked.height:
            columns = asked.drop("repaid", "at").to_dict(as_series=False)
            assert loans.ask("POST", "/predict", {"columns": columns}).status == 200
        at += LATE
        for known in rows.filter(pl.col("at").is_between(told, at - LATE, closed="left")).iter_slices(5000):
            loans.tell(*(
                {"id": str(name), "values": {"repaid": repaid}, "at": (when + LATE).isoformat()}
                for name, repaid, when in known.select("id", "repaid", "at").iter_rows()
            ))
        told = max(told, at - LATE)
        looks.append(loans.place.give("watch", "--at", at.isoformat(), "--json", "--no-retraining", code=0).json)
        print(at, [(a["quantity"],a["first_bad"],a["title"]) for a in looks[-1]["alerts"]], [(r["start"][:10], q["value"], q["low"], q["limit"], q["evidence"], q["evidence_limit"], q["p_value"], q["rows"],q["pending"]) for r in looks[-1]["reports"] for q in r["qualities"]])
    worse = [alert for look in looks for alert in look["alerts"] if alert["quantity"].startswith("quality:")]
    assert worse
    first = datetime.fromisoformat(worse[0]["first_bad"])
    month = timedelta(seconds=ROWS * SECONDS)
    assert changed - month < first < changed + 2 * month
    assert loans.place.give("release", "--json").json[-1]["event"] != "deploy", "another model was tried"
