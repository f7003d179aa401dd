"""The 28 tests of the ML Test Score in our own words: what counts as evidence, and what earns the next point.

References
----------
Breck, Cai, Nielsen, Salib & Sculley (2017), The ML Test Score: A Rubric for ML Production Readiness and
Technical Debt Reduction, IEEE International Conference on Big Data.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from loopwright.records.evidence import Evidence

__all__ = ["BRACKETS", "SECTIONS", "TESTS", "RubricTest", "Section", "bracket"]

Section: TypeAlias = Literal["data", "model", "infrastructure", "monitoring"]

SECTIONS: dict[Section, str] = {
    "data": "Features and data",
    "model": "Model development",
    "infrastructure": "Infrastructure",
    "monitoring": "Monitoring",
}
"""The four sections and their titles; the lowest of their sums is the score."""

BRACKETS: tuple[tuple[float, str], ...] = (
    (0, "a research project rather than a production system"),
    (1, "not without tests, but serious holes are likely"),
    (2, "a first pass at production; more effort is needed"),
    (3, "reasonably tested; more of it could be automatic"),
    (5, "strong: automatic tests and monitoring, fit for what matters"),
    (7, "exceptional"),
)
"""Upper end (included) of each range of the score, and what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricTest:
    """One of the 28 tests.

    Attributes
    ----------
    id : str
        ``"D1"`` to ``"O7"``.
    section : str
    asks : str
        What must be so, in a sentence.
    checks : tuple of str
        Names of checks (with ``*``) that together are the automatic test: one fresh result of any is worth
        a point.
    partly : tuple of str
        Names of checks that cover a part of it: worth half a point.
    slices_only : bool
        Only results on a slice count.
    by_hand : bool
        The action leads to a signature or to a part of the test, which is worth half a point.
    action : str
        What to do next.
    effort : int
        How much work that is: 0 (run a command) to 5 (weeks).
    again : str
        The command that checks it once more when the evidence has grown old.
    """

    id: str
    section: Section
    asks: str
    action: str
    effort: int
    checks: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    slices_only: bool = False
    by_hand: bool = False
    again: str = "loopwright run"

    def is_fed_by(self, evidence: Evidence) -> bool:
        """Say whether the evidence counts for this test, wholly or in part."""
        if evidence.basis == "attested":
            return evidence.check == f"attestation.{self.id}"
        return self.is_done_by(evidence) or _matches(evidence.check, self.partly)

    def is_done_by(self, evidence: Evidence) -> bool:
        """Say whether the evidence is a result of the whole automatic test."""
        if evidence.basis == "attested" or (self.slices_only and evidence.slice is None):
            return False
        return _matches(evidence.check, self.checks)


def _matches(check: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(check, pattern) for pattern in patterns)


def bracket(score: float) -> str:
    """Return what a score means.

    Examples
    --------
    >>> bracket(0)
    'a research project rather than a production system'
    """
    return next(text for upper, text in BRACKETS if score <= upper)


