from hypothesis import given
from hypothesis import strategies as st

from loopwright.faces.web.attempts import Attempts


def test_people_may_mistype_a_few_times():
    attempts = Attempts()
    assert [attempts.begin("ada", "a", now=0.0) for _ in range(5)] == [0.0] * 5
    assert attempts.begin("ada", "a", now=0.0) == 2.0


def test_each_further_failure_makes_the_wait_longer():
    attempts, now, waits = Attempts(), 0.0, []
    for _ in range(12):
        while (wait := attempts.begin("", "a", now=now)) > 0:
            waits.append(wait)
            now += wait
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 64.0][: len(waits)] or waits == sorted(waits)
    assert waits[-1] >= 60


def test_waiting_is_not_counted_as_another_failure():
    attempts = Attempts()
    for _ in range(5):
        attempts.begin("ada", "a", now=0.0)
    assert {attempts.begin("ada", "a", now=1.0) for _ in range(100)} == {1.0}


def test_one_address_cannot_try_many_names():
    attempts = Attempts()
    waits = [attempts.begin(f"user {number}", "a", now=0.0) for number in range(20)]
    assert sum(wait == 0 for wait in waits) == 5


def test_many_addresses_cannot_try_one_name():
    attempts = Attempts()
    waits = [attempts.begin("ada", f"address {number}", now=0.0) for number in range(20)]
    assert sum(wait == 0 for wait in waits) == 5


def test_whoever_attacks_a_name_does_not_lock_its_owner_out_for_long():
    attempts, now = Attempts(), 0.0
    for number in range(200):
        now += attempts.begin("ada", f"address {number}", now=now)
    assert attempts.begin("ada", "home", now=now) <= 60.0


def test_success_and_time_forget():
    attempts = Attempts()
    for _ in range(5):
        attempts.begin("ada", "a", now=0.0)
    assert attempts.begin("ada", "a", now=3601.0) == 0.0
    for _ in range(9):
        attempts.begin("ada", "a", now=3601.0)
    attempts.succeeded("ada", "a")
    assert attempts.begin("ada", "a", now=3602.0) == 0.0


def test_memory_is_bounded_whatever_names_are_tried():
    attempts = Attempts()
    for number in range(12_000):
        attempts.begin(f"user {number}", f"address {number}", now=0.0)
    assert len(attempts._known) <= 10_000


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.floats(0, 50))))
def test_the_wait_is_never_negative_and_never_longer_than_a_quarter_of_an_hour(events):
    attempts, now = Attempts(), 0.0
    for user, address, passed in events:
        now += passed
        assert 0.0 <= attempts.begin(user, address, now=now) <= 900.0
