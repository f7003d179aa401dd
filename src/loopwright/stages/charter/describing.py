"""What was found in the rows of a new project, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loopwright.stages.charter.looking import Look
from loopwright.stages.charter.quoting import quoted

__all__ = ["sentences"]

_OPTIMIZED = {
    "roc_auc": "it needs no threshold, and does not depend on how rare positives are",
    "log_loss": "it rewards right probabilities, and needs no threshold",
    "rmse": "it is in the unit of the label, and large errors count more",
}


def sentences(look: Look) -> tuple[str, ...]:
    """Return what was found and decided, one sentence each.

    Examples
    --------
    >>> import polars as pl
    >>> from loopwright.stages.charter.looking import Said, look
    >>> rows = pl.DataFrame({"paid": [*"abbb"] * 25, "tip": [True, True, False, False] * 25})
    >>> print(sentences(look(rows, Said(label="tip")))[0])
    task: binary, because it has two values; "true" is positive (50.0 % of the rows)
    """
    return tuple(_sentences(look))


def _sentences(look: Look) -> Iterator[str]:
    yield f"task: {look.task}, because {look.outcome.why}{_positive(look)}"
    if look.outcome.unlabelled:
        yield f"label: missing in {look.outcome.unlabelled:,} of {look.rows:,} rows, which belong to no part"
    yield f"optimize: {look.optimize}, because {_OPTIMIZED[look.optimize]}"
    limits = ", ".join(f"{metric} {limit}" for metric, limit in look.satisfice.items())
    yield f"limits: {limits}, which is what knowing the label's values alone would give"
    yield from _roles(look)
    yield from _reasons("known after", look.known_after)
    yield from _reasons("redacted", look.redact)
    yield from (
        f"look at this: {quoted(column)} - alone it has {told}; when is it known?"
        for column, told in look.suspicious.items()
    )
    if look.open_ended:
        columns = ", ".join(map(quoted, look.open_ended))
        yield f"anomalies: only warn, because new values must be expected in {columns}"
    if look.slices:
        yield f"slices: {', '.join(map(quoted, look.slices))} are evaluated value by value"
    if look.simple_rule:
        yield f"without ML: a rule over {quoted(look.simple_rule.column)} is scored beside the model"


def _positive(look: Look) -> str:
    if look.outcome.positive is None:
        return ""
    share = 100 * look.outcome.positive_share
    return f"; {quoted(look.outcome.positive)} is positive ({share:.1f} % of the rows)"


def _roles(look: Look) -> Iterator[str]:
    if look.key:
        yield f"key: {quoted(look.key)} names a row"
    if look.time:
        yield f"time: {quoted(look.time)} says when a row happened"
    if look.group:
        yield f"group: the rows of one {quoted(look.group)} belong together"
    yield f"split: {look.split} - {SPLITS[look.split]}"


SPLITS: Mapping[str, str] = {
    "time": "trained on earlier rows, judged on later ones, as it will be used",
    "group": "the rows of a group are all in one part",
    "stratified": "each part has the same shares of the classes",
    "random": "by chance, with a fixed seed",
}
"""What each way of dividing rows means."""


def _reasons(what: str, reasons: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{what}: {quoted(column)} - {reason}" for column, reason in reasons.items())
