"""Signed statements about what the machine cannot see."""

from __future__ import annotations

from datetime import date

from loopwright.errors import LoopwrightError, nearest
from loopwright.records import Evidence, Ref
from loopwright.stages.evaluation.rubric import TESTS

__all__ = ["attestation"]


def attestation(test: str, *, subject: Ref, by: str, note: str, link: str, expires: str | None, at: str) -> Evidence:
    """Return a signed statement as evidence.

    Raises
    ------
    LoopwrightError
        If there is no such test, nobody signs, nothing is said, or the date is none.
    """
    known = {item.id: item for item in TESTS}
    if test.upper() not in known:
        raise LoopwrightError(
            f"there is no test {test!r}{nearest(test.upper(), known)}. The 28 tests are D1 to D7, M1 to M7, "
            f"I1 to I7 and O1 to O7; `loopwright score` lists them."
        )
    if not by.strip() or not note.strip():
        raise LoopwrightError("an attestation needs a name (--by) and a sentence that says what was done (--note).")
    if expires is not None:
        try:
            day = date.fromisoformat(expires)
        except ValueError as error:
            raise LoopwrightError(f"--expires {expires!r} is no date; write it as 2027-01-31.") from error
        if day <= date.fromisoformat(at[:10]):
            raise LoopwrightError(f"--expires {expires} has passed, so the signature would count for nothing.")
    return Evidence(
        made_from=(subject,),
        check=f"attestation.{test.upper()}",
        subject=subject,
        claim=note.strip(),
        passed=True,
        basis="attested",
        by=by.strip(),
        link=link,
        expires=expires,
        at=at,
    )
