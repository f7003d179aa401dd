"""Two processes run the same project at once: no lock errors, and one result."""


def test_both_end_well_with_the_same_model(place):
    processes = [place.start("run", "--json") for _ in range(2)]
    answers = [process.communicate(timeout=300) for process in processes]
    for process, (out, err) in zip(processes, answers, strict=True):
        assert process.returncode == 0, err
        assert "locked" not in out + err
        assert "Traceback" not in err
    assert len(place.give("registry", "--json").json) == 1
    assert len(place.give("registry", "history", "--json").json) == 1
    assert place.run().ran == set()


def test_no_step_is_computed_twice(place):
    processes = [place.start("run", "--json") for _ in range(2)]
    for process in processes:
        process.communicate(timeout=300)
    steps = [item["step"] for item in place.give("activity", "--steps", "--limit", "1000", "--json").json]
    assert sorted(steps) == sorted(set(steps))
