"""What a feature set promises, checked: functions that serve as they trained, rules that are kept, costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import polars as pl

from loopwright.records import DatasetVersion, Evidence, FeatureSet
from loopwright.settings import DataSettings
from loopwright.stages.features.computing import compute, feature_functions, needed

__all__ = ["cost", "policy", "privacy", "tested"]

_ROWS_ALONE = 25  # rows that are computed one at a time, as a server would
_MOST_TOLD = 200  # features whose cost is told one by one
_EMAIL = r"^[\w.+-]+@[\w-]+\.[\w.]+$"
_PHONE = r"^\+?\d[\d ()/-]{7,}\d$"
_NAMES_A_PERSON = re.compile(
    r"(^|_)(first|last|full|sur|driver|customer|patient|user)_?name($|_)|e_?mail|phone|passport|ssn"
)


def tested(
    frame: pl.DataFrame,
    table: pl.DataFrame,
    functions: Mapping[str, Callable[..., object]],
    featureset: FeatureSet,
    *,
    file: str,
    at: str,
) -> tuple[Evidence, ...]:
    """Compute every feature function for rows that come one at a time, and compare with the stored table.

    Parameters
    ----------
    frame : DataFrame
        The source rows.
    table : DataFrame
        The features as they were stored for training.
    functions : mapping of str to callable
    featureset : FeatureSet
    file, at : str

    Returns
    -------
    tuple of Evidence
        ``features.tested`` per function.
    """
    used = [feature.name for feature in featureset.features if feature.origin == "function"]
    columns = [column for column in frame.columns if column not in functions]
    made = needed(feature_functions(functions, columns, file=file), used) if used else []
    places = list(range(0, frame.height, max(1, frame.height // _ROWS_ALONE)))[:_ROWS_ALONE]
    alone = [compute(frame[place : place + 1], made, file=file)[0] for place in places]
    return tuple(_tested(name, table[name], places, alone, featureset, at=at) for name in used)


def policy(featureset: FeatureSet, *, data: DataSettings, at: str) -> Evidence:
    """Check that nothing forbidden is among the inputs: redacted columns, or what is known only afterwards."""
    forbidden = {*data.privacy.redact, *data.known_after}
    used = {name for feature in featureset.features for name in feature.inputs}
    found = sorted(used & forbidden)
    claim = (
        f"the features use {', '.join(found)}, which the project file forbids"
        if found
        else f"none of the {len(featureset.features)} features uses a column that is redacted or known only after "
        f"the outcome ({', '.join(sorted(forbidden)) or 'none is declared'})"
    )
    return Evidence(
        made_from=(featureset.ref,),
        check="policy.features",
        subject=featureset.ref,
        claim=claim,
        passed=not found,
        at=at,
    )


def privacy(frame: pl.DataFrame, dataset: DatasetVersion, *, data: DataSettings, at: str) -> Evidence:
    """Check that redacted columns are gone, and look for columns that seem to hold personal data."""
    kept = [name for name in data.privacy.redact if name in frame.columns]
    seen = [name for name, kind in frame.schema.items() if kind == pl.String and _personal(frame[name])]
    words = [
        f"redacted at the door: {', '.join(data.privacy.redact) or 'nothing'}",
        f"seems to hold personal data: {', '.join(seen)}"
        if seen
        else "no column looks like names, e-mail or phone numbers",
    ]
    if kept:
        words.append(f"still stored although redacted: {', '.join(kept)}")
    return Evidence(
        made_from=(dataset.ref,),
        check="privacy.redaction",
        subject=dataset.ref,
        claim="; ".join(words),
        passed=not kept and not seen,
        at=at,
    )


def cost(table: pl.DataFrame, featureset: FeatureSet, *, at: str) -> tuple[Evidence, ...]:
    """Measure what each feature costs: time to compute it, and how often it is missing.

    Of more than 200 features, those that are missing most often are told; a list of thousands helps nobody.
    """
    missing = {feature.name: table[feature.name].null_count() for feature in featureset.features}
    told = sorted(featureset.features, key=lambda feature: -missing[feature.name])[:_MOST_TOLD]
    return tuple(
        Evidence(
            made_from=(featureset.ref,),
            check="cost.feature",
            subject=featureset.ref,
            slice=feature.name,
            claim=f"{feature.name} is missing in {missing[feature.name] / max(1, table.height):.1%} of rows"
            + (
                f" and takes {1e6 * feature.seconds / max(1, table.height):.2f} µs a row"
                if feature.seconds is not None
                else ""
            )
            + f"; it needs {len(feature.inputs)} source column{'s' if len(feature.inputs) != 1 else ''}",
            passed=None,
            rows=table.height,
            at=at,
        )
        for feature in (featureset.features if len(featureset.features) <= _MOST_TOLD else told)
    )


def _tested(
    name: str, stored: pl.Series, places: list[int], alone: list[pl.DataFrame], featureset: FeatureSet, *, at: str
) -> Evidence:
    served = pl.concat([row.select(name) for row in alone])[name]
    before = stored[places]
    same = before.eq_missing(served)
    if before.dtype.is_float():
        same = same | ((before - served).abs() <= 1e-12 * before.abs()).fill_null(value=False)
    wrong = int((~same).sum())
    return Evidence(
        made_from=(featureset.ref,),
        check="features.tested",
        subject=featureset.ref,
        slice=name,
        passed=wrong == 0,
        claim=f"{name} says the same of {len(places)} rows one at a time as in the batch it was trained on"
        if wrong == 0
        else f"{name} differs between one row at a time and the batch in {wrong} of {len(places)} rows",
        rows=len(places),
        value=float(wrong),
        limit="<= 0",
        at=at,
    )


def _personal(values: pl.Series) -> bool:
    """Say whether a text column seems to hold personal data, by its name or by what most of its values look like."""
    if _NAMES_A_PERSON.search(values.name.lower()):
        return True
    sample = values.drop_nulls().head(1000)
    if sample.is_empty():
        return False
    likely = sample.str.contains(_EMAIL) | sample.str.contains(_PHONE)
    return bool(likely.mean() > 0.5)  # type: ignore[operator]
