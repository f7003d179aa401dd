"""Pages: each a frozen dataclass, built from a library, that answers as HTML and as JSON."""

from loopwright.faces.web.pages.activity import ActivityPage, activity
from loopwright.faces.web.pages.datasets import DatasetPage, DatasetsPage, dataset, datasets
from loopwright.faces.web.pages.evidence import EvidencePage, evidence
from loopwright.faces.web.pages.gates import GatePage, gate
from loopwright.faces.web.pages.home import HomePage, home
from loopwright.faces.web.pages.lineage import LineagePage, lineage
from loopwright.faces.web.pages.missing import MissingPage
from loopwright.faces.web.pages.models import ModelPage, ModelsPage, model, models
from loopwright.faces.web.pages.page import Page, as_json
from loopwright.faces.web.pages.records import RecordPage, record
from loopwright.faces.web.pages.runs import RunPage, RunsPage, run, runs
from loopwright.faces.web.pages.score import ScorePage, score

__all__ = [
    "ActivityPage",
    "DatasetPage",
    "DatasetsPage",
    "EvidencePage",
    "GatePage",
    "HomePage",
    "LineagePage",
    "MissingPage",
    "ModelPage",
    "ModelsPage",
    "Page",
    "RecordPage",
    "RunPage",
    "RunsPage",
    "ScorePage",
    "activity",
    "as_json",
    "dataset",
    "datasets",
    "evidence",
    "gate",
    "home",
    "lineage",
    "model",
    "models",
    "record",
    "run",
    "runs",
    "score",
]
