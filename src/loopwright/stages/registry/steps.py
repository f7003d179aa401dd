"""The registry's verbs: register, promote, predict, and who is champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.errors import ModelError, UnknownRecord
from loopwright.project import Project
from loopwright.records import Evidence, Gate, Model, Record, Ref, Run
from loopwright.stages.data import ROW, read
from loopwright.stages.features import examples
from loopwright.step import step
from loopwright.store.metadata import now

if TYPE_CHECKING:
    import polars as pl

    from loopwright.stages.registry.applying import Applied
    from loopwright.stages.registry.tracing import Node
    from loopwright.stages.training import Material

__all__ = [
    "CHAMPION",
    "applied",
    "champion",
    "final_run",
    "find",
    "lineage",
    "material",
    "model_number",
    "predict",
    "promote",
    "register",
    "rival",
    "withdraw",
]

CHAMPION = "champion"


def register(project: Project, material: Material, final: Run) -> tuple[Model, tuple[Evidence, ...]]:
    """Turn a fitted pipeline into a model that runs without code, and prove that it says the same.

    ONNX if every row of the test part comes out the same as from scikit-learn, else skops with the reason.

    Parameters
    ----------
    project : Project
    material : Material
    final : Run

    Returns
    -------
    model : Model
    evidence : tuple of Evidence
        Parity, size, and the latency of one row.
    """
    model, *evidence = _register(project, name=project.settings.project.name, of=material, final=final)
    assert isinstance(model, Model)  # noqa: S101 -- the step puts it first
    return model, tuple(item for item in evidence if isinstance(item, Evidence))


@step(uses=("scikit-learn", "skl2onnx", "onnxruntime", "skops", "polars"))
def _register(project: Project, *, name: str, of: Material, final: Run) -> tuple[Model | Evidence, ...]:
    from loopwright.stages.registry.registering import registered

    if final.pipeline is None:
        raise ModelError(f"the run {final.name} kept no pipeline, so it cannot be registered.")
    return registered(
        examples(project, of.features, of.labels, of.parts),
        read(project, of.dataset),
        project.artifacts.get(final.pipeline),
        name=name,
        of=of,
        final=final,
        keep=project.artifacts.put,
        row=ROW,
        at=now(),
    )


def champion(project: Project, alias: str = CHAMPION) -> Model | None:
    """Return the model that an alias means now, or None."""
    change = project.metadata.aliases().get(alias)
    return project.metadata.get(Model, change.target.digest) if change else None


def rival(project: Project, model: Model) -> Model | None:
    """Return the champion that a model has to beat, or had to: the last one that is not the model itself.

    A champion that was withdrawn, because it leaked say, is no rival: an honest model could never beat it.
    """
    history = project.metadata.alias_history(CHAMPION)
    out = {change.target.digest for change in history if change.withdrawn} | {model.digest}
    other = next((change for change in reversed(history) if change.target.digest not in out), None)
    return project.metadata.get(Model, other.target.digest) if other else None


def promote(project: Project, model: Model, gate: Gate, *, by: str, why: str, again: bool = False) -> bool:
    """Let ``champion`` mean a model that has passed its gate; say whether that changed anything.

    Parameters
    ----------
    project : Project
    model : Model
    gate : Gate
        Its own; must have passed.
    by, why : str
        Kept in the history of the alias.
    again : bool
        Promote a model that was withdrawn; else it stays withdrawn, whatever its gate says.

    Raises
    ------
    ModelError
        If the gate is not that of the model, or said no.
    """
    if gate.subject.digest != model.digest:
        raise ModelError(f"gate {gate.digest[:12]} judged another model than v{model.number}.")
    if not gate.passed:
        raise ModelError(
            f"model v{model.number} did not pass its gate ({gate.digest[:12]}), so it cannot be {CHAMPION}."
        )
    if _is_champion(project, model) or (not again and _was_withdrawn(project, model)):
        return False
    with project.metadata.ledger.hold(f"alias {CHAMPION}"):
        if _is_champion(project, model):
            return False
        project.metadata.name(CHAMPION, model.ref, by=by, why=why)
        return True


def withdraw(project: Project, *, by: str, why: str) -> Model:
    """Let ``champion`` mean nothing, and return the model that it meant; new models need not beat that one.

    For a champion that should never have been one: it saw what it will not know when serving, say.

    Parameters
    ----------
    project : Project
    by, why : str
        Kept in the history of the alias.

    Raises
    ------
    UnknownRecord
        If there is no champion.
    """
    with project.metadata.ledger.hold(f"alias {CHAMPION}"):
        current = champion(project)
        if current is None:
            raise UnknownRecord("there is no champion to withdraw. `loopwright registry` lists the models.")
        project.metadata.name(CHAMPION, current.ref, by=by, why=why, withdrawn=True)
        return current


def _was_withdrawn(project: Project, model: Model) -> bool:
    """Say whether the last that was decided of a model as champion is that it is none."""
    history = [item for item in project.metadata.alias_history(CHAMPION) if item.target.digest == model.digest]
    return bool(history) and history[-1].withdrawn


def _is_champion(project: Project, model: Model) -> bool:
    change = project.metadata.aliases().get(CHAMPION)
    return change is not None and change.target.digest == model.digest


def applied(project: Project, model: Model) -> Applied:
    """Return a model ready to predict from source rows.

    Raises
    ------
    CorruptStore
        If its stored bytes are gone or damaged.
    """
    from loopwright.stages.registry.applying import Applied

    code = project.artifacts.get(model.feature_code) if model.feature_code else None
    return Applied(model, content=project.artifacts.get(model.file), code=code)


def predict(project: Project, frame: pl.DataFrame, *, model: Model | None = None) -> pl.DataFrame:
    """Apply a registered model to source rows.

    Parameters
    ----------
    project : Project
    frame : DataFrame of shape (n_rows, n_columns)
        Must have the model's input columns; others are carried along.
    model : Model, default: the champion

    Returns
    -------
    DataFrame
        The rows with the columns ``prediction`` (class or number), ``probability`` of the positive class (binary)
        or of the predicted class (several), and ``model``.

    Raises
    ------
    UnknownRecord
        If there is no champion yet.
    UnknownColumn, ModelError
        If an input column is missing or of another type.
    """
    chosen = model or champion(project)
    if chosen is None:
        raise UnknownRecord(
            "this project has no champion yet: no model has passed its gate. `loopwright run` trains one, "
            "`loopwright registry` lists what there is; `--model vN` takes a model that is not champion."
        )
    return applied(project, chosen).table(frame)


def find(project: Project, text: str) -> Ref:
    """Return what a person means by an id: a digest, ``v3``, an alias, or the path of a source file.

    Parameters
    ----------
    project : Project
    text : str

    Raises
    ------
    UnknownRecord
        If nothing, or more than one thing, is called so.
    """
    aliases = project.metadata.aliases()
    if text in aliases:
        return aliases[text].target
    if text.startswith("v") and text[1:].isdigit():
        return model_number(project, int(text[1:])).ref
    if text == CHAMPION:
        raise UnknownRecord(
            "there is no champion: no model has passed its gate. `loopwright registry` lists the models."
        )
    file = _file(project, text)
    return file or project.metadata.find(text).ref


def model_number(project: Project, number: int) -> Model:
    """Return the model with a number.

    Raises
    ------
    UnknownRecord
    """
    models = project.metadata.all(Model)
    if not 1 <= number <= len(models):
        raise UnknownRecord(
            f"there is no model v{number}; " + (f"the newest is v{len(models)}." if models else "there is none yet.")
        )
    return models[number - 1]


def material(project: Project, model: Model) -> Material:
    """Return what a registered model was trained on and judged by.

    Raises
    ------
    UnknownRecord
        If a record that it was made from is gone.
    """
    from loopwright.records import Charter, DatasetVersion, FeatureSet, LabelSet
    from loopwright.stages.training import Material

    def made_from(kind: str, of: Record = model) -> str:
        return next(ref.digest for ref in of.made_from if ref.kind == kind)

    parts = project.metadata.get(DatasetVersion, made_from("dataset_version"))
    return Material(
        charter=project.metadata.get(Charter, made_from("charter")),
        dataset=project.metadata.get(DatasetVersion, made_from("dataset_version", parts)),
        parts=parts,
        labels=project.metadata.get(LabelSet, made_from("label_set")),
        features=project.metadata.get(FeatureSet, made_from("feature_set")),
    )


def final_run(project: Project, model: Model) -> Run:
    """Return the fit that a registered model came from."""
    return project.metadata.get(Run, next(ref.digest for ref in model.made_from if ref.kind == "run"))


def lineage(project: Project, start: Ref, *, forward: bool = False) -> Node:
    """Follow a record back to source files and code, or forward to everything made from it.

    Parameters
    ----------
    project : Project
    start : Ref
    forward : bool, default: back

    Returns
    -------
    Node
        A tree; what stands in it twice is followed once.
    """
    from loopwright.stages.registry.tracing import trace

    return trace(start, lambda ref: _children(project, ref) if forward else _parents(project, ref))


def _parents(project: Project, ref: Ref) -> tuple[Ref, ...]:
    record = _record(project, ref)
    return record.made_from if record else ()


def _children(project: Project, ref: Ref) -> tuple[Ref, ...]:
    return tuple(record.ref for record in project.metadata.children(ref))


def _record(project: Project, ref: Ref) -> Record | None:
    """Return the record that a ref points at; None for files and code, which are no records."""
    return None if ref.kind in {"file", "code"} else project.metadata.find(f"{ref.kind}:{ref.digest}")


def _file(project: Project, text: str) -> Ref | None:
    from loopwright.records import DatasetVersion, Schema

    records: list[Record] = [*project.metadata.all(DatasetVersion), *project.metadata.all(Schema)]
    refs = [ref for record in reversed(records) for ref in record.made_from if ref.kind == "file"]
    return next((ref for ref in refs if text and (ref.name == text or ref.digest.startswith(text))), None)
