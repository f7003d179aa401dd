"""Whatever the user's own code does wrong is told with file, line, function and the error's own words."""

from __future__ import annotations

import pytest

BROKEN = {
    "a syntax error": ("def broken(fare:\n", ["features.py:17", "not valid Python", "Mend the file"]),
    "an exception": (
        "def broken(fare):\n    return 1 / 0\n",
        ["features.py:18: function `broken`", "ZeroDivisionError: division by zero"],
    ),
    "an exception while it is read": (
        "import no_such_library\n\n\ndef broken(fare):\n    return fare * no_such_library.x\n",
        ["features.py:17: the file failed", "ModuleNotFoundError", "no_such_library"],
    ),
    "an exit": ("def broken(fare):\n    raise SystemExit(3)\n", ["features.py:18: function `broken`", "SystemExit"]),
    "a number instead of an expression": (
        "def broken(fare):\n    return 5\n", ["function `broken` returned int, not a Polars expression"],
    ),
    "an expression that fails": (
        "def broken(payment):\n    return payment.str.to_integer()\n", ["function `broken` failed", "card"],
    ),
    "an argument that is no column": (
        "def broken(far):\n    return far\n", ["function `broken` needs `far`", "did you mean 'fare'?"],
    ),
    "other rows": (
        "def broken(fare):\n    return fare - fare.mean()\n", ["`broken` is not row-wise", "A served row comes alone"],
    ),
    "the row before": ("def broken(fare):\n    return fare.shift(1)\n", ["`broken` is not row-wise"]),
    "the name of a column": ("def miles(fare):\n    return fare\n", ["function `miles`", "Rename it"]),
    "a circle": (
        "def one(two):\n    return two\n\n\ndef two(one):\n    return one\n", ["`one`, `two`", "in a circle"],
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_feature(place, what):
    text, said = BROKEN[what]
    place.append("features.py", "\n\n" + text)
    message = place.refuses()
    assert "features.py" in message
    for words in said:
        assert words in message


def test_text_that_is_not_utf8(place):
    path = place.folder / "features.py"
    path.write_bytes(path.read_bytes() + b'\n\ndef broken(fare):\n    return fare + len("caf\xe9")\n')
    assert "features.py" in place.refuses()


def test_the_rule_of_the_label(place):
    place.edit("loopwright.toml", '"tipped"', '"labels:tip"')
    place.write("labels.py", "def tip(fare):\n    return fare.no_such()\n")
    assert "labels.py:2: function `tip` failed" in place.refuses()


def test_the_rule_without_machine_learning(place):
    place.write("heuristics.py", 'def card(payment):\n    raise ValueError("not today")\n')
    message = place.refuses()
    assert "heuristics.py:2: function `card` failed" in message
    assert "not today" in message


def test_a_scenario_that_cannot_run_is_a_no_of_the_gate(place):
    place.append("scenarios.py", "\n\ndef broken(predict, rows):\n    raise KeyError('x')\n")
    answer = place.run(code=20)
    said = [reason["explanation"] for reason in answer.json["gate"]["reasons"] if reason["passed"] is False]
    assert any("broken" in text and "scenarios.py:9" in text for text in said)


def test_a_mended_function_runs_and_only_what_depends_on_it(finished):
    finished.edit("features.py", "fare / (miles + 1)", "fare / no_such")
    assert "features.py" in finished.refuses()
    finished.edit("features.py", "fare / no_such", "fare / (miles + 1)")
    assert finished.run().ran == set()
