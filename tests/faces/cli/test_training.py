"""Runs are compared, the best first."""

from __future__ import annotations


def test_the_best_comes_first_and_a_failed_one_last(ran, give):
    told = give("runs", "--project", ran, "--json").json
    objectives = [item["objective"] for item in told]
    assert objectives == sorted(objectives, reverse=True)
    assert {item["role"] for item in told} == {"baseline", "trial", "final"}


def test_names_are_shown_as_they_are_with_what_was_searched(ran, give):
    out = give("runs", "--project", ran).out
    (first, *_) = [line for line in out.splitlines() if "[/]line #1" in line]
    assert " trial " in first
    assert " C=" in first
    assert "roc_auc" in out.splitlines()[2]


def test_as_many_are_shown_as_asked_for_and_the_rest_is_counted(ran, give):
    whole = len(give("runs", "--project", ran, "--json").json)
    out = give("runs", "--limit", 2, "--project", ran).out
    assert f"and {whole - 2} more; --limit shows them" in out
    assert out.count(" baseline ") + out.count(" trial ") + out.count(" final ") == 2


def test_the_metrics_can_be_chosen(ran, give):
    head = give("runs", "--metric", "log_loss", "--metric", "f1", "--project", ran).out.splitlines()[2]
    assert head.split()[2:4] == ["log_loss", "f1"]
    assert "roc_auc" not in head


def test_a_run_that_failed_says_why(copied, tmp_path, give):
    over = tmp_path / "more.toml"
    over.write_text(
        '[[candidates]]\nestimator = "sklearn.linear_model.LogisticRegression"\nname = "odd"\n'
        'search = { solver = ["lbfgs", "[/]none"] }\n[training]\ntrials = 6\n'
    )
    give("run", "--config", over, "--project", copied)
    lines = give("runs", "--limit", 99, "--project", copied).out.splitlines()
    failed = [line for line in lines if "failed: " in line]
    assert failed
    assert all("[/]none" in line or "solver" in line for line in failed)
    assert give("runs", "--project", copied, "--json").json[-1]["failed"]


def test_before_the_first_run_the_list_is_empty(folder, give):
    assert give("runs", "--project", folder, "--json").json == []
    assert "runs on the validation part" in give("runs", "--project", folder).out
