"""A trail is followed to its ends, and nothing on it twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loopwright.records import Ref
from loopwright.stages.registry.tracing import trace


def ref(name: object) -> Ref:
    return Ref(kind="x", digest=str(name))


def followed(graph: dict[str, list[str]], start: str):
    asked: list[str] = []

    def step(at: Ref) -> list[Ref]:
        asked.append(at.digest)
        return [ref(name) for name in graph.get(at.digest, [])]

    return trace(ref(start), step), asked


def test_the_nearest_come_first():
    made_from = {"model": ["run", "features"], "run": ["split"], "features": ["data"], "split": ["data"]}
    tree, _ = followed(made_from, "model")
    assert [item.digest for item in tree.refs()] == ["model", "run", "features", "split", "data"]


def test_what_is_reached_twice_is_shown_twice_and_followed_once():
    tree, asked = followed({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"]}, "a")
    first, second = tree.next[0].next[0], tree.next[1].next[0]
    assert (first.seen, [item.ref.digest for item in first.next]) == (False, ["e"])
    assert (second.seen, second.next) == (True, ())
    assert asked.count("d") == 1


def test_a_circle_has_an_end():
    tree, asked = followed({"a": ["b"], "b": ["a"]}, "a")
    assert asked == ["a", "b"]
    assert tree.next[0].next[0].seen


@given(st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 8), max_size=4), max_size=9))
def test_everything_that_can_be_reached_is_in_the_tree_once_and_asked_once(edges):
    graph = {str(start): [str(end) for end in ends] for start, ends in edges.items()}
    tree, asked = followed(graph, "0")
    reached, waiting = {"0"}, ["0"]
    while waiting:
        for name in graph.get(waiting.pop(), []):
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    found = [item.digest for item in tree.refs()]
    assert sorted(found) == sorted(reached) == sorted(asked)
