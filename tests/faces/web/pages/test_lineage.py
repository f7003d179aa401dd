from dataclasses import replace

from loopwright.faces.web.pages import lineage
from loopwright.records import Ref, Run


def test_a_model_leads_back_to_its_source_file_and_code(library):
    page = lineage(library, library.newest("model"))
    names = {step.name for step in page.steps}
    assert {
        "data/trips.csv",
        "features.py:miles_per_minute",
        "label big_tip",
        "charter of taxi-tips",
    } <= names


def test_a_dataset_leads_forward_to_its_models(library):
    page = lineage(library, library.all("dataset_version")[0])
    assert {step.name for step in page.steps if step.ref.kind == "model"} == {"taxi-tips v1", "taxi-tips v2"}


def test_many_alike_are_drawn_as_one_box_and_listed_one_by_one(library):
    page = lineage(library, library.all("dataset_version")[0])
    assert any(node.name == "29 runs" for node in page.nodes)
    assert sum(step.ref.kind == "run" for step in page.steps) == 31


def test_the_record_in_the_middle_is_never_hidden_in_a_crowd(library):
    trial = next(one for one in library.all("run") if one.role == "trial")
    page = lineage(library, trial)
    assert [node.id for node in page.nodes if node.tone == "centre"] == [trial.digest]


def test_files_and_code_have_no_page_to_lead_to(library):
    page = lineage(library, library.newest("model"))
    assert all(not node.address for node in page.nodes if node.tone == "source")


def test_a_huge_lineage_says_how_much_is_not_drawn(empty_library):
    source = Ref(kind="file", digest="0" * 64, name="a.csv")
    first = Run(
        made_from=(source,),
        name="0",
        role="trial",
        estimator="x",
        params={},
        seed=0,
        metrics=(),
        objective=0.0,
    )
    empty_library.add(first)
    for number in range(1, 450):
        empty_library.add(replace(first, made_from=(first.ref,), name=str(number)))
    page = lineage(empty_library, first)
    assert page.left_out == 50
    assert len(page.nodes) == 3
