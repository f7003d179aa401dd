"""A second run with nothing changed does nothing, says so, and loads no heavy library."""

HEAVY = {"polars", "sklearn", "deltalake", "scipy", "altair", "optuna", "onnxruntime"}


def test_every_step_is_recalled(finished):
    again = finished.run()
    assert again.ran == set()
    assert {item["why"] for item in again.json["steps"]} == {"nothing changed"}


def test_the_person_is_told_so(finished):
    told = finished.give("run", "--why", code=0).out
    assert "nothing changed" in told
    assert "evaluate" in told
    assert "ran:" not in told


def test_neither_polars_nor_scikit_learn_is_loaded(finished):
    finished.run()  # learns the digests of the files at their new place
    answer = finished.give_alone("run", interpreter=("-X", "importtime"), code=0)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in answer.err.splitlines()}
    assert "loopwright" in loaded
    assert not loaded & HEAVY
