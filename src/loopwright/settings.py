"""What a project file may say: one frozen dataclass per section of ``loopwright.toml``.

The field names are the keys, the types are checked strictly, and ``says(...)`` carries what cannot be said by
a type: the sentence for the documentation, the allowed values and the bounds. The parser
(``loopwright.projectfile``), the JSON Schema for editors and the reference page are all read off these classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

__all__ = [
    "CandidateSettings",
    "CharterSettings",
    "DataSettings",
    "EmailSettings",
    "EvidenceSettings",
    "FeatureSettings",
    "MonitorSettings",
    "PrivacySettings",
    "ProjectSettings",
    "Range",
    "ReleaseSettings",
    "RetrainingSettings",
    "ServingSettings",
    "Settings",
    "SplitSettings",
    "StoreSettings",
    "TargetSettings",
    "TrainingSettings",
]

Task = Literal["binary", "multiclass", "regression"]


def says(text: str, *, default: Any = ..., factory: Callable[[], Any] | None = None, **limits: float | str) -> Any:
    """Return a dataclass field with its sentence and its limits (``ge``, ``le``, ``gt``, ``lt``, ``pattern``)."""
    metadata = {"text": text, "limits": limits}
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    if default is ...:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """What the project is called."""

    name: str = says("Short name; models are called after it.", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    description: str = says("One sentence for people.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CharterSettings:
    """Why the project exists; checked first, copied into the model card."""

    task: Task = says("What is predicted: one of two classes, one of several, or a number.")
    decision: str = says("The decision that the prediction serves.", default="")
    users: str = says("Who acts on the prediction.", default="")
    without_ml: str | None = says(
        "How the decision would be made without machine learning: a rule in a Python file of the project, as "
        '"file:function". It is always scored beside the model.',
        default=None,
        pattern=r"^[A-Za-z_]\w*:[A-Za-z_]\w*$",
    )
    impact: int = says("How much a good answer is worth, 1 (little) to 5 (a lot).", default=3, ge=1, le=5)
    feasibility: int = says("How likely a good model is, 1 (unlikely) to 5 (certain).", default=3, ge=1, le=5)
    business_metric: str = says("What the business counts, in words (the model metric stands in for it).", default="")
    acts_on_outcome: bool = says(
        "Whether the decision changes what becomes of the row (a loan refused is never repaid). Models are then "
        "compared by who was given which, and labels that the model shaped are not taken for the truth.",
        default=False,
    )
    risks: tuple[str, ...] = says("What could go wrong for whom, one sentence each.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """The only place where thresholds are written."""

    optimize: str | dict[str, float] = says(
        "The one metric to optimize, or a weighted sum such as { roc_auc = 0.7, average_precision = 0.3 }."
    )
    satisfice: dict[str, str] = says(
        'Limits that must hold, such as log_loss = "<= 0.35" or, on every slice of a column, '
        '"recall@payment_type" = ">= 0.6".',
        factory=dict,
    )
    positive: str | int | bool | None = says(
        "The label value that counts as positive; the rarer one if not said (binary only).", default=None
    )
    threshold: float | Literal["f1", "balanced_accuracy"] = says(
        "Probability from which a row is called positive, or the metric whose best threshold on the "
        "validation part is taken.",
        default=0.5,
        ge=0,
        le=1,
    )
    slices: tuple[str, ...] = says("Columns whose values are evaluated one by one.", default=())
    min_slice_rows: int = says("Slices with fewer rows are shown but not judged.", default=50, ge=2)
    confidence: float = says("Level of all intervals.", default=0.95, gt=0.5, lt=1)
    not_worse_by: float = says(
        "A new model may be worse than the champion by this much in the optimized metric "
        "(lower end of the paired interval).",
        default=0.005,
        ge=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    """What must not be kept."""

    redact: tuple[str, ...] = says("Columns dropped at the door, before anything is stored.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """Where the rows come from and what their columns mean."""

    source: str = says(
        "A CSV, JSON-lines or Parquet file, a glob of these, an object-store URL, or a database URL (with `query`)."
    )
    label: str = says('The column to predict, or a function that makes it, as "file:function".')
    query: str | None = says("SQL query, if `source` is a database.", default=None)
    key: str | None = says("Column that names a row; splits then stay the same when data grow.", default=None)
    time: str | None = says("Column that says when a row happened.", default=None)
    group: str | None = says("Column whose rows belong together (a customer, a taxi).", default=None)
    known_after: tuple[str, ...] = says(
        "Columns known only after the outcome: never features, absent when serving.", default=()
    )
    delimiter: str | None = says("Column separator of a CSV file; found by itself if not said.", default=None)
    encoding: str = says("Text encoding of CSV files.", default="utf-8")
    on_anomaly: Literal["stop", "warn"] = says("What an anomaly of severity error does to the run.", default="stop")
    owner: str = says("Who answers for the data.", default="")
    licence: str = says("What the data may be used for.", default="")
    collection: str = says("How the data were collected.", default="")
    privacy: PrivacySettings = says("What must not be kept.", factory=PrivacySettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """Which columns the model sees; by default all but key, time, group, label and what is known after."""

    exclude: tuple[str, ...] = says("Columns and features the model must not see.", default=())
    include: tuple[str, ...] = says("If given, the model sees only these.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSettings:
    """How rows are divided before anything is fitted."""

    by: Literal["random", "time", "group", "stratified"] = says("How.", default="random")
    validation: float = says("Share of rows to choose with.", default=0.15, gt=0, lt=0.9)
    test: float = says("Share of rows to judge with.", default=0.15, gt=0, lt=0.9)
    validation_from: str | None = says('With by = "time": first moment of the validation part, ISO 8601.', default=None)
    test_from: str | None = says('With by = "time": first moment of the test part, ISO 8601.', default=None)
    seed: int = says("Seed of the division.", default=0, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers to search between."""

    low: float = says("Smallest value.")
    high: float = says("Largest value.")
    log: bool = says("Spread trials evenly over orders of magnitude.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSettings:
    """A kind of model to try."""

    estimator: str = says(
        "A scikit-learn estimator by its import path, such as sklearn.ensemble.HistGradientBoostingClassifier.",
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
    )
    name: str | None = says("What to call it; the class name if not said.", default=None)
    params: dict[str, str | int | float | bool | None] = says("Fixed parameters.", factory=dict)
    search: dict[str, Range | list[str | int | float | bool | None]] = says(
        "Parameters to search: a range { low, high, log } or a list of choices.", factory=dict
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How hard to search."""

    trials: int = says("Trials per candidate with a search space, over all rounds.", default=12, ge=1, le=100_000)
    rounds: int = says(
        "Rounds of the coarse-to-fine search; each narrows the space around the best.", default=3, ge=1, le=20
    )
    keep: float = says("Share of the best trials that the next round is drawn around.", default=0.25, gt=0, le=1)
    seed: int = says("Root of all seeds.", default=0, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where state lives; by default under ``.loopwright`` in the project folder."""

    metadata: str = says("SQLite file, or postgresql:// URL.", default=".loopwright/metadata.db")
    artifacts: str = says("Folder, or any fsspec URL.", default=".loopwright/artifacts")
    tables: str = says("Folder for Delta tables.", default=".loopwright/tables")
    log: str = says(
        "Folder on a local disk for the segments of the prediction log, until they are in tables.",
        default=".loopwright/log",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSettings:
    """How long evidence counts."""

    fresh_days: float = says("Automatic evidence older than this no longer counts.", default=30.0, gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSettings:
    """How requests are answered."""

    host: str = says("Address of this machine to listen at.", default="127.0.0.1")
    port: int = says("Port to listen at; 0 takes any that is free.", default=8643, ge=0, le=65535)
    unknown_columns: Literal["refuse", "ignore"] = says(
        "What becomes of a row with a column that the schema does not know.", default="refuse"
    )
    out_of_schema: Literal["flag", "refuse"] = says(
        "What becomes of a value outside the range or the domain that the schema allows.", default="flag"
    )
    max_body_kb: int = says("Largest request, in units of 1024 bytes.", default=4096, ge=1, le=1 << 20)
    max_rows: int = says("Most rows of one request.", default=10_000, ge=1)
    timeout_seconds: float = says("Longest that an answer may take.", default=30.0, gt=0)
    drain_seconds: float = says("How long requests may take to finish when the server stops.", default=10.0, ge=0)
    durability: Literal["async", "write", "fsync"] = says(
        "When a request is answered: before its log entry is written, once the operating system has it (survives "
        "kill -9), or once it is on the disk (survives power loss).",
        default="write",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """How a model that has passed its gate comes to serve while another one does."""

    strategy: Literal["single", "shadow", "canary"] = says(
        "Replace at once; or be asked beside the champion, unheard; or answer a growing share.", default="canary"
    )
    steps: tuple[float, ...] = says(
        "Shares of the entities that a canary answers, one after the other.", default=(0.05, 0.25, 0.5)
    )
    step_rows: int = says("Answers of the canary before the next step.", default=200, ge=1)
    demand: Literal["better", "not_worse"] = says(
        "What must be shown of the challenger: that it is better than the champion, or that it is not worse by "
        "[targets] not_worse_by.",
        default="better",
    )
    false_promotion_rate: float = says(
        "Chance of promoting a model that does not meet the demand, however often one looks.",
        default=0.05, gt=0, lt=0.5,
    )
    false_rollback_rate: float = says(
        "Chance of giving up, for errors, slowness or a missed limit, on a model that is as good as the champion.",
        default=0.01, gt=0, lt=0.5,
    )
    approval: Literal["automatic", "manual"] = says(
        "Who promotes: the rule, or a person whom it asks.", default="automatic"
    )
    held_back: float = says(
        "Share of the entities that get no model's answer, so that what becomes of them owes nothing to it.",
        default=0.0, ge=0, le=0.5,
    )
    patience_days: float = says("A canary that is not decided by then is given up.", default=60.0, gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """Where alerts are mailed to."""

    to: tuple[str, ...] = says("Addresses.")
    sender: str = says("Address that they come from.")
    server: str = says("Mail server, as host or host:port.", default="localhost:25")
    user: str | None = says("User name at the mail server.", default=None)
    password_variable: str = says("Environment variable that holds the password.", default="LOOPWRIGHT_SMTP_PASSWORD")
    encryption: Literal["none", "starttls", "tls"] = says("How the mail server is spoken to.", default="starttls")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """What is watched, and how often it may cry wolf."""

    window_hours: float = says("Length of a window.", default=24.0, gt=0, le=24 * 366)
    clock: Literal["event", "arrival"] = says(
        "Whether a row belongs to the window of its own time ([data] time) or of when it came; without a time "
        "column always the latter.",
        default="event",
    )
    false_alarms_per_year: float = says(
        "How many alarms a year of unchanged traffic may raise, over everything that is watched.",
        default=2.0, gt=0, le=1000,
    )
    effect: float = says(
        "Drift that does not matter: squared effect on the scale of the population stability index.",
        default=0.02, ge=0,
    )
    min_rows: int = says("Windows with fewer rows are joined with the next.", default=100, ge=10)
    late_days: float = says("Days after which the outcome of a prediction should be known.", default=7.0, ge=0)
    ignore: tuple[str, ...] = says("Columns whose drift is not watched.", default=())
    max_age_days: float | None = says("A model trained on data older than this is too old.", default=None, gt=0)
    webhook: str | None = says(
        "http:// or https:// address that alerts are posted to as JSON.", default=None, pattern=r"^https?://\S+$"
    )
    email: EmailSettings | None = says("Where alerts are mailed to.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingSettings:
    """When a new model is trained, and on what."""

    on_drift: bool = says("When columns or predictions drift and the estimated quality suffers.", default=True)
    on_decay: bool = says("When the quality on outcomes falls below what it may.", default=True)
    every_days: float | None = says("So long after the last training, whatever happens.", default=None, gt=0)
    every_labels: int | None = says("After so many new outcomes.", default=None, ge=1)
    min_labels: int = says("Never with fewer new outcomes than this.", default=500, ge=10)
    pause_days: float = says("Not again within so many days, unless a person asks.", default=7.0, ge=0)
    data: tuple[Literal["all", "recent", "weighted", "since_change"], ...] = says(
        "Which data may be trained on; a back-test chooses: all there are, the last recent_days, all with newer rows "
        "weighing more, or those since the first bad window.",
        default=("all", "recent", "weighted", "since_change"),
    )
    recent_days: float = says("Length of the window for recent.", default=90.0, gt=0)
    half_life_days: float = says("With weighted, a row so much older counts half.", default=60.0, gt=0)
    search: bool = says("Search all candidates anew; otherwise the champion's configuration is fitted.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a project file says."""

    project: ProjectSettings = says("What the project is called.")
    charter: CharterSettings = says("Why the project exists.")
    targets: TargetSettings = says("The only place where thresholds are written.")
    data: DataSettings = says("Where the rows come from.")
    features: FeatureSettings = says("Which columns the model sees.", factory=FeatureSettings)
    split: SplitSettings = says("How rows are divided.", factory=SplitSettings)
    candidates: tuple[CandidateSettings, ...] = says("Models to try, in [[candidates]] tables.", default=())
    training: TrainingSettings = says("How hard to search.", factory=TrainingSettings)
    evidence: EvidenceSettings = says("How long evidence counts.", factory=EvidenceSettings)
    serving: ServingSettings = says("How requests are answered.", factory=ServingSettings)
    release: ReleaseSettings = says(
        "How a model that has passed its gate comes to serve while another one does.", factory=ReleaseSettings
    )
    monitor: MonitorSettings = says("What is watched, and how often it may cry wolf.", factory=MonitorSettings)
    retraining: RetrainingSettings = says("When a new model is trained, and on what.", factory=RetrainingSettings)
    stores: StoreSettings = says("Where state lives.", factory=StoreSettings)


def sentence(section: type, key: str) -> str:
    """Return what a key means, in one sentence.

    Examples
    --------
    >>> sentence(SplitSettings, "seed")
    'Seed of the division.'
    """
    return next(str(item.metadata["text"]) for item in fields(section) if item.name == key)
