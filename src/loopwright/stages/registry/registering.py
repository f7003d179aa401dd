"""From a fitted pipeline to a registered model with proof of parity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from loopwright.errors import ModelError
from loopwright.records import Artifact, Evidence, Model, Ref, Run
from loopwright.records.model import Input
from loopwright.stages.data.column_types import type_name
from loopwright.stages.registry.conversion import to_onnx
from loopwright.stages.registry.latency import one_row_latency
from loopwright.stages.registry.parity import Parity, first_divergent_step, parity, unit_of
from loopwright.stages.registry.scoring import Scorer, load_scorer
from loopwright.stages.training import Material
from loopwright.stages.training.fitting import predict
from loopwright.stages.training.persisting import from_skops
from loopwright.stages.training.running import Keep, parts_of

__all__ = ["registered"]


def registered(
    rows: pl.DataFrame,
    source: pl.DataFrame,
    pipeline: bytes,
    *,
    name: str,
    of: Material,
    final: Run,
    keep: Keep,
    row: str,
    at: str,
) -> tuple[Model | Evidence, ...]:
    """Return the model, and the evidence that it says what the fitted pipeline says.

    Parameters
    ----------
    rows : DataFrame
        Examples; parity is proved on the rows of the test part.
    source : DataFrame
        The source rows, for the types of the inputs.
    pipeline : bytes
        The fitted pipeline as skops.
    name : str
        The model's.
    of : Material
    final : Run
    keep : Keep
    row, at : str
    """
    fitted = from_skops(pipeline)
    inputs = parts_of(rows, features=of.features, labels=of.labels, row=row)["test"].inputs
    expected = predict(fitted, inputs, task=of.charter.task)
    onnx, found, why = _as_onnx(fitted, inputs, expected, of=of, final=final)
    chosen = onnx if onnx is not None else pipeline
    kind, suffix = ("onnx", "onnx") if onnx is not None else ("skops", "skops")
    file = keep(chosen, name=f"{name}.{suffix}", media_type="application/octet-stream")
    model = _model(name, source, of=of, final=final, file=file, kind=kind, why=why)
    scorer = load_scorer(model, chosen)
    if onnx is None:
        found = (parity(expected, scorer.predict(inputs), unit=unit_of(expected, task=of.charter.task)), "skops")
    assert found is not None  # noqa: S101 -- one of the two was compared
    return (
        model,
        _parity_evidence(*found, model=model.ref, why=why, at=at),
        *_costs(scorer, inputs, file, model=model.ref, at=at),
    )


def _as_onnx(
    fitted: Pipeline, inputs: pl.DataFrame, expected: NDArray[np.float64], *, of: Material, final: Run
) -> tuple[bytes | None, tuple[Parity, str] | None, str]:
    """Return the ONNX bytes if they say the same of every row, else None with the reason."""
    try:
        content = to_onnx(fitted, of.features.features)
        draft = Artifact(sha256="", size=len(content), name="draft.onnx")
        model = _model("draft", inputs, of=of, final=final, file=draft, kind="onnx", why="")
        unit = unit_of(expected, task=of.charter.task)
        found = parity(expected, load_scorer(model, content).predict(inputs), unit=unit)
    except ModelError as error:
        return None, None, str(error)
    if found.passed:
        return content, (found, "onnx"), f"ONNX says the same as scikit-learn of all {found.rows} test rows"
    step = first_divergent_step(fitted, content, inputs, found.examples[0], unit=unit)
    why = (
        f"ONNX moves {found.rows_off} of {found.rows} test rows, by up to {found.largest:.3g}; they part at {step}. "
        f"Kept as skops, which says the same"
    )
    return None, None, why


def _model(name: str, source: pl.DataFrame, *, of: Material, final: Run, file: Artifact, kind: str, why: str) -> Model:
    features = of.features
    types = {column.name: column.type for column in of.dataset.columns}
    needed = list(dict.fromkeys(column for feature in features.features for column in feature.inputs))
    return Model(
        made_from=(final.ref, features.ref, of.parts.ref, of.labels.ref, of.charter.ref),
        name=name,
        task=of.charter.task,
        estimator=final.estimator,
        params=final.params,
        format="onnx" if kind == "onnx" else "skops",
        why_format=why,
        file=file,
        feature_code=features.code,
        functions=features.functions,
        features=tuple(feature.name for feature in features.features),
        categorical=tuple(feature.name for feature in features.features if feature.kind == "categorical"),
        inputs=tuple(_input(column, types, source) for column in needed),
        classes=of.labels.classes,
        threshold=final.threshold,
    )


def _input(column: str, types: dict[str, str], source: pl.DataFrame) -> Input:
    values = source[column] if column in source.columns else pl.Series([], dtype=pl.Float64)
    return Input(name=column, type=types.get(column) or type_name(values.dtype), nullable=values.null_count() > 0)


def _parity_evidence(found: Parity, kind: str, *, model: Ref, why: str, at: str) -> Evidence:
    claim = (
        f"the {kind} file says the same as scikit-learn of all {found.rows} test rows "
        f"(largest difference {found.largest:.2g})"
        if found.passed
        else f"the {kind} file moves {found.rows_off} of {found.rows} test rows, by up to {found.largest:.3g}"
    )
    return Evidence(
        made_from=(model,),
        check=f"parity.{kind}",
        subject=model,
        passed=found.passed,
        value=found.largest,
        claim=claim if kind == "onnx" else f"{claim}; not ONNX because {why[0].lower()}{why[1:]}",
        limit=f"<= {found.tolerance * found.unit:g}",
        rows=found.rows,
        part="test",
        at=at,
    )


def _costs(scorer: Scorer, inputs: pl.DataFrame, file: Artifact, *, model: Ref, at: str) -> Sequence[Evidence]:
    latency = one_row_latency(scorer, inputs)
    megabytes = file.size / 1e6
    measured = {
        "latency_p50_ms": (
            latency.p50_ms,
            f"half of {latency.rows} single rows were scored within {latency.p50_ms:.3f} ms",
        ),
        "latency_p99_ms": (latency.p99_ms, f"99 of 100 single rows were scored within {latency.p99_ms:.3f} ms"),
        "model_size_mb": (megabytes, f"the model file has {megabytes:.3f} MB"),
    }
    return [
        Evidence(
            made_from=(model,), check=f"metric.{name}", subject=model, claim=claim, passed=None, value=value, at=at
        )
        for name, (value, claim) in measured.items()
    ]
