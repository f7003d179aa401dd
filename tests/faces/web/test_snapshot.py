from loopwright.faces.web.snapshot import snapshot


def test_records_of_a_kind_are_read_once_and_the_rest_as_it_is(lively):
    reads = []

    class Counting(type(lively)):
        def all(self, kind):
            reads.append(kind)
            return super().all(kind)

    seen = snapshot(Counting(records=lively.records, times=lively.times))
    first = seen.all("model")
    assert seen.all("model") == first
    first.clear()
    assert len(seen.all("model")) == 3
    assert seen.name == "taxi-tips"
    assert reads == ["model"]
