"""A project's records in memory: a taxi project after two models, an empty one, one full of hostile text."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import httpx
import numpy as np
import pytest

from loopwright.errors import CorruptStore, LoopwrightError, UnknownRecord
from loopwright.faces.web import app
from loopwright.faces.web.accounts import Cost, made
from loopwright.records import (
    Alert,
    Anomaly,
    Artifact,
    Charter,
    DatasetVersion,
    Deployment,
    Evidence,
    FeatureSet,
    Gate,
    LabelSet,
    Model,
    PredictionLog,
    Record,
    Ref,
    Run,
    Schema,
    Statistics,
    Table,
)
from loopwright.records.anomaly import Example
from loopwright.records.charter import Target
from loopwright.records.dataset_version import Column, Part, SourceFile
from loopwright.records.feature_set import Feature
from loopwright.records.gate import Reason
from loopwright.records.model import Input
from loopwright.records.run import RunMetric
from loopwright.records.schema import ColumnSchema
from loopwright.records.statistics import Bucket, ColumnStatistics, PartStatistics, ValueCount
from loopwright.stages.evaluation.exhibits import encode_exhibit, exhibits_of
from loopwright.stages.evaluation.maturity import ScoreCard, maturity
from loopwright.stages.monitoring.standing import silence
from loopwright.stages.monitoring.windows import (
    ColumnReading,
    DoorReading,
    Histogram,
    QualityReading,
    TrafficReading,
    WindowReport,
    encoded,
)
from loopwright.store.metadata import Activity, AliasChange, Execution, Mark

START = datetime(2026, 5, 3, 9, 0, tzinfo=UTC)
CHEAP = Cost(n=16, r=1, p=1)  # a password that is quick to try, for tests only
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


@dataclass
class FakeLibrary:
    """Keeps records in lists."""

    name: str = "taxi-tips"
    records: dict[str, Record] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    changes: list[AliasChange] = field(default_factory=list)
    commands: list[Activity] = field(default_factory=list)
    steps: list[Execution] = field(default_factory=list)
    said: dict[str, dict[str, Mark]] = field(default_factory=dict)
    signed_out: set[str] = field(default_factory=set)
    passports: dict[str, dict[str, object]] = field(default_factory=dict)
    time: str = (START + timedelta(days=3)).isoformat()

    def add(self, *records: Record) -> None:
        for record in records:
            self.records[record.digest] = record
            self.times[record.digest] = (START + timedelta(seconds=7 * len(self.times))).isoformat()

    def keep(self, content: bytes, name: str) -> Artifact:
        sha256 = hashlib.sha256(content).hexdigest()
        self.artifacts[sha256] = content
        return Artifact(sha256=sha256, size=len(content), name=name, media_type="application/json")

    def newest(self, kind: str) -> Record | None:
        return next(iter(reversed(self.all(kind))), None)

    def all(self, kind: str) -> list[Record]:
        return [record for record in self.records.values() if record.ref.kind == kind]

    def get(self, digest: str) -> Record:
        found = [record for known, record in self.records.items() if known.startswith(digest)]
        if len(found) != 1 or len(digest) < 4:
            raise UnknownRecord(f"{len(found)} records begin with {digest!r}.")
        return found[0]

    def at(self, record: Record) -> str:
        return self.times[record.digest]

    def parents(self, record: Record) -> list[Ref]:
        return list(record.made_from)

    def children(self, record: Record) -> list[Record]:
        digest = record.digest
        return [one for one in self.records.values() if digest in {ref.digest for ref in one.made_from}]

    def artifact(self, artifact: Artifact) -> bytes:
        if artifact.sha256 not in self.artifacts:
            raise CorruptStore(f"{artifact.name} is lost.")
        return self.artifacts[artifact.sha256]

    def aliases(self) -> list[AliasChange]:
        return self.changes

    def activity(self) -> list[Activity]:
        return self.commands

    def executions(self) -> list[Execution]:
        return self.steps

    def score(self) -> ScoreCard | None:
        evidence = [one for one in self.all("evidence") if isinstance(one, Evidence)]
        if not evidence:
            return None
        dated = [(one, datetime.fromisoformat(self.at(one))) for one in evidence]
        return maturity(dated, now=START + timedelta(days=2), fresh_days=30)

    def settings_text(self) -> str:
        return '[project]\nname = "taxi-tips"\n'

    def now(self) -> str:
        return self.time

    def mark(self, kind: str, key: str, body: dict[str, object]) -> None:
        self.said.setdefault(kind, {})[key] = Mark(kind=kind, key=key, body=body, at=self.time)

    def marks(self, kind: str) -> dict[str, Mark]:
        return dict(self.said.get(kind, {}))

    def log(self, activity: Activity) -> None:
        self.commands.append(activity)

    def secret(self) -> bytes:
        return hashlib.sha256(self.name.encode()).digest()

    def ended(self, session: str) -> bool:
        return session in self.signed_out

    def end(self, session: str) -> None:
        self.signed_out.add(session)

    def passport(self, prediction: str) -> dict[str, object]:
        if prediction not in self.passports:
            raise UnknownRecord(f"the log has no prediction {prediction!r}.")
        return self.passports[prediction]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def table(name: str, rows: int) -> Table:
    return Table(name=name, version=0, rows=rows, columns=("__row",), sha256=sha(f"{name} {rows}"))


def numeric(name: str, rows: int, *, centre: float, spread: float, missing: int = 0) -> ColumnStatistics:
    edges = [centre + spread * (step - 5) / 2 for step in range(11)]
    weights = [math.exp(-(((step - 3.5) / 2.2) ** 2)) for step in range(10)]
    buckets = tuple(
        Bucket(low, high, (rows - missing) * weight / sum(weights))
        for low, high, weight in zip(edges, edges[1:], weights, strict=False)
    )
    return ColumnStatistics(
        name=name,
        type="float",
        rows=rows,
        missing=missing,
        zeros=rows // 90,
        mean=centre,
        std=spread,
        min=edges[0],
        median=centre * 0.93,
        max=edges[-1],
        standard_histogram=buckets,
        unique=rows // 3,
        unique_error=0.006,
    )


def text(name: str, rows: int, values: dict[str, float], *, missing: int = 0) -> ColumnStatistics:
    tops = tuple(ValueCount(value, int(rows * share)) for value, share in values.items())
    return ColumnStatistics(
        name=name,
        type="string",
        rows=rows,
        missing=missing,
        unique=len(values),
        top_values=tops,
        values=tuple(values),
        min_length=3,
        mean_length=6.2,
        max_length=14,
    )


class Taxi:
    """Builds the records of a taxi project in the order in which a run makes them."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.library = FakeLibrary(name=f"taxi-tips{mark}")

    def build(self) -> FakeLibrary:
        self.charter()
        self.data()
        self.labels_and_features()
        self.runs()
        first = self.model(1, passed=True, rival=None)
        self.library.changes.append(
            AliasChange(
                alias="champion",
                target=first.ref,
                at=(START + timedelta(hours=1)).isoformat(),
                by="ada",
                why="first" + self.mark,
            )
        )
        self.model(2, passed=False, rival=first)
        self.history()
        return self.library

    def charter(self) -> None:
        self.the_charter = Charter(
            project="taxi-tips",
            task="binary",
            decision=f"Which trips to offer first to a driver who wants generous tips{self.mark}",
            users=f"Dispatchers{self.mark}",
            business_metric=f"tips per hour{self.mark}",
            risks=(f"Trips paid in cash are never offered first.{self.mark}",),
            without_ml="heuristics:card_long_trip",
            impact=4,
            feasibility=4,
            optimize={"roc_auc": 1.0},
            satisfice=(
                Target(metric="log_loss", comparison="<=", limit=0.35),
                Target(metric="recall", comparison=">=", limit=0.6, column="payment_type"),
            ),
            slices=("payment_type",),
            min_slice_rows=50,
            confidence=0.95,
            not_worse_by=0.005,
            threshold=0.5,
            positive="yes",
            owner=f"ada{self.mark}",
            collection=f"Meters report each trip.{self.mark}",
        )
        self.library.add(self.the_charter)

    def data(self) -> None:
        mark = self.mark
        source = Ref(kind="file", digest=sha("trips.csv"), name=f"data/trips.csv{mark}")
        columns = tuple(
            Column(name=f"{name}{mark}", type=kind)
            for name, kind in [
                ("trip_id", "string"),
                ("trip_start", "time"),
                ("fare", "float"),
                ("trip_miles", "float"),
                ("payment_type", "string"),
                ("company", "string"),
                ("tips", "float"),
            ]
        )
        self.dataset = DatasetVersion(
            made_from=(source,),
            name="taxi-tips",
            table=table("taxi-tips", 15002),
            source=f"data/trips.csv{mark}",
            files=(SourceFile(path=f"data/trips.csv{mark}", sha256=sha("trips.csv"), size=1_922_812),),
            key=f"trip_id{mark}",
            time="trip_start",
            group="taxi_id",
            columns=columns,
            quarantined=3,
            quarantine=table("taxi-tips-quarantine", 3),
            number=1,
        )
        self.labels = LabelSet(
            made_from=(self.dataset.ref,),
            name=f"big_tip{mark}",
            table=table("labels", 15002),
            task="binary",
            classes=(f"no{mark}", f"yes{mark}"),
            counts=(11730, 3272),
            rows=15002,
            missing=0,
            mean=None,
            columns=(f"tips{mark}", "fare"),
        )
        self.parts = DatasetVersion(
            made_from=(self.dataset.ref, self.labels.ref),
            name="taxi-tips-split",
            table=table("split", 15002),
            source="split of taxi-tips v1 by time",
            parts=(
                Part(name="train", rows=10501, first="2013-01-01T00:00:00", last="2014-12-31T23:00:00"),
                Part(name="validation", rows=2250, first="2015-01-01T00:00:00", last="2015-05-31T23:00:00"),
                Part(name="test", rows=2251, first="2015-06-01T00:00:00", last="2016-12-31T23:00:00"),
            ),
            number=1,
        )
        statistics = Statistics(
            made_from=(self.dataset.ref, self.parts.ref),
            parts=tuple(
                PartStatistics(part=part.name, rows=part.rows, columns=self.columns(part.rows, shift))
                for shift, part in enumerate(self.parts.parts)
            ),
        )
        schema = Schema(
            made_from=(Ref(kind="file", digest=sha("schema"), name="schema.toml"),),
            columns=(
                ColumnSchema(
                    name=f"company{mark}", type="string", description=f"Who runs the taxi{mark}", pii="name"
                ),
                ColumnSchema(name="fare", type="float", minimum=0),
            ),
        )
        made_from = (self.dataset.ref, self.parts.ref, statistics.ref, schema.ref)
        anomalies = (
            Anomaly(
                made_from=made_from,
                column=f"payment_type{mark}",
                type="ENUM_TYPE_UNEXPECTED_STRING_VALUES",
                severity="warning",
                part="test",
                environment="training",
                description=f"2 of 2,251 rows hold a value that the schema does not list: Prcard.{mark}",
                rows=2,
                share=2 / 2251,
                examples=(
                    Example(row=13211, value=f"Prcard{mark}", key=f"a91{mark}"),
                    Example(row=14000, value="Prcard"),
                ),
            ),
        )
        self.library.add(self.dataset, self.labels, self.parts, statistics, schema, *anomalies)

    def columns(self, rows: int, shift: int) -> tuple[ColumnStatistics, ...]:
        mark = self.mark
        return (
            text(f"trip_id{mark}", rows, {}),
            numeric(f"fare{mark}", rows, centre=11.7 + shift, spread=9.3),
            numeric(f"trip_miles{mark}", rows, centre=2.9, spread=3.1, missing=rows // 400),
            text(
                f"payment_type{mark}",
                rows,
                {f"Cash{mark}": 0.62, "Credit Card": 0.37, "No Charge": 0.006, "": 0.001},
            ),
            text(
                f"company{mark}",
                rows,
                {"Taxi Affiliation Services": 0.35, "Dispatch Taxi Affiliation": 0.11},
                missing=rows // 3,
            ),
            numeric(f"tips{mark}", rows, centre=1.3, spread=2.1),
        )

    def labels_and_features(self) -> None:
        mark = self.mark
        code = Ref(kind="code", digest=sha("features.py"), name=f"features.py:miles_per_minute{mark}")
        self.features = FeatureSet(
            made_from=(self.dataset.ref, self.parts.ref, self.labels.ref, code),
            table=table("features", 15002),
            features=(
                Feature(name=f"fare{mark}", kind="numeric", origin="column", inputs=("fare",)),
                Feature(name="payment_type", kind="categorical", origin="column", inputs=("payment_type",)),
                Feature(
                    name="miles_per_minute",
                    kind="numeric",
                    origin="function",
                    inputs=("trip_miles", "trip_seconds"),
                    description=f"How fast the trip was; slow trips are traffic.{mark}",
                    seconds=0.004,
                ),
            ),
            code=None,
            dropped=(f"company{mark}: more than 1,000 values",),
        )
        self.library.add(self.features)
        self.claim(
            "leakage.single_feature",
            self.features,
            passed=False,
            value=0.957,
            low=0.949,
            high=0.964,
            slice=f"payment_type{mark}",
            claim="payment_type alone tells the label with a ROC area of 0.957: "
            f"trips paid in cash have no recorded tip{mark}",
        )
        self.claim("policy.features", self.features, claim=f"no feature uses what is known only later{mark}")
        self.claim(
            "schema.validated", self.dataset, claim=f"3 parts were compared with the schema{mark}", rows=15002
        )

    def claim(
        self, check: str, subject: Record, *, claim: str, passed: bool | None = True, **more: object
    ) -> Evidence:
        evidence = Evidence(
            made_from=(subject.ref,),
            check=check,
            subject=subject.ref,
            claim=claim,
            passed=passed,
            at=START.isoformat(),
            **more,
        )
        self.library.add(evidence)
        return evidence

    def runs(self) -> None:
        chance = random.Random(7)
        material = (
            self.the_charter.ref,
            self.dataset.ref,
            self.parts.ref,
            self.labels.ref,
            self.features.ref,
        )

        def run(name: str, role: str, score: float | None, **more: object) -> Run:
            metrics = (
                ()
                if score is None
                else tuple(
                    RunMetric(metric=metric, part=part, value=score - drop)
                    for part, drop in (("validation", 0.0), ("test", 0.012))
                    for metric in ("roc_auc",)
                )
            )
            one = Run(
                made_from=material,
                name=f"{name}{self.mark}",
                role=role,
                seed=0,
                metrics=metrics,
                objective=score,
                seconds=chance.uniform(0.2, 3),
                libraries={"scikit-learn": "1.9.0", "python": "3.11"},
                **more,
            )
            self.library.add(one)
            return one

        for name, score in [
            ("random", 0.5),
            ("majority", 0.5),
            ("heuristic card_long_trip", 0.81),
            ("linear", 0.921),
        ]:
            run(name, "baseline", score, estimator=f"baselines.{name}", params={})
        for number in range(1, 25):
            rate, leaves = 10 ** chance.uniform(-2.0, -0.5), chance.randint(8, 64)
            score = (
                0.945
                - 0.01 * abs(math.log10(rate) + 1.1)
                - 0.0003 * abs(leaves - 30)
                + chance.gauss(0, 0.001)
            )
            searched = {
                "learning_rate": rate,
                "max_leaf_nodes": leaves,
                "loss": chance.choice(["log_loss", "exp"]),
            }
            run(
                f"HistGradientBoostingClassifier #{number}",
                "trial",
                score,
                estimator="sklearn.ensemble.HistGradientBoostingClassifier",
                params={**searched, "max_iter": 100},
                search=searched,
                round=(number - 1) // 8 + 1,
            )
        run(
            "HistGradientBoostingClassifier #25",
            "trial",
            None,
            estimator="sklearn.ensemble.HistGradientBoostingClassifier",
            params={},
            failed=f"max_leaf_nodes must be above 1{self.mark}",
        )
        self.finals = [
            run(
                "final",
                "final",
                score,
                estimator="sklearn.ensemble.HistGradientBoostingClassifier",
                params={"learning_rate": rate, "max_leaf_nodes": 31},
            )
            for rate, score in ((0.08, 0.944), (0.09, 0.946))
        ]
        for final in self.finals:
            self.claim(
                "sanity.overfits_a_tiny_batch",
                final,
                claim=f"32 rows are learnt by heart: ROC area 1 on them{self.mark}",
                value=1.0,
            )
            self.claim(
                "sanity.shuffled_labels",
                final,
                claim="with shuffled labels the ROC area is 0.503",
                value=0.503,
                low=0.48,
                high=0.52,
            )

    def model(self, number: int, *, passed: bool, rival: Model | None) -> Model:
        mark, final = self.mark, self.finals[number - 1]
        model = Model(
            made_from=(final.ref, self.features.ref, self.parts.ref, self.labels.ref, self.the_charter.ref),
            name="taxi-tips",
            task="binary",
            estimator=final.estimator,
            params=final.params,
            format="onnx",
            why_format=f"all 2,251 test rows agree{mark}",
            file=self.library.keep(f"onnx {number}".encode(), "model.onnx"),
            feature_code=None,
            functions=("miles_per_minute",),
            features=("fare", "payment_type", "miles_per_minute"),
            categorical=("payment_type",),
            inputs=(
                Input(name=f"fare{mark}", type="float", nullable=False),
                Input(name="payment_type", type="string", nullable=True),
            ),
            classes=(f"no{mark}", f"yes{mark}"),
            threshold=0.5,
            number=number,
        )
        self.library.add(model)
        self.evaluation(model, rival)
        slow = Reason(
            demand="recall@payment_type >= 0.6",
            passed=passed,
            slice=f"payment_type = Cash{mark}",
            value=0.41,
            low=0.33,
            high=0.49,
            limit=0.6,
            explanation="recall is 0.41 [0.33, 0.49] on 1,402 rows where payment_type = Cash; "
            f"a limit of 0.41 would pass.{mark}",
            examples=(
                f"trip_id=a91{mark}: said 0.07 for yes, was yes",
                "trip_id=b44: said 0.09 for yes, was yes",
            ),
        )
        reasons = (
            Reason(
                demand="log_loss <= 0.35",
                passed=True,
                value=0.231,
                low=0.22,
                high=0.243,
                limit=0.35,
                explanation="log_loss is 0.231 [0.22, 0.243].",
            ),
            slow,
            Reason(demand="latency_p99_ms <= 20", passed=None, explanation="Nobody has measured it."),
        )
        gate = Gate(
            made_from=(model.ref,),
            subject=model.ref,
            rival=rival.ref if rival else None,
            passed=passed,
            reasons=reasons,
            at=START.isoformat(),
        )
        self.library.add(gate)
        return model

    def evaluation(self, model: Model, rival: Model | None) -> None:
        mark = self.mark
        for metric, value, limit in [
            ("roc_auc", 0.934, None),
            ("log_loss", 0.231, "<= 0.35"),
            ("recall", 0.78, None),
        ]:
            self.claim(
                f"metric.{metric}",
                model,
                claim=f"{metric} is {value} on 2,251 rows of the test part{mark}",
                passed=True if limit else None,
                value=value,
                low=value - 0.012,
                high=value + 0.011,
                level=0.95,
                limit=limit,
                rows=2251,
                part="test",
            )
        for slice_, value, rows in [
            (f"payment_type = Cash{mark}", 0.41, 1402),
            ("payment_type = Credit Card", 0.86, 831),
            ("payment_type is missing", None, 18),
        ]:
            self.claim(
                "metric.recall",
                model,
                claim=f"recall where {slice_}",
                passed=None if value is None else value > 0.6,
                value=value,
                low=value and value - 0.08,
                high=value and value + 0.08,
                limit=">= 0.6",
                rows=rows,
                part="test",
                slice=slice_,
            )
        for name, gap in [("majority", 0.434), ("linear", 0.013)] + ([("champion", 0.002)] if rival else []):
            self.claim(
                f"comparison.{name}",
                model,
                claim=f"better than {name} by {gap}",
                passed=True if gap > 0.005 else None,
                value=gap,
                low=gap - 0.004,
                high=gap + 0.005,
                part="test",
                rows=2251,
            )
        self.claim("importance", model, claim="2 of 3 features are shown to help", passed=None, value=2 / 3)
        for name, gain in [("payment_type", 0.31), (f"fare{mark}", 0.04), ("miles_per_minute", 0.001)]:
            self.claim(
                f"importance.{name}",
                model,
                claim=f"{name} adds {gain}",
                passed=gain > 0.01,
                value=gain,
                low=gain - 0.004,
                high=gain + 0.004,
            )
        self.claim(
            "scenario.longer_trip",
            model,
            claim=f"A trip twice as long never gets a lower tip: 3 of 200 rows violate it{mark}",
            passed=False,
            rows=200,
        )
        self.claim(
            "parity.onnx",
            model,
            claim=f"the onnx file says the same of all 2251 rows{mark}",
            value=2.4e-7,
            limit="<= 1e-05",
            rows=2251,
        )
        self.claim(
            "attestation.D5",
            model,
            claim=f"I have read the privacy report{mark}",
            basis="attested",
            by=f"ada{mark}",
            link="javascript:alert(1)",
            expires="2027-01-01",
        )
        truth, probability = predictions()
        for exhibit in exhibits_of(
            truth, probability, task="binary", classes=(f"no{mark}", f"yes{mark}"), threshold=0.5
        ):
            artifact = self.library.keep(encode_exhibit(exhibit), f"{exhibit.kind}.json")
            self.claim(
                f"exhibit.{exhibit.kind}",
                model,
                claim=f"{exhibit.kind} on the test part{mark}",
                passed=None,
                part="test",
                exhibit=artifact,
            )

    def history(self) -> None:
        runs = [
            ("loopwright init taxi-tips --data data/trips.csv --label features:big_tip", 0),
            ("loopwright run", 1),
            ("loopwright run", 20),
            (f"loopwright score{self.mark}", 0),
        ]
        for number, (command, code) in enumerate(runs):
            self.library.commands.append(
                Activity(
                    command=command,
                    at=(START + timedelta(minutes=number)).isoformat(),
                    seconds=2.5 * number + 0.2,
                    exit_code=code,
                    who=f"ada{self.mark}",
                )
            )
        for number, (name, outputs) in enumerate(
            [
                ("ingest", (self.dataset,)),
                ("label", (self.labels,)),
                ("build", (self.features,)),
                ("train linear", (self.finals[0],)),
            ]
        ):
            self.library.steps.append(
                Execution(
                    step=name,
                    key=str(number),
                    at=(START + timedelta(seconds=number)).isoformat(),
                    seconds=0.4 + number,
                    why=f"it never ran before{self.mark}",
                    manifest={},
                    outputs=tuple(one.ref for one in outputs),
                    many=False,
                )
            )


def predictions() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(3)
    score = chance.beta(1.2, 3, size=2251)
    return (chance.random(2251) < score).astype(np.int64), score


FIRST_WINDOW = datetime(2015, 7, 1)
RANGES = ("below 4", "4 to 6", "6 to 9", "9 to 14", "above 14", "(missing)")
WINDOWS, BAD = 40, 30  # windows of a day; the fare comes in cents from this one on


class LiveTaxi(Taxi):
    """The same project while it serves: a canary, forty windows, a fare in cents, a retraining."""

    def build(self) -> FakeLibrary:
        super().build()
        self.models = [one for one in self.library.all("model") if isinstance(one, Model)]
        self.released()
        self.log()
        for day in range(WINDOWS):
            self.window(day, known=day < WINDOWS - 7)
        self.window(3, known=True, value=0.951)  # read again when the last outcomes had come
        self.alerted()
        self.retrained()
        self.library.passports["trip/1?"] = self.passport()
        return self.library

    def deployment(
        self, before: Deployment | None, event: str, *, share: float = 0.0, awaiting: bool = False
    ) -> Deployment:
        first, second = self.models[0].ref, self.models[1].ref
        one = Deployment(
            made_from=(first, second) if before is None else (before.ref, first, second), name="taxi-tips",
            stage="single" if event == "deploy" else "canary", champion=first,
            challenger=None if event == "deploy" else second, share=share, held_back=0.02, salt="0" * 32,
            step=0 if before is None else before.step + (event == "advance"), awaiting=awaiting, event=event,
            by=f"ada{self.mark}", why=f"{event}: 400 answers are enough{self.mark}",
            number=1 if before is None else before.number + 1,
            at=(START + timedelta(hours=0 if before is None else before.number)).isoformat(),
        )
        self.library.add(one)
        return one

    def released(self) -> None:
        one = self.deployment(None, "deploy")
        one = self.deployment(one, "canary", share=0.05)
        one = self.deployment(one, "advance", share=0.25)
        self.now = self.deployment(one, "ask", share=0.25, awaiting=True)
        days = [(FIRST_WINDOW + timedelta(days=day)).isoformat() for day in range(25)]
        path = [[day, 1.16**place * (0.8 + 0.1 * (place % 5))] for place, day in enumerate(days)]
        shown = {
            "action": "ask", "why": "enough", "evidence": path[-1][1], "limit": 20.0, "rows": 4120, "matured": 3801,
            "metric": f"log_loss{self.mark}", "difference": 0.021, "low": 0.004, "high": 0.038,
            "rows_needed": 320, "days_needed": 1.5,
            "guards": [
                {"name": f"errors{self.mark}", "value": 0.0, "low": 0.0, "high": 0.002, "limit": 400.0,
                 "passed": True, "says": f"no request failed{self.mark}"},
                {"name": "latency", "value": 0.018, "low": None, "high": None, "limit": 400.0, "passed": None},
                {"name": "worse", "value": 0.2, "low": 0.1, "high": 0.3, "limit": 400.0, "passed": False},
            ],
            "path": path,
        }
        self.claim(
            "canary.verdict", self.now, claim=f"The evidence of {path[-1][1]:.1f} has reached 20: promote.{self.mark}",
            exhibit=self.library.keep(json.dumps(shown).encode(), "verdict.json"), rows=3801,
        )

    def log(self) -> None:
        self.library.add(PredictionLog(
            made_from=(self.now.ref,), name="taxi-tips", predictions=table("predictions", 48_000), outcomes=None,
            refusals=None, rows=48_000, first="2015-07-01T00:00:07", last="2015-08-09T23:58:00",
        ))

    def window(self, day: int, *, known: bool, value: float | None = None) -> None:
        report = window_report(
            day, mark=self.mark, known=known, value=value, model=self.models[0], deployment=self.now
        )
        evidence = Evidence(
            made_from=(self.library.newest("prediction_log").ref,), check="watch.window", subject=self.now.ref,
            claim=f"{report.start[:10]}: {report.rows:,} predictions{self.mark}.", passed=None, rows=report.rows,
            exhibit=self.library.keep(encoded(report), "window.json"),
            at=(START + timedelta(minutes=len(self.library.records))).isoformat(),
        )
        self.library.add(evidence)

    def alerted(self) -> None:
        def alert(quantity: str, day: int, group: str, **more: object) -> Alert:
            start = (FIRST_WINDOW + timedelta(days=day)).isoformat()
            one = Alert(
                made_from=(self.now.ref,), deployment=self.now.ref, quantity=quantity, group=group, first_bad=start,
                last_bad=start,
                **{
                    "severity": "warning", "title": f"{quantity} has left its range{self.mark}", "cause": "unknown",
                    "explanation": f"It was 3.1 where 0.02 is accepted.{self.mark}",
                    "advice": f"Look at the window.{self.mark}", "value": 3.1, "limit": 0.02, "rows": 1200, **more,
                },
            )
            self.library.add(one)
            return one

        self.traffic_alert = alert(
            "traffic", 20, f"traffic{self.mark}", severity="critical", cause="missing traffic",
            title=f"No traffic for a day{self.mark}",
        )
        self.fare_alert = alert(
            f"drift:fare{self.mark}", BAD, f"fare{self.mark}", severity="critical", cause="unit change",
            title=f"fare is about 100 times as large{self.mark}", low=2.9, high=3.3,
            examples=(f"trip/1?{self.mark}", "b44"),
        )
        alert("drift:prediction", BAD, f"fare{self.mark}")
        self.quality_alert = alert(
            "quality:roc_auc", 26, f"decay{self.mark}", value=0.88, limit=0.92, cause="real change",
            title=f"roc_auc fell{self.mark}",
        )
        self.library.mark("alert", self.quality_alert.digest, {
            "state": "acknowledged", "by": f"grace{self.mark}", "note": f"a new model is on its way{self.mark}",
        })
        self.library.mark("silence", "quantity drift:prediction", silence(
            quantity="drift:prediction", until="2026-06-01", reason=f"follows the fare{self.mark}",
            by=f"grace{self.mark}", now=self.library.time,
        ))

    def retrained(self) -> None:
        def decide(claim: str, *, retrain: bool, hours: int, **more: object) -> Evidence:
            shown = {"retrain": retrain, "reasons": [
                {"trigger": "decay", "says": retrain, "text": f"roc_auc is 0.88 where 0.92 is demanded{self.mark}"},
                {"trigger": "schedule", "says": None, "text": "every_days is not set"},
                {"trigger": "pause", "says": False, "text": "the last training was 40 days ago"},
            ], **more}
            one = Evidence(
                made_from=(self.quality_alert.ref,) if retrain else (self.now.ref,), check="retraining.decision",
                subject=self.now.ref, claim=f"{claim}{self.mark}", passed=retrain,
                at=(START + timedelta(hours=hours)).isoformat(),
                exhibit=self.library.keep(json.dumps(shown).encode(), "decision.json"),
            )
            self.library.add(one)
            return one

        decide("Nothing speaks for it.", retrain=False, hours=1)
        decide("Quality fell below its limit.", retrain=True, hours=2, choices=[
            {"name": f"since_change{self.mark}", "score": 0.93, "low": 0.92, "high": 0.94, "rows": 9000},
            {"name": "all", "score": 0.91, "low": 0.9, "high": 0.92, "rows": 40_000}, {"name": "weighted"},
        ])
        decide("A challenger is on trial.", retrain=False, hours=3)
        run = replace(self.finals[1], made_from=(*self.finals[1].made_from, self.quality_alert.ref), seed=1)
        self.library.add(run)
        model = replace(self.models[1], made_from=(run.ref, *self.models[1].made_from[1:]), number=3)
        self.library.add(model)
        self.library.add(replace(self.library.newest("gate"), made_from=(model.ref,), subject=model.ref, passed=True))

    def passport(self) -> dict[str, object]:
        named = {
            "kind": "model", "digest": self.models[0].digest, "name": f"taxi-tips v1{self.mark}",
            "says": f"a forest{self.mark}",
        }
        data = {"kind": "dataset_version", "digest": self.dataset.digest, "name": "taxi-tips v1", "says": "15,002 rows"}
        alert = {"digest": self.fare_alert.digest, "title": self.fare_alert.title, "severity": "critical"}
        return {
            "id": f"trip/1?{self.mark}", "at": "2015-07-31T10:00:00", "received": "2015-07-31T10:00:02",
            "consumer": f"dispatch{self.mark}", "arm": "champion", "propensity": 0.75, "prediction": f"yes{self.mark}",
            "scores": [0.81], "threshold": 0.5, "latency_ms": 1.42, "flags": [f"fare: above 250{self.mark}"],
            "row": {f"fare{self.mark}": 1234.5, "company": None},
            "features": {f"fare{self.mark}": 1234.5, "payment_type": "Cash"}, "model": named,
            "deployment": {"kind": "deployment", "digest": self.now.digest, "name": "deployment 4"},
            "other_model": {**named, "digest": self.models[1].digest}, "other_scores": [0.44],
            "explanation": [
                {"feature": f"fare{self.mark}", "value": 1234.5, "contribution": 0.41},
                {"feature": "payment_type", "value": f"Cash{self.mark}", "contribution": -0.2},
            ],
            "explained": f"Shapley values in log-odds, from 0.21.{self.mark}",
            "outcome": {"value": f"no{self.mark}", "at": "2015-08-04T00:00:00", "source": f"billing{self.mark}"},
            "lineage": [data],
            "approval": {"by": f"ada{self.mark}", "why": f"the gate said yes{self.mark}", "at": "2026-05-03T09:00:00Z"},
            "alerts": [{**alert, "at": "2015-08-01T00:00:00"}],
        }


def window_report(
    day: int, *, mark: str, known: bool, value: float | None, model: Model, deployment: Deployment
) -> WindowReport:
    """Return a window as watching might have read it."""
    chance, bad = random.Random(day), day >= BAD
    start, rows = FIRST_WINDOW + timedelta(days=day), 0 if day == 20 else 1200 + 40 * (day % 7)

    def column(name: str, *, drifts: bool, labels: tuple[str, ...]) -> ColumnReading:
        counts = tuple(int(rows / len(labels) * chance.uniform(0.7, 1.3)) for _ in labels)
        return ColumnReading(
            column=f"{name}{mark}", kind="numeric" if labels == RANGES else "categorical", rows=rows,
            effect=3.1 if drifts else chance.uniform(-0.004, 0.016), accepted=0.02, p_value=1e-9 if drifts else 0.4,
            evidence=40.0 if drifts else 1.2, limit=30.0, alarmed=drifts, missing=0.01, reference_missing=0.008,
            quantiles=(3.1, 5.2, 7.9, 12.0, 31.0) if name == "fare" else (),
            reference_quantiles=(3.0, 5.1, 7.8, 12.1, 30.0) if name == "fare" else (),
            new_values=(f"Kredit{mark}",) if name == "payment_type" else (),
            lost_values=("Dispute",) if name == "company" else (),
            histogram=Histogram(
                labels=tuple(f"{label}{mark}" for label in labels), reference=(2100,) * len(labels), current=counts
            ),
        )

    truth = value or 0.945 - (0.06 if day >= 26 else 0) + chance.uniform(-0.008, 0.008)
    qualities = () if not rows else tuple(
        QualityReading(
            metric=metric, value=truth - shift if known else None, low=truth - shift - 0.02 if known else None,
            high=truth - shift + 0.02 if known else None, rows=rows if known else 40,
            pending=0 if known else rows - 40, mature=known, estimate=0.94 - shift, estimate_low=0.925 - shift,
            estimate_high=0.955 - shift, reference=0.946 - shift, limit=0.92 - shift, p_value=0.5, evidence=1.0,
            evidence_limit=30.0, alarmed=known and day >= 26, estimate_alarmed=day == 39,
        )
        for metric, shift in (("roc_auc", 0.0), (f"recall{mark}", 0.2))
    )
    return WindowReport(
        start=start.isoformat(), end=(start + timedelta(days=1)).isoformat(), deployment=deployment.digest,
        model=model.digest, rows=rows, qualities=qualities,
        columns=() if not rows else (
            column("fare", drifts=bad, labels=RANGES), column("trip_miles", drifts=False, labels=RANGES),
            column("payment_type", drifts=False, labels=("Cash", "Credit Card", "(new)")),
            column("company", drifts=False, labels=tuple(f"company {number}" for number in range(30))),
        ),
        predictions=None if not rows else column("prediction", drifts=bad, labels=RANGES),
        traffic=TrafficReading(
            rows=rows, refused=12 if bad else 0, failed=1 if bad else 0, expected_low=1100.0 if day > 4 else None,
            expected_high=1600.0 if day > 4 else None, odd=0,
            latency_p50_ms=None if not rows else 1.1 + 0.1 * (day % 3),
            latency_p99_ms=None if not rows else 4.0 + chance.random(), over_limit=0, latency_limit_ms=20.0,
            labels_due=rows if known else 0, labels_come=rows if known else 0,
            alarmed=("traffic",) if not rows else (), p_values={},
        ),
        doors=() if not bad else (DoorReading(
            field=f"fare{mark}", problem=f"above its range{mark}", rows=700, share=0.6, reference=0.001,
            p_value=1e-12, alarmed=True, refused=12, examples=(f"1250{mark}", "980"),
        ),),
    )


def live_addresses_of(library: FakeLibrary) -> list[str]:
    """Every page of the project while it serves."""
    windows = [one for one in library.all("evidence") if one.check == "watch.window"]
    alerts = library.all("alert")
    return [
        "/", "/deployment", "/monitoring", "/monitoring?columns=all&windows=20", f"/monitoring/{windows[3].digest}",
        f"/monitoring/{windows[20].digest}", f"/monitoring/{windows[35].digest[:12]}", "/quality", "/alerts",
        "/alerts?standing=open", *(f"/alerts/{one.digest}" for one in alerts), "/retraining", "/predictions",
        "/predictions/trip%2F1%3F", "/login",
        f"/lineage/{alerts[1].digest}", f"/records/{library.newest('deployment').digest}",
    ]


@pytest.fixture(scope="session")
def live_library() -> FakeLibrary:
    """Return the project while it serves; do not change it."""
    return LiveTaxi("").build()


@pytest.fixture(scope="session")
def hostile_live_library() -> FakeLibrary:
    return LiveTaxi(HOSTILE).build()


@pytest.fixture
def lively(live_library: FakeLibrary) -> FakeLibrary:
    """Return the project while it serves, to be changed at will, with three people who may sign in."""
    library = replace(
        live_library, records=dict(live_library.records), times=dict(live_library.times), signed_out=set(),
        commands=list(live_library.commands), said={kind: dict(each) for kind, each in live_library.said.items()},
    )
    for name, role in (("vera", "viewer"), ("otto", "operator"), ("ada", "admin")):
        library.mark("user", name, made(name, f"{name}'s long password", role=role, cost=CHEAP))
    return library


@pytest.fixture(scope="session")
def live_addresses(live_library: FakeLibrary) -> list[str]:
    return live_addresses_of(live_library)


@pytest.fixture(scope="session")
def hostile_live_addresses(hostile_live_library: FakeLibrary) -> list[str]:
    return live_addresses_of(hostile_live_library)


@pytest.fixture(scope="session")
def library() -> FakeLibrary:
    return Taxi("").build()


@pytest.fixture(scope="session")
def hostile_library() -> FakeLibrary:
    return Taxi(HOSTILE).build()


@pytest.fixture
def empty_library() -> FakeLibrary:
    return FakeLibrary()


@pytest.fixture(scope="session")
def addresses(library: FakeLibrary) -> list[str]:
    """Every page of the taxi project."""
    return addresses_of(library)


def addresses_of(library: FakeLibrary) -> list[str]:
    one = {
        kind: library.newest(kind).digest
        for kind in ("dataset_version", "run", "model", "gate", "charter", "schema", "feature_set", "anomaly")
    }
    exhibits = [record.digest for record in library.all("evidence") if record.exhibit]
    return [
        "/",
        "/datasets",
        f"/datasets/{one['dataset_version']}",
        f"/datasets/{one['dataset_version']}/sheet",
        "/runs",
        "/runs?sort=name&role=trial",
        f"/runs/{one['run']}",
        "/models",
        f"/models/{one['model']}",
        f"/models/{one['model']}/sheet",
        "/score",
        f"/lineage/{one['model']}",
        f"/lineage/{one['dataset_version']}",
        f"/gates/{one['gate']}",
        "/activity",
        "/nowhere",
        *(f"/records/{one[kind]}" for kind in ("charter", "schema", "feature_set", "anomaly")),
        *(f"/evidence/{digest}" for digest in exhibits[:5]),
    ]


@pytest.fixture(scope="session")
def hostile_addresses(hostile_library: FakeLibrary) -> list[str]:
    return addresses_of(hostile_library)


@dataclass(frozen=True)
class Reply:
    """What the dashboard answered."""

    status: int
    headers: dict[str, str]
    text: str


Ask = Callable[..., Reply]


class RecordingActions:
    """Keeps what was asked for, and does nothing; or says that it cannot be done."""

    def __init__(self, obstacle: str = "") -> None:
        self.done: list[tuple[object, ...]] = []
        self.obstacle = obstacle

    def _do(self, *what: object) -> None:
        if self.obstacle:
            raise LoopwrightError(self.obstacle)
        self.done.append(what)

    def promote(self, *, by: str, why: str) -> None:
        self._do("promote", by, why)

    def reject(self, *, by: str, why: str) -> None:
        self._do("reject", by, why)

    def roll_back(self, *, by: str, why: str) -> None:
        self._do("roll_back", by, why)

    def approve(self, *, by: str, why: str) -> None:
        self._do("approve", by, why)

    def acknowledge(self, alert: str, *, by: str, note: str) -> None:
        self._do("acknowledge", alert, by, note)

    def silence(self, pattern: str, *, until: str, by: str, why: str) -> None:
        self._do("silence", pattern, until, by, why)


class Browser:
    """Asks a dashboard as a browser would: it keeps cookies, and says where its forms come from."""

    def __init__(
        self, library: FakeLibrary, *, actions: RecordingActions | None = None, private: bool = False,
        origin: str = "http://localhost",
    ) -> None:
        self.library, self.origin = library, origin
        self.actions = RecordingActions() if actions is None else actions
        self.application = app(lambda: library, actions=self.actions, private=private)
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Reply:
        return self._ask("GET", path, headers=headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Reply:
        return self._ask("POST", path, headers={"origin": self.origin, **headers}, data=fields)

    def sign_in(self, user: str, password: str | None = None, *, then: str = "/") -> Reply:
        fields = {"token": self.token("/login"), "user": user, "next": then}
        return self.post("/login", {**fields, "password": password or f"{user}'s long password"})

    def fields(self, path: str) -> dict[str, str]:
        """Return the hidden fields of the last form on a page."""
        last = self.get(path).text.rpartition("<form")[2]
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', last))

    def token(self, path: str) -> str:
        return self.fields(path)["token"]

    def _ask(self, method: str, path: str, **more: object) -> Reply:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.application, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **more)

        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        more["headers"] = {**more.get("headers", {}), **({"cookie": cookie} if cookie else {})}
        reply = asyncio.run(send())
        for line in reply.headers.get_list("set-cookie"):
            (name, morsel), = SimpleCookie(line).items()
            self.cookies[name] = morsel.value
            if morsel["max-age"] == "0":
                del self.cookies[name]
        return Reply(status=reply.status_code, headers=dict(reply.headers), text=reply.text)


@pytest.fixture
def browser(lively: FakeLibrary) -> Browser:
    """Return a browser on the dashboard of the project while it serves; nobody has signed in."""
    return Browser(lively)


@pytest.fixture
def visit() -> type[Browser]:
    """Return what makes another browser, or one on a dashboard that is set up otherwise."""
    return Browser


@pytest.fixture
def acting() -> type[RecordingActions]:
    """Return what makes actions that are only written down."""
    return RecordingActions


@pytest.fixture
def ask() -> Ask:
    """Ask the dashboard of a library, without a network."""

    def ask(
        library: FakeLibrary, path: str, *, method: str = "GET", host: str = "localhost", **headers: str
    ) -> Reply:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app(lambda: library), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.request(method, path, headers=headers)

        reply = asyncio.run(send())
        return Reply(status=reply.status_code, headers=dict(reply.headers), text=reply.text)

    return ask
