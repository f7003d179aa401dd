"""A record in a notebook is a small table that shows what is known and nothing that could run."""

from __future__ import annotations

from loopwright.records import Evidence, Record, Ref, Schema
from loopwright.records.run import Run, RunMetric
from loopwright.records.schema import ColumnSchema

MODEL = Ref(kind="model", digest="0123456789abcdef", name="v3")


def as_html(record: Record) -> str:
    """Return what a notebook asks a record for."""
    return record._repr_html_()


def test_kind_digest_and_fields_that_say_something_are_shown():
    evidence = Evidence(check="metric.f1", subject=MODEL, claim="f1 is 0.5", passed=None, value=0.123456789)
    page = as_html(evidence)
    assert f"Evidence <code>{evidence.digest[:12]}</code>" in page
    assert ">0.123457<" in page
    assert ">model:0123456789ab<" in page
    assert ">check<" in page
    assert ">limit<" not in page
    assert ">made_from<" not in page


def test_false_and_zero_say_something():
    page = as_html(Evidence(check="a.b", subject=MODEL, claim="no", passed=False, value=0.0, rows=0))
    assert ">False<" in page
    assert page.count(">0<") == 2


def test_markup_in_data_is_shown_as_it_is():
    nasty = "<script>alert('x')</script> & [red]x[/]"
    schema = Schema(columns=(ColumnSchema(name=nasty, type="int"),), environments=(nasty,))
    run = Run(
        name=nasty, role="trial", estimator=nasty, params={nasty: nasty}, seed=0, metrics=(), objective=None,
        notes=(nasty,),
    )
    for page in (as_html(schema), as_html(run)):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert "[red]x[/]" in page
    assert as_html(run).count("&lt;script&gt;") == 5


def test_long_lists_are_cut_and_say_so():
    many = tuple(ColumnSchema(name=f"c{number}", type="int") for number in range(11))
    page = as_html(Schema(columns=many, environments=tuple(f"e{number}" for number in range(10))))
    assert "name=c7" in page
    assert "name=c8" not in page
    assert "… and 3 more" in page
    assert "e7, … 2 more" in page


def test_parts_are_told_in_one_line_each_with_their_short_fields():
    metrics = (RunMetric(metric="f1", part="train", value=0.5), RunMetric(metric="f2", part="train", value=0.25))
    run = Run(name="a", role="final", estimator="x.Y", params={"depth": 3}, seed=0, metrics=metrics, objective=None)
    page = as_html(run)
    assert "metric=f1, part=train, value=0.5<br>metric=f2, part=train, value=0.25" in page
    assert "depth: 3" in page
