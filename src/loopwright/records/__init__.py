"""The nouns of the project: frozen records with digests that point back at what they were made from.

A fifteenth noun needs a decision page.
"""

from loopwright.records.alert import Alert
from loopwright.records.anomaly import Anomaly
from loopwright.records.charter import Charter
from loopwright.records.dataset_version import DatasetVersion
from loopwright.records.deployment import Deployment
from loopwright.records.evidence import Evidence
from loopwright.records.feature_set import FeatureSet
from loopwright.records.gate import Gate
from loopwright.records.label_set import LabelSet
from loopwright.records.model import Model
from loopwright.records.prediction_log import PredictionLog
from loopwright.records.record import Artifact, Record, Ref, Table, decode, encode, kind_of
from loopwright.records.run import Run
from loopwright.records.schema import Schema
from loopwright.records.statistics import Statistics

__all__ = [
    "KINDS",
    "Alert",
    "Anomaly",
    "Artifact",
    "Charter",
    "DatasetVersion",
    "Deployment",
    "Evidence",
    "FeatureSet",
    "Gate",
    "LabelSet",
    "Model",
    "PredictionLog",
    "Record",
    "Ref",
    "Run",
    "Schema",
    "Statistics",
    "Table",
    "decode",
    "encode",
    "kind_of",
]

KINDS: dict[str, type[Record]] = {
    kind_of(noun): noun
    for noun in (
        Charter, DatasetVersion, Statistics, Schema, Anomaly, LabelSet, FeatureSet, Run, Model, Evidence, Gate,
        Deployment, PredictionLog, Alert,
    )
}
