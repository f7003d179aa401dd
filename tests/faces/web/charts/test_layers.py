from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from loopwright.faces.web.charts.layers import essential, layers

NODES = [f"n{number}" for number in range(9)]
edges = st.sets(
    st.tuples(st.integers(0, 8), st.integers(0, 8))
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: (NODES[pair[0]], NODES[pair[1]]))
).map(sorted)


def reachable(pairs):
    after = {node: {end for start, end in pairs if start == node} for node in NODES}
    return {(start, end) for start in NODES for end in NODES if start != end and leads(start, end, after)}


def leads(start, end, after):
    return end in after[start] or any(leads(near, end, after) for near in after[start])


@given(edges)
def test_every_edge_leads_to_a_later_layer_and_no_node_is_lost(pairs):
    rows = layers(NODES, pairs)
    depth = {node: number for number, row in enumerate(rows) for node in row}
    assert sorted(depth) == sorted(NODES)
    assert all(depth[start] < depth[end] for start, end in pairs)


@given(edges)
def test_leaving_out_what_a_longer_way_implies_changes_no_reachability(pairs):
    kept = essential(pairs)
    assert set(kept) <= set(pairs)
    assert reachable(kept) == reachable(pairs)


@given(edges)
def test_no_further_edge_could_be_left_out(pairs):
    kept = essential(pairs)
    for edge in kept:
        assert reachable([other for other in kept if other != edge]) != reachable(pairs)


def test_a_lineage_longer_than_pythons_stack_is_laid_out():
    chain = [str(number) for number in range(5000)]
    links = list(pairwise(chain))
    assert len(layers(chain, links)) == 5000
