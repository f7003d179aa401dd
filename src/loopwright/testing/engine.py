"""The promises of an engine, as tests."""
# ruff: noqa: S101, D102 - the tests are sentences

from __future__ import annotations

import pytest

from loopwright.protocols import Engine

__all__ = ["EngineContract"]


class EngineContract:
    """Inherit, provide the fixture ``engine``, and each promise of ``protocols.Engine`` is tested."""

    @pytest.fixture
    def engine(self) -> Engine:
        raise NotImplementedError("provide a fixture `engine`")

    def test_answers_come_in_the_order_of_the_questions(self, engine: Engine) -> None:
        assert engine.map(_square, range(50)) == [number**2 for number in range(50)]

    def test_no_questions_have_no_answers(self, engine: Engine) -> None:
        assert engine.map(_square, []) == []

    def test_an_iterator_is_read_once(self, engine: Engine) -> None:
        assert engine.map(_square, iter([3, 4])) == [9, 16]

    def test_none_is_an_answer(self, engine: Engine) -> None:
        assert engine.map(_nothing, [1, 2, 3]) == [None, None, None]

    def test_an_error_is_raised_as_it_is(self, engine: Engine) -> None:
        with pytest.raises(ZeroDivisionError, match="division"):
            engine.map(_inverse, [1, 2, 0, 4])

    def test_the_earliest_error_is_raised(self, engine: Engine) -> None:
        for _ in range(20):
            with pytest.raises(ValueError, match=r"^2$"):
                engine.map(_fail_from_two, range(20))

    def test_it_works_after_an_error(self, engine: Engine) -> None:
        with pytest.raises(ZeroDivisionError):
            engine.map(_inverse, [0] * 10)
        assert engine.map(_square, [1, 2]) == [1, 4]

    def test_work_inside_work_does_not_wait_for_itself(self, engine: Engine) -> None:
        def row(width: int) -> list[list[int]]:
            return engine.map(lambda inner: engine.map(_square, range(inner)), range(width))

        assert engine.map(row, range(6)) == [
            [[number**2 for number in range(inner)] for inner in range(width)] for width in range(6)
        ]


def _square(number: int) -> int:
    return number**2


def _nothing(_: int) -> None:
    return None


def _inverse(number: int) -> float:
    return 1 / number


def _fail_from_two(number: int) -> int:
    if number >= 2:
        raise ValueError(number)
    return number
