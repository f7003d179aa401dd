"""A signature says who, what and until when, or is refused."""

from __future__ import annotations

import pytest

from loopwright.errors import LoopwrightError
from loopwright.records import Ref
from loopwright.stages.evaluation.attesting import attestation
from loopwright.stages.evaluation.rubric import TESTS

CHARTER = Ref(kind="charter", digest="ab")
SAID = {"by": " Ada ", "note": " Privacy was reviewed. ", "link": "https://example.org/1", "expires": "2027-01-31"}


def signed(test="D5", **changes):
    return attestation(test, subject=CHARTER, at="2026-05-03T12:00:00Z", **(SAID | changes))


def test_it_is_evidence_that_somebody_signed():
    evidence = signed("d5")
    assert (evidence.check, evidence.basis, evidence.passed) == ("attestation.D5", "attested", True)
    assert (evidence.by, evidence.claim) == ("Ada", "Privacy was reviewed.")
    assert (evidence.link, evidence.expires, evidence.subject) == ("https://example.org/1", "2027-01-31", CHARTER)


def test_each_of_the_28_tests_can_be_signed():
    assert len({signed(item.id).check for item in TESTS}) == 28


@pytest.mark.parametrize(
    ("test", "changes", "message"),
    [
        ("D8", {}, r"no test 'D8'\. The 28 tests are D1 to D7, .*`loopwright score` lists them"),
        ("privacy", {}, r"no test 'privacy'\. The 28"),
        ("D5", {"by": "  "}, r"needs a name \(--by\) and a sentence"),
        ("D5", {"note": ""}, r"needs a name \(--by\) and a sentence"),
        ("D5", {"expires": "31.1.2027"}, r"--expires '31\.1\.2027' is no date; write it as 2027-01-31"),
    ],
)
def test_what_cannot_be_signed_is_refused(test, changes, message):
    with pytest.raises(LoopwrightError, match=message):
        signed(test, **changes)
