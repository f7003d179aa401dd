"""Models asked about rows: a row on which a model fails costs no other row its answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import ModelError
from loopwright.protocols import Predictor
from loopwright.records.model import Model

__all__ = ["Said", "Served", "ask", "prediction_of"]

_MOST_CALLS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A model that serves, and what predicts in its place.

    Attributes
    ----------
    digest : str
        Of the model; taken once, since every row is logged with it.
    """

    model: Model
    predictor: Predictor
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", self.model.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a model said of rows.

    Attributes
    ----------
    scores : float64 array of shape (n_rows, n_scores)
        One score for binary tasks and regression, else one per class. Rows that failed hold zeros.
    failures : dict of int to str
        Row to the reason why there is no score.
    """

    scores: NDArray[np.float64]
    failures: dict[int, str] = field(default_factory=dict)


def ask(served: Served, frame: pl.DataFrame) -> Said:
    """Return what a model says; it never raises, whatever the model does.

    If the model fails on many rows at once it is asked again about halves of them, so that one bad row is found; after
    64 calls the rest is taken as failed.

    Parameters
    ----------
    served : Served
    frame : DataFrame of shape (n_rows, n_columns)
    """
    width = len(served.model.classes) if served.model.task == "multiclass" else 1
    scores = np.zeros((frame.height, width))
    failures: dict[int, str] = {}
    parts, calls = ([(0, frame.height)] if frame.height else []), 0
    while parts:
        start, stop = parts.pop()
        calls += 1
        try:
            scores[start:stop] = _shaped(served, frame.slice(start, stop - start), width)
        except Exception as error:
            # A model may raise anything; the reason goes to the log, and the row gets an honest 500.
            if stop - start == 1 or calls + len(parts) + 2 > _MOST_CALLS:
                failures.update(dict.fromkeys(range(start, stop), _reason(error)))
            else:
                middle = (start + stop) // 2
                parts += [(middle, stop), (start, middle)]
    for row in np.flatnonzero(~np.isfinite(scores).all(axis=1)).tolist():
        failures[row] = "the model's score is not finite"
        scores[row] = 0.0
    return Said(scores=scores, failures=failures)


def prediction_of(model: Model, scores: tuple[float, ...]) -> str | None:
    """Return the class that scores stand for; None for regression.

    The first of equally likely classes counts, as in ``loopwright.stages.registry.applying``.
    """
    if model.task == "regression":
        return None
    if len(scores) > 1:
        return model.classes[max(range(len(scores)), key=scores.__getitem__)]
    return model.classes[int(scores[0] >= (0.5 if model.threshold is None else model.threshold))]


def _shaped(served: Served, frame: pl.DataFrame, width: int) -> NDArray[np.float64]:
    said = np.asarray(served.predictor.predict(frame), dtype=np.float64)
    if said.shape not in {(frame.height,), (frame.height, width)} or said.size != frame.height * width:
        raise ModelError(
            f"the predictor gave scores of shape {said.shape} for {frame.height} rows; "
            f"({frame.height}, {width}) was wanted. Mend the predictor."
        )
    return said.reshape(frame.height, width)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
