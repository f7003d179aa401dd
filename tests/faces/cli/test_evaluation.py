"""The gate's reasons, the score and its open points, signatures and reports."""

from __future__ import annotations


def test_the_gate_is_shown_with_every_demand_and_its_no_is_the_exit_code(ran, give):
    out = give("gate", "--project", ran, code=20).out
    assert "✗ no" in out.splitlines()[0]
    assert "log_loss <= 0.1" in out
    told = give("gate", "--project", ran, "--json", code=20).json
    assert told["passed"] is False
    assert len(told["reasons"]) == sum(out.count(mark) for mark in (" ✓ yes ", " ✗ no ", " ? unknown "))


def test_a_gate_that_said_yes_ends_well(copied, give):
    path = copied / "loopwright.toml"
    path.write_text(path.read_text().replace('"<= 0.69"', '"<= 0.7"'))
    give("run", "--project", copied)
    assert "✓ yes" in give("gate", "--project", copied).out.splitlines()[0]


def test_the_score_is_told_section_by_section_with_the_cheapest_next_point(ran, give):
    out = give("score", "--project", ran).out
    assert out.count(" of 7") == 4
    assert "ML Test Score " in out
    assert "cheapest next point, " in out
    told = give("score", "--project", ran, "--json").json
    points = [sum(test["points"] for test in section["tests"]) for section in told["sections"]]
    assert told["score"] == min(points)
    assert sum(len(section["tests"]) for section in told["sections"]) == 28


def test_a_check_that_fails_is_shown_as_it_was_found(ran, give):
    out = give("score", "--project", ran).out
    assert "checks fail" in out
    assert "schema of 5 columns" in out or "log_loss" in out


def test_a_signature_is_told_back(copied, give):
    words = ("attest", "d5", "--note", "Was [red]reviewed[/].", "--by", "Ada [/]", "--project", copied)
    assert give(*words).out.strip() == "✓ Ada [/] attests D5: Was [red]reviewed[/]."
    told = give(*words, "--json").json
    assert (told["check"], told["by"], told["basis"]) == ("attestation.D5", "Ada [/]", "attested")


def test_who_does_not_say_who_signs_signs_in_person(copied, give):
    from loopwright.faces.cli.session import whoami

    assert give("attest", "D5", "--note", "Done.", "--project", copied, "--json").json["by"] == whoami()


def test_what_cannot_be_signed_is_refused_and_logged_as_failed(copied, give):
    assert "no test 'X1'" in give("attest", "X1", "--note", "Done.", "--project", copied, code=1).err
    assert give("activity", "--project", copied, "--json").json[-1]["exit_code"] == 1


def test_reports_are_written_where_asked(copied, tmp_path, give):
    card, sheet = tmp_path / "[red]card.html", tmp_path / "sheet.html"
    assert "[red]card.html" in give("card", "v1", "--output", card, "--project", copied).out.replace("\n", "")
    give("datasheet", "--output", sheet, "--project", copied)
    assert "fares" in card.read_text()
    assert "trips.csv" in sheet.read_text()
    assert "no model v9" in give("card", "v9", "--project", copied, code=1).err


def test_before_the_first_run_each_says_what_to_do(folder, give):
    for words in (("gate",), ("card",), ("datasheet",)):
        assert "Run `loopwright run`." in give(*words, "--project", folder, code=1).err