TESTS: tuple[RubricTest, ...] = (
    RubricTest(
        id="D1", section="data", effort=0, checks=("schema.*",),
        asks="What is expected of the columns stands in a schema, and each dataset version is checked by it.",
        action="loopwright run infers the schema and checks each dataset version; review and commit it.",
    ),
    RubricTest(
        id="D2", section="data", effort=0, checks=("importance", "importance.*"),
        asks="Every feature is shown to help.",
        action="loopwright run measures what each feature adds; those that add nothing belong under "
        "[features] exclude.",
    ),
    RubricTest(
        id="D3", section="data", effort=0, checks=("cost.feature", "cost.feature.*"),
        asks="No feature costs more than it is worth: time, missing values, sources to keep up.",
        action="loopwright run times every feature and counts its missing values.",
    ),
    RubricTest(
        id="D4", section="data", effort=1, checks=("policy.*",),
        asks="Features keep to the rules on which columns may be used at all.",
        action="Say in loopwright.toml which columns are forbidden ([features] exclude) or known too late "
        "([data] known_after); loopwright run then proves that no feature uses them.",
    ),
    RubricTest(
        id="D5", section="data", effort=2, by_hand=True, checks=("privacy.erasure",), partly=("privacy.*",),
        asks="Personal data are protected all along the pipeline, and can be erased from it.",
        action="Name columns that must not be kept in [data.privacy] redact; loopwright run proves that they "
        "are gone, and looks for others. Or write down who may see the data, and sign: loopwright attest D5.",
    ),
    RubricTest(
        id="D6", section="data", effort=2, by_hand=True, checks=("features.lead_time",),
        asks="A new feature is in production quickly.",
        action="Time one feature from the idea to a registered model, write down what it took, and sign: "
        "loopwright attest D6.",
    ),
    RubricTest(
        id="D7", section="data", effort=1, checks=("features.tested", "features.tested.*"),
        asks="All code that makes features is tested, in training and in serving.",
        action="loopwright run tries every feature function row by row and on edge cases, and compares.",
    ),
    RubricTest(
        id="M1", section="model", effort=1, checks=("review.*",),
        asks="Every model specification is reviewed and under version control.",
        action="Put the project folder under git; commit loopwright.toml and the Python files before a run.",
    ),
    RubricTest(
        id="M2", section="model", effort=5, by_hand=True, checks=("impact.*",),
        asks="The offline metric moves with the effect that the business sees.",
        action="Compare releases by offline metric and business metric, write it down, and sign it: "
        "loopwright attest M2.",
    ),
    RubricTest(
        id="M3", section="model", effort=1, checks=("search.tuned", "search.tuned.*"),
        asks="All hyperparameters are tuned.",
        action="Give each candidate a [candidates.search] table in loopwright.toml, so wide that the best "
        "trial is not at its edge.",
    ),
    RubricTest(
        id="M4", section="model", effort=2, checks=("staleness.*",),
        asks="It is known what an old model costs.",
        action="Name the time column in [data] time: a model of each age is then scored on later rows.",
    ),
    RubricTest(
        id="M5", section="model", effort=0,
        checks=tuple(f"comparison.{name}" for name in ("majority", "mean", "median", "heuristic", "linear")),
        asks="A simpler model would not do as well.",
        action="loopwright run compares the model with a constant, your rule and a linear model, in pairs.",
    ),
    RubricTest(
        id="M6", section="model", effort=1, checks=("metric.*",), slices_only=True,
        asks="The model is good enough on every slice that matters.",
        action="Name the columns that matter in [targets] slices.",
    ),
    RubricTest(
        id="M7", section="model", effort=2, by_hand=True, checks=("fairness.*",),
        asks="The model was tested for whom it serves badly.",
        action="Name the columns that tell groups of people apart in [targets] slices, read how well each is served "
        "in the model card, and sign what follows: loopwright attest M7.",
    ),
    RubricTest(
        id="I1", section="infrastructure", effort=0, checks=("reproducible.*",),
        asks="Training again gives the same model.",
        action="loopwright run fits the chosen configuration twice and compares the predictions.",
    ),
    RubricTest(
        id="I2", section="infrastructure", effort=0, checks=("sanity.*",),
        asks="The code that specifies the model is unit tested.",
        action="loopwright run overfits a tiny batch, shuffles labels, and saves and loads the model.",
    ),
    RubricTest(
        id="I3", section="infrastructure", effort=1, checks=("pipeline.*",),
        asks="The whole line is tested from end to end.",
        action="Run the whole line: loopwright run.",
    ),
    RubricTest(
        id="I4", section="infrastructure", effort=0, checks=("gate", "gate.*"),
        asks="A model is judged before it serves, by itself and against the one before.",
        action="Write limits under [targets.satisfice]; loopwright run judges each model by them.",
    ),
    RubricTest(
        id="I5", section="infrastructure", effort=1, checks=("explain.*",),
        asks="The way of a single row through the model can be followed.",
        action="loopwright run follows one row from its source to its score, and keeps every step.",
    ),
    RubricTest(
        id="I6", section="infrastructure", effort=2, checks=("canary.*",), again="loopwright watch",
        asks="A model is tried on a small part of the traffic before it serves all of it.",
        action="While loopwright serve answers, let a model that has passed its gate in by a canary: loopwright "
        "release start vN (loopwright run does so by itself). loopwright watch then judges it by what became of "
        "its answers.",
    ),
    RubricTest(
        id="I7", section="infrastructure", effort=0, checks=("drill.rollback",), again="loopwright drill rollback",
        asks="A serving model can be taken back quickly and safely.",
        action="loopwright drill rollback takes a canary and a champion back in a copy of the project, under requests, "
        "and measures for how long they go on to answer.",
    ),
    RubricTest(
        id="O1", section="monitoring", effort=2, checks=("dependencies.*",), again="loopwright watch",
        asks="Somebody is told when something changes that the model depends on.",
        action="Serve the model with loopwright serve; each loopwright watch compares the libraries that serve with "
        "those that trained.",
    ),
    RubricTest(
        id="O2", section="monitoring", effort=2, checks=("serving.*",), again="loopwright watch",
        asks="What is expected of the data holds for what the serving model is asked, too.",
        action="Serve the model with loopwright serve, which holds every row against the schema; loopwright watch "
        "counts what did not fit.",
    ),
    RubricTest(
        id="O3", section="monitoring", effort=2, checks=("skew.*",), again="loopwright watch",
        asks="Training and serving compute the same features.",
        action="Serve the model with loopwright serve; loopwright watch answers logged rows again by the batch path "
        "and compares.",
    ),
    RubricTest(
        id="O4", section="monitoring", effort=2, checks=("age", "age.*"), again="loopwright watch",
        asks="The serving model is not too old.",
        action="Say how old a model may become in [monitor] max_age_days, and serve it with loopwright serve; "
        "loopwright watch compares.",
    ),
    RubricTest(
        id="O5", section="monitoring", effort=1, checks=("numeric.*",),
        asks="The model is numerically stable: no NaN, no infinity.",
        action="loopwright run counts NaN and infinity in what the model is given and what it answers.",
    ),
    RubricTest(
        id="O6", section="monitoring", effort=1, checks=("cost.training", "cost.latency", "cost.serving"),
        asks="Training and serving have not become slower or larger.",
        action="loopwright run times training and prediction and keeps both with the model.",
    ),
    RubricTest(
        id="O7", section="monitoring", effort=3, checks=("quality.*",), again="loopwright watch",
        asks="Predictions on served data are as good as they were.",
        action="Tell loopwright serve what became of its answers (POST /outcomes, or loopwright outcomes FILE); "
        "loopwright watch scores them.",
    ),
)
"""The 28 tests, seven for each section."""
