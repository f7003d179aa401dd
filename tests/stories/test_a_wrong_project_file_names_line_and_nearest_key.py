"""The project file is read strictly: a mistake is told with line, what was found and allowed, the nearest name."""

from __future__ import annotations

import pytest

WRONG = {
    "an unknown key": (
        "trials = 2", "trails = 2",
        ["[training] trails = 2: unknown key", 'did you mean "trials"?', "loopwright.toml:"],
    ),
    "an unknown section": ("[training]", "[trainng]", ["trainng", 'did you mean "training"?']),
    "a wrong type": ("trials = 2", 'trials = "two"', ["[training] trials", '"two"', "whole number"]),
    "an impossible value": ("trials = 2", "trials = 0", ["[training] trials = 0", "1"]),
    "a limit without comparison": ('"<= 0.65"', '"0.65"', ["satisfice.log_loss", "comparison"]),
    "an unknown metric": ('"roc_auc"', '"roc_acu"', ["unknown metric", 'did you mean "roc_auc"?']),
    "a missing key": ('optimize = "roc_auc"', "", ["[targets] optimize: this key is missing"]),
    "no TOML": ('optimize = "roc_auc"', 'optimize "roc_auc"', ["this is no TOML", "loopwright.toml:11"]),
    "an estimator that does not exist": (
        "LogisticRegression", "LogisticRegresion",
        ["no estimator 'LogisticRegresion'", "did you mean 'LogisticRegression'?"],
    ),
    "a parameter that does not exist": ("C = {", "CC = {", ["no parameter 'CC'", "did you mean 'C'?"]),
    "a file that does not exist": ("heuristics:card", "heuristic:card", ["there is no file heuristic.py"]),
    "a function that does not exist": (
        "heuristics:card", "heuristics:cart", ["no function 'cart'", "did you mean 'card'?"],
    ),
    "a slice that is no column": ('["payment"]', '["paymnt"]', ["'paymnt'", "did you mean 'payment'?"]),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_message_names_it(place, what):
    old, new, said = WRONG[what]
    place.edit("loopwright.toml", old, new)
    message = place.refuses()
    for words in said:
        assert words in message


def test_a_project_file_that_is_not_utf8(place):
    place.write("loopwright.toml", b"\xff\xfe")
    assert "UTF-8" in place.refuses()


def test_no_project_at_all(place):
    (place.folder / "loopwright.toml").unlink()
    message = place.refuses()
    assert "there is no loopwright.toml in" in message
    assert "loopwright init" in message


def test_a_project_below_is_found_from_above(finished):
    (finished.folder / "notes").mkdir()
    finished.folder = finished.folder / "notes"
    assert finished.give("gate", "--json", code=0).json["passed"]
