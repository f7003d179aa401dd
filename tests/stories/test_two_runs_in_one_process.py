"""A notebook runs the same project again and again in one process."""

from loopwright import Project, run


def test_the_second_run_recalls_what_the_first_one_made(place):
    with Project.open(place.folder).closing() as first:
        made = run(first)
    with Project.open(place.folder).closing() as second:
        recalled = run(second)
        assert all(outcome.recalled for outcome in second.outcomes)
    assert recalled.model.digest == made.model.digest
