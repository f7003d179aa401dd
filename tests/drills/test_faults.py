from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loopwright.drills.faults import Fault, broken_schema, half_null, times

rows = st.lists(
    st.fixed_dictionaries({
        "fare": st.none() | st.floats(-1e6, 1e6), "stops": st.integers(0, 9), "payment": st.none() | st.text(max_size=5)
    }),
    max_size=20,
)


@given(rows)
def test_another_unit_changes_one_column_and_leaves_gaps_and_types_as_they_are(sent):
    changed = times(sent, "stops", factor=100)
    assert [row["stops"] for row in changed] == [100 * row["stops"] for row in sent]
    assert all(type(row["stops"]) is int for row in changed)
    assert [row | {"stops": 0} for row in changed] == [row | {"stops": 0} for row in sent]
    assert [row["fare"] is None for row in times(sent, "fare", factor=100)] == [row["fare"] is None for row in sent]


@given(rows)
def test_a_storm_of_nulls_takes_every_other_value(sent):
    stormy = half_null(sent, "fare")
    assert all(row["fare"] is None for row in stormy[::2])
    assert stormy[1::2] == sent[1::2]


@given(rows)
def test_a_broken_schema_loses_a_name_and_a_type(sent):
    for row, broken in zip(sent, broken_schema(sent, renamed="payment", as_text=["stops"]), strict=True):
        assert "payment" not in broken
        assert broken["payment_value"] == row["payment"]
        assert isinstance(broken["stops"], str)
        assert broken["fare"] == row["fare"]


@given(rows)
def test_faults_leave_what_they_were_given_alone(sent):
    before = [dict(row) for row in sent]
    times(sent, "fare", factor=100)
    half_null(sent, "fare")
    broken_schema(sent, renamed="fare", as_text=["stops"])
    assert sent == before


def test_a_fault_of_the_service_changes_no_row():
    slow = Fault(name="latency", says="answers came late", causes=("slow answers",), delay_ms=75)
    assert slow.change([{"fare": 1}]) == [{"fare": 1}]
    assert slow.is_told
