"""What was found whole is remembered, and forgetting it is no harm."""

from __future__ import annotations

from loopwright.store.verified import Verified


def test_a_line_is_remembered_by_others(tmp_path):
    Verified(tmp_path / "verified").add("abc 1 2 3")
    assert "abc 1 2 3" in Verified(tmp_path / "verified")
    assert "abc 1 2" not in Verified(tmp_path / "verified")


def test_without_a_file_it_remembers_for_itself():
    verified = Verified(None)
    verified.add("abc")
    assert "abc" in verified
    assert "abc" not in Verified(None)


def test_bytes_that_are_no_text_are_no_harm(tmp_path):
    (tmp_path / "verified").write_bytes(b"\xff\xfe\n\0\nabc\n")
    assert "abc" in Verified(tmp_path / "verified")


def test_a_place_that_cannot_be_written_is_no_harm(tmp_path):
    verified = Verified(tmp_path)
    verified.add("abc")
    assert "abc" in verified
