"""Models: the list, and the model card as a page and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from loopwright.faces.web.exhibits import read
from loopwright.faces.web.findings import champion, evidence_about, gates_of, newest_of_each, suspicions
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, backward, first, remembered
from loopwright.records import (
    Charter,
    DatasetVersion,
    Evidence,
    FeatureSet,
    Gate,
    LabelSet,
    Model,
    Record,
    Ref,
    Run,
)
from loopwright.store.metadata import AliasChange

if TYPE_CHECKING:
    from loopwright.stages.evaluation import Exhibit

__all__ = ["ModelPage", "ModelRow", "ModelsPage", "Origin", "Shown", "model", "models"]


_KINDS = ("roc", "precision_recall", "reliability", "score_histogram", "confusion", "residuals", "importance")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model in the list."""

    model: Remembered[Model]
    aliases: tuple[str, ...]
    gate: Remembered[Gate] | None  # the newest decision
    metrics: tuple[Evidence, ...]  # the optimized ones, on the whole test part


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsPage:
    """All models, newest first, and how the aliases changed."""

    template: ClassVar[str] = "models.html"
    place: ClassVar[str] = "/models"

    project: str
    title: str
    rows: tuple[ModelRow, ...]
    aliases: tuple[AliasChange, ...]  # newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A piece of evidence with what there is to see."""

    evidence: Remembered[Evidence]
    exhibit: Exhibit | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a model was made from, nearest first; None where the lineage does not say."""

    charter: Charter | None
    dataset: Remembered[DatasetVersion] | None
    split: DatasetVersion | None
    label: LabelSet | None
    features: FeatureSet | None
    run: Remembered[Run] | None
    sources: tuple[Ref, ...]  # files and code


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """One model: what it is for, how good it is and for whom, why it may serve, and what is not known."""

    template: ClassVar[str] = "model.html"
    place: ClassVar[str] = "/models"

    project: str
    title: str
    model: Remembered[Model]
    origin: Origin
    aliases: tuple[AliasChange, ...]
    gates: tuple[Remembered[Gate], ...]  # newest first
    evidence: tuple[Remembered[Evidence], ...]
    exhibits: tuple[Shown, ...]
    unknown: tuple[str, ...]

    def of(self, word: str) -> list[Remembered[Evidence]]:
        """Return the evidence whose check begins with a word, such as ``"sanity"``."""
        return [one for one in self.evidence if one.record.check.split(".")[0] == word]

    @property
    def metrics(self) -> list[Remembered[Evidence]]:
        """Metrics on all test rows and costs of the model: those that the charter names, then the others."""
        named = self._named
        known = [
            one for one in self.of("metric") if one.record.slice is None and one.record.part in {"test", None}
        ]
        return sorted(known, key=lambda one: (one.record.check not in named, one.record.part is None))

    @property
    def headlines(self) -> list[Remembered[Evidence]]:
        """The metrics that the charter names; all if it names none of them."""
        known = [one for one in self.metrics if one.record.value is not None]
        return [one for one in known if one.record.check in self._named] or known

    @property
    def _named(self) -> set[str]:
        charter = self.origin.charter
        names = [*charter.optimize, *(target.metric for target in charter.satisfice)] if charter else []
        return {f"metric.{name}" for name in names}

    @property
    def slices(self) -> dict[str, list[Remembered[Evidence]]]:
        """Metrics on slices, by metric."""
        found: dict[str, list[Remembered[Evidence]]] = {}
        for one in self.of("metric"):
            if one.record.slice is not None and one.record.part in {"test", None}:
                found.setdefault(one.record.check.removeprefix("metric."), []).append(one)
        return found

    @property
    def importance(self) -> list[Remembered[Evidence]]:
        """Importance of the features, the largest first."""
        known = [
            one for one in self.of("importance") if one.record.value is not None and "." in one.record.check
        ]
        return sorted(known, key=lambda one: -(one.record.value or 0.0))

    @property
    def suspicions(self) -> list[Evidence]:
        """Leakage checks that did not pass."""
        return suspicions(one.record for one in self.evidence)

    @property
    def others(self) -> list[Remembered[Evidence]]:
        """Evidence that has no section of its own."""
        placed = {"metric", "comparison", "importance", "sanity", "scenario", "leakage", "parity", "gate"}
        return [
            one
            for one in self.evidence
            if one.record.check.split(".")[0] not in placed and one.record.exhibit is None
        ]


def models(library: Library) -> ModelsPage:
    """List the models."""
    aliases = library.aliases()
    now = {change.alias: change.target.digest for change in aliases}
    found = [one for one in reversed(library.all("model")) if isinstance(one, Model)]
    return ModelsPage(
        project=library.name,
        title="Models",
        rows=tuple(_row(library, one, now) for one in found),
        aliases=tuple(reversed(aliases)),
    )


def model(library: Library, record: Model) -> ModelPage:
    """Look at one model."""
    before = backward(library, record)
    origin = _origin(library, record, before)
    evidence = [remembered(library, one) for one in evidence_about(library, record)]
    # The importance of features has a section of its own, drawn from its evidence.
    shown = [
        Shown(evidence=one, exhibit=found)
        for one in evidence
        if one.record.check != "exhibit.importance" and (found := read(library, one.record)) is not None
    ]
    gates = gates_of(library, record)
    digest = record.digest
    return ModelPage(
        project=library.name,
        title=f"{record.name} v{record.number}",
        model=remembered(library, record),
        origin=origin,
        aliases=tuple(change for change in library.aliases() if change.target.digest == digest),
        gates=tuple(remembered(library, one) for one in gates),
        evidence=tuple(evidence),
        exhibits=tuple(sorted(shown, key=_order)),
        unknown=_unknown(record, origin, [one.record for one in evidence], gates, library),
    )


def _order(shown: Shown) -> int:
    kind = shown.exhibit if isinstance(shown.exhibit, str) else shown.exhibit.kind
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _row(library: Library, record: Model, now: dict[str, str]) -> ModelRow:
    gates = gates_of(library, record)
    charter = library.newest("charter")
    wanted = {f"metric.{name}" for name in charter.optimize} if isinstance(charter, Charter) else set()
    about = newest_of_each(one for one in library.children(record) if isinstance(one, Evidence))
    return ModelRow(
        model=remembered(library, record),
        aliases=tuple(alias for alias, digest in now.items() if digest == record.digest),
        gate=remembered(library, gates[0]) if gates else None,
        metrics=tuple(
            one for one in about if one.check in wanted and one.slice is None and one.part in {"test", None}
        ),
    )


def _origin(library: Library, record: Model, before: list[Record]) -> Origin:
    versions = [one for one in before if isinstance(one, DatasetVersion)]
    dataset = next((one for one in versions if not one.parts), None)
    run = first(before, Run)
    refs = {
        ref.digest: ref
        for one in (record, *before)
        for ref in library.parents(one)
        if ref.kind in {"file", "code"}
    }
    newest = library.newest("charter")
    return Origin(
        charter=first(before, Charter) or (newest if isinstance(newest, Charter) else None),
        dataset=remembered(library, dataset) if dataset else None,
        split=next((one for one in versions if one.parts), None),
        label=first(before, LabelSet),
        features=first(before, FeatureSet),
        run=remembered(library, run) if run else None,
        sources=tuple(refs.values()),
    )


def _unknown(
    record: Model, origin: Origin, evidence: Sequence[Evidence], gates: Sequence[Gate], library: Library
) -> tuple[str, ...]:
    """Return, in sentences, what nobody has said or checked."""
    rival = champion(library)
    compared = rival is None or rival.digest == record.digest or any(gate.rival is not None for gate in gates)
    checked = {one.check.split(".")[0] for one in evidence}
    checked |= {"test" for one in evidence if one.part == "test" and one.check.startswith("metric.")}
    checked |= {"slice" for one in evidence if one.slice is not None and one.check.startswith("metric.")}
    return (
        *_unsaid(origin.charter),
        *(sentence for word, sentence in _CHECKS.items() if word not in checked),
        *(() if compared else ("Whether it is better than the champion: they were not compared.",)),
        *(() if gates else ("Whether it may serve: no gate has judged it.",)),
        *(
            f"Cannot be told yet: {one.claim}"
            for one in evidence
            if one.passed is None and one.limit is not None
        ),
        "How it does in production: nothing serves or watches it yet.",
    )


_CHECKS = {
    "test": "How good the model is on rows that it never saw: no metric on the test part.",
    "slice": "How good the model is for parts of the population: no slices were evaluated.",
    "comparison": "Whether a simpler model would do: no comparison with a baseline.",
    "importance": "What the predictions rest on: no importance was measured.",
    "leakage": "Whether a feature gives the label away: nothing has looked for leakage.",
    "scenario": "How it behaves in situations that people thought of: no scenario was run.",
    "sanity": "Whether training was sound: no sanity check was run.",
    "parity": "Whether the converted model says the same as the trained one: parity was not checked.",
    "fairness": "Whether it treats groups of people alike: no fairness check was made.",
}
"""What a model card should rest on, and what is not known without it."""


def _unsaid(charter: Charter | None) -> tuple[str, ...]:
    empty = "is empty in the section [charter] of loopwright.toml."
    said = {
        f"Which decision the prediction serves: decision {empty}": charter and charter.decision,
        f"Who acts on the prediction: users {empty}": charter and charter.users,
        f"What could go wrong for whom: risks {empty}": charter and charter.risks,
    }
    return tuple(sentence for sentence, known in said.items() if not known)
