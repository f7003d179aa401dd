"""Changing something reruns exactly what depends on it, and names what changed."""

ROWS = {"adopt", "ingest", "label", "split", "describe", "infer", "review", "validate"}
MODEL = {"register fares", "evaluate", "rehearse", "judge", "witness"}


def test_a_feature_function(finished):
    finished.edit("features.py", "fare / (miles + 1)", "fare / (miles + 2)")
    again = finished.run(code=None)
    assert {"build", "examine", "suspect", "train linear", "check"} | MODEL <= again.ran
    assert not again.ran & ROWS
    assert again.why("build") == "features.py: function `fare_per_mile` changed"


def test_a_module_that_a_feature_imports(finished):
    finished.edit("distances.py", "miles > 5", "miles > 4")
    again = finished.run(code=None)
    assert "build" in again.ran
    assert not again.ran & ROWS
    assert again.why("build") == "distances.py: function `is_long` changed"


def test_the_reason_is_told_to_a_person(finished):
    finished.edit("features.py", "fare / (miles + 1)", "fare / (miles + 2)")
    told = finished.give("run", "--why").out
    assert "ran: features.py: function `fare_per_mile` changed" in " ".join(told.split())


def test_a_comment_and_a_docstring_rerun_nothing(finished):
    finished.edit("features.py", "    return fare", "    # Short trips have no long denominators.\n    return fare")
    finished.edit("distances.py", "Longer than five miles.", "What counts as long.")
    assert finished.run().ran == set()


def test_a_function_that_nobody_uses_reruns_nothing(finished):
    finished.append("distances.py", "\n\ndef is_short(miles):\n    return miles < 1\n")
    assert finished.run().ran == set()


def test_a_scenario_is_rehearsed_and_judged_anew_and_nothing_else(finished):
    scenario = "\n\ndef says_something(predict, rows):\n    assert len(predict(rows)) == rows.height\n"
    finished.append("scenarios.py", scenario)
    again = finished.run()
    assert again.ran == {"rehearse", "judge", "witness"}
    assert "says_something" in again.why("rehearse")


def test_the_owner_of_the_data_is_no_reason_to_read_them_again(finished):
    finished.edit("loopwright.toml", 'key = "id"', 'key = "id"\nowner = "the fares team"\nlicence = "internal"')
    assert not finished.run().ran & (ROWS - {"adopt"})


def test_an_edited_schema_validates_anew(finished):
    finished.edit("schema.toml", "[columns.fare]", '[columns.fare]\ndescription = "in dollars"')
    again = finished.run()
    assert {"review", "validate"} <= again.ran
    assert not again.ran & {"ingest", "split", "build", "describe", "infer", "train linear", "register fares"}


def test_a_limit_of_the_charter_is_judged_anew_on_the_same_rows(finished):
    finished.edit("loopwright.toml", '"<= 0.65"', '"<= 0.64"')
    again = finished.run(code=None)
    assert {"adopt", "judge"} <= again.ran
    assert not again.ran & (ROWS - {"adopt"})


def test_going_back_to_what_was_before_recalls_it(finished):
    finished.edit("features.py", "fare / (miles + 1)", "fare / (miles + 2)")
    finished.run(code=None)
    finished.edit("features.py", "fare / (miles + 2)", "fare / (miles + 1)")
    assert "train linear" not in finished.run(code=None).ran
