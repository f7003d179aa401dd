"""A registered model applied to source rows: its own copy of the feature code, then its own file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import ModelError, UnknownColumn
from loopwright.records import Model
from loopwright.records.feature_set import Feature
from loopwright.records.model import Input
from loopwright.stages.features.computing import compute, feature_functions
from loopwright.stages.registry.scoring import load_scorer
from loopwright.usercode import functions, unbundle

__all__ = ["Applied", "features_of"]

_FILE = "features.py"
_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "int": pl.Int64, "float": pl.Float64, "bool": pl.Boolean, "string": pl.String,
}


class Applied:
    """A model ready to predict.

    Parameters
    ----------
    model : Model
    content : bytes
        Its file.
    code : bytes, optional
        Its copy of the feature functions.

    Raises
    ------
    ModelError
        If the file cannot be loaded.
    """

    def __init__(self, model: Model, *, content: bytes, code: bytes | None) -> None:
        self.model = model
        self.scorer = load_scorer(model, content)
        columns = [item.name for item in model.inputs]
        made = functions(unbundle(code), _FILE, model.functions) if code else {}
        self.made = feature_functions(made, columns, file=_FILE)

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Return the predictions for source rows.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        float64 array
            Probability of the positive class (n_rows,), probabilities (n_rows, n_classes), or values (n_rows,).

        Raises
        ------
        UnknownColumn, ModelError, UserCodeError
        """
        computed, _ = compute(checked(frame, self.model.inputs), self.made, file=_FILE)
        return self.scorer.predict(computed)

    def table(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with what the model says of them."""
        said = self.predict(frame)
        model = self.model
        label = pl.lit(f"v{model.number}").alias("model")
        if model.task == "regression":
            return frame.with_columns(pl.Series("prediction", said), label)
        classes = classes_of(said, model.classes, threshold=model.threshold)
        probability = said if said.ndim == 1 else said.max(axis=1)
        return frame.with_columns(pl.Series("prediction", classes), pl.Series("probability", probability), label)


def features_of(model: Model) -> tuple[Feature, ...]:
    """Return the model's features as its pipeline takes them."""
    return tuple(
        Feature(
            name=name, kind="categorical" if name in model.categorical else "numeric",
            origin="function" if name in model.functions else "column", inputs=(name,),
        )
        for name in model.features
    )


def classes_of(said: NDArray[np.float64], classes: Sequence[str], *, threshold: float | None) -> list[str]:
    """Return the class that each prediction stands for."""
    if said.ndim == 1:
        return [classes[int(value >= (0.5 if threshold is None else threshold))] for value in said]
    return [classes[code] for code in said.argmax(axis=1)]


def checked(frame: pl.DataFrame, inputs: Sequence[Input]) -> pl.DataFrame:
    """Return the model's input columns in the types that it was trained on.

    Raises
    ------
    UnknownColumn
        If one is missing.
    ModelError
        If values are of another type; says how many, and shows one.
    """
    for item in inputs:
        if item.name not in frame.columns:
            raise UnknownColumn(item.name, known=frame.columns, where="the model")
    return frame.select(_typed(frame[item.name], item) for item in inputs)


def _typed(values: pl.Series, item: Input) -> pl.Series:
    kind = _TYPES.get(item.type)
    if kind is None or values.dtype == kind:
        return values
    # Whole numbers are fine where fractions are expected, and the other way round a model was trained on whole ones.
    wanted = pl.Float64 if item.type == "int" and values.dtype.is_float() else kind
    made = values.cast(wanted, strict=False)
    lost = made.is_null() & values.is_not_null()
    if lost.any():
        raise ModelError(
            f"column {item.name!r} must hold {item.type} values, but {int(lost.sum())} of {len(values)} do not, "
            f"such as {values.filter(lost)[0]!r}. Mend them, or leave them empty."
        )
    return made
