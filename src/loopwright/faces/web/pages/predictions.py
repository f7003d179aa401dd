"""The passport of one prediction, and the way to it by its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.library import Library
from loopwright.faces.web.passports import Passport, passport_of
from loopwright.records import PredictionLog

__all__ = ["PredictionPage", "PredictionsPage", "prediction", "predictions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionsPage:
    """Where an id is asked for."""

    template: ClassVar[str] = "predictions.html"
    place: ClassVar[str] = "/predictions"

    project: str
    title: str
    log: PredictionLog | None  # the newest version


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionPage:
    """Everything that is known of one prediction."""

    template: ClassVar[str] = "prediction.html"
    place: ClassVar[str] = "/predictions"

    project: str
    title: str
    passport: Passport


def predictions(library: Library) -> PredictionsPage:
    """Ask which prediction is wanted."""
    log = library.newest("prediction_log")
    return PredictionsPage(
        project=library.name, title="Predictions", log=log if isinstance(log, PredictionLog) else None
    )


def prediction(library: Library, id: str) -> PredictionPage:
    """Look at one prediction.

    Parameters
    ----------
    library : Library
    id : str
        As the caller gave it or the server answered it.
    """
    found = passport_of(library.passport(id))
    return PredictionPage(project=library.name, title=f"Prediction {found.id}", passport=found)
