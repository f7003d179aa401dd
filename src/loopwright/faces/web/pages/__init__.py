"""Pages: each a frozen dataclass, built from a library, that answers as HTML and as JSON."""

from loopwright.faces.web.pages.activity import ActivityPage, activity
from loopwright.faces.web.pages.alerts import AlertPage, AlertsPage, alert, alerts
from loopwright.faces.web.pages.confirming import ConfirmPage, confirm
from loopwright.faces.web.pages.datasets import DatasetPage, DatasetsPage, dataset, datasets
from loopwright.faces.web.pages.deployment import DeploymentPage, deployment
from loopwright.faces.web.pages.evidence import EvidencePage, evidence
from loopwright.faces.web.pages.gates import GatePage, gate
from loopwright.faces.web.pages.home import HomePage, home
from loopwright.faces.web.pages.lineage import LineagePage, lineage
from loopwright.faces.web.pages.missing import MissingPage
from loopwright.faces.web.pages.models import ModelPage, ModelsPage, model, models
from loopwright.faces.web.pages.monitoring import MonitoringPage, WindowPage, monitoring, window
from loopwright.faces.web.pages.page import Page, as_json
from loopwright.faces.web.pages.predictions import PredictionPage, PredictionsPage, prediction, predictions
from loopwright.faces.web.pages.quality import QualityPage, quality
from loopwright.faces.web.pages.records import RecordPage, record
from loopwright.faces.web.pages.retraining import RetrainingPage, retraining
from loopwright.faces.web.pages.runs import RunPage, RunsPage, run, runs
from loopwright.faces.web.pages.score import ScorePage, score
from loopwright.faces.web.pages.signing_in import SignInPage, sign_in

__all__ = [
    "ActivityPage",
    "AlertPage",
    "AlertsPage",
    "ConfirmPage",
    "DatasetPage",
    "DatasetsPage",
    "DeploymentPage",
    "EvidencePage",
    "GatePage",
    "HomePage",
    "LineagePage",
    "MissingPage",
    "ModelPage",
    "ModelsPage",
    "MonitoringPage",
    "Page",
    "PredictionPage",
    "PredictionsPage",
    "QualityPage",
    "RecordPage",
    "RetrainingPage",
    "RunPage",
    "RunsPage",
    "ScorePage",
    "SignInPage",
    "WindowPage",
    "activity",
    "alert",
    "alerts",
    "as_json",
    "confirm",
    "dataset",
    "datasets",
    "deployment",
    "evidence",
    "gate",
    "home",
    "lineage",
    "model",
    "models",
    "monitoring",
    "prediction",
    "predictions",
    "quality",
    "record",
    "retraining",
    "run",
    "runs",
    "score",
    "sign_in",
    "window",
]
